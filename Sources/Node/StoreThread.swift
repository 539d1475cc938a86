import CLinux
import Glibc
import MerkleLog
import Mesh
import Store
import Synchronization
import Transport
import Wire

/// The thread that owns the store's one writing connection.
///
/// The loop hands it writes and goes on; what is durable comes back through the mailbox. Whatever
/// gathered while one commit was under way shares the next one (group commit); own posts go first.
final class StoreThread: Sendable {
    /// One write and the token that its answer carries.
    struct Job: Sendable {
        var write: StoreWrite
        var token: Token?
        /// The released head that the fence moves to, after the commit and before the answer.
        var fence: FenceMove?
        var bytes: Int
    }

    struct FenceMove: Sendable {
        var log: LogKey
        var size: UInt64
        var root: Hash
    }

    /// What comes back to the loop.
    enum Answer: Sendable {
        case durable([Done])
        case failed([Token], StoreFailure, String)
        /// Nothing can be written any more: the node must stop.
        case broken(String)
        /// What is taken of others has changed.
        case storage(StorageState)
        /// What the owner is told, and nothing more.
        case complaint(String)
    }

    /// A write that is durable, and the change of the store that it was.
    struct Done: Sendable {
        var token: Token
        var change: UInt64
    }

    private struct Queue {
        var own: [Job] = []
        var others: [Job] = []
        /// What the store is to keep to from now on.
        var plan: StoragePlan?
        var isStopping = false
    }

    private let queue = Mutex(Queue())
    private let wake: Int32
    private let done: Int32
    private let mailbox: Mailbox<Answer>

    /// Bytes that share one commit at most: a commit then takes some milliseconds on a slow disk.
    static let groupBytes = 1 << 20

    init(mailbox: Mailbox<Answer>) {
        self.mailbox = mailbox
        wake = eventfd(0, Int32(EFD_CLOEXEC))
        done = eventfd(0, Int32(EFD_CLOEXEC))
    }

    deinit {
        close(wake)
        close(done)
    }

    /// Starts the thread, which takes the writer and the fences with it.
    func start(_ worker: StoreWorker) {
        startThread("store") { self.run(worker) }
    }

    func submit(_ job: Job) {
        let wasEmpty = queue.withLock { queue in
            let wasEmpty = queue.own.isEmpty && queue.others.isEmpty
            if job.fence == nil { queue.others.append(job) } else { queue.own.append(job) }
            return wasEmpty
        }
        if wasEmpty { signal(wake) }
    }

    /// From now on the store keeps to `plan`.
    func adopt(_ plan: StoragePlan) {
        queue.withLock { $0.plan = plan }
        signal(wake)
    }

    /// Waits until everything submitted is durable and the store is closed.
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
        while unsafe read(descriptor, &count, 8) < 0 && errno == EINTR {}
    }

    private func run(_ worker: StoreWorker) {
        var storage = StorageState()
        while true {
            let (jobs, plan, stopping) = take(upTo: worker.groupBytes)
            if let plan { worker.adopt(plan) }
            if !jobs.isEmpty {
                for answer in worker.commit(jobs) { post(answer) }
                worker.tidy()
            } else if stopping {
                break
            }
            let more = worker.settle()
            if let complaint = worker.takeComplaint() { post(.complaint(complaint)) }
            if worker.storage != storage {
                storage = worker.storage
                post(.storage(storage))
            }
            if jobs.isEmpty && !more { waitFor(wake) }
        }
        worker.close()
        signal(done)
    }

    /// The next group: own posts first, then others, up to the group's bytes.
    private func take(upTo groupBytes: Int) -> ([Job], StoragePlan?, Bool) {
        queue.withLock { queue in
            var jobs: [Job] = []
            var bytes = 0
            func drain(_ list: inout [Job]) {
                var count = 0
                while count < list.count, jobs.isEmpty || bytes < groupBytes {
                    bytes += list[count].bytes
                    jobs.append(list[count])
                    count += 1
                }
                list.removeFirst(count)
            }
            drain(&queue.own)
            drain(&queue.others)
            defer { queue.plan = nil }
            return (jobs, queue.plan, queue.isStopping)
        }
    }

    /// The mailbox is wide enough for every job under way; a full one can only mean a stopped loop.
    private func post(_ answer: Answer) {
        while !mailbox.post(answer) {
            if queue.withLock({ $0.isStopping }) { return }
            usleep(1_000)
        }
    }
}

/// The store thread's own state: nobody else touches it once the thread runs.
final class StoreWorker: @unchecked Sendable {
    private let writer: StoreWriter
    private let fences: Fences
    private var plan: StoragePlan?
    private var complaint: String?
    /// Settling failed: it is tried again with the next plan.
    private var isUnsettled = false

    init(writer: StoreWriter, fences: Fences) {
        self.writer = writer
        self.fences = fences
    }

