import Glibc

/// Where a node keeps what: the data directory's rooms, and what lies outside it.
package struct Paths: Sendable {
    /// The data directory, absolute.
    package let data: String
    /// Fences lie outside the data directory, so that a copy or an old image of it is noticed.
    package let fences: String

    /// `data` as given by the owner, or the XDG data directory's.
    package init(data: String?) {
        let home = Self.variable("HOME") ?? "/"
        if let data, !data.isEmpty {
            self.data = Self.absolute(data)
        } else {
            self.data = (Self.variable("XDG_DATA_HOME") ?? home + "/.local/share") + "/starling"
        }
        fences = (Self.variable("XDG_STATE_HOME") ?? home + "/.local/state") + "/starling/fences"
    }

    /// Whether the owner named no directory, or the default one.
    package var isDefault: Bool { data == Paths(data: nil).data }

    /// Everything named by the caller: several machines on one, in a test.
    package init(data: String, fences: String) {
        self.data = data
        self.fences = fences
    }

    package var store: String { data + "/store" }
    /// Media, beside the store's tables.
    package var blobs: String { store + "/blobs" }
    /// Made of the store: see `FeedWriter`.
    package var feed: String { data + "/feed.sqlite" }
    /// What the readers keep to themselves: see `Desk`.
    package var desk: String { data + "/desk.sqlite" }
    package var keys: String { data + "/keys" }
    package var lock: String { data + "/lock" }
    /// Who may use the client API: see `Access`.
    package var access: String { data + "/access.sqlite" }
    package var ownerPassword: String { data + "/owner-password" }
    /// The password that a first start made, in clear, until the owner sets another.
    package var firstPassword: String { data + "/first-password.txt" }
    /// Whose input is worked on: see `CrashPage`.
    package var atWork: String { data + "/at-work" }
    package var nodeKey: String { keys + "/node.key" }

    /// The name of the control socket within the data directory.
    package static let controlName = "control.sock"

    package func deviceKey(_ log: String) -> String { "\(keys)/device-\(log).key" }

    package func words(_ account: String) -> String { "\(data)/recovery-words-\(account).txt" }

    /// The environment variable, unless it is empty or relative where a path is asked for.
    private static func variable(_ name: String) -> String? {
        guard let raw = unsafe getenv(name) else { return nil }
        let value = unsafe String(cString: raw)
        return value.hasPrefix("/") ? value : nil
    }

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let raw = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(raw) }
        return unsafe String(cString: raw) + "/" + path
    }
}
