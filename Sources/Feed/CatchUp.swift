package import MerkleLog
import Primitives
package import Store

/// Brings a feed up to its store: all at once, or log by log as entries arrive, by the same work.
/// Rows come first, then their texts, and then what is gone goes.
package struct CatchUp {
    private let reader: StoreReader
    private let feed: FeedWriter
    private let people: People?

    /// `people`, where it is given, hears of the entries that are not posts.
    package init(reader: StoreReader, feed: FeedWriter, people: People? = nil) {
        self.reader = reader
        self.feed = feed
        self.people = people
    }

    /// Takes what the feed lacks of some logs, newest entries that came before others too; a part
    /// of it at a time, so that whoever waits for something else waits not long. Gives those of
    /// which there is more. All in one transaction: each costs some milliseconds, and many logs
    /// have little to say.
    package func advance(_ logs: [LogKey]) throws(StoreError) -> [LogKey] {
        var more: [LogKey] = []
        var room = Limits.Feed.entriesPerStep
        var told: [(log: LogKey, from: UInt64, entries: [Entry])] = []
        // No one state of the store: who reads it for long keeps its writer from tidying.
        try feed.transaction { () throws(StoreError) in
            for log in logs {
                guard room > 0 else {
                    more.append(log)
                    continue
                }
                let step = try step(log, room)
                if step.isMore { more.append(log) }
                for part in step.taken {
                    room -= part.entries.count
                    told.append((log, part.from, part.entries))
                }
            }
        }
        for part in told { tell(part.log, part.from, part.entries) }
        return more
    }

    /// The same of one log. True when there is more.
    package func advance(_ log: LogKey) throws(StoreError) -> Bool {
        try !advance([log]).isEmpty
    }

    private func step(
        _ log: LogKey, _ room: Int
    ) throws(StoreError) -> (taken: [(from: UInt64, entries: [Entry])], isMore: Bool) {
        guard let (number, size) = try reader.place(of: log) else { return ([], false) }
        let from = try feed.done(ofLog: number)
        guard from < size else {
            return (try takeNewest(log, number).map { [$0] } ?? [], false)
        }
        let run = try reader.run(
            of: log, from: from, limit: room, maxBytes: Limits.Feed.bytesPerStep)
        let end = from + UInt64(run.entries.count)
        try feed.take(run.entries, run.leaves, log: log, number: number, from: from)
        try feed.finish(log: number, count: end)
        var taken = [(from: from, entries: run.entries)]
        if end < size { return (taken, true) }
        if let newest = try takeNewest(log, number) { taken.append(newest) }
        return (taken, false)
    }

    /// Entries that are kept beside their log until those before them have come.
    private func takeNewest(
        _ log: LogKey, _ number: Int64
    ) throws(StoreError) -> (from: UInt64, entries: [Entry])? {
        guard let batch = try reader.newestBatch(of: log) else { return nil }
        let leaves = batch.entries.enumerated().map { offset, entry in
            EntryHeader(log: log, index: batch.from + UInt64(offset), entry: entry).leafHash
        }
        try feed.take(batch.entries, leaves, log: log, number: number, from: batch.from)
        return (batch.from, batch.entries)
    }

    private func tell(_ log: LogKey, _ from: UInt64, _ entries: [Entry]) {
        guard let people else { return }
        for (offset, entry) in entries.enumerated() where StoreMark.isMarked(entry) {
            people.take(log, from + UInt64(offset), entry)
        }
    }

    /// Takes everything; `progress` hears of entries taken and of all.
    package func all(_ progress: (UInt64, UInt64) -> Void) throws(StoreError) {
        let total = try reader.countedEntries()
        // Their texts take somewhat longer.
        try allRows { progress(min($0, total) / 2, total) }
        try allWords { progress(total - min(total, UInt64(clamping: $0)) / 2, total) }
    }

    /// Makes every entry into its rows; `progress` hears how many entries were taken.
    package func allRows(_ progress: (UInt64) -> Void) throws(StoreError) {
        var taken: UInt64 = 0
        var number: Int64 = 0
        while true {
            let page = try reader.heads(afterNumber: number, limit: 256)
            guard let last = page.last else { break }
            var left = page.map(\.head.key)
            while !left.isEmpty { left = try advance(left) }
            taken += page.reduce(0) { $0 + $1.head.size }
            progress(taken)
            number = last.number
        }
    }

    /// Indexes every text; `progress` hears how many are left.
    package func allWords(_ progress: (Int64) -> Void) throws(StoreError) {
        var left = try feed.wordlessCount()
        while try words(Limits.Feed.wordsPerBulk) {
            left = max(0, left - Int64(Limits.Feed.wordsPerBulk))
            progress(left)
        }
        progress(0)
    }

    // MARK: Texts

    /// Puts some texts into the full-text index, the newest first; false when there are none left.
    package func words(_ limit: Int = Limits.Feed.wordsPerStep) throws(StoreError) -> Bool {
        let rows = try feed.wordless(limit: limit)
        guard !rows.isEmpty else {
            var isMore = false
            try feed.transaction { () throws(StoreError) in
                try feed.wordNothing()
                isMore = try feed.refill()
            }
            return isMore
        }
        let found = try texts(of: rows)
        try feed.transaction { () throws(StoreError) in try feed.word(rows, found) }
        return true
    }

    private func texts(of rows: [FeedWriter.Wordless]) throws(StoreError) -> [String?] {
        var texts = [String?](repeating: nil, count: rows.count)
        // In the store's order: what lies side by side there is read at once.
        var order = rows.indices.sorted {
            (rows[$0].log, rows[$0].index) < (rows[$1].log, rows[$1].index)
        }[...]
        while let first = order.first {
            let start = rows[first]
            let run = zip(order, start.index...).prefix {
                rows[$0].log == start.log && rows[$0].index == $1
            }
            let entries = try shown(start, run.count)
            for (place, entry) in zip(order, entries) { texts[place] = SearchText.of(entry) }
            order = order.dropFirst(max(entries.count, 1))
        }
        return texts
    }

    /// The entry of a row and up to `count` in all that follow it; fewer where they end, and none
    /// where it is gone.
    private func shown(
        _ row: FeedWriter.Wordless, _ count: Int
    ) throws(StoreError) -> [Entry] {
        guard let key = try reader.key(ofLog: row.log) else { return [] }
        let entries = try reader.entries(
            of: key, from: row.index, limit: count, maxBytes: Limits.Feed.bytesPerStep)
        if !entries.isEmpty { return entries }
        return try reader.shownEntry(of: key, at: row.index).map { [$0] } ?? []
    }

    // MARK: What is gone

    /// Rows of one log whose bodies the store dropped.
    package struct Gone {
        let log: Int64
        let to: UInt64
        var ids: ArraySlice<Int64>
    }

    /// Logs of which bodies were dropped since their rows were looked at.
    package func swept() throws(StoreError) -> [(number: Int64, to: UInt64)] {
        let pruned = try feed.pruned()
        return try reader.sweptLogs().filter { $0.to > pruned[$0.number] ?? 0 }
    }

    /// The rows of what was dropped of a log.
    package func gone(ofLog number: Int64, to end: UInt64) throws(StoreError) -> Gone {
        let held = try reader.heldBodies(ofLog: number, 0..<end)
        let ids = try feed.rows(ofLog: number)
            .filter { $0.index < end && !held.contains($0.index) }.map(\.id)
        return Gone(log: number, to: end, ids: ids[...])
    }

    /// Takes some rows away; false when all are.
    package func remove(_ gone: inout Gone) throws(StoreError) -> Bool {
        let ids = gone.ids.prefix(Limits.Feed.goneRowsPerStep)
        let isLast = ids.count == gone.ids.count
        try feed.transaction { () throws(StoreError) in
            try feed.remove(ids)
            if isLast { try feed.prune(log: gone.log, to: gone.to) }
        }
        gone.ids = gone.ids.dropFirst(ids.count)
        return !isLast
    }

    /// Forgets the full-text index where most of it is of what is gone, and gives back pages; false
    /// when there is nothing more of that kind to do.
    package func tidy() throws(StoreError) -> Bool {
        if try feed.isStale() {
            try feed.transaction { () throws(StoreError) in try feed.forgetWords() }
            return true
        }
        return try feed.shrink()
    }
}
