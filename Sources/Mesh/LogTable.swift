import MerkleLog
import Primitives
import Reconciliation

/// What this node holds of every log: durable, and on its way to the disk.
struct LogTable: Sendable {
    /// One log's record. Kept in order of first sight, so that pages of heads have a stable cursor.
    struct Record: Sendable {
        let key: LogKey
        /// What is on disk; nil until the first write of a new log is.
        var durable: LogHead?
        /// The state with all writes that are under way; equal to `durable` when there are none.
        var pending: LogHead?
        var writesUnderWay = 0
        /// See `LogHead.forkedAt`.
        var forkedAt: UInt64?
        /// The rank of the best proof that the log is forked, and how many there have been.
        var forkRank = UInt64.max
        var forkCount: UInt16 = 0
        /// A write failed, and those behind it are still to fail: nothing is built on them.
        var isFailing = false
        /// The store's change number when `durable` became so; 0 when it has none.
        var change: UInt64 = 0

        /// Entries held, counting those under way.
        var size: UInt64 { pending?.size ?? 0 }

        var isFrozen: Bool { forkedAt != nil }
        /// See `ForkProof.rank`: an odd one is of a proof that does not say where.
        var isForkLocated: Bool { forkRank & 1 == 0 }
    }

    private(set) var records: [Record] = []
    /// What comparing with a peer needs of each record: 40 bytes a log.
    private(set) var marks: [HeadMark] = []
    private var numbers: [LogKey: Int] = [:]
    /// The newest change number; never falls.
    private(set) var lastChange: UInt64 = 0
    /// Changes in order. One that a later change of the same log replaced stays until it is swept.
    private var history: [Change] = []

    private struct Change: Sendable {
        var number: Int
        var change: UInt64
    }

    /// `changes` are the heads' change numbers, as many.
    init(heads: [LogHead], changes: [UInt64]) {
        records.reserveCapacity(heads.count)
        marks.reserveCapacity(heads.count)
        for (head, change) in zip(heads, changes) {
            numbers[head.key] = records.count
            history.append(Change(number: records.count, change: change))
            records.append(
                Record(
                    key: head.key, durable: head, pending: head, forkedAt: head.forkedAt,
                    change: change))
            marks.append(HeadMark(head))
        }
        history.sort { $0.change < $1.change }
        lastChange = history.last?.change ?? 0
    }

    var count: Int { records.count }

    func number(of key: LogKey) -> Int? { numbers[key] }

    subscript(key: LogKey) -> Record? { numbers[key].map { records[$0] } }

    /// Notes that a write leading to `head` is under way.
    mutating func begin(_ head: LogHead) {
        let number: Int
        if let known = numbers[head.key] {
            number = known
        } else {
            number = records.count
            numbers[head.key] = number
            records.append(Record(key: head.key))
            marks.append(HeadMark(log: head.key))
        }
        var head = head
        head.forkedAt = records[number].forkedAt
        records[number].pending = head
        records[number].writesUnderWay += 1
    }

    /// Notes that the write leading to `head` is durable.
    mutating func finish(_ head: LogHead, change: UInt64) {
        guard let number = numbers[head.key] else { return }
        var head = head
        head.forkedAt = records[number].forkedAt
        records[number].durable = head
        mark(number)
        changed(number, change)
        records[number].writesUnderWay -= 1
        settle(number)
    }

    /// Notes that a write failed: what was under way behind it is void, too.
    mutating func fail(_ key: LogKey) {
        guard let number = numbers[key] else { return }
        records[number].writesUnderWay -= 1
        records[number].isFailing = true
        settle(number)
    }

    /// When the last write is answered, what is durable is all there is.
    private mutating func settle(_ number: Int) {
        guard records[number].writesUnderWay == 0 else { return }
        records[number].isFailing = false
        records[number].pending = records[number].durable
    }

    /// Nothing counts any more but the first entries, as many as the proof says.
    mutating func freeze(_ number: Int, _ proof: ForkProof) {
        let least = min(proof.bound, records[number].forkedAt ?? proof.bound)
        records[number].forkRank = min(proof.rank, records[number].forkRank)
        records[number].forkCount = min(records[number].forkCount, .max - 1) + 1
        records[number].forkedAt = least
        records[number].durable?.forkedAt = least
        records[number].pending?.forkedAt = least
        mark(number)
    }

    private mutating func mark(_ number: Int) {
        if let head = records[number].durable { marks[number] = HeadMark(head) }
    }

    // MARK: Changes

    /// Notes the change number of what happened to a log last; 0 is none.
    mutating func changed(_ number: Int, _ change: UInt64) {
        guard change > lastChange else { return }
        records[number].change = change
        lastChange = change
        history.append(Change(number: number, change: change))
        if history.count > 2 * records.count + 1_024 {
            history.removeAll { records[$0.number].change != $0.change }
        }
    }

    /// Logs that changed after `change`, oldest change first, at most `limit` looked at; and the
    /// change number up to which that is all.
    func changes(after change: UInt64, limit: Int) -> (logs: [Int], upTo: UInt64) {
        var low = 0
        var high = history.count
        while low < high {
            let middle = (low + high) / 2
            if history[middle].change <= change { low = middle + 1 } else { high = middle }
        }
        let end = min(history.count, low + limit)
        let found = history[low..<end].filter { records[$0.number].change == $0.change }
        let upTo = end == history.count ? lastChange : history[end - 1].change
        return (found.map(\.number), upTo)
    }
}

extension HeadMark {
    /// Of a forked log only that differs where it ends, and how much of that is held.
    init(_ head: LogHead) {
        if let forkedAt = head.forkedAt {
            self.init(log: head.key, size: head.counted, checkpoint: forkedAt, root: .zero)
        } else {
            self.init(
                log: head.key, size: head.size, checkpoint: head.checkpoint.size,
                root: head.checkpoint.root)
        }
    }
}
