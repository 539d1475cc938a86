import MerkleLog
import Primitives

/// How many bytes the bodies of each log take, kept with every write so that nobody has to look at
/// the entries: `logs.bytes`.
struct CountStatements: ~Copyable {
    private let add: Statement
    private let anew: Statement

    init(_ database: Database) throws(StoreError) {
        let add = try Statement(
            database, "UPDATE logs SET bytes = max(0, bytes + ?2) WHERE key = ?1")
        let anew = try Statement(
            database,
            """
            UPDATE logs SET bytes =
                (SELECT coalesce(sum(length(body)), 0) FROM entries
                    WHERE id >= logs.number << 32 AND id < (logs.number + 1) << 32)
            WHERE key = ?1
            """)
        self.add = add
        self.anew = anew
    }

    /// Counts what came, or went, outside of an extension.
    func add(_ bytes: Int64, to log: LogKey) throws(StoreError) {
        add.bind(1, log)
        add.bind(2, bytes)
        try add.run()
    }

    /// Counts from the bodies themselves.
    func recount(_ log: LogKey) throws(StoreError) {
        anew.bind(1, log)
        try anew.run()
    }
}

extension Entry {
    /// Bytes of the body, as far as it is here.
    var keptBytes: Int64 {
        if case .present(let body) = body { return Int64(body.count) }
        return 0
    }
}

/// What one log takes, as the policy sees it.
struct LogAccount: Sendable {
    var number: Int64
    var key: LogKey
    var size: UInt64
    /// Bytes of its bodies.
    var bytes: UInt64
    /// Below this index everything is dropped that may be.
    var swept: UInt64

    /// What can still be dropped: none of it once all has been gone through.
    var droppable: UInt64 { swept < size ? bytes : 0 }
    /// What stays whatever is dropped.
    var fixed: UInt64 { size * Limits.Storage.header + (bytes - droppable) }
    /// All of it.
    var footprint: UInt64 { size * Limits.Storage.header + bytes }

    static let columns = "number, key, size, bytes, swept"

    /// The account of the row at hand; nil when it cannot be one.
    init?(_ row: borrowing Statement) {
        guard let key = row.bytes32(1), let size = UInt64(exactly: row.int(2)),
            let bytes = UInt64(exactly: row.int(3)), let swept = UInt64(exactly: row.int(4)),
            size <= LogLimits.size
        else { return nil }
        number = row.int(0)
        self.key = key
        self.size = size
        self.bytes = bytes
        self.swept = swept
    }
}
