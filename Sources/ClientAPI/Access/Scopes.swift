import Primitives

/// What a token lets its app do (RFC 6749 §3.3), by Mastodon's names.
package struct Scopes: Sendable, Equatable {
    /// In the order they were asked for, each once.
    package let names: [String]

    /// A name that nobody knows.
    struct Unknown: Error { let name: String }

    private init(names: [String]) { self.names = names }

    /// What is asked for when nothing is said.
    package static let standard = Scopes(names: ["read"])

    /// `read write:media`, with any white space between the names.
    init(_ text: String) throws(Unknown) {
        var names: [String] = []
        for part in text.utf8.split(whereSeparator: { $0 == 0x20 || 0x09...0x0d ~= $0 }) {
            let name = String(decoding: part, as: UTF8.self)
            guard names.count < Limits.Access.scopes, Self.known.contains(name) else {
                throw Unknown(name: name)
            }
            if !names.contains(name) { names.append(name) }
        }
        self.names = names
    }

    package var text: String { names.joined(separator: " ") }

    /// Whether `name` is among them, or part of one that is.
    package func covers(_ name: String) -> Bool { names.contains { Self.covers($0, name) } }

    /// Whether all of `other` may be had by whoever has these.
    package func covers(_ other: Scopes) -> Bool { other.names.allSatisfy { covers($0) } }

    private static func covers(_ coarse: String, _ name: String) -> Bool {
        if coarse == name || name.hasPrefix(coarse + ":") { return true }
        return coarse == "follow" && ofFollow.contains(name)
    }

    // MARK: Names

    private static let followed = ["blocks", "follows", "mutes"]
    private static let ofFollow = Set(followed.flatMap { ["read:" + $0, "write:" + $0] })
    private static let both = [
        "accounts", "blocks", "bookmarks", "favourites", "filters", "follows", "lists", "mutes",
        "notifications", "statuses",
    ]
    private static let administered = [
        "accounts", "reports", "domain_allows", "domain_blocks", "ip_blocks",
        "email_domain_blocks", "canonical_email_blocks",
    ]

    /// All names, the coarse ones first.
    package static let all: [String] =
        ["read", "write", "follow", "push", "profile", "admin:read", "admin:write"]
        + (both + ["search"]).map { "read:" + $0 }
        + (both + ["conversations", "media", "reports"]).map { "write:" + $0 }
        + administered.flatMap { ["admin:read:" + $0, "admin:write:" + $0] }

    private static let known = Set(all)
}
