import Feed
import MerkleLog
import Primitives
import Store
import Synchronization
import Transport

/// What the square's thread owns.
final class SquareWorker {
    let store: StoreReader
    let people: People
    let square: Square
    private let feed: FeedWriter
    private let work: CatchUp
    private let path: String
    private var taken: [Act] = []
    /// Texts that the full-text index lacks, as far as is known.
    private var wordless: Int64 = 0
    /// Rows that are to go: of one log at a time.
    private var gone: CatchUp.Gone?
    private var swept: [(number: Int64, to: UInt64)] = []
    private var dropped: Int64 = -1

    init(_ paths: Paths, isAnew: Bool = false) throws(StoreError) {
        store = try StoreReader(directory: paths.store)
        people = People(reader: store)
        feed = try FeedWriter(path: paths.feed, isAnew: isAnew)
        work = CatchUp(reader: store, feed: feed, people: people)
        path = paths.feed
        square = Square(store: store, feed: try FeedReader(path: paths.feed), people: people)
        try people.load(store.heads())
        wordless = try feed.wordlessCount()
    }

    /// Bytes of the write-ahead log from which on it is moved into the feed's file.
    func keepAhead(within bytes: UInt64) { feed.aheadLimit = bytes }

    /// What the feed takes of the disk, or soon may.
    var bytes: UInt64 {
        let (all, ahead) = (ProjectionFile.bytes(path), ProjectionFile.bytesAhead(path))
        return all - min(all, ahead) + max(ahead, feed.aheadLimit)
    }

    /// One for a node that does not run, brought up to the store; `progress` is what its owner is
    /// told.
    static func caughtUp(
        _ paths: Paths, isAnew: Bool, _ progress: @escaping @Sendable (Value) -> Void
    ) throws(StoreError) -> SquareWorker {
        let worker = try SquareWorker(paths, isAnew: isAnew)
        try worker.catchUp(told(progress))
        return worker
    }

    /// Progress in numbers as the owner is told it: now and then.
    static func told(
        _ progress: @escaping @Sendable (Value) -> Void
    ) -> @Sendable (UInt64, UInt64) -> Void {
        let told = Mutex<UInt64>(0)
        return { taken, total in
            let isDue = told.withLock { told in
                guard taken >= told + 2_000 else { return false }
                told = taken
                return true
            }
            if isDue { progress(.object(("entries", .int(taken)), ("total", .int(total)))) }
        }
    }

    /// Logs that the feed is behind of.
    func behind() throws(StoreError) -> [LogKey] {
        var found: [LogKey] = []
        var number: Int64 = 0
        while true {
            let page = try store.heads(afterNumber: number, limit: 1_024)
            guard let last = page.last else { return found }
            for numbered in page
            where try feed.done(ofLog: numbered.number) < numbered.head.size {
                found.append(numbered.head.key)
            }
            number = last.number
        }
    }

    /// Takes a step of what the feed lacks of some logs. Gives those of which there is more.
    func advance(
        _ logs: [LogKey], _ listener: SquareThread.Listener?
    ) throws(StoreError) -> [LogKey] {
        taken = []
        feed.onInsert = { [weak self] in self?.taken.append($0) }
        defer { feed.onInsert = nil }
        let more = try work.advance(logs)
        wordless += Int64(taken.count)
        if let listener, !taken.isEmpty { listener(square, taken) }
        return more
    }

    // MARK: Behind the rows

    /// Indexes some texts; false when there are none left.
    func words() throws(StoreError) -> Bool {
        let isMore = try work.words()
        wordless = isMore ? max(0, wordless - Int64(Limits.Feed.wordsPerStep)) : 0
        return isMore
    }

    /// What came just now can be found at once; while much comes, nobody waits for that.
    func fewWords() throws(StoreError) {
        guard wordless > 0, wordless <= Limits.Feed.wordsAtOnce else { return }
        // One step names rows where none is named yet, one is enough for so few, one sees the end.
        for _ in 0..<3 where try !words() { return }
    }

    /// Does one step of taking away what the store dropped; false when there is nothing to do.
    func tidy() throws(StoreError) -> Bool {
        if var some = gone {
            gone = try work.remove(&some) ? some : nil
            return true
        }
        if let next = swept.popLast() {
            gone = try work.gone(ofLog: next.number, to: next.to)
            return true
        }
        let count = try store.droppedBodies()
        if count != dropped {
            dropped = count
            swept = try work.swept()
            if !swept.isEmpty { return true }
        }
        return try work.tidy()
    }

    func catchUp(_ progress: (UInt64, UInt64) -> Void) throws(StoreError) {
        try work.all(progress)
    }
}
