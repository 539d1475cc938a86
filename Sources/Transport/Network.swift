import CLinux
package import Primitives

/// The node's sockets: TCP, UDP and Unix streams on one `EventLoop`. It moves bytes and knows no
/// protocol.
///
/// Everything is bounded (`TransportLimits`): connections, what waits to be sent, how long a peer
/// may leave it unread. The owner is told through `delegate`, never from inside a call. The network
/// keeps the loop; the loop and the delegate's owner do not keep it alive, and when it goes all its
/// sockets close.
package final class Network {
    package let loop: EventLoop
    package let limits: TransportLimits
    package weak var delegate: (any NetworkDelegate)?
    /// Running totals, for the metrics.
    package internal(set) var counters = TransportCounters()

    /// Accepted and outgoing TCP connections that the descriptor limit leaves room for.
    let acceptedCap: Int
    let outgoingCap: Int

    var connections: [UInt64: Connection] = [:]
    var listeners: [UInt64: Listener] = [:]
    var datagramSockets: [UInt64: DatagramSocket] = [:]
    /// Open connections of each kind.
    var open: (accepted: Int, outgoing: Int, local: Int) = (0, 0, 0)
    /// Connections with bytes queued in this turn.
    var dirty: [UInt64] = []
    /// What to tell the delegate in the next turn.
    var reports = Deque<Report>()
    /// Given up when descriptors run out, so that a waiting connection can be taken and closed.
    var reserve: FileDescriptor?
    let buffer: ReadBuffer
    let relay = Relay()
    let relayToken: UInt64
    var resolver: Resolver?
    /// Questions that the resolver has not answered yet.
    var unanswered = 0
    /// Questions asked before this number are not of interest any more.
    var lastClose: UInt64 = 0
    /// Received datagrams, once there is a datagram socket.
    var incoming: DatagramBatch?

    /// Something to tell the delegate that came up outside of an event of its own.
    enum Report {
        case failedToConnect(ConnectionID, CloseReason)
        case broken(ConnectionID)
        case drained(ConnectionID)
        case resolved(ResolutionID, [Endpoint])
    }

    package init(loop: EventLoop, limits: TransportLimits = TransportLimits()) {
        self.loop = loop
        self.limits = limits
        (acceptedCap, outgoingCap) = Self.caps(limits, descriptors: starling_descriptor_limit())
        buffer = ReadBuffer(limits.readSize)
        relayToken = loop.makeToken()
        openReserve()
        relay.network = self
        loop.add(relay, relayToken)
    }

    deinit {
        close()
        loop.removeStep(relayToken)
        guard let resolver else { return }
        resolver.close()
        loop.remove(resolver.answers)
    }

    /// How many connections `limits` allows a process that may open `descriptors` files.
    static func caps(
        _ limits: TransportLimits, descriptors: UInt64
    ) -> (accepted: Int, outgoing: Int) {
        let free = Int(clamping: descriptors) - limits.reservedDescriptors
        let accepted = max(1, min(limits.accepted, free / 4 * 3))
        return (accepted, max(1, min(limits.outgoing, free - accepted)))
    }

    /// Closes every socket, removes the Unix sockets' files, and reports nothing more.
    package func close() {
        for connection in Array(connections.values) { remove(connection) }
        for listener in listeners.values {
            loop.remove(listener.token)
            listener.file?.remove()
        }
        for token in datagramSockets.keys { loop.remove(token) }
        listeners = [:]
        datagramSockets = [:]
        dirty = []
        reports.removeAll()
        lastClose = loop.makeToken()
    }

    func openReserve() {
        let number = starling_open_reserve()
        reserve = number < 0 ? nil : FileDescriptor(owning: number)
    }

    // MARK: Connections

    /// Begins to connect by TCP. `connected` or `closed` follows, the latter at `deadline` at the
    /// latest.
    ///
    /// Messages may be sent at once: they wait for the connection.
    package func connect(to endpoint: Endpoint, deadline: Instant) -> ConnectionID {
        let id = ConnectionID(number: loop.makeToken())
        guard open.outgoing < outgoingCap else { return failed(id, .tooManyConnections) }
        let number = starling_stream_socket(endpoint.family)
        guard number >= 0 else { return failed(id, .from(-number)) }
        let descriptor = FileDescriptor(owning: number)
        setUpStream(number)
        var address = SocketAddress(endpoint, family: endpoint.family)
        let result = unsafe starling_connect(number, &address.storage, address.length)
        guard result >= 0 || -result == EINPROGRESS else { return failed(id, .from(-result)) }
        return begin(
            Connection(id, descriptor, .outgoing, .remote(endpoint), .connecting), deadline)
    }

    /// Watches a connection that is under way.
    func begin(_ connection: Connection, _ deadline: Instant) -> ConnectionID {
        let id = connection.id
        guard add(connection) else { return failed(id, .tooManyConnections) }
        connection.timer = loop.schedule(at: deadline) { [weak self] in
            guard let self, let connection = connections[id.number] else { return }
            connection.timer = nil
            fail(connection, .timedOut)
        }
        return id
    }

    /// Keeps the failure of a connection for the next turn, since nobody is told from inside a
    /// call.
    func failed(_ id: ConnectionID, _ reason: CloseReason) -> ConnectionID {
        reports.append(.failedToConnect(id, reason))
        return id
    }

    /// Queues `bytes` to be sent at the end of this turn, all or nothing. Nothing is copied when
    /// there are many.
    package func send(_ bytes: [UInt8], on id: ConnectionID) -> SendResult {
        guard let connection = connections[id.number],
            connection.phase == .open || connection.phase == .connecting,
            connection.failure == nil
        else { return .closed }
        guard connection.queue.count < limits.sendQueue else { return .overLimit }
        connection.queue.append(bytes)
        if connection.queue.count > limits.lowWater { connection.wasAboveLowWater = true }
        markDirty(connection)
        return .queued
    }

    /// Bytes that wait to be sent on a connection, not counting what the kernel took; 0 when there
    /// is none.
    package func pending(on id: ConnectionID) -> Int {
        connections[id.number]?.queue.count ?? 0
    }

    /// Stops or resumes reading, so that a peer can be slowed down: what it sends waits in the
    /// kernel, and then with the peer.
    ///
    /// While reading is stopped and nothing waits to be sent, the end of the connection goes
    /// unnoticed.
    package func setReading(_ isOn: Bool, on id: ConnectionID) {
        guard let connection = connections[id.number],
            connection.phase == .open || connection.phase == .connecting
        else { return }
        connection.wantsReading = isOn
        updateInterest(connection)
    }

    /// Closes a connection and drops what waits. Nothing more is reported of it.
    package func close(_ id: ConnectionID) {
        if let connection = connections[id.number] {
            remove(connection)
        } else {
            forgetFailure(id)
        }
    }

    /// Closes a connection once all that waits is sent, or the peer stalls. Nothing more is
    /// reported of it.
    ///
    /// One that is not established yet is closed at once.
    package func finish(_ id: ConnectionID) {
        guard let connection = connections[id.number] else { return forgetFailure(id) }
        switch connection.phase {
        case .connecting, .closed:
            remove(connection)
        case .open:
            connection.phase = .finishing
            connection.wantsReading = true
            updateInterest(connection)
            markDirty(connection)
        case .finishing, .lingering:
            break
        }
    }

    private func forgetFailure(_ id: ConnectionID) {
        var kept = Deque<Report>()
        while let report = reports.popFirst() {
            if case .failedToConnect(id, _) = report { continue }
            kept.append(report)
        }
        reports = kept
    }

    /// Who is at the other end; nil when there is no such connection.
    package func peer(of id: ConnectionID) -> Peer? { connections[id.number]?.peer }

    /// The address that our end of a TCP connection has.
    package func localEndpoint(of id: ConnectionID) -> Endpoint? {
        connections[id.number].flatMap { Endpoint.local(of: $0.descriptor.number) }
    }

    /// The open connections, those that are still connecting or closing included.
    package var connectionCount: Int { connections.count }
}

