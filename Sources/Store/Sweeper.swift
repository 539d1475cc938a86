import Crypto
import MerkleLog
import Primitives

/// Drops bodies by least value, so that the store stays within what its owner gave it.
///
/// Of an entry whose body is dropped, time, length and hash stay, so the log still verifies. Whose
/// bodies go first: strangers', then those of authors further away; among authors equally far, of
/// whoever takes most; of one author, the oldest. Never the owners' own, and never statements of
/// who somebody is and whom they follow, as far as these are few and small.
struct Sweeper: ~Copyable {
    private let database: Database
    private let accounts: Statement
    private let account: Statement
    private let marks: Statement
    private let marksBefore: Statement
    private let rows: Statement
    private let delete: Statement
    private let insert: Statement
    private let advance: Statement
    private let count: Statement

    /// Entries looked at together.
    private static let chunk: UInt64 = 256

    /// Prepared as locals first: a value that owns its parts cannot be half made.
    init(_ database: Database) throws(StoreError) {
        let columns = LogAccount.columns
        let accounts = try Statement(database, "SELECT \(columns) FROM logs")
        let account = try Statement(database, "SELECT \(columns) FROM logs WHERE key = ?1")
        let marks = try Statement(
            database, "SELECT idx FROM marks WHERE log = ?1 AND idx >= ?2 AND idx < ?3")
        let marksBefore = try Statement(
            database, "SELECT count(*) FROM marks WHERE log = ?1 AND idx < ?2")
        let rows = try Statement(
            database,
            """
            SELECT id, time, leaf, body, stub FROM entries WHERE id >= ?1 AND id < ?2
                AND body IS NOT NULL ORDER BY id
            """)
        // Deleted and put in again, not changed in place: only so do the pages of the tree merge.
        let delete = try Statement(database, "DELETE FROM entries WHERE id = ?1")
        let insert = try Statement(
            database, "INSERT INTO entries(id, time, leaf, body, stub) VALUES(?1, ?2, ?3, NULL, ?4)"
        )
        let advance = try Statement(
            database,
            "UPDATE logs SET bytes = max(0, bytes - ?2), swept = max(swept, ?3) WHERE number = ?1")
        let count = try Statement(
            database,
            """
            INSERT INTO drops(rule, hop, bodies, bytes, time) VALUES(?1, ?2, ?3, ?4, ?5)
            ON CONFLICT(rule, hop) DO UPDATE SET
                bodies = bodies + ?3, bytes = bytes + ?4, time = ?5
            """)
        self.database = database
        self.accounts = accounts
        self.account = account
        self.marks = marks
        self.marksBefore = marksBefore
        self.rows = rows
        self.delete = delete
        self.insert = insert
        self.advance = advance
        self.count = count
    }

    // MARK: Accounts

    /// What every log takes. Reads one row a log and no entries.
    func allAccounts() throws(StoreError) -> [LogAccount] {
        defer { accounts.reset() }
        var out: [LogAccount] = []
        while try accounts.step() {
            if let account = LogAccount(accounts) { out.append(account) }
        }
        return out
    }

    func account(of log: LogKey) throws(StoreError) -> LogAccount? {
        account.bind(1, log)
        defer { account.reset() }
        return try account.step() ? LogAccount(account) : nil
    }

    // MARK: Dropping

    /// What went with one step.
    struct Step: Sendable {
        var bodies: UInt64 = 0
        var bytes: UInt64 = 0
        var swept: UInt64
    }

    /// Drops the oldest bodies of a log until `target` bytes are gone or nothing is left to drop,
    /// within the open transaction; at most `entries` are looked at.
    func trim(
        _ log: LogAccount, by target: UInt64, _ rule: DropRule, hop: Int, at time: UnixTime,
        entries: UInt64 = 1 << 14
    ) throws(StoreError) -> Step {
        var step = Step(swept: log.swept)
        let last = min(log.size, log.swept + entries)
        while step.swept < last && step.bytes < target {
            let end = min(step.swept + Self.chunk, last)
            try drop(log, step.swept..<end, target, &step)
        }
        advance.bind(1, log.number)
        advance.bind(2, Int64(clamping: step.bytes))
        advance.bind(3, Int64(clamping: step.swept))
        try advance.run()
        guard step.bodies > 0 else { return step }
        count.bind(1, rule.rawValue)
        count.bind(2, Int64(hop))
        count.bind(3, Int64(clamping: step.bodies))
        count.bind(4, Int64(clamping: step.bytes))
        count.bind(5, Int64(clamping: time.milliseconds))
        try count.run()
        return step
    }

