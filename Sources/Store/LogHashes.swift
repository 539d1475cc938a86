import Crypto
package import MerkleLog

/// The hashes of one log's perfect subtrees, for proofs and tails.
///
/// Levels 8, 16 and 24 are stored; the others are folded from at most 128 hashes of the level
/// below, so a whole proof reads at most 255 rows for each of the four bands.
package struct LogHashes: HashReader {
    private let reader: StoreReader
    private let log: LogKey
    private let number: Int64
    /// Entries held when this was made.
    package let size: UInt64

    init(_ reader: StoreReader, log: LogKey, number: Int64, size: UInt64) {
        self.reader = reader
        self.log = log
        self.number = number
        self.size = size
    }

    package func hash(at position: NodePosition) throws(StoreError) -> Hash {
        let level = UInt64(position.level)
        guard level < 32, position.index < size >> level else {
            throw .misuse("the hash of a subtree that is not held")
        }
        let band = level & ~7
        let low = position.index << (level - band)
        let range = low..<low + 1 << (level - band)
        let parts =
            band == 0
            ? try reader.leafHashes(log, number, range)
            : try reader.storedNodes(log, number, level: band, range)
        return fold(parts)
    }

    /// The root over hashes whose count is a power of two.
    private func fold(_ hashes: [Hash]) -> Hash {
        var row = hashes
        var count = row.count
        while count > 1 {
            count /= 2
            for i in 0..<count { row[i] = SHA256.node(row[2 * i], row[2 * i + 1]) }
        }
        return row[0]
    }
}

extension StoreReader {
    /// The hashes of a log's subtrees; nil when nothing is held of it.
    package func hashes(of log: LogKey) throws(StoreError) -> LogHashes? {
        guard let (number, size) = try place(of: log) else { return nil }
        return LogHashes(self, log: log, number: number, size: size)
    }

    /// The hash of one perfect subtree of a log, all of whose leaves are held.
    package func hash(at position: NodePosition, in log: LogKey) throws(StoreError) -> Hash {
        guard let hashes = try hashes(of: log) else { throw .misuse("a log that is not held") }
        return try hashes.hash(at: position)
    }

    func storedNodes(
        _ log: LogKey, _ number: Int64, level: UInt64, _ range: Range<UInt64>
    ) throws(StoreError) -> [Hash] {
        statements.nodes.bind(1, number)
        statements.nodes.bind(2, Int64(level))
        statements.nodes.bind(3, Int64(range.lowerBound))
        statements.nodes.bind(4, Int64(range.upperBound))
        defer { statements.nodes.reset() }
        var out: [Hash] = []
        for index in range {
            guard try statements.nodes.step(), statements.nodes.int(0) == Int64(index),
                let hash = statements.nodes.bytes32(1)
            else {
                let first = index << level
                throw .corrupt(what: "a stored node is missing", place: .entry(log, index: first))
            }
            out.append(hash)
        }
        return out
    }
}
