import Glibc
import Primitives
import Synchronization

/// One connection: its socket as long as it is open, and when it has to be done with what it does.
final class HTTPConnection: Sendable {
    enum Phase {
        /// Nothing of a request was understood yet.
        case head
        case body
        /// A handler is at work; the client waits for us.
        case work
        case answer
        /// An event stream, which has no end. It has a watch of its own.
        case stream
    }

    struct State {
        var phase = Phase.head
        var deadline: Instant
        /// Requests that were answered.
        var requests = 0
        /// -1 when it is closed: the number may be another file's by then.
        var socket: Int32
        var isShut = false
    }

    let number: UInt64
    let address: IPAddress
    private let state: Mutex<State>

    init(_ number: UInt64, _ address: IPAddress, socket: Int32, deadline: Instant) {
        self.number = number
        self.address = address
        state = Mutex(State(deadline: deadline, socket: socket))
    }

    var phase: Phase { state.withLock { $0.phase } }
    var requests: Int { state.withLock { $0.requests } }
    /// Whether it may be closed to make room for another.
    var isIdle: Bool { state.withLock { $0.phase == .head && !$0.isShut } }
    /// Whether an answer is on its way, or was just left for the library to take.
    var isBeingAnswered: Bool {
        state.withLock { !$0.isShut && ($0.phase == .answer || $0.phase == .work) }
    }
    var isShut: Bool { state.withLock { $0.isShut } }

    func enter(_ phase: Phase, until deadline: Instant) {
        state.withLock { state in
            if phase == .head { state.requests += 1 }
            state.phase = phase
            state.deadline = deadline
        }
    }

    /// A handler is at work: it is ours to be quick.
    func enterWork() { enter(.work, until: Instant(nanoseconds: .max)) }

    func closed() { state.withLock { $0.socket = -1 } }

    /// Ends the connection at once. The library sees that, and closes it.
    func shut() { state.withLock { Self.shut(&$0) } }

    func shut(after now: Instant) {
        state.withLock { if now > $0.deadline { Self.shut(&$0) } }
    }

    private static func shut(_ state: inout State) {
        guard state.socket >= 0, !state.isShut else { return }
        state.isShut = true
        _ = Glibc.shutdown(state.socket, Int32(SHUT_RDWR))
    }
}

/// All connections, and how many there may be.
final class Connections: Sendable {
    private struct State {
        /// In the order of coming.
        var all: [HTTPConnection] = []
        var next: UInt64 = 1
    }

    private let state = Mutex(State())
    let limit: Int
    let limitOfAddress: Int

    init(limit: Int, ofAddress: Int) {
        self.limit = max(limit, 2)
        limitOfAddress = min(max(ofAddress, 1), self.limit)
    }

    var count: Int { state.withLock { $0.all.count } }
    var all: [HTTPConnection] { state.withLock { $0.all } }

    /// Whether a connection from `address` is taken.
    ///
    /// When there are as many as may be, the oldest that has asked for nothing yet goes: whoever
    /// opens hundreds and stays silent loses those, and a client that asks at once is served.
    func admit(_ address: IPAddress) -> Bool {
        let (isAdmitted, victim) = state.withLock { state -> (Bool, HTTPConnection?) in
            let open = state.all.filter { !$0.isShut }
            let own = open.filter { $0.address == address }
            guard state.all.count < limit + Limits.HTTP.closing else { return (false, nil) }
            if own.count >= limitOfAddress {
                let victim = own.first { $0.isIdle }
                return (victim != nil, victim)
            }
            guard open.count >= limit else { return (true, nil) }
            let victim = open.first { $0.isIdle }
            return (victim != nil, victim)
        }
        victim?.shut()
        return isAdmitted
    }

    func add(_ address: IPAddress, socket: Int32, deadline: Instant) -> HTTPConnection {
        state.withLock { state in
            let connection = HTTPConnection(
                state.next, address, socket: socket, deadline: deadline)
            state.next += 1
            state.all.append(connection)
            return connection
        }
    }

    func remove(_ connection: HTTPConnection) {
        connection.closed()
        state.withLock { state in
            state.all.removeAll { $0.number == connection.number }
        }
    }

    /// Ends those whose time is over.
    func expire(_ now: Instant) {
        for connection in all { connection.shut(after: now) }
    }
}
