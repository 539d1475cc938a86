import CLinux
import CMicroHTTPD
import Glibc
import Primitives
import Transport

/// The kernel's clocks, which this module reads itself: it stands above the pure layers.
enum Clock {
    static var now: Instant { Instant(nanoseconds: starling_boot_clock()) }
    static var wall: UnixTime { UnixTime(milliseconds: starling_wall_clock() / 1_000_000) }
}

/// A thread of the process that is waited for at the end.
struct JoinableThread: Sendable {
    private let thread: pthread_t

    /// Runs `body` with all signals blocked, so that those for the process go to its main thread.
    /// Nil when the system has no more threads.
    init?(_ body: @escaping @Sendable () -> Void) {
        let box = unsafe Unmanaged.passRetained(ThreadBody(body))
        var thread = pthread_t()
        let result = unsafe starling_http_start_thread(
            &thread,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            unsafe box.release()
            return nil
        }
        self.thread = thread
    }

    /// Waits until it has ended. Once only.
    func join() { _ = pthread_join(thread, nil) }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Threads that answer requests: a bounded queue in front of a fixed number of them.
///
/// The library's own thread must never wait, since it serves all sockets; a thread for each
/// connection would be held for hours by event streams and for minutes by slow uploads.
final class Workers: Sendable {
    private struct Queue {
        var jobs = Deque<@Sendable () -> Void>()
        var waiting = 0
        var isOpen = true
    }

    private let queue: MutexBox<Queue>
    private let ready: KernelSemaphore
    private let threads: [JoinableThread]
    private let limit: Int

    init?(threads count: Int, limit: Int) {
        guard let ready = KernelSemaphore() else { return nil }
        let queue = MutexBox(Queue())
        self.queue = queue
        self.ready = ready
        self.limit = limit
        threads = (0..<max(count, 1)).compactMap { _ in
            JoinableThread { Self.work(queue, ready) }
        }
        if threads.isEmpty { return nil }
    }

    /// False when as many wait as may, or the end has come.
    func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = queue.withLock { queue in
            guard queue.isOpen, queue.waiting < limit else { return false }
            queue.jobs.append(job)
            queue.waiting += 1
            return true
        }
        if isTaken { ready.signal() }
        return isTaken
    }

    /// Takes no more jobs, runs those that wait, and joins the threads.
    func stop() {
        queue.withLock { $0.isOpen = false }
        for _ in threads { ready.signal() }
        for thread in threads { thread.join() }
    }

    private static func work(_ queue: MutexBox<Queue>, _ ready: KernelSemaphore) {
        while true {
            ready.wait()
            let (job, isOpen) = queue.withLock { queue in
                let job = queue.jobs.popFirst()
                if job != nil { queue.waiting -= 1 }
                return (job, queue.isOpen)
            }
            if let job {
                job()
            } else if !isOpen {
                return
            }
        }
    }
}
