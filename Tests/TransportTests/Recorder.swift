import Primitives
import Testing

@testable import Transport

/// A delegate that notes all it hears and lets a test answer.
final class Recorder: NetworkDelegate {
    var accepted: [(id: ConnectionID, peer: Peer)] = []
    var connected: [ConnectionID] = []
    var received: [ConnectionID: [UInt8]] = [:]
    var drained: [ConnectionID] = []
    var closed: [ConnectionID: CloseReason] = [:]
    var datagrams: [(bytes: [UInt8], sender: Endpoint)] = []
    var resolved: [ResolutionID: [Endpoint]] = [:]
    /// Set to keep `received` from growing.
    var onReceived: ((Network, RawSpan, ConnectionID) -> Void)?
    var onAccepted: ((Network, ConnectionID) -> Void)?
    var onDrained: ((Network, ConnectionID) -> Void)?

    func network(_ network: Network, accepted id: ConnectionID, from peer: Peer) {
        accepted.append((id, peer))
        onAccepted?(network, id)
    }

    func network(_ network: Network, connected id: ConnectionID) { connected.append(id) }

    func network(_ network: Network, received bytes: RawSpan, on id: ConnectionID) {
        if let onReceived { return onReceived(network, bytes, id) }
        received[id, default: []].append(copying: bytes)
    }

    func network(_ network: Network, drained id: ConnectionID) {
        drained.append(id)
        onDrained?(network, id)
    }

    func network(_ network: Network, closed id: ConnectionID, reason: CloseReason) {
        #expect(closed[id] == nil, "closed twice")
        closed[id] = reason
    }

    func network(_ network: Network, datagram bytes: RawSpan, from sender: Endpoint) {
        datagrams.append(([UInt8](copying: bytes), sender))
    }

    func network(_ network: Network, resolved id: ResolutionID, to endpoints: [Endpoint]) {
        resolved[id] = endpoints
    }
}

/// Two networks on one loop, which talk to each other.
struct Pair {
    let loop: EventLoop
    let server: Network
    let client: Network
    let atServer = Recorder()
    let atClient = Recorder()

    init(server: TransportLimits = .init(), client: TransportLimits = .init()) throws {
        loop = try EventLoop()
        self.server = Network(loop: loop, limits: server)
        self.client = Network(loop: loop, limits: client)
        self.server.delegate = atServer
        self.client.delegate = atClient
    }

    /// Listens on a free port of 127.0.0.1.
    func listen(on host: String = "127.0.0.1") throws -> Endpoint {
        try #require(try server.listen(on: host, port: 0).first)
    }

    func connect(to endpoint: Endpoint) -> ConnectionID {
        client.connect(to: endpoint, deadline: loop.now() + .seconds(10))
    }

    /// A connection with both of its ends.
    func connection() throws -> (client: ConnectionID, server: ConnectionID) {
        let id = connect(to: try listen())
        loop.run(while: { atClient.connected.isEmpty || atServer.accepted.isEmpty })
        return (id, try #require(atServer.accepted.first).id)
    }
}

extension EventLoop {
    /// Turns while `condition` holds; gives up, and fails the test, after 30 seconds.
    func run(while condition: () -> Bool, at location: SourceLocation = #_sourceLocation) {
        let end = now() + .seconds(30)
        while condition() {
            guard now() < end else {
                Issue.record("nothing happened for 30 seconds", sourceLocation: location)
                return
            }
            poll(.milliseconds(100))
        }
    }

    /// Turns for a while, so that what must not happen has the chance to.
    func run(for span: Instant.Span) { run(until: now() + span) }
}
