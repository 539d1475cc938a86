import Content
package import MerkleLog
package import Primitives
package import Store

/// What changed about who somebody is: their keys, their name, where they take tips.
package struct Change: Sendable {
    package enum What: Sendable {
        /// The identity began, with this root key.
        case began(LogKey)
        /// Another root key signs for it from here on.
        case rootReplaced(LogKey)
        case deviceAdded(LogKey)
        /// Entries of the device from this index on are not the identity's.
        case deviceRevoked(LogKey, from: UInt64)
        case renamed(from: String, to: String)
        case tips(added: [String], removed: [String])
    }

    package let what: What
    /// What its author says; the order within one log is proven.
    package let time: UnixTime
    package let reference: Reference
}

extension Square {
    /// The newest changes about an identity, the newest first.
    package func changes(of identity: LogKey, limit: Int) throws(StoreError) -> [Change] {
        guard let history = people.history(of: identity) else { return [] }
        var found: [Change] = []
        for (number, root) in (history.earlierRoots + [history.root]).enumerated() {
            for (index, statement) in people.statements(of: root) ?? [] {
                guard index < people.forkedAt(root) ?? .max,
                    let what = Self.change(statement, of: root, isFirst: number == 0),
                    let (reference, time) = try place(root, index)
                else { continue }
                found.append(Change(what: what, time: time, reference: reference))
            }
        }
        found += try profileChanges(of: identity)
        found.sort {
            ($0.time, $0.reference.log, $0.reference.index)
                > ($1.time, $1.reference.log, $1.reference.index)
        }
        return Array(found.prefix(limit))
    }

    private static func change(
        _ statement: IdentityStatement, of root: LogKey, isFirst: Bool
    ) -> Change.What? {
        switch statement {
        case .identity: isFirst ? .began(root) : .rootReplaced(root)
        case .addDevice(let log): .deviceAdded(log)
        case .revokeDevice(let log, let from): .deviceRevoked(log, from: from)
        case .device: nil
        }
    }

    private func place(
        _ log: LogKey, _ index: UInt64
    ) throws(StoreError) -> (Reference, UnixTime)? {
        guard let entry = try store.entry(of: log, at: index) else { return nil }
        let address = EntryHeader(log: log, index: index, entry: entry).leafHash
        return (Reference(log: log, index: index, address: address), entry.time)
    }

    /// Each profile beside the one before it.
    private func profileChanges(of identity: LogKey) throws(StoreError) -> [Change] {
        var profiles: [(profile: Profile, reference: Reference, time: UnixTime)] = []
        for device in people.devices(of: identity) {
            for mark in try store.marks(of: device).suffix(Limits.Feed.marksOfLog)
            where people.identity(of: device, at: mark.index) == identity {
                guard let entry = try store.entry(of: device, at: mark.index),
                    case .present(let body) = entry.body,
                    case .profile(let profile)? = try? Content(body: body),
                    let (reference, time) = try place(device, mark.index)
                else { continue }
                profiles.append((profile, reference, time))
            }
        }
        profiles.sort {
            ($0.time, $0.reference.log, $0.reference.index)
                < ($1.time, $1.reference.log, $1.reference.index)
        }
        var found: [Change] = []
        var before: Profile?
        for (profile, reference, time) in profiles {
            for what in Self.changes(from: before, to: profile) {
                found.append(Change(what: what, time: time, reference: reference))
            }
            before = profile
        }
        return found
    }

    private static func changes(from before: Profile?, to after: Profile) -> [Change.What] {
        var found: [Change.What] = []
        if let before, Array(before.name.utf8) != Array(after.name.utf8) {
            found.append(.renamed(from: before.name, to: after.name))
        }
        func missing(_ tips: [String], in others: [String]) -> [String] {
            tips.filter { tip in !others.contains { $0.utf8.elementsEqual(tip.utf8) } }
        }
        let added = missing(after.tips, in: before?.tips ?? [])
        let removed = missing(before?.tips ?? [], in: after.tips)
        if !added.isEmpty || !removed.isEmpty {
            found.append(.tips(added: added, removed: removed))
        }
        return found
    }
}