/// What a `Network` did since it was made.
package struct TransportCounters: Sendable, Equatable {
    package var bytesReceived: UInt64 = 0
    package var bytesSent: UInt64 = 0
    package var accepted: UInt64 = 0
    /// Connections closed on arrival, for want of room.
    package var refused: UInt64 = 0
    package var stalled: UInt64 = 0
    package var datagramsReceived: UInt64 = 0
    package var datagramsSent: UInt64 = 0
    /// Datagrams that were too large, had no socket, or found the kernel's buffer full.
    package var datagramsDropped: UInt64 = 0

    package init() {}
}

/// The room that reads go into: one for all connections, since each read is handed on before the
/// next.
@safe
final class ReadBuffer {
    private let bytes: UnsafeMutableRawBufferPointer

    init(_ size: Int) {
        unsafe bytes = .allocate(byteCount: size, alignment: 16)
    }

    deinit { unsafe bytes.deallocate() }

    /// Reads once: the count of bytes, 0 at the end of the stream, or the negative errno.
    func fill(from socket: Int32) -> Int {
        unsafe starling_receive(socket, bytes.baseAddress, bytes.count)
    }

    func withSpan(_ count: Int, _ body: (RawSpan) -> Void) {
        unsafe body(UnsafeRawBufferPointer(rebasing: bytes[..<count]).bytes)
    }
}

/// Stands between the loop, which keeps it, and the network, which must be free to go.
final class Relay: EventSource, LoopStep {
    weak var network: Network?

    func ready(_ token: UInt64, _ readiness: Readiness) { network?.ready(token, readiness) }
    func report() { network?.report() }
    func send() { network?.sendQueued() }
    var hasReports: Bool { network.map { !$0.reports.isEmpty } ?? false }
}
