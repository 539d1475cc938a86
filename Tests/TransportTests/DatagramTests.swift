import Primitives
import Testing

@testable import Transport

@Suite struct DatagramTests {
    @Test(arguments: ["127.0.0.1", "::1"])
    func thousandBothWays(host: String) throws {
        let pair = try Pair()
        let server = try pair.listen(on: host)
        let client = try #require(try pair.client.listen(on: host, port: 0).first)
        var random = SeededRandom(seed: 1000)
        let sent = (0..<1000).map { i in
            [UInt8(i >> 8), UInt8(i & 255)] + random.bytes(Int.random(in: 0...1198, using: &random))
        }
        for start in stride(from: 0, to: 1000, by: 50) {
            for datagram in sent[start..<start + 50] {
                pair.client.send(datagram: datagram, to: server)
                pair.server.send(datagram: datagram, to: client)
            }
            pair.loop.run(while: {
                min(pair.atServer.datagrams.count, pair.atClient.datagrams.count) < start + 50
            })
        }
        #expect(pair.atServer.datagrams.map(\.bytes) == sent)
        #expect(pair.atClient.datagrams.map(\.bytes) == sent)
        #expect(pair.atServer.datagrams.allSatisfy { $0.sender == client })
        #expect(pair.atClient.datagrams.allSatisfy { $0.sender == server })
        #expect(pair.server.counters.datagramsSent == 1000)
        #expect(pair.server.counters.datagramsDropped == 0)
    }

    /// One socket for both families: an IPv4 sender is seen as one, and can be answered.
    @Test func dualStack() throws {
        let pair = try Pair()
        let port = try pair.listen(on: "::").port
        _ = try pair.client.listen(on: "localhost", port: 0)
        for address in [IPAddress.loopback4, .loopback6] {
            (pair.atServer.datagrams, pair.atClient.datagrams) = ([], [])
            pair.client.send(datagram: [9], to: Endpoint(address, port: port))
            pair.loop.run(while: { pair.atServer.datagrams.isEmpty })
            let sender = try #require(pair.atServer.datagrams.first).sender
            #expect(sender.address == address)
            pair.server.send(datagram: [10], to: sender)
            pair.loop.run(while: { pair.atClient.datagrams.isEmpty })
            #expect(pair.atClient.datagrams.first?.sender == Endpoint(address, port: port))
        }
    }

    @Test func tooLargeAndUnsendableAreDropped() throws {
        var wide = TransportLimits()
        wide.datagram = 9000
        let pair = try Pair(client: wide)
        let server = try pair.listen()
        #expect(pair.client.connectionCount == 0)
        pair.client.send(datagram: [1], to: server)  // it has no socket yet
        _ = try pair.client.listen(on: "127.0.0.1", port: 0)
        pair.client.send(datagram: [1], to: Endpoint(.loopback6, port: server.port))
        pair.client.send(datagram: [UInt8](repeating: 1, count: 9001), to: server)
        #expect(pair.client.counters.datagramsDropped == 3)
        pair.client.send(datagram: [UInt8](repeating: 1, count: 1501), to: server)
        pair.client.send(datagram: [], to: server)
        pair.client.send(datagram: [UInt8](repeating: 2, count: 1500), to: server)
        pair.loop.run(while: { pair.atServer.datagrams.isEmpty })
        #expect(pair.atServer.datagrams.map(\.bytes) == [[UInt8](repeating: 2, count: 1500)])
    }

    /// Nobody is there: the ICMP errors that come back end nothing and are no news.
    @Test func nobodyThere() throws {
        let pair = try Pair()
        let gone = try pair.listen()
        pair.server.close()
        _ = try pair.client.listen(on: "127.0.0.1", port: 0)
        for _ in 0..<100 { pair.client.send(datagram: [1], to: gone) }
        pair.client.send(datagram: [1], to: Endpoint(.loopback4, port: 0))  // cannot be sent at all
        #expect(try turns(pair.loop, in: .milliseconds(200)) < 20)
        let other = try #require(try pair.server.listen(on: "127.0.0.1", port: 0).first)
        pair.client.send(datagram: [1], to: gone)
        pair.client.send(datagram: [2], to: other)
        pair.loop.run(while: { pair.atServer.datagrams.isEmpty })
        #expect(pair.atServer.datagrams.map(\.bytes) == [[2]])
    }
}