    /// Commits what fits the owner's plan, own posts in any case; says of the rest that it was
    /// refused.
    func commit(_ jobs: [StoreThread.Job]) -> [StoreThread.Answer] {
        var answers: [StoreThread.Answer] = []
        var taken: [StoreThread.Job] = []
        var closed: [Token] = []
        var bytes = 0
        for job in jobs {
            if let log = job.othersLog {
                if !writer.admits(log) {
                    if let token = job.token { closed.append(token) }
                    continue
                }
                bytes += job.diskBytes
            }
            taken.append(job)
        }
        if !closed.isEmpty { answers.append(.failed(closed, .closed, "")) }
        if bytes > 0 && !hasRoom(for: bytes) {
            if writer.hasFailed { return [.broken(complaint ?? "the disk failed")] }
            let tokens = taken.compactMap { $0.othersLog == nil ? nil : $0.token }
            let text = "no room for others' posts within the disk budget"
            answers.append(.failed(tokens, .full, text))
            taken.removeAll { $0.othersLog != nil }
        }
        if !taken.isEmpty { answers += commitAll(taken) }
        return answers
    }

    private func hasRoom(for bytes: Int) -> Bool {
        do { return try writer.makeRoom(for: UInt64(bytes), at: EventLoop.wallClock()) } catch {
            complaint = "no room could be made: \(error)"
            return false
        }
    }

    /// Commits the group, and then moves the fences of own logs: in that order (invariants 1 and
    /// 3).
    ///
    /// When the group as a whole does not fit, each write is tried alone: one bad write must not
    /// take the others with it.
    private func commitAll(_ jobs: [StoreThread.Job]) -> [StoreThread.Answer] {
        let tokens = jobs.compactMap(\.token)
        let moves = newest(jobs)
        do throws(StoreError) {
            for (log, _) in moves { try fences.prepare(log) }
        } catch {
            if error == .diskFull { return [.failed(tokens, .full, "\(error)")] }
            return [.broken("the fence cannot be written: \(error)")]
        }
        let changes: [UInt64]
        do {
            changes = try writer.commit(jobs.map(\.write), tidying: false)
        } catch {
            if writer.hasFailed { return [.broken("\(error)")] }
            if jobs.count > 1 { return jobs.flatMap { commitAll([$0]) } }
            return [.failed(tokens, error == .diskFull ? .full : .failed, "\(error)")]
        }
        do {
            for (log, move) in moves { try fences.move(log, move.size, move.root) }
        } catch {
            return [.broken("the fence cannot be moved: \(error)")]
        }
        let done = zip(jobs, changes).compactMap { job, change in
            job.token.map { StoreThread.Done(token: $0, change: change) }
        }
        return [.durable(done)]
    }

    /// The last move of each log, in order of the jobs.
    private func newest(_ jobs: [StoreThread.Job]) -> [(LogKey, StoreThread.FenceMove)] {
        var moves: [(LogKey, StoreThread.FenceMove)] = []
        for case let move? in jobs.map(\.fence) {
            if let at = moves.firstIndex(where: { $0.0 == move.log }) {
                moves[at].1 = move
            } else {
                moves.append((move.log, move))
            }
        }
        return moves
    }

    /// What need not delay an answer.
    func tidy() { writer.tidy() }

    // MARK: Storage

    /// Bytes that share a commit at most: a small store's write-ahead log holds little.
    var groupBytes: Int {
        min(StoreThread.groupBytes, plan.map { Int(clamping: $0.writeAhead / 6) } ?? .max)
    }

    var storage: StorageState { writer.storage }

    func adopt(_ plan: StoragePlan) {
        self.plan = plan
        isUnsettled = false
        do { try writer.adopt(plan) } catch {
            complaint = "the disk budget cannot be kept: \(error)"
            isUnsettled = true
        }
    }

    /// One step of what can wait; true when there is more.
    func settle() -> Bool {
        if isUnsettled || writer.hasFailed { return false }
        do { return try writer.settle(at: EventLoop.wallClock()) } catch {
            complaint = "no posts could be dropped: \(error)"
            isUnsettled = true
            return false
        }
    }

    func takeComplaint() -> String? {
        defer { complaint = nil }
        return complaint
    }

    func close() { try? writer.markStopped() }
}

extension StoreThread.Job {
    /// The log that entries of somebody else are for; nil for all that is the node's own.
    fileprivate var othersLog: LogKey? {
        guard fence == nil else { return nil }
        return switch write {
        case .extend(let found): found.head.key
        case .newest(let log, .some): log
        default: nil
        }
    }

    /// What its entries take on the disk, about.
    fileprivate var diskBytes: Int {
        if case .extend(let found) = write { return bytes + 64 * found.entries.count + 4_096 }
        return bytes
    }
}
