import CLinux
package import Primitives

/// The one thread's loop: sockets, timers, mailboxes and signals, each in its turn.
///
/// The class is not `Sendable`: whoever makes it runs it, on one thread, and that thread owns all
/// that its callbacks touch. Other threads reach it through a `Mailbox` only. The canonical use:
///
///     let loop = try EventLoop()
///     let node = Node()  // a NetworkDelegate
///     let network = try Network(loop: loop)
///     network.delegate = node
///     let work = try loop.makeMailbox(of: Work.self, capacity: 4096) { [unowned node] batch in
///         node.take(batch)
///     }
///     try loop.watchSignals([.interrupt, .terminate]) { [unowned loop] _ in loop.stop() }
///     loop.turnEnded = { [unowned node] in node.commit() }  // one fsync for all that came
///     withExtendedLifetime((node, network)) { loop.run() }
///
/// The last line is not idle: the loop keeps neither of them, and a local variable may go after its
/// last use.
///
/// A turn waits for something to happen, hands on all that did (sockets and mailboxes as they come,
/// then timers), calls `turnEnded`, and then sends what was queued meanwhile. **No callback is ever
/// called from inside a call**: `send`, `close` and `connect` return first, and what follows from
/// them is reported in this turn or a later one.
@safe
package final class EventLoop {
    private let epoll: FileDescriptor
    private let clock: FileDescriptor
    private let events: UnsafeMutablePointer<epoll_event>
    private var sources: [UInt64: any EventSource] = [:]
    private var steps: [(token: UInt64, step: any LoopStep)] = []
    private var timers = TimerQueue()
    /// What `clock` is set to; nil when it is not.
    private var armed: Instant?
    private var lastToken: UInt64 = 0
    private var isStopped = false
    private var isTurning = false

    /// Called once in each turn, after all other callbacks and before queued bytes are sent: the
    /// place to commit for all that came.
    package var turnEnded: (() -> Void)?

    private static let eventsPerTurn = 128
    private static let clockToken: UInt64 = 0

    /// Opens the loop, and makes broken pipes errors instead of the end of the process (SIGPIPE is
    /// ignored from here on).
    package init() throws(TransportError) {
        epoll = try FileDescriptor(starling_epoll_open(), doing: "open an event loop")
        clock = try FileDescriptor(starling_timer_open(), doing: "open a timer")
        unsafe events = .allocate(capacity: Self.eventsPerTurn)
        _ = starling_ignore_signal(SIGPIPE)
        _ = starling_epoll_control(
            epoll.number, EPOLL_CTL_ADD, clock.number, EPOLLIN.rawValue, Self.clockToken)
    }

    deinit {
        unsafe events.deallocate()
    }

    // MARK: Time

    /// The time on the clock that all deadlines refer to: CLOCK_BOOTTIME, which goes on while the
    /// machine sleeps.
    package func now() -> Instant { Instant(nanoseconds: starling_boot_clock()) }

    /// The same clock, for threads without a loop.
    package static func clock() -> Instant { Instant(nanoseconds: starling_boot_clock()) }

    /// The time of day. A claim of this machine: never for deadlines.
    package static func wallClock() -> UnixTime {
        UnixTime(milliseconds: starling_wall_clock() / 1_000_000)
    }

    /// Calls `action` once, at `deadline` or as soon after as the loop gets to it.
    @discardableResult
    package func schedule(
        at deadline: Instant, _ action: @escaping () -> Void
    ) -> TimerToken {
        timers.set(deadline, action)
    }

    /// Takes a timer back. Nothing happens when it has fired or was cancelled.
    package func cancel(_ token: TimerToken) {
        timers.cancel(token)
    }

    // MARK: Running

    /// Turns until `stop` is called.
    package func run() {
        isStopped = false
        while !isStopped { turn(until: nil) }
    }

    /// Turns until `deadline` has passed or `stop` is called.
    package func run(until deadline: Instant) {
        isStopped = false
        while !isStopped && now() < deadline { turn(until: deadline) }
    }

    /// One turn, which waits at most for `wait`.
    package func poll(_ wait: Instant.Span = .milliseconds(0)) {
        turn(until: now() + wait)
    }

    /// Ends `run` after this turn.
    package func stop() { isStopped = true }

    private func turn(until deadline: Instant?) {
        precondition(!isTurning, "a turn inside a turn")
        isTurning = true
        defer { isTurning = false }
        for (_, step) in steps { step.send() }
        let ready = unsafe epoll_wait(
            epoll.number, events, Int32(Self.eventsPerTurn), milliseconds(until: deadline))
        for index in 0..<Int(max(ready, 0)) {
            let event = unsafe events[index]
            dispatch(unsafe event.data.u64, unsafe Readiness(rawValue: event.events))
        }
        for (_, step) in steps { step.report() }
        runTimers()
        turnEnded?()
        for (_, step) in steps { step.send() }
    }

    /// How long `epoll_wait` may wait; timers are not its business but the timer descriptor's.
    private func milliseconds(until deadline: Instant?) -> Int32 {
        if steps.contains(where: { $0.step.hasReports }) { return 0 }
        armClock()
        guard let deadline else { return -1 }
        let (rest, _) = (deadline - now()).nanoseconds.addingReportingOverflow(999_999)
        return Int32(min(rest / 1_000_000, 1 << 30))
    }

    /// Sets the timer descriptor to the earliest deadline. Left alone when it is set to an earlier
    /// one: that wakes the loop for nothing, once.
    private func armClock() {
        guard let next = timers.next, armed.map({ next < $0 }) ?? true else { return }
        _ = starling_timer_arm(clock.number, max(1, min(next.nanoseconds, 1 << 62)))
        armed = next
    }

    private func dispatch(_ token: UInt64, _ readiness: Readiness) {
        if token == Self.clockToken {
            starling_event_clear(clock.number)
            armed = nil
        } else {
            sources[token]?.ready(token, readiness)
        }
    }

    private func runTimers() {
        guard timers.next != nil else { return }
        let (time, mark) = (now(), timers.mark)
        while let action = timers.popDue(time, upTo: mark) { action() }
    }

    // MARK: Sources

    /// A number for a new source, never given twice.
    func makeToken() -> UInt64 {
        lastToken += 1
        return lastToken
    }

    /// Starts watching `descriptor`; `source` is kept until `remove`.
    func add(
        _ source: any EventSource, _ token: UInt64, _ descriptor: Int32, _ interest: Readiness
    ) throws(TransportError) {
        let result = starling_epoll_control(
            epoll.number, EPOLL_CTL_ADD, descriptor, interest.rawValue, token)
        guard result >= 0 else { throw .from(-result, doing: "watch a socket") }
        sources[token] = source
    }

    /// Changes what `descriptor` is watched for. Nothing means not even for its end.
    func update(_ token: UInt64, _ descriptor: Int32, from old: Readiness, to new: Readiness) {
        guard old != new else { return }
        let operation =
            new.isEmpty ? EPOLL_CTL_DEL : old.isEmpty ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
        _ = starling_epoll_control(epoll.number, operation, descriptor, new.rawValue, token)
    }

    /// Forgets a source. Its descriptor is about to be closed, which ends the watching.
    func remove(_ token: UInt64) {
        sources[token] = nil
    }

    /// Calls `step` in each turn.
    func add(_ step: any LoopStep, _ token: UInt64) {
        steps.append((token, step))
    }

    func removeStep(_ token: UInt64) {
        steps.removeAll { $0.token == token }
    }
}

/// What a descriptor is ready for, in epoll's bits.
struct Readiness: OptionSet {
    let rawValue: UInt32

    static let read = Readiness(rawValue: EPOLLIN.rawValue)
    static let write = Readiness(rawValue: EPOLLOUT.rawValue)
    /// Both directions have ended, or the socket has failed: reported whether asked for or not.
    static let end = Readiness(rawValue: EPOLLHUP.rawValue | EPOLLERR.rawValue)
}

/// Takes the readiness of one or more descriptors.
protocol EventSource: AnyObject {
    func ready(_ token: UInt64, _ readiness: Readiness)
}

/// Has work of its own in each turn.
protocol LoopStep: AnyObject {
    /// Whether `report` has anything to say, so that the loop does not sleep.
    var hasReports: Bool { get }
    /// Calls the owner's callbacks for what was put off.
    func report()
    /// Writes what was queued. Calls nobody.
    func send()
}
