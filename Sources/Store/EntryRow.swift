import MerkleLog
import Primitives

/// How an entry lies in its row: columns time, leaf, body, stub.
enum EntryRow {
    /// The entry of the row at hand, whose `time` is column `first`; nil when a column cannot be
    /// one. Not yet checked against a hash.
    static func decode(_ row: borrowing Statement, from first: Int32) -> Entry? {
        guard let milliseconds = UInt64(exactly: row.int(first)) else { return nil }
        let time = UnixTime(milliseconds: milliseconds)
        if row.isNull(first + 2) {
            guard let absent = Stub.decode(row.blob(first + 3)) else { return nil }
            return Entry(time: time, body: absent)
        }
        return Entry(time: time, body: .present(row.blob(first + 2)))
    }

    /// The entry of the row at hand if it is the one that was written: its hash is its leaf's.
    static func verified(
        _ row: borrowing Statement, from first: Int32, log: LogKey, index: UInt64
    ) throws(StoreError) -> (Entry, leaf: Hash) {
        guard let entry = decode(row, from: first) else {
            throw .corrupt(what: "the row does not decode", place: .entry(log, index: index))
        }
        let leaf = EntryHeader(log: log, index: index, entry: entry).leafHash
        guard row.bytes32(first + 1) == leaf else {
            throw .corrupt(what: "the hash differs", place: .entry(log, index: index))
        }
        return (entry, leaf)
    }
}

/// A dropped body's length (4 bytes, big-endian) and hash (32 bytes).
enum Stub {
    static let count = 36

    static func encode(length: UInt32, hash: Hash) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(count)
        for shift in [24, 16, 8, 0] as [UInt32] {
            out.append(UInt8(truncatingIfNeeded: length >> shift))
        }
        return out + hash.array
    }

    static func decode(_ bytes: [UInt8]) -> Entry.Body? {
        guard bytes.count == count else { return nil }
        let length = bytes[0..<4].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        return .absent(length: length, hash: Hash(bytes, at: 4))
    }
}
