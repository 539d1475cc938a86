import CLinux
package import Content
import Glibc
package import MerkleLog
import Mesh
import Primitives
package import Store
import Synchronization
import Transport

/// Media of a running node, for any thread: files that the owner adds, blobs to read, and waiting
/// for one that is still on its way.
///
/// Behind it works one thread, which reads and writes what the mesh asks for, and keeps to the
/// owner's budget (`MediaWorker`).
package final class Media: Sendable {
    /// What is here.
    package let files: BlobStore
    private let queue = Mutex(Queue())
    private let mailbox: Mailbox<MediaAnswer>
    let tasks: Mailbox<@Sendable (Node) -> Void>
    private let wake: Int32
    private let done: Int32

    private struct Queue {
        var work: [MediaWork] = []
        var waiters: [Waiter] = []
        var isStopping = false
        var isRunning = false
    }

    private struct Waiter {
        var root: Hash
        var event: Int32
    }

    init(
        directory: String, _ mailbox: Mailbox<MediaAnswer>,
        tasks: Mailbox<@Sendable (Node) -> Void>
    ) throws(StoreError) {
        files = try BlobStore(directory: directory)
        self.mailbox = mailbox
        self.tasks = tasks
        wake = eventfd(0, Int32(EFD_CLOEXEC))
        done = eventfd(0, Int32(EFD_CLOEXEC))
    }

    deinit {
        close(wake)
        close(done)
    }

    // MARK: The thread

    /// Starts the thread; the store in `store` exists already.
    func start(store: String) {
        queue.withLock { $0.isRunning = true }
        startThread("media") { self.run(store) }
    }

    /// Waits until what was handed over is done.
    func stop() {
        let isRunning = queue.withLock { queue in
            queue.isStopping = true
            for waiter in queue.waiters { Self.signal(waiter.event) }
            return queue.isRunning
        }
        guard isRunning else { return }
        Self.signal(wake)
        Self.wait(for: done)
    }

    func submit(_ work: MediaWork) {
        let isFirst = queue.withLock { queue in
            queue.work.append(work)
            return queue.work.count == 1
        }
        if isFirst { Self.signal(wake) }
    }

    /// Of one log, what came behind what was told before goes with it.
    func named(_ log: LogKey, from: UInt64, to: UInt64) {
        let isJoined = queue.withLock { queue in
            guard let last = queue.work.indices.last,
                case .named(log, let first, from) = queue.work[last]
            else { return false }
            queue.work[last] = .named(log, from: first, to: to)
            return true
        }
        if !isJoined { submit(.named(log, from: from, to: to)) }
    }

    private func run(_ store: String) {
        defer { Self.signal(done) }
        let worker: MediaWorker
        do throws(StoreError) {
            worker = try MediaWorker(self, store: store)
            try worker.start()
        } catch {
            post(.complaint("no media are read or written: \(error)"))
            return queue.withLock { $0.isRunning = false }
        }
        while true {
            let (work, isStopping) = queue.withLock { queue in
                defer { queue.work = [] }
                return (queue.work, queue.isStopping)
            }
            for item in work { worker.perform(item) }
            if work.isEmpty {
                if isStopping { break }
                Self.wait(for: wake)
            }
        }
    }

    /// The mailbox is wide enough for all that is under way; a full one means a stopped loop.
    func post(_ answer: MediaAnswer) {
        while !mailbox.post(answer) {
            if queue.withLock({ $0.isStopping }) { return }
            usleep(1_000)
        }
    }

    private static func signal(_ descriptor: Int32) {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    private static func wait(for descriptor: Int32) {
        var count: UInt64 = 0
        while unsafe read(descriptor, &count, 8) < 0 && errno == EINTR {}
    }

    // MARK: For readers

    /// A blob that is here; nil while it is not.
    package func open(_ blob: Blob) -> BlobFile? {
        guard let file = files.open(blob.root), file.blob == blob else { return nil }
        return file
    }

    /// A blob that may be here, by its name alone.
    package func open(root: Hash) -> BlobFile? { files.open(root) }

    /// Has it fetched, whatever its size, before all that nobody asked for.
    package func want(_ blob: Blob) { submit(.want(blob)) }

    /// Has it fetched and waits for it, at most so many seconds; nil when it has not come by then,
    /// or there is no room for it.
    package func wait(for blob: Blob, seconds: Int) -> BlobFile? {
        if let file = open(blob) { return file }
        let event = eventfd(0, Int32(EFD_CLOEXEC))
        guard event >= 0 else { return nil }
        defer { close(event) }
        let isStopping = queue.withLock { queue in
            queue.waiters.append(Waiter(root: blob.root, event: event))
            return queue.isStopping
        }
        defer { queue.withLock { $0.waiters.removeAll { $0.event == event } } }
        if isStopping { return nil }
        want(blob)
        let most = Int32(max(0, min(seconds, Limits.Blobs.longestWait))) * 1_000
        var poll = pollfd(fd: event, events: Int16(POLLIN), revents: 0)
        while unsafe Glibc.poll(&poll, 1, most) < 0 && errno == EINTR {}
        return open(blob)
    }

    /// It has come, or will not.
    func tellWaiters(_ root: Hash) {
        queue.withLock { queue in
            for waiter in queue.waiters where waiter.root == root { Self.signal(waiter.event) }
        }
    }

    /// What was read of it was not as it should be: it is looked at, and fetched again.
    package func damaged(_ blob: Blob) { submit(.damaged(blob)) }
}

extension Media {
    /// What a blob is by its first bytes; nil for what no browser should show.
    package func type(of file: BlobFile) -> String? {
        guard let beginning = file.read(Limits.Blobs.chunk, at: 0) else { return nil }
        return (try? UploadType.find(beginning))?.rawValue
    }
}
