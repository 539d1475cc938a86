import Foundation
import Primitives
import Testing

@testable import Transport

@Suite struct StreamTests {
    @Test(arguments: ["127.0.0.1", "::1", "localhost", "::", "0.0.0.0"])
    func echo(host: String) throws {
        let pair = try Pair()
        pair.atServer.onReceived = { network, bytes, id in
            #expect(network.send([UInt8](copying: bytes), on: id) == .queued)
        }
        let port = try pair.listen(on: host).port
        let target = Endpoint(host == "::1" ? .loopback6 : .loopback4, port: port)
        let id = pair.connect(to: target)
        // Waits for the connection.
        #expect(pair.client.send(Array("hello".utf8), on: id) == .queued)
        pair.loop.run(while: { pair.atClient.received[id]?.count ?? 0 < 5 })
        #expect(pair.atClient.received[id] == Array("hello".utf8))
        #expect(pair.atClient.connected == [id])
        guard case .remote(let seen) = try #require(pair.atServer.accepted.first).peer else {
            Issue.record("not a remote peer")
            return
        }
        #expect(seen.address == target.address)
        #expect(seen == pair.client.localEndpoint(of: id))
    }

    /// The server echoes, and stops reading while too much waits; the client reads only now and
    /// then.
    @Test func echoOf64MiBWithBackPressure() throws {
        let total = 64 << 20
        let pattern = Pattern(seed: 64)
        let pair = try Pair()
        var (sent, back, pauses, peak) = (0, 0, 0, 0)
        pair.atServer.onReceived = { network, bytes, id in
            #expect(network.send([UInt8](copying: bytes), on: id) == .queued)
            peak = max(peak, network.pending(on: id))
            if network.pending(on: id) > 512 << 10 {
                network.setReading(false, on: id)
                pauses += 1
            }
        }
        pair.atServer.onDrained = { network, id in network.setReading(true, on: id) }
        func fill(_ network: Network, _ id: ConnectionID) {
            while sent < total {
                let piece = pattern.bytes(at: sent, min(100_000, total - sent))
                guard network.send(piece, on: id) == .queued else { return }
                sent += piece.count
            }
        }
        pair.atClient.onDrained = fill
        pair.atClient.onReceived = { network, bytes, id in
            if !pattern.matches(bytes, at: back) { Issue.record("wrong bytes at \(back)") }
            back += bytes.byteCount
            guard back >> 20 > (back - bytes.byteCount) >> 20 else { return }
            network.setReading(false, on: id)
            pair.loop.schedule(at: pair.loop.now() + .milliseconds(2)) {
                network.setReading(true, on: id)
            }
        }
        let (client, _) = try pair.connection()
        fill(pair.client, client)
        pair.loop.run(while: { back < total })
        #expect(back == total)
        #expect(pauses > 0)
        #expect(peak <= 1 << 20 + 16_384)
        #expect(pair.atClient.closed.isEmpty && pair.atServer.closed.isEmpty)
    }

    @Test func finishSendsEverythingFirst() throws {
        let pair = try Pair()
        let (client, server) = try pair.connection()
        let message = randomBytes(5, 3 << 20)
        #expect(pair.client.send(message, on: client) == .queued)
        pair.client.finish(client)
        #expect(pair.client.send([1], on: client) == .closed)
        pair.loop.run(while: { pair.atServer.closed[server] == nil })
        #expect(pair.atServer.received[server] == message)
        #expect(pair.atServer.closed[server] == .endOfStream)
        pair.loop.run(while: { pair.client.connectionCount > 0 })
        #expect(pair.atClient.closed.isEmpty, "the owner closed it: it is told nothing")
    }

    /// A goodbye must not be lost because the peer was still sending: closing with unread bytes
    /// would reset.
    @Test func finishSurvivesWhatThePeerStillSends() throws {
        let pair = try Pair()
        pair.atServer.onReceived = { network, _, id in
            _ = network.send(Array("goodbye".utf8), on: id)
            network.finish(id)
        }
        let (client, _) = try pair.connection()
        for _ in 0..<10 { _ = pair.client.send([UInt8](repeating: 1, count: 100_000), on: client) }
        pair.loop.run(while: { pair.atClient.closed[client] == nil })
        #expect(pair.atClient.received[client] == Array("goodbye".utf8))
        #expect(pair.atClient.closed[client] == .endOfStream)
        pair.loop.run(while: { pair.server.connectionCount > 0 })
        #expect(pair.atServer.closed.isEmpty)
    }

    @Test func closeTellsThePeerAndNobodyElse() throws {
        let pair = try Pair()
        let (client, server) = try pair.connection()
        pair.server.close(server)
        pair.loop.run(while: { pair.atClient.closed[client] == nil })
        #expect(pair.atClient.closed[client] == .endOfStream)
        #expect(pair.atServer.closed.isEmpty)
        #expect(pair.server.send([1], on: server) == .closed)
        #expect(pair.client.send([1], on: client) == .closed)
        #expect(pair.server.peer(of: server) == nil)
        pair.server.close(server)
        pair.server.finish(server)
        #expect(pair.server.connectionCount + pair.client.connectionCount == 0)
    }

    /// What a peer said before it broke off is heard, although writing to it fails first.
    @Test func lastWordsBeforeAResetAreHeard() throws {
        let pair = try Pair()
        let (client, server) = try pair.connection()
        pair.server.setReading(false, on: server)
        _ = pair.client.send(randomBytes(9, 50_000), on: client)
        pair.loop.run(while: { pair.client.pending(on: client) > 0 })
        pair.client.close(client)
        pair.loop.run(for: .milliseconds(20))
        // Now it is gone, and the first bytes sent to it are answered by a reset.
        _ = pair.server.send([1], on: server)
        pair.loop.run(for: .milliseconds(20))
        pair.server.setReading(true, on: server)
        _ = pair.server.send([2], on: server)
        pair.loop.run(while: { pair.atServer.closed[server] == nil })
        #expect(pair.atServer.received[server] == randomBytes(9, 50_000))
    }

    @Test func readingStopsAndResumes() throws {
        let pair = try Pair()
        let (client, server) = try pair.connection()
        pair.server.setReading(false, on: server)
        _ = pair.client.send([1, 2, 3], on: client)
        pair.loop.run(for: .milliseconds(50))
        #expect(pair.atServer.received.isEmpty)
        pair.server.setReading(true, on: server)
        pair.loop.run(while: { pair.atServer.received[server] == nil })
        #expect(pair.atServer.received[server] == [1, 2, 3])
    }

    /// The owner may close from inside `received`: nothing more comes, though more has arrived.
    @Test func closingWhileReading() throws {
        let pair = try Pair()
        var reads = 0
        pair.atServer.onReceived = { network, _, id in
            reads += 1
            network.close(id)
        }
        let (client, _) = try pair.connection()
        _ = pair.client.send([UInt8](repeating: 0, count: 200_000), on: client)
        pair.loop.run(while: { pair.atClient.closed[client] == nil })
        #expect(reads == 1)
        #expect(pair.atServer.closed.isEmpty)
    }

    @Test func networkClosesItsSocketsWhenItGoes() throws {
        let loop = try EventLoop()
        let peer = Network(loop: loop)
        let atPeer = Recorder()
        peer.delegate = atPeer
        weak var gone: Network?
        weak var delegateGone: Recorder?
        do {
            let delegate = Recorder()
            let network = Network(loop: loop)
            network.delegate = delegate
            (gone, delegateGone) = (network, delegate)
            let target = try #require(try network.listen(on: "127.0.0.1", port: 0).first)
            _ = peer.connect(to: target, deadline: loop.now() + .seconds(10))
            loop.run(while: { atPeer.connected.isEmpty || delegate.accepted.isEmpty })
            _ = network.send([1], on: try #require(delegate.accepted.first).id)
            _ = network.resolve(host: "localhost", port: 1)
        }
        #expect(gone == nil)
        #expect(delegateGone == nil)
        loop.run(while: { atPeer.closed.isEmpty })
        #expect(peer.connectionCount == 0)
    }
}

/// Bytes that can be checked wherever a piece of them begins.
struct Pattern {
    private let bytes: [UInt8]
    private static let period = 65_521

    init(seed: UInt64) {
        let once = randomBytes(seed, Self.period)
        bytes = once + once + once
    }

    func bytes(at offset: Int, _ count: Int) -> [UInt8] {
        let start = offset % Self.period
        return Array(bytes[start..<start + count])
    }

    func matches(_ span: RawSpan, at offset: Int) -> Bool {
        unsafe span.withUnsafeBytes { seen in
            unsafe bytes.withUnsafeBytes { wanted in
                guard let a = seen.baseAddress, let b = wanted.baseAddress else { return false }
                return unsafe memcmp(a, b + offset % Self.period, seen.count) == 0
            }
        }
    }
}

func randomBytes(_ seed: UInt64, _ count: Int) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    return random.bytes(count)
}
