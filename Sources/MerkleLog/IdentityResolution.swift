import Primitives

/// Where root logs can be looked up: a store's projection, or a handful of logs in a test.
package protocol RootLogs {
    /// The identity statements of a log, by index; nil when the log is not held.
    func statements(of log: LogKey) -> [(index: UInt64, statement: IdentityStatement)]?
    /// Logs whose first entry names `log` as predecessor.
    func successors(of log: LogKey) -> [LogKey]
    /// So many entries, at most, are common to all histories of a forked log; nil for others.
    func forkedAt(_ log: LogKey) -> UInt64?
    /// The root of the log's first `size` entries; nil when fewer are held.
    func root(of log: LogKey, at size: UInt64) -> Hash?
}

extension IdentityHistory {
    /// What the chain of root logs that begins with `identity` says; nil when its first entry is
    /// not held or is no `identity` statement.
    package static func resolve(_ identity: LogKey, in logs: some RootLogs) -> IdentityHistory? {
        guard case .identity? = logs.statements(of: identity)?.first(at: 0),
            logs.forkedAt(identity) != 0
        else { return nil }
        var history = IdentityHistory(root: identity)
        for _ in 0..<Limits.rotations {
            let log = history.root
            if logs.forkedAt(log) == 0 { return history }
            guard let statements = logs.statements(of: log), let first = statements.first(at: 0)
            else { return history }
            history.apply(first, at: 0)
            let next = logs.successors(of: log).first { history.isSucceeded(by: $0, in: logs) }
            // Of a fork only what is common has effect (IDENT-12), unless a successor says which
            // history counts.
            var end = logs.forkedAt(log) ?? .max
            if let next,
                case .identity(_, let predecessor?)? = logs.statements(of: next)?.first(at: 0)
            {
                end = predecessor.size
            }
            for fact in statements where fact.index > 0 && fact.index < end {
                history.apply(fact.statement, at: fact.index)
            }
            guard let next else { return history }
            history.succeed(by: next)
        }
        return history
    }

    /// Whether `key` is the next root: committed to, and naming a state that the current log really
    /// had.
    private func isSucceeded(by key: LogKey, in logs: some RootLogs) -> Bool {
        guard let first = logs.statements(of: key)?.first(at: 0), isSuccessor(key, first),
            case .identity(_, let predecessor?) = first
        else { return false }
        return logs.root(of: root, at: predecessor.size) == predecessor.root
    }
}

extension [(index: UInt64, statement: IdentityStatement)] {
    /// The statement at `index`.
    package func first(at index: UInt64) -> IdentityStatement? {
        first { $0.index == index }?.statement
    }
}
