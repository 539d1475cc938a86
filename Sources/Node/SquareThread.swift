package import Feed
package import MerkleLog
import Primitives
package import Store
import Synchronization
import Transport

/// The thread that keeps the feed up to the store, and answers what people want to see of it.
///
/// It alone writes the feed. Whoever asks waits on a thread of their own: questions come first, and
/// between two steps of the work, so that the newest posts can be read while a sync runs. A
/// question may name logs, which are brought up to date before it: so people see at once what they
/// wrote themselves.
package final class SquareThread: Sendable {
    /// What is asked of the square, on its own thread.
    private typealias Question = @Sendable (Result<SquareWorker, StoreError>) -> Void

    private struct Queue {
        var questions = Deque<(fresh: [LogKey], question: Question)>()
        /// Logs of which there is more, in the order in which they are looked at.
        var grown = Deque<LogKey>()
        var isGrown: Set<LogKey> = []
        var forks: [(log: LogKey, bound: UInt64)] = []
        var rebuilds: [Rebuild] = []
        var isStarted = false
        var isStopping = false
        var listener: Listener?
        /// Hears what the feed takes of the disk.
        var measured: (@Sendable (UInt64) -> Void)?
        var aheadLimit = Limits.Feed.ahead
    }

    /// A feed to be made anew; `end` hears how it went.
    private struct Rebuild: Sendable {
        var progress: @Sendable (UInt64, UInt64) -> Void
        var end: @Sendable (Result<UInt64, StoreError>) -> Void
    }

    /// Hears of new rows, on the square's thread, in the order in which they came to the feed.
    package typealias Listener = @Sendable (Square, [Act]) -> Void

    private let queue = Mutex(Queue())
    private let paths: Paths
    private let journal: Journal
    private let wake: KernelSemaphore
    private let done: KernelSemaphore

    /// Nil when the process has no more descriptors.
    init?(paths: Paths, journal: Journal) {
        guard let wake = KernelSemaphore(), let done = KernelSemaphore() else { return nil }
        self.paths = paths
        self.journal = journal
        self.wake = wake
        self.done = done
    }

    // MARK: The node's side

    /// From now on the feed keeps so much less written ahead as the disk budget is small.
    func keep(within budget: UInt64) {
        queue.withLock { queue in
            queue.aheadLimit = min(Limits.Feed.ahead, budget / Limits.Feed.aheadShare)
        }
    }

    /// Starts the thread, unless it runs; `measured` hears of bytes of the disk, on that thread.
    func start(_ measured: @escaping @Sendable (UInt64) -> Void = { _ in }) {
        let isFirst = queue.withLock { queue in
            queue.measured = measured
            defer { queue.isStarted = true }
            return !queue.isStarted
        }
        if isFirst { startThread("square") { self.run() } }
    }

    /// More of a log is stored.
    func grew(_ log: LogKey) {
        let isNew = queue.withLock { queue in
            guard queue.isStarted, queue.isGrown.insert(log).inserted else { return false }
            queue.grown.append(log)
            return true
        }
        if isNew { wake.signal() }
    }

    func forked(_ log: LogKey, at bound: UInt64) {
        let isHeard = queue.withLock { queue in
            if queue.isStarted { queue.forks.append((log, bound)) }
            return queue.isStarted
        }
        if isHeard { wake.signal() }
    }

    /// Answers what was asked, and ends the thread.
    func stop() {
        let isRunning = queue.withLock { queue in
            queue.isStopping = true
            return queue.isStarted
        }
        guard isRunning else { return }
        wake.signal()
        done.wait()
    }

    // MARK: The reader's side

    /// Hears of every new row from now on.
    package func listen(_ listener: @escaping Listener) {
        queue.withLock { $0.listener = listener }
    }

    /// Asks the square, and waits for the answer; what is stored of the logs in `fresh` is in it.
    /// Not to be called on the square's thread or the node's.
    package func read<Answer: Sendable>(
        fresh: [LogKey] = [],
        _ body: @escaping @Sendable (Square) throws(StoreError) -> Answer
    ) throws(StoreError) -> Answer {
        try ask(fresh) { worker throws(StoreError) in
            try worker.square.snapshot { () throws(StoreError) in try body(worker.square) }
        }
    }

    /// Makes the feed anew; `progress` hears of entries taken and of all. What is asked meanwhile
    /// waits.
    func rebuild(
        _ progress: @escaping @Sendable (UInt64, UInt64) -> Void
    ) throws(StoreError) -> UInt64 {
        try wait { answer in
            let rebuild = Rebuild(progress: progress, end: answer)
            return queue.withLock { queue in
                guard queue.isStarted, !queue.isStopping, queue.rebuilds.isEmpty else {
                    return false
                }
                queue.rebuilds.append(rebuild)
                return true
            }
        }
    }

    private func ask<Answer: Sendable>(
        _ fresh: [LogKey], _ body: @escaping @Sendable (SquareWorker) throws(StoreError) -> Answer
    ) throws(StoreError) -> Answer {
        try wait { answer in
            let question: Question = { worker in
                answer(
                    worker.flatMap { worker in
                        do throws(StoreError) { return .success(try body(worker)) } catch {
                            return .failure(error)
                        }
                    })
            }
            return queue.withLock { queue in
                guard queue.isStarted, !queue.isStopping,
                    queue.questions.count < Limits.Feed.questions
                else { return false }
                queue.questions.append((fresh, question))
                return true
            }
        }
    }

    /// Waits for what is put in line by `submit`, which says whether it was.
    private func wait<Answer: Sendable>(
        _ submit: (@escaping @Sendable (Result<Answer, StoreError>) -> Void) -> Bool
    ) throws(StoreError) -> Answer {
        guard let ready = KernelSemaphore() else {
            throw .io("the node has no more file descriptors")
        }
        let slot = AnswerSlot<Answer>()
        let isTaken = submit { answer in
            slot.put(answer)
            ready.signal()
        }
        guard isTaken else { throw .io("the node is stopping, or too much is asked of it") }
        wake.signal()
        ready.wait()
        return try slot.take()
    }

    // MARK: The thread

    private enum Work {
        case question([LogKey], Question)
        case fork(LogKey, UInt64)
        case logs([LogKey])
        case rebuild(Rebuild)
        /// Nobody waits for anything: what comes behind.
        case rest
        case end
    }

    private func next() -> Work {
        queue.withLock { queue in
            if let (fresh, question) = queue.questions.popFirst() {
                return .question(fresh, question)
            }
            if let rebuild = queue.rebuilds.popLast() { return .rebuild(rebuild) }
            if queue.isStopping { return .end }
            if !queue.forks.isEmpty {
                let fork = queue.forks.removeFirst()
                return .fork(fork.log, fork.bound)
            }
            var logs: [LogKey] = []
            while logs.count < Limits.Feed.logsPerStep, let log = queue.grown.popFirst() {
                queue.isGrown.remove(log)
                logs.append(log)
            }
            return logs.isEmpty ? .rest : .logs(logs)
        }
    }

    private func run() {
        var worker = open(isAnew: false)
        var upkeep = Upkeep()
        while true {
            switch next() {
            case .question(let fresh, let question):
                if case .success(let worker) = worker { freshen(worker, fresh) }
                question(worker)
            case .fork(let log, let bound):
                attempt(worker) { worker throws(StoreError) in
                    try worker.people.fork(log, at: bound)
                }
            case .logs(let logs):
                advance(worker, logs)
                look(worker, &upkeep)
            case .rebuild(let rebuild):
                // The file must be closed before it is made anew.
                worker = .failure(.io("the feed is being made anew"))
                worker = open(isAnew: true)
                rebuild.end(
                    worker.flatMap { worker in
                        do throws(StoreError) {
                            try worker.catchUp(rebuild.progress)
                            return .success(try worker.store.countedEntries())
                        } catch { return .failure(error) }
                    })
            case .rest: rest(worker, &upkeep)
            case .end:
                done.signal()
                return
            }
        }
    }

    private func open(isAnew: Bool) -> Result<SquareWorker, StoreError> {
        do throws(StoreError) {
            let worker = try SquareWorker(paths, isAnew: isAnew)
            for log in try worker.behind() { grew(log) }
            return .success(worker)
        } catch {
            journal.say("the feed cannot be read: \(error)")
            guard case .corrupt = error, !isAnew else { return .failure(error) }
            return open(isAnew: true)
        }
    }

    /// One log that cannot be read keeps no other back: together they are faster, but where that
    /// fails each is tried alone.
    private func advance(_ worker: Result<SquareWorker, StoreError>, _ logs: [LogKey]) {
        guard case .success(let opened) = worker else { return }
        let listener = queue.withLock { $0.listener }
        if let more = try? opened.advance(logs, listener) {
            for log in more { grew(log) }
            return
        }
        for log in logs {
            attempt(worker) { worker throws(StoreError) in
                for log in try worker.advance([log], listener) { grew(log) }
            }
        }
    }

    /// What is done now and then, on the square's thread.
    private struct Upkeep {
        /// When it was last looked for what is to go.
        var tidied = EventLoop.clock()
        /// What the feed took when that was told.
        var told: UInt64 = 0
    }

    /// One step of what comes behind, or a while of waiting.
    private func rest(_ worker: Result<SquareWorker, StoreError>, _ upkeep: inout Upkeep) {
        guard case .success(let opened) = worker else { return wake.wait() }
        var isMore = look(worker, &upkeep)
        attempt(worker) { worker throws(StoreError) in
            if try opened.words() { isMore = true }
        }
        if !isMore { _ = wake.wait(Limits.Feed.tidying) }
    }

    /// Tells what the feed takes, and does one step of taking away what the store dropped; false
    /// when there is nothing of that to do.
    @discardableResult
    private func look(
        _ worker: Result<SquareWorker, StoreError>, _ upkeep: inout Upkeep
    ) -> Bool {
        guard case .success(let opened) = worker else { return false }
        let (measured, limit) = queue.withLock { ($0.measured, $0.aheadLimit) }
        opened.keepAhead(within: limit)
        let bytes = opened.bytes
        let change = max(bytes, upkeep.told) - min(bytes, upkeep.told)
        if change > max(limit, upkeep.told / 16) {
            upkeep.told = bytes
            measured?(bytes)
        }
        guard EventLoop.clock() - upkeep.tidied >= Limits.Feed.tidying else { return false }
        var isMore = false
        attempt(worker) { worker throws(StoreError) in isMore = try worker.tidy() }
        if !isMore { upkeep.tidied = EventLoop.clock() }
        return isMore
    }

    private func freshen(_ worker: SquareWorker, _ logs: [LogKey]) {
        for log in logs {
            attempt(.success(worker)) { worker throws(StoreError) in
                let listener = queue.withLock { $0.listener }
                while try !worker.advance([log], listener).isEmpty {}
            }
        }
        attempt(.success(worker)) { worker throws(StoreError) in try worker.fewWords() }
    }

    private func attempt(
        _ worker: Result<SquareWorker, StoreError>,
        _ body: (SquareWorker) throws(StoreError) -> Void
    ) {
        guard case .success(let worker) = worker else { return }
        do throws(StoreError) { try body(worker) } catch {
            journal.say("the feed does not get on: \(error)")
        }
    }
}

/// One answer on its way from one thread to another.
final class AnswerSlot<Answer: Sendable>: Sendable {
    private let slot = Mutex<Result<Answer, StoreError>?>(nil)

    func put(_ answer: Result<Answer, StoreError>) { slot.withLock { $0 = answer } }

    func take() throws(StoreError) -> Answer {
        guard let answer = slot.withLock({ $0 }) else { throw .io("no answer came") }
        return try answer.get()
    }
}
