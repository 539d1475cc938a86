import Crypto
import Primitives

/// What the root logs of one person say about devices: a pure function of their entries.
///
/// Feed every entry of a root log in order, then those of its successor. Rules: `[ID-1]` to
/// `[ID-9]` of `Protocol/identity.md`.
package struct IdentityHistory: Hashable, Sendable {
    /// The first root key: the identity's name for ever.
    package let identity: LogKey
    /// The root key that signs now.
    package private(set) var root: LogKey
    /// The root keys before it, the first one first.
    package private(set) var earlierRoots: [LogKey] = []
    /// What the current root's first entry commits to; nil until that entry was seen.
    package private(set) var nextRoot: Hash?
    /// Every device that was added, in that order.
    package private(set) var devices: [Device] = []
    /// The smallest revoked index of each log that was revoked, added or not.
    private var revocations: [Device] = []

    /// A device log and how much of it is the identity's.
    package struct Device: Hashable, Sendable {
        package var log: LogKey
        /// Entries from here on are not the identity's.
        package var revokedFrom: UInt64?

        /// Whether the entry at `index` counts as the identity's.
        package func covers(_ index: UInt64) -> Bool {
            index < revokedFrom ?? .max
        }
    }

    /// The history of the identity whose first root log is `root`; nothing is known of it yet.
    package init(root: LogKey) {
        identity = root
        self.root = root
    }

    package func device(_ log: LogKey) -> Device? { devices.first { $0.log == log } }

    /// Takes the statement at `index` of the current root log; what has no effect is passed over.
    package mutating func apply(_ statement: IdentityStatement, at index: UInt64) {
        guard index < LogLimits.statements else { return }
        switch statement {
        case .identity(let next, _):
            if index == 0 && nextRoot == nil { nextRoot = next }
        case .addDevice(let log):
            guard nextRoot != nil && device(log) == nil else { return }
            // Revoked before it was added: the addition does not lift that.
            let revocation = revocations.first { $0.log == log }
            devices.append(revocation ?? Device(log: log))
        case .revokeDevice(let log, let from):
            guard nextRoot != nil else { return }
            if let at = revocations.firstIndex(where: { $0.log == log }) {
                revocations[at].revokedFrom = min(revocations[at].revokedFrom ?? from, from)
            } else {
                revocations.append(Device(log: log, revokedFrom: from))
            }
            // A log that was never added is no device, to whatever index it is revoked.
            if let at = devices.firstIndex(where: { $0.log == log }) {
                devices[at].revokedFrom = min(devices[at].revokedFrom ?? from, from)
            }
        case .device: return
        }
    }

    /// Whether a root log with this key and first statement succeeds the current one at all; the
    /// caller checks besides that the tree of the current log has the named root at the named size,
    /// and has fed only the entries before that size.
    package func isSuccessor(_ key: LogKey, _ first: IdentityStatement) -> Bool {
        guard case .identity(_, let predecessor?) = first, let nextRoot else { return false }
        return predecessor.log == root && predecessor.size >= 1
            && IdentityStatement.commitment(to: key) == nextRoot
    }

    /// Goes on with the successor `key`, whose entries come next.
    package mutating func succeed(by key: LogKey) {
        earlierRoots.append(root)
        root = key
        nextRoot = nil
    }
}
