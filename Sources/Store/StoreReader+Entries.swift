package import MerkleLog
import Primitives

/// Entries and their leaf hashes.
extension StoreReader {
    /// A log's number and the entries held of it; nil when nothing is.
    package func place(of log: LogKey) throws(StoreError) -> (number: Int64, size: UInt64)? {
        statements.place.bind(1, log)
        defer { statements.place.reset() }
        guard try statements.place.step() else { return nil }
        let (number, size) = (statements.place.int(0), statements.place.int(1))
        guard number > 0, number < RowID.logs, let size = UInt64(exactly: size),
            size <= LogLimits.size
        else { throw .corrupt(what: "its size is none", place: .log(log)) }
        return (number, size)
    }

    /// The key of the log with that number.
    package func key(ofLog number: Int64) throws(StoreError) -> LogKey? {
        let (before, isLeast) = number.subtractingReportingOverflow(1)
        guard !isLeast, let found = try heads(afterNumber: before, limit: 1).first else {
            return nil
        }
        return found.number == number ? found.head.key : nil
    }

    /// See `LogHead.forkedAt`.
    private func forkedAt(_ log: LogKey) throws(StoreError) -> UInt64? {
        statements.place.bind(1, log)
        defer { statements.place.reset() }
        return try statements.place.step() ? HeadRow.forkedAt(statements.place.int(2)) : nil
    }

    /// Entries one after another and their leaf hashes, from which whoever sends the log batch by
    /// batch rolls its frontier on.
    package struct Run: Hashable, Sendable {
        package var from: UInt64
        package var entries: [Entry] = []
        package var leaves: [Hash] = []
    }

    /// The entries from index `from` on: at most `limit`, and no more than fit `maxBytes` in a
    /// batch (but at least one, when there is one). Empty when none are held from there on.
    package func run(
        of log: LogKey, from: UInt64, limit: Int, maxBytes: Int = .max
    ) throws(StoreError) -> Run {
        var out = Run(from: from)
        guard limit > 0, let (number, size) = try place(of: log), from < size else { return out }
        let end = from + min(UInt64(limit), size - from)
        statements.entries.bind(1, RowID.of(log: number, index: from))
        statements.entries.bind(2, RowID.of(log: number, index: end))
        defer { statements.entries.reset() }
        var room = maxBytes
        for index in from..<end {
            guard try statements.entries.step(), RowID.index(statements.entries.int(0)) == index
            else { throw .corrupt(what: "the entry is missing", place: .entry(log, index: index)) }
            let (entry, leaf) = try EntryRow.verified(
                statements.entries, from: 1, log: log, index: index)
            room -= entry.batchBytes
            if room < 0 && index > from { break }
            out.entries.append(entry)
            out.leaves.append(leaf)
        }
        return out
    }

    /// The entries of such a run alone.
    package func entries(
        of log: LogKey, from: UInt64, limit: Int, maxBytes: Int = .max
    ) throws(StoreError) -> [Entry] {
        try run(of: log, from: from, limit: limit, maxBytes: maxBytes).entries
    }

    /// One entry; nil when it is not held.
    package func entry(of log: LogKey, at index: UInt64) throws(StoreError) -> Entry? {
        try entries(of: log, from: index, limit: 1).first
    }

    /// The last `count` entries of a log that count, oldest first, and the index of the first of
    /// them.
    package func newest(
        of log: LogKey, count: Int
    ) throws(StoreError) -> (from: UInt64, entries: [Entry]) {
        guard let (_, size) = try place(of: log) else { return (0, []) }
        let counted = min(size, try forkedAt(log) ?? size)
        let from = counted - min(UInt64(max(0, count)), counted)
        return (from, try entries(of: log, from: from, limit: Int(counted - from)))
    }

    /// The leaf hashes of the entries in `range`, all of which must be held.
    package func leafHashes(
        of log: LogKey, _ range: Range<UInt64>
    ) throws(StoreError) -> [Hash] {
        guard let (number, size) = try place(of: log), range.upperBound <= size else {
            throw .misuse("leaf hashes beyond what is held")
        }
        return try leafHashes(log, number, range)
    }

    func leafHashes(
        _ log: LogKey, _ number: Int64, _ range: Range<UInt64>
    ) throws(StoreError) -> [Hash] {
        statements.leaves.bind(1, RowID.of(log: number, index: range.lowerBound))
        statements.leaves.bind(2, RowID.of(log: number, index: range.upperBound))
        defer { statements.leaves.reset() }
        var out: [Hash] = []
        out.reserveCapacity(range.count)
        for index in range {
            guard try statements.leaves.step(), RowID.index(statements.leaves.int(0)) == index,
                let hash = statements.leaves.bytes32(1)
            else { throw .corrupt(what: "the leaf is missing", place: .entry(log, index: index)) }
            out.append(hash)
        }
        return out
    }
}

extension Entry {
    /// Bytes this takes in a batch, at the most.
    fileprivate var batchBytes: Int {
        switch body {
        case .present(let bytes): bytes.count + 15
        case .absent: 50
        }
    }
}