    private func drop(
        _ log: LogAccount, _ range: Range<UInt64>, _ target: UInt64, _ step: inout Step
    ) throws(StoreError) {
        var stubs: [Stub.Row] = []
        let kept = try statements(log, range)
        rows.bind(1, RowID.of(log: log.number, index: range.lowerBound))
        rows.bind(2, RowID.of(log: log.number, index: range.upperBound))
        var next = range.upperBound
        do {
            defer { rows.reset() }
            while try rows.step() {
                let index = RowID.index(rows.int(0))
                if step.bytes >= target {
                    next = index
                    break
                }
                // Damage is the check's to report: it is left as it is.
                guard
                    let (entry, leaf) = try? EntryRow.verified(
                        rows, from: 1, log: log.key, index: index),
                    case .present(let body) = entry.body, body.count > Stub.count,
                    body.count > Limits.Storage.keptStatementBytes || !kept.contains(index)
                else { continue }
                let header = EntryHeader(log: log.key, index: index, entry: entry)
                stubs.append(Stub.Row(id: rows.int(0), time: rows.int(1), leaf: leaf, of: header))
                step.bodies += 1
                step.bytes += UInt64(body.count)
            }
        }
        for stub in stubs {
            delete.bind(1, stub.id)
            try delete.run()
        }
        for stub in stubs {
            insert.bind(1, stub.id)
            insert.bind(2, stub.time)
            insert.bind(3, stub.leaf)
            insert.bind(4, stub.bytes)
            try insert.run()
        }
        step.swept = next
    }

    /// The statements of a range that are kept.
    private func statements(_ log: LogAccount, _ range: Range<UInt64>) throws(StoreError) -> Set<
        UInt64
    > {
        marksBefore.bind(1, log.number)
        marksBefore.bind(2, Int64(range.lowerBound))
        let before = try marksBefore.step() ? marksBefore.int(0) : 0
        marksBefore.reset()
        guard before < Limits.Storage.keptStatements else { return [] }
        marks.bind(1, log.number)
        marks.bind(2, Int64(range.lowerBound))
        marks.bind(3, Int64(range.upperBound))
        defer { marks.reset() }
        var out: Set<UInt64> = []
        while try marks.step(), Int64(out.count) < Limits.Storage.keptStatements - before {
            out.insert(UInt64(marks.int(0)))
        }
        return out
    }
}

extension Stub {
    /// What stands in an entry's row once its body is dropped.
    struct Row {
        var id: Int64
        var time: Int64
        var leaf: Hash
        var bytes: [UInt8]

        init(id: Int64, time: Int64, leaf: Hash, of header: EntryHeader) {
            self.id = id
            self.time = time
            self.leaf = leaf
            bytes = Stub.encode(length: UInt32(header.bodyLength), hash: header.bodyHash)
        }
    }
}

// MARK: - Whose

/// Which logs are to lose how much: computed from accounts alone.
struct DropList: Sendable {
    struct Share: Sendable {
        var account: LogAccount
        var hop: Int
        /// Bytes that are to go.
        var bytes: UInt64
    }

    /// In the order in which they are to be trimmed.
    private(set) var shares: [Share] = []
    /// Bytes that could not be found.
    private(set) var lacking: UInt64

    /// Finds `needed` bytes: strangers' first, then hop by hop; within a hop the largest logs are
    /// cut down to one size.
    init(freeing needed: UInt64, from accounts: [LogAccount], _ plan: StoragePlan) {
        lacking = needed
        var byHop: [[LogAccount]] = Array(repeating: [], count: StoragePlan.strangers + 1)
        for account in accounts where account.droppable > 0 {
            byHop[plan.hop(of: account.key)].append(account)
        }
        for hop in stride(from: StoragePlan.strangers, to: 0, by: -1) where lacking > 0 {
            take(byHop[hop].sorted { ($0.bytes, $1.number) > ($1.bytes, $0.number) }, hop)
        }
    }

    private mutating func take(_ largestFirst: [LogAccount], _ hop: Int) {
        // The level to which the first so many logs are cut: the lowest number of logs that gives
        // enough.
        var sum: UInt64 = 0
        var level: UInt64 = 0
        var cut = largestFirst.count
        for (index, account) in largestFirst.enumerated() {
            sum += account.droppable
            let next = index + 1 < largestFirst.count ? largestFirst[index + 1].droppable : 0
            let count = UInt64(index + 1)
            if sum - next * count >= lacking {
                cut = index + 1
                level = (sum - lacking) / count
                break
            }
        }
        for account in largestFirst.prefix(cut) {
            let bytes = account.droppable - min(level, account.droppable)
            guard bytes > 0 else { continue }
            shares.append(Share(account: account, hop: hop, bytes: bytes))
            lacking -= min(lacking, bytes)
        }
    }
}
