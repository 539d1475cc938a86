package import Primitives
import Synchronization
import Transport

/// Why the server did not start.
package enum HTTPServerError: Error, Equatable {
    /// The address cannot be listened on; an errno.
    case noListener(Endpoint, code: Int32)
    /// The system has no more threads or descriptors.
    case noResources
}

/// The HTTP server of the client API.
///
/// One thread of libmicrohttpd for each address does all reading and writing; requests that
/// are complete and through the gate are answered by a few worker threads, during which the
/// library leaves the connection alone; one more thread looks at the clock. Event streams hold no
/// thread at all.
package final class HTTPServer: Sendable {
    /// What a node chooses; the rest stands in `Limits.HTTP`.
    package struct Options: Sendable {
        /// Where to listen. Port 0 is any free one.
        package var endpoints = [Endpoint(.loopback4, port: 0)]
        /// Names that the owner reaches the node by, beside its loopback names and addresses.
        package var hostNames: [String] = []
        /// Where uploads wait while they come in: on a disk that may be filled by them.
        package var spoolDirectory = "/var/tmp"
        package var connections = Limits.HTTP.connections
        package var connectionsOfAddress = Limits.HTTP.connectionsOfAddress
        package var headDeadline = Limits.HTTP.headDeadline
        /// No route's deadline is longer.
        package var bodyDeadline = Limits.HTTP.archiveDeadline
        package var answerDeadline = Limits.HTTP.answerDeadline
        package var streamStall = Limits.HTTP.streamStall
        package var addressRequests = Limits.HTTP.addressRequests
        package var tokenRequests = Limits.HTTP.tokenRequests

        package init() {}
    }

    private let core: ServerCore
    private let daemons: [MHDDaemon]
    private let keeper: JoinableThread
    private let hasStopped = Mutex(false)

    /// The addresses with the ports that the system gave.
    package var endpoints: [Endpoint] { core.endpoints }

    /// Starts to answer.
    package init(_ options: Options, _ router: Router) throws(HTTPServerError) {
        var listeners: [MHDListener] = []
        for endpoint in options.endpoints { listeners.append(try MHDListener(endpoint)) }
        guard let core = ServerCore(options, router, listeners.map(\.endpoint)) else {
            throw .noResources
        }
        self.core = core
        guard let keeper = JoinableThread({ core.keepTime() }) else {
            core.workers.stop()
            throw .noResources
        }
        self.keeper = keeper
        var daemons: [MHDDaemon] = []
        for listener in listeners {
            guard let daemon = MHDDaemon(listener, core) else {
                Self.stop(core, daemons, keeper)
                throw .noResources
            }
            daemons.append(daemon)
        }
        self.daemons = daemons
    }

    /// Takes no more requests, lets those under way be answered (for at most `stopGrace`), ends
    /// all streams, closes all connections and joins all threads. To be called from none of them.
    package func stop() {
        let isFirst = hasStopped.withLock { hasStopped in
            defer { hasStopped = true }
            return !hasStopped
        }
        if isFirst { Self.stop(core, daemons, keeper) }
    }

    deinit { stop() }

    private static func stop(_ core: ServerCore, _ daemons: [MHDDaemon], _ keeper: JoinableThread) {
        for daemon in daemons { daemon.closeListener() }
        // From here on no connection is suspended any more: requests are refused, streams end. The
        // library ends the process if one is when it is stopped.
        core.streams.close()
        core.workers.stop()
        let end = Clock.now + Limits.HTTP.stopGrace
        let pause = KernelSemaphore()
        while Clock.now < end, core.connections.all.contains(where: \.isBeingAnswered) {
            _ = pause?.wait(.milliseconds(5))
        }
        for daemon in daemons { daemon.stop() }
        core.stopKeeping()
        keeper.join()
    }

    /// What is open now, for tests and metrics.
    package struct Usage: Sendable, Equatable {
        package var connections: Int
        package var streams: Int
        package var uploads: Int
        /// Bytes of bodies in memory.
        package var bodies: Int
    }

    package var usage: Usage {
        let held = core.held.withLock { $0 }
        return Usage(
            connections: core.connections.count, streams: core.streams.count,
            uploads: held.uploads + held.archives, bodies: held.bytes)
    }
}

/// The event streams that are open.
final class Streams: Sendable {
    private struct State {
        var open: [ObjectIdentifier: EventStream] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.open.count } }
    var all: [EventStream] { state.withLock { Array($0.open.values) } }

    /// False when there are as many as may be, or the server stops.
    func add(_ stream: EventStream) -> Bool {
        state.withLock { state in
            guard !state.isClosed, state.open.count < Limits.HTTP.streams else { return false }
            state.open[ObjectIdentifier(stream)] = stream
            return true
        }
    }

    func remove(_ stream: EventStream) {
        state.withLock { $0.open[ObjectIdentifier(stream)] = nil }
        stream.closed()
    }

    func close() {
        let open = state.withLock { state in
            state.isClosed = true
            return Array(state.open.values)
        }
        for stream in open { stream.drop() }
    }
}
