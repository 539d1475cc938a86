import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// Who somebody is, beyond their name: keys, devices, what changed about them, and whom they could
/// be taken for.
extension Mastodon {
    func addPersons(_ router: inout Router, _ base: String) {
        add(&router, .get, "\(base)/accounts/:id", .open("read:accounts")) {
            call throws(HTTPFailure) in
            let who = try call.person()
            return .json(
                try call.see { showing throws(StoreError) in try showing.person(who) })
        }
    }
}

/// A key in a form that two people can compare, over the telephone or side by side: six groups of
/// five digits, some 99 bits of its SHA-256.
enum KeyDigits {
    private static let groups = 6

    static func text(_ key: LogKey) -> String {
        let hash = SHA256.hash(key.array).array
        return (0..<groups).map { group in
            let bytes = hash[(group * 5)..<(group * 5 + 5)]
            let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 100_000
            let digits = String(number)
            return String(repeating: "0", count: 5 - digits.utf8.count) + digits
        }.joined(separator: " ")
    }
}

extension Showing {
    func person(_ identity: LogKey) throws(StoreError) -> JSONValue {
        let profile = people.profile(of: identity)
        let me = viewer.identity
        let weight = try me.flatMap { (me) throws(StoreError) in
            try desk.value(.weight, of: me, Mark.of(identity))
        }
        return mention(identity).with(
            ("display_name", .string(handles.displayName(identity))),
            ("did", .string(DIDKey.encode(identity))),
            ("fingerprint", .string(Handles.fingerprint(identity))),
            ("digits", .string(KeyDigits.text(identity))),
            ("is_identity", .bool(people.history(of: identity) != nil)),
            ("own", .bool(viewer.accounts.contains { $0.identity == identity })),
            ("following", .bool(me.map { people.isFollowing($0, identity) } ?? false)),
            ("weight", .integer(weight.flatMap { Int64($0) } ?? 0)),
            ("bio", .string(profile?.bio ?? "")),
            (
                "links",
                .array(
                    (profile?.links ?? []).map {
                        ["label": .string($0.label), "uri": .string($0.uri)]
                    })
            ),
            ("tips", .array((profile?.tips ?? []).map { .string($0) })),
            ("devices", .array(try devices(identity))),
            (
                "changes",
                .array(
                    try square.changes(of: identity, limit: Limits.HTTP.changes)
                        .map(Self.describe))
            ),
            ("looks_like", .array(looksLike(identity))))
    }

    private func devices(_ identity: LogKey) throws(StoreError) -> [JSONValue] {
        try (people.history(of: identity)?.devices ?? []).map { (device) throws(StoreError) in
            let head = try square.store.head(of: device.log)
            let here = viewer.accounts.contains { $0.device == device.log }
            return [
                "log": .string(DIDKey.encode(device.log)),
                "fingerprint": .string(Handles.fingerprint(device.log)),
                "entries": .integer(Int64(clamping: head?.size ?? 0)),
                "since": .time(people.since(device.log)),
                "revoked_from": device.revokedFrom.map { .integer(Int64(clamping: $0)) } ?? .null,
                "forked_at": people.forkedAt(device.log).map {
                    .integer(Int64(clamping: $0))
                } ?? .null,
                "here": .bool(here),
            ]
        }
    }

    private static func describe(_ change: Change) -> JSONValue {
        let common: JSONValue = [
            "time": .time(change.time), "address": .string(change.reference.text),
        ]
        func key(_ log: LogKey) -> JSONValue { .string(DIDKey.encode(log)) }
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        switch change.what {
        case .began(let root): return common.with(("what", "began"), ("key", key(root)))
        case .rootReplaced(let root):
            return common.with(("what", "root-replaced"), ("key", key(root)))
        case .deviceAdded(let log):
            return common.with(("what", "device-added"), ("key", key(log)))
        case .deviceRevoked(let log, let from):
            return common.with(
                ("what", "device-revoked"), ("key", key(log)),
                ("from", .integer(Int64(clamping: from))))
        case .renamed(let before, let after):
            return common.with(
                ("what", "renamed"), ("before", .string(DisplayText.line(before))),
                ("after", .string(DisplayText.line(after))))
        case .tips(let added, let removed):
            return common.with(("what", "tips"), ("added", list(added)), ("removed", list(removed)))
        }
    }

    /// Those whom the viewer follows, and the node's own people, who have a name that looks the
    /// same.
    private func looksLike(_ identity: LogKey) -> [JSONValue] {
        let name = NameSkeleton(handles.displayName(identity))
        guard !name.isEmpty, let me = viewer.identity else { return [] }
        var found: [JSONValue] = []
        var seen: Set<LogKey> = [identity]
        let own = viewer.accounts.map(\.identity)
        for other in own + people.follows(of: me) where seen.insert(other).inserted {
            guard NameSkeleton(handles.displayName(other)) == name else { continue }
            let relation = other == me ? "you" : own.contains(other) ? "own" : "followed"
            found.append(
                mention(other).with(
                    ("display_name", .string(handles.displayName(other))),
                    ("fingerprint", .string(Handles.fingerprint(other))),
                    ("relation", .string(relation))))
        }
        return found
    }
}
