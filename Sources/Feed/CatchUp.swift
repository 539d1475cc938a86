package import MerkleLog
import Primitives
package import Store

/// Brings a feed up to its store: all at once, or log by log as entries arrive, by the same work.
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
        var taken: UInt64 = 0
        var number: Int64 = 0
        while true {
            let page = try reader.heads(afterNumber: number, limit: 256)
            guard let last = page.last else { break }
            var left = page.map(\.head.key)
            while !left.isEmpty { left = try advance(left) }
            taken += page.reduce(0) { $0 + $1.head.size }
            progress(min(taken, total), total)
            number = last.number
        }
    }
}
