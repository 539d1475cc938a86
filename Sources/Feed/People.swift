import Content
import Crypto
package import MerkleLog
package import Store

/// Who is who: which identity a log belongs to, how they want to be called, and whom an owner follows.
///
/// A projection of the few entries that are not posts. It is rebuilt from the store's marks at the
/// start, and updated as such entries arrive.
package final class People {
    /// What one log says of itself.
    private struct LogFacts {
        /// The identity that the log's first entry names.
        var claimed: LogKey?
        var name: String?
        var nameIndex: UInt64 = 0
        /// Statements of a root log, by index.
        var statements: [(index: UInt64, statement: IdentityStatement)] = []
        /// In order of the last change; only the latest word on each identity counts.
        var follows: [LogKey] = []
    }

    private var facts: [LogKey: LogFacts] = [:]
    /// Root logs that name a predecessor, by that predecessor.
    private var successors: [LogKey: [LogKey]] = [:]
    private var histories: [LogKey: IdentityHistory] = [:]

    package init() {}

    /// Reads every marked entry of the store.
    package func load(_ reader: StoreReader) throws(StoreError) {
        for mark in try reader.marks() {
            guard let entry = try reader.entry(of: mark.log, at: mark.index) else { continue }
            take(mark.log, mark.index, entry)
        }
    }

    /// Takes an entry that is stored now. Posts change nothing here.
    package func take(_ log: LogKey, _ index: UInt64, _ entry: Entry) {
        guard case .present(let body) = entry.body, let content = try? Content(body: body) else {
            return
        }
        switch content {
        case .note, .other: return
        case .profile(let name):
            var known = facts[log] ?? LogFacts()
            if known.name == nil || index >= known.nameIndex {
                known.name = name
                known.nameIndex = index
            }
            facts[log] = known
        case .follow(let identity, let isOn):
            var known = facts[log] ?? LogFacts()
            known.follows.removeAll { $0 == identity }
            if isOn { known.follows.append(identity) }
            facts[log] = known
        case .identity(let statement):
            var known = facts[log] ?? LogFacts()
            if case .device(let identity, _) = statement, index == 0 { known.claimed = identity }
            known.statements.append((index, statement))
            if case .identity(_, let predecessor?) = statement, index == 0 {
                successors[predecessor.log, default: []].append(log)
            }
            facts[log] = known
            histories = [:]
        }
    }

    // MARK: Questions

    /// The identity of a log at `index`: what its first entry claims and the identity's root log confirms;
    /// nil when either side does not say so.
    package func identity(of log: LogKey, at index: UInt64) -> LogKey? {
        guard let claimed = facts[log]?.claimed else { return isRoot(log) ? log : nil }
        guard let device = history(of: claimed)?.device(log), device.covers(index) else {
            return nil
        }
        return claimed
    }

    private func isRoot(_ log: LogKey) -> Bool {
        guard case .identity? = facts[log]?.statements.first?.statement else { return false }
        return true
    }

    /// What the root logs of `identity` say; nil when its first one is not here.
    package func history(of identity: LogKey) -> IdentityHistory? {
        if let known = histories[identity] { return known }
        guard isRoot(identity) else { return nil }
        var history = IdentityHistory(root: identity)
        feed(&history, identity, before: .max)
        histories[identity] = history
        return history
    }

    private func feed(_ history: inout IdentityHistory, _ root: LogKey, before end: UInt64) {
        for fact in facts[root]?.statements ?? [] where fact.index < end {
            history.apply(fact.statement, at: fact.index)
        }
    }

    /// The devices of an identity that count, in the order in which they were added.
    package func devices(of identity: LogKey) -> [LogKey] {
        (history(of: identity)?.devices ?? []).map(\.log)
            .filter { facts[$0]?.claimed == identity }
    }

    /// The entry of the root log that adds `device`, for a proof; nil when it is not in the first root log.
    package func addition(of device: LogKey, by identity: LogKey) -> UInt64? {
        facts[identity]?.statements.first { $0.statement == .addDevice(device) }?.index
    }

    /// How an identity, or a log, wants to be called: the newest device's word.
    package func name(of identity: LogKey) -> String? {
        for device in devices(of: identity).reversed() {
            if let name = facts[device]?.name { return name }
        }
        return facts[identity]?.name
    }

    /// Whom the identity follows, by the words of all its devices.
    package func follows(of identity: LogKey) -> [LogKey] {
        var seen: Set<LogKey> = []
        return devices(of: identity).flatMap { facts[$0]?.follows ?? [] }
            .filter { seen.insert($0).inserted }
    }

    /// Identities with this name; several may have the same one.
    package func identities(named name: String) -> [LogKey] {
        facts.keys.filter { isRoot($0) && self.name(of: $0) == name }.sorted()
    }

    /// Every identity whose root log is here.
    package var count: Int { facts.keys.count { isRoot($0) && successors[$0] == nil } }
}
