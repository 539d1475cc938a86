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

    /// Takes what the feed lacks of a log, newest entries that came before others too; a part of it
    /// at a time, so that whoever waits for another log waits not long. True when there is more.
    package func advance(_ log: LogKey) throws(StoreError) -> Bool {
        guard let (number, size) = try reader.place(of: log) else {
            return false
        }
        let from = try feed.done(ofLog: number)
        guard from < size else {
            try takeNewest(log, number)
            return false
        }
        let run = try reader.run(
            of: log, from: from, limit: Limits.Feed.entriesPerStep,
            maxBytes: Limits.Feed.bytesPerStep)
        let end = from + UInt64(run.entries.count)
        try feed.transaction { () throws(StoreError) in
            try feed.take(run.entries, run.leaves, log: log, number: number, from: from)
            try feed.finish(log: number, count: end)
        }
        tell(log, from, run.entries)
        if end < size { return true }
        try takeNewest(log, number)
        return false
    }

    /// Entries that are kept beside their log until those before them have come.
    private func takeNewest(_ log: LogKey, _ number: Int64) throws(StoreError) {
        guard let batch = try reader.newestBatch(of: log) else { return }
        let leaves = batch.entries.enumerated().map { offset, entry in
            EntryHeader(log: log, index: batch.from + UInt64(offset), entry: entry).leafHash
        }
        try feed.transaction { () throws(StoreError) in
            try feed.take(batch.entries, leaves, log: log, number: number, from: batch.from)
        }
        tell(log, batch.from, batch.entries)
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
            for numbered in page {
                while try advance(numbered.head.key) {}
                taken += numbered.head.size
                progress(min(taken, total), total)
            }
            number = last.number
        }
    }
}
