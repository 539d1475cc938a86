package import MerkleLog

/// What was dropped, as a feed has to know it.
extension StoreReader {
    /// All that `body` reads here is of one moment.
    package func snapshot<Found>(
        _ body: () throws(StoreError) -> Found
    ) throws(StoreError) -> Found { try database.snapshot(body) }

    /// An entry of the log, or of its newest ones that are kept beside it until those before them
    /// have come.
    package func shownEntry(of log: LogKey, at index: UInt64) throws(StoreError) -> Entry? {
        if let found = try entry(of: log, at: index) { return found }
        guard let batch = try newestBatch(of: log), index >= batch.from, index < batch.to else {
            return nil
        }
        return batch.entries[Int(index - batch.from)]
    }

    /// How many bodies were dropped since the store was made: a number that changes with each.
    package func droppedBodies() throws(StoreError) -> Int64 {
        try database.number("SELECT sum(bodies) FROM drops") ?? 0
    }

    /// Logs by number of which bodies were dropped, and up to where that was.
    package func sweptLogs() throws(StoreError) -> [(number: Int64, to: UInt64)] {
        let rows = try Statement(database, "SELECT number, swept FROM logs WHERE swept > 0")
        var found: [(number: Int64, to: UInt64)] = []
        while try rows.step() { found.append((rows.int(0), UInt64(clamping: rows.int(1)))) }
        return found
    }

    /// The entries of a range, by index, whose bodies are there all the same.
    package func heldBodies(
        ofLog number: Int64, _ range: Range<UInt64>
    ) throws(StoreError) -> Set<UInt64> {
        let rows = try Statement(
            database,
            "SELECT id FROM entries WHERE id >= ?1 AND id < ?2 AND body IS NOT NULL")
        rows.bind(1, RowID.of(log: number, index: range.lowerBound))
        rows.bind(2, RowID.of(log: number, index: range.upperBound))
        var found: Set<UInt64> = []
        while try rows.step() { found.insert(RowID.index(rows.int(0))) }
        return found
    }
}
