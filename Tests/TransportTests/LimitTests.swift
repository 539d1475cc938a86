import Foundation
import Primitives
import Testing

@testable import Transport

/// Peers that take too much: connections, memory, time.
@Suite struct LimitTests {
    @Test func peerThatStopsReadingIsClosedAndMemoryStaysBounded() throws {
        var limits = TransportLimits()
        limits.stallTime = .milliseconds(300)
        let pair = try Pair(server: limits)
        let (client, server) = try pair.connection()
        pair.client.setReading(false, on: client)
        let message = [UInt8](repeating: 7, count: 64 << 10)
        var (peak, refusals, taken) = (0, 0, 0)
        pair.loop.run(while: {
            for _ in 0..<100 {
                switch pair.server.send(message, on: server) {
                case .queued: taken += message.count
                case .overLimit: refusals += 1
                case .closed: break
                }
            }
            peak = max(peak, pair.server.pending(on: server))
            return pair.atServer.closed[server] == nil
        })
        #expect(pair.atServer.closed[server] == .stalled)
        #expect(refusals > 0)
        #expect(peak < limits.sendQueue + message.count)
        #expect(taken < 32 << 20, "the kernel's share is bounded too")
        #expect(pair.server.connectionCount == 0)
        #expect(pair.server.counters.stalled == 1)
    }

    /// Reading a byte now and then is no progress: the deadline stands until 64 KiB are gone.
    @Test func peerThatReadsAByteAtATimeIsClosed() throws {
        var limits = TransportLimits()
        limits.stallTime = .milliseconds(500)
        var slow = TransportLimits()
        (slow.readSize, slow.readsPerTurn) = (1, 1)
        let pair = try Pair(server: limits, client: slow)
        let (client, server) = try pair.connection()
        pair.loop.run(while: {
            _ = pair.server.send([UInt8](repeating: 7, count: 64 << 10), on: server)
            pair.client.setReading(true, on: client)
            pair.loop.poll(.milliseconds(1))
            pair.client.setReading(false, on: client)
            return pair.atServer.closed[server] == nil
        })
        #expect(pair.atServer.closed[server] == .stalled)
    }

    /// A slow peer is no stalled one.
    @Test func slowReaderIsKept() throws {
        var limits = TransportLimits()
        limits.stallTime = .seconds(2)
        let pair = try Pair(server: limits)
        var got = 0
        pair.atClient.onReceived = { _, bytes, _ in got += bytes.byteCount }
        let (client, server) = try pair.connection()
        let end = pair.loop.now() + .milliseconds(4500)
        pair.loop.run(while: {
            while pair.server.send([UInt8](repeating: 7, count: 64 << 10), on: server) == .queued {}
            pair.client.setReading(true, on: client)
            pair.loop.poll()
            pair.client.setReading(false, on: client)
            return pair.loop.now() < end && pair.atServer.closed[server] == nil
        })
        #expect(pair.atServer.closed[server] == nil)
        #expect(got > 1 << 20)
    }

    /// And one that has nothing to read is neither.
    @Test func idleConnectionIsKept() throws {
        var limits = TransportLimits()
        limits.stallTime = .milliseconds(100)
        let pair = try Pair(server: limits)
        let (client, server) = try pair.connection()
        _ = pair.server.send([UInt8](repeating: 7, count: 5 << 20), on: server)
        pair.loop.run(while: { pair.atClient.received[client]?.count ?? 0 < 5 << 20 })
        pair.loop.run(for: .milliseconds(300))
        #expect(pair.atServer.closed.isEmpty)
    }

    @Test func connectionsPastTheCapAreRefusedAndTheLoopRests() throws {
        var limits = TransportLimits()
        limits.accepted = 3
        let pair = try Pair(server: limits)
        let target = try pair.listen()
        let ids = (0..<100).map { _ in pair.connect(to: target) }
        pair.loop.run(while: { pair.atClient.closed.count < 97 })
        #expect(pair.atServer.accepted.count == 3)
        #expect(pair.server.counters.refused == 97)
        #expect(pair.server.connectionCount == 3)
        #expect(try turns(pair.loop, in: .milliseconds(300)) < 10)
        // Room again, and the next one is let in.
        pair.server.close(try #require(pair.atServer.accepted.first).id)
        let next = pair.connect(to: target)
        pair.loop.run(while: { pair.atServer.accepted.count < 4 })
        #expect(pair.atServer.closed.isEmpty)
        #expect(!ids.contains(next))
    }

    @Test func outgoingConnectionsAreCapped() throws {
        var limits = TransportLimits()
        limits.outgoing = 2
        let pair = try Pair(client: limits)
        let target = try pair.listen()
        let ids = (0..<3).map { _ in pair.connect(to: target) }
        pair.loop.run(while: { pair.atClient.connected.count < 2 || pair.atClient.closed.isEmpty })
        #expect(pair.atClient.closed == [ids[2]: .tooManyConnections])
    }

    @Test func fewDescriptorsLeaveAReserve() {
        #expect(Network.caps(TransportLimits(), descriptors: 64) == (18, 6))
        #expect(Network.caps(TransportLimits(), descriptors: 1024) == (512, 128))
        #expect(Network.caps(TransportLimits(), descriptors: 10) == (1, 1))
        #expect(Network.caps(TransportLimits(), descriptors: .max) == (512, 128))
    }

    /// The process has no descriptor left: who connects is turned away, and the loop does not spin.
    /// In a process of its own.
    @Test func noDescriptorsLeft() async {
        await #expect(processExitsWith: .success) {
            var limits = TransportLimits()
            limits.accepted = 10
            let pair = try Pair(server: limits)
            let target = try pair.listen()
            for _ in 0..<5 { _ = pair.connect(to: target) }
            var small = rlimit(rlim_cur: 128, rlim_max: 128)
            let result = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &small)
            try #require(result == 0)
            var copies: [Int32] = []
            while case let copy = dup(0), copy >= 0 { copies.append(copy) }
            pair.loop.run(while: { pair.atClient.closed.count < 5 })
            try #require(pair.server.counters.refused == 5)
            try #require(pair.atServer.accepted.isEmpty)
            try #require(try turns(pair.loop, in: .milliseconds(300)) < 10)
            for copy in copies { close(copy) }
            _ = pair.connect(to: target)
            pair.loop.run(while: { pair.atServer.accepted.isEmpty })
            try #require(pair.server.connectionCount == 1)
        }
    }
}

/// How often the loop turned in `span`.
func turns(_ loop: EventLoop, in span: Instant.Span) throws -> Int {
    var count = 0
    loop.turnEnded = { count += 1 }
    loop.run(for: span)
    loop.turnEnded = nil
    return count
}
