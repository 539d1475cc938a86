import CLinux
package import Feed
import Glibc
import MerkleLog
import Primitives
import Store
import Synchronization
import Transport

/// The thread that keeps the feed up to the store, and on which whoever wants to read of it does.
///
/// Reads come first; between them one step of projecting, some ten milliseconds. What the loop tells
/// of identities is taken in order, so that a read sees everybody as the loop does.
package final class SquareThread: Sendable {
    /// What the loop tells.
    enum News: Sendable {
        /// More of a log is stored.
        case grown(LogKey)
        /// An entry that `People` wants is stored.
        case statement(LogKey, UInt64, Entry)
        case forked(LogKey, UInt64)
    }

    /// A read that waits for its turn.
    private struct Waiting: Sendable {
        let body: @Sendable (Square?) -> Void
    }

    private struct Queue {
        var news: [News] = []
        var reads: [Waiting] = []
        var isStopping = false
        /// Set once the thread has ended: nobody would answer any more.
        var isGone = false
    }

    private let queue = Mutex(Queue())
    private let wake: Int32
    private let done: Int32

    init() {
        wake = eventfd(0, Int32(EFD_CLOEXEC))
        done = eventfd(0, Int32(EFD_CLOEXEC))
    }

    deinit {
        close(wake)
        close(done)
    }

    /// Starts the thread. `complain` hears of what goes wrong there; the feed is then as it was.
    func start(store: String, feed: String, complain: @escaping @Sendable (String) -> Void) {
        startThread("square") { self.run(store, feed, complain) }
    }

    func tell(_ news: News) {
        queue.withLock { $0.news.append(news) }
        signal(wake)
    }

    /// Has `body` read on the thread; it gets nil when nothing can be read. False when too many
    /// wait already, or the node stops: `body` is not called then.
    package func read(_ body: @escaping @Sendable (Square?) -> Void) -> Bool {
        let isTaken = queue.withLock { queue in
            guard !queue.isGone, !queue.isStopping, queue.reads.count < Limits.Feed.waitingReads
            else { return false }
            queue.reads.append(Waiting(body: body))
            return true
        }
        if isTaken { signal(wake) }
        return isTaken
    }

    /// Waits until what reads has been answered and the feed is closed.
    func stop() {
        queue.withLock { $0.isStopping = true }
        signal(wake)
        waitFor(done)
    }

    private func signal(_ descriptor: Int32) {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    private func waitFor(_ descriptor: Int32) {
        var count: UInt64 = 0
        while unsafe Glibc.read(descriptor, &count, 8) < 0 && errno == EINTR {}
    }

    // MARK: The thread

    private func run(_ store: String, _ feed: String, _ complain: @Sendable (String) -> Void) {
        var worker: SquareWorker?
        do throws(StoreError) { worker = try SquareWorker(store: store, feed: feed) } catch {
            complain("the feed cannot be opened: \(error)")
        }
        while true {
            let (news, reads, isStopping) = queue.withLock { queue in
                defer { (queue.news, queue.reads) = ([], []) }
                return (queue.news, queue.reads, queue.isStopping)
            }
            worker?.take(news)
            for read in reads { read.body(worker?.square) }
            if isStopping { break }
            var hasMore = false
            do throws(StoreError) { hasMore = try worker?.step() ?? false } catch {
                complain("the feed is not up to date: \(error)")
            }
            if !hasMore && news.isEmpty && reads.isEmpty { waitFor(wake) }
        }
        worker = nil
        let left = queue.withLock { queue in
            queue.isGone = true
            return queue.reads
        }
        for read in left { read.body(nil) }
        signal(done)
    }
}

/// The square thread's own state.
private final class SquareWorker {
    let square: Square
    private let work: CatchUp
    /// Logs that have grown, in order, each once.
    private var grown = Deque<LogKey>()
    private var isGrown: Set<LogKey> = []
    /// Where the walk through all logs at the start has come to; nil when it is over.
    private var walked: Int64? = 0

    init(store: String, feed: String) throws(StoreError) {
        let reader = try StoreReader(directory: store)
        let writer = try FeedWriter(path: feed)
        let people = People(reader: reader)
        var heads: [LogHead] = []
        var number: Int64 = 0
        while true {
            let page = try reader.heads(afterNumber: number, limit: 1_024)
            guard let last = page.last else { break }
            heads += page.map(\.head)
            number = last.number
        }
        try people.load(heads)
        square = Square(store: reader, feed: try FeedReader(path: feed), people: people)
        work = CatchUp(reader: reader, feed: writer)
    }

    func take(_ news: [SquareThread.News]) {
        for piece in news {
            switch piece {
            case .grown(let log):
                if isGrown.insert(log).inserted { grown.append(log) }
            case .statement(let log, let index, let entry): square.people.take(log, index, entry)
            case .forked(let log, let bound): try? square.people.fork(log, at: bound)
            }
        }
    }

    /// One step; true when there is more to do.
    func step() throws(StoreError) -> Bool {
        if let log = grown.popFirst() {
            isGrown.remove(log)
            if try work.advance(log), isGrown.insert(log).inserted { grown.append(log) }
            return true
        }
        guard let number = walked else { return false }
        let page = try square.store.heads(afterNumber: number, limit: 256)
        guard let last = page.last else {
            walked = nil
            return false
        }
        for numbered in page where try work.isBehind(numbered) {
            if isGrown.insert(numbered.head.key).inserted { grown.append(numbered.head.key) }
        }
        walked = last.number
        return true
    }
}
