import Primitives
package import Store

/// The full-text index, which comes behind the rows.
extension FeedWriter {
    /// A row whose text the index lacks.
    struct Wordless {
        var id: Int64
        var log: Int64
        var index: UInt64
    }

    /// How many rows' texts the index lacks.
    package func wordlessCount() throws(StoreError) -> Int64 {
        let named = try database.number("SELECT count(*) FROM wordless") ?? 0
        guard refillFrom > 0 else { return named }
        let unnamed = try database.number(
            "SELECT count(*) FROM acts WHERE id < \(refillFrom) AND kind IN (0, 2)")
        return named + (unnamed ?? 0)
    }

    /// The newest rows whose texts the index lacks. Rows that are gone by now are not among them.
    func wordless(limit: Int) throws(StoreError) -> [Wordless] {
        let rows = try Store.Statement(
            database,
            """
            SELECT acts.id, acts.log, acts.idx FROM wordless JOIN acts ON acts.id = wordless.id
            ORDER BY wordless.id DESC LIMIT ?1
            """)
        rows.bind(1, Int64(limit))
        var found: [Wordless] = []
        while try rows.step() {
            found.append(
                Wordless(id: rows.int(0), log: rows.int(1), index: UInt64(clamping: rows.int(2))))
        }
        return found
    }

    /// Puts the texts of the newest rows that lacked theirs into the index; `texts` go with `rows`.
    func word(_ rows: [Wordless], _ texts: [String?]) throws(StoreError) {
        guard let last = rows.last else { return }
        var count: Int64 = 0
        // Ascending: whenever a row is not above the one before, FTS5 writes out what it gathered.
        for case (let row, let text?) in zip(rows, texts).reversed() where !text.isEmpty {
            statements.word.bind(1, row.id)
            statements.word.bind(2, text)
            try statements.word.run()
            count += 1
        }
        try database.run("DELETE FROM wordless WHERE id >= \(last.id)")
        try add(count, to: "worded")
    }

    /// Nothing is left whose text could come into the index.
    func wordNothing() throws(StoreError) { try database.run("DELETE FROM wordless") }

    // MARK: What is gone

    /// Up to where rows of dropped bodies are gone, by logs.
    func pruned() throws(StoreError) -> [Int64: UInt64] {
        let rows = try Store.Statement(database, "SELECT log, pruned FROM done WHERE pruned > 0")
        var found: [Int64: UInt64] = [:]
        while try rows.step() { found[rows.int(0)] = UInt64(clamping: rows.int(1)) }
        return found
    }

    /// The rows of a log, by id and index.
    func rows(ofLog number: Int64) throws(StoreError) -> [(id: Int64, index: UInt64)] {
        // In two parts, because each of them has its index.
        let rows = try Store.Statement(
            database,
            """
            SELECT id, idx FROM acts WHERE log = ?1 AND kind <= 1
            UNION ALL SELECT id, idx FROM acts WHERE log = ?1 AND kind > 1
            """)
        rows.bind(1, number)
        var found: [(id: Int64, index: UInt64)] = []
        while try rows.step() { found.append((rows.int(0), UInt64(clamping: rows.int(1)))) }
        return found
    }

    /// Takes rows away. What stands in other tables by their ids is not found without them, and
    /// goes when the index is filled anew.
    func remove(_ ids: ArraySlice<Int64>) throws(StoreError) {
        let gone = try Store.Statement(database, "DELETE FROM acts WHERE id = ?1 RETURNING kind")
        let unsaid = try Store.Statement(database, "DELETE FROM wordless WHERE id = ?1")
        var count: Int64 = 0
        for id in ids {
            gone.bind(1, id)
            let kind = try gone.step() ? Act.Kind(rawValue: gone.int(0)) : nil
            gone.reset()
            guard kind == .note || kind == .edit, id >= refillFrom else { continue }
            unsaid.bind(1, id)
            try unsaid.run()
            // Of those that were never indexed nothing stays behind.
            if database.changes == 0 { count += 1 }
        }
        try add(count, to: "gone")
    }

    func prune(log number: Int64, to end: UInt64) throws(StoreError) {
        try database.run(
            "UPDATE done SET pruned = \(Int64(clamping: end)) WHERE log = \(number)")
    }

    /// Whether most of what the index has is of rows that are gone.
    func isStale() throws(StoreError) -> Bool {
        let gone = try state("gone")
        let worded = try state("worded")
        return gone >= Limits.Feed.staleRows && 2 * gone > worded
    }

    /// Empties the full-text index, and notes that it is to be filled anew, from the newest on.
    func forgetWords() throws(StoreError) {
        try database.run("INSERT INTO words(words) VALUES('delete-all')")
        try database.run("DELETE FROM wordless")
        try database.run("DELETE FROM tags WHERE id NOT IN (SELECT id FROM acts)")
        try database.run("DELETE FROM about WHERE id NOT IN (SELECT id FROM acts)")
        try database.run(
            """
            INSERT OR REPLACE INTO state VALUES
                ('gone', 0), ('worded', 0), ('refill', \(Int64.max))
            """)
        refillFrom = .max
    }

    /// Names the next rows whose texts the emptied index lacks; false when all are named.
    func refill() throws(StoreError) -> Bool {
        guard refillFrom > 0 else { return false }
        let first = try database.number(
            """
            SELECT id FROM acts WHERE id < \(refillFrom) AND kind IN (0, 2) ORDER BY id DESC
                LIMIT 1 OFFSET \(Limits.Feed.wordsPerRefill - 1)
            """)
        try database.run(
            """
            INSERT OR IGNORE INTO wordless SELECT id FROM acts
                WHERE id < \(refillFrom) AND id >= \(first ?? 0) AND kind IN (0, 2)
            """)
        try database.run("INSERT OR REPLACE INTO state VALUES('refill', \(first ?? 0))")
        refillFrom = first ?? 0
        return true
    }

    /// From where on, downwards, rows are still to be named by `refill`.
    func loadRefill() throws(StoreError) { refillFrom = try state("refill") }

    /// Gives back some pages that are free, where they are many; false when they are not.
    func shrink() throws(StoreError) -> Bool {
        let free = try database.number("PRAGMA freelist_count") ?? 0
        let all = try database.number("PRAGMA page_count") ?? 0
        guard free > 64, free > all / 8 else { return false }
        try database.run("PRAGMA incremental_vacuum(\(Limits.Feed.pagesPerShrink))")
        return true
    }

    private func state(_ name: String) throws(StoreError) -> Int64 {
        try database.number("SELECT value FROM state WHERE name = '\(name)'") ?? 0
    }

    private func add(_ count: Int64, to name: String) throws(StoreError) {
        guard count > 0 else { return }
        try database.run(
            """
            INSERT INTO state VALUES('\(name)', \(count))
            ON CONFLICT(name) DO UPDATE SET value = value + \(count)
            """)
    }
}
