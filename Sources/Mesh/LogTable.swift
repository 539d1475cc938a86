import MerkleLog
import Primitives

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
        var isFrozen = false
        /// A write failed, and those behind it are still to fail: nothing is built on them.
        var isFailing = false

        /// Entries held, counting those under way.
        var size: UInt64 { pending?.size ?? 0 }
    }

    private(set) var records: [Record] = []
    private var numbers: [LogKey: Int] = [:]

    init(heads: [LogHead]) {
        records.reserveCapacity(heads.count)
        for head in heads {
            numbers[head.key] = records.count
            records.append(
                Record(key: head.key, durable: head, pending: head, isFrozen: head.isFrozen))
        }
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
        }
        records[number].pending = head
        records[number].writesUnderWay += 1
    }

    /// Notes that the write leading to `head` is durable.
    mutating func finish(_ head: LogHead) {
        guard let number = numbers[head.key] else { return }
        records[number].durable = head
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

    mutating func freeze(_ key: LogKey) {
        guard let number = numbers[key] else { return }
        records[number].isFrozen = true
        records[number].durable?.isFrozen = true
        records[number].pending?.isFrozen = true
    }
}
