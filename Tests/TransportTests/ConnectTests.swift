import Foundation
import Primitives
import Testing

@testable import Transport

/// Listening and connecting, and what can be wrong with it.
@Suite struct ConnectTests {
    @Test func portInUseIsSaidPlainly() throws {
        let pair = try Pair()
        let port = try pair.listen().port
        let error = #expect(throws: TransportError.portInUse(port)) {
            try pair.client.listen(on: "127.0.0.1", port: port)
        }
        #expect(error?.description == "port \(port) is in use by another program")
        #expect(throws: TransportError.portInUse(port)) {
            try pair.client.listen(on: "::", port: port)
        }
    }

    /// One port for both: when another program has it for UDP only, TCP is not kept either.
    @Test func portInUseForDatagramsOnly() throws {
        let pair = try Pair()
        let (socket, port) = try datagramSocket()
        #expect(throws: TransportError.portInUse(port)) {
            try pair.server.listen(on: "127.0.0.1", port: port)
        }
        close(socket)
        #expect(
            try pair.server.listen(on: "127.0.0.1", port: port)
                == [Endpoint(.loopback4, port: port)])
    }

    private func datagramSocket() throws -> (Int32, UInt16) {
        let number = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(number >= 0)
        var address = SocketAddress(Endpoint(.loopback4, port: 0), family: AF_INET)
        let result = unsafe withUnsafePointer(to: &address.storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(number, $0, 16)
            }
        }
        try #require(result == 0)
        return (number, try #require(Endpoint.local(of: number)).port)
    }

    @Test func addressesThatCannotBeListenedOn() throws {
        let network = Network(loop: try EventLoop())
        #expect(throws: TransportError.addressNotAvailable("192.0.2.1")) {
            try network.listen(on: "192.0.2.1", port: 0)
        }
        #expect(throws: TransportError.notAnAddress("example.org")) {
            try network.listen(on: "example.org", port: 0)
        }
        #expect(throws: TransportError.notAnAddress("")) { try network.listen(on: "", port: 0) }
    }

    @Test(arguments: ["127.0.0.1", "::1", "localhost", "::"])
    func portZeroPicksOnePortForAll(host: String) throws {
        let pair = try Pair()
        let endpoints = try pair.server.listen(on: host, port: 0)
        let port = try #require(endpoints.first).port
        #expect(port != 0)
        #expect(Set(endpoints.map(\.port)) == [port])
        #expect(endpoints.count == (host == "localhost" ? 2 : 1))
        _ = try pair.client.listen(on: host, port: 0)
        for endpoint in endpoints {
            let address = endpoint.address.isUnspecified ? IPAddress.loopback6 : endpoint.address
            let target = Endpoint(address, port: port)
            (pair.atServer.accepted, pair.atServer.datagrams) = ([], [])
            _ = pair.connect(to: target)
            pair.client.send(datagram: [1, 2], to: target)
            pair.loop.run(while: {
                pair.atServer.accepted.isEmpty || pair.atServer.datagrams.isEmpty
            })
        }
    }

    @Test func closedPortRefuses() throws {
        let pair = try Pair()
        let target = try pair.listen()
        pair.server.close()
        let id = pair.connect(to: target)
        #expect(pair.atClient.closed.isEmpty, "never from inside the call")
        pair.loop.run(while: { pair.atClient.closed.isEmpty })
        #expect(pair.atClient.closed == [id: .refused])
        #expect(pair.atClient.connected.isEmpty)
        #expect(pair.client.connectionCount == 0)
    }

    @Test func unreachableAddressIsReportedOnceAndNotAfterClose() throws {
        let pair = try Pair()
        // A multicast group cannot be connected to.
        let target = try #require(Endpoint("[ff02::1]:9"))
        let first = pair.connect(to: target)
        let second = pair.connect(to: target)
        pair.client.close(first)
        #expect(pair.client.send([1], on: second) == .closed)
        pair.loop.run(while: { pair.atClient.closed.isEmpty })
        pair.loop.run(for: .milliseconds(20))
        #expect(pair.atClient.closed[second] != nil)
        #expect(pair.atClient.closed.count == 1)
    }

    /// A listener whose queue is full lets the kernel drop what asks: only the deadline ends that.
    @Test func deadlineEndsConnecting() throws {
        let pair = try Pair()
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        #expect(listen(listener, 0) == 0)  // binds to a free port of every address
        let port = try #require(Endpoint.local(of: listener)).port
        let target = Endpoint(.loopback4, port: port)
        let ids = (0..<6).map { _ in
            pair.client.connect(to: target, deadline: pair.loop.now() + .milliseconds(400))
        }
        pair.loop.run(while: {
            pair.atClient.closed.count + pair.atClient.connected.count < ids.count
        })
        #expect(pair.atClient.closed.values.contains(.timedOut))
        #expect(pair.atClient.closed.values.allSatisfy { $0 == .timedOut })
        #expect(pair.client.connectionCount == pair.atClient.connected.count)
    }

    @Test func names() throws {
        let pair = try Pair()
        let ids = ["localhost", "127.0.0.9", "::2", "", "no such name", "a\0b"].map {
            pair.client.resolve(host: $0, port: 80)
        }
        #expect(pair.atClient.resolved.isEmpty, "never from inside the call")
        pair.loop.run(while: { pair.atClient.resolved.count < ids.count })
        let answers = ids.map { pair.atClient.resolved[$0] ?? [] }
        #expect(answers[0].contains(Endpoint(.loopback4, port: 80)))
        #expect(answers[0].allSatisfy { $0.address.isLoopback && $0.port == 80 })
        #expect(answers[1].map(\.description) == ["127.0.0.9:80"])
        #expect(answers[2].map(\.description) == ["[::2]:80"])
        #expect(answers[3...].allSatisfy { $0.isEmpty })
    }

    /// More questions than may wait get an empty answer, each one an answer.
    @Test func manyNames() throws {
        var limits = TransportLimits()
        limits.resolutions = 4
        let pair = try Pair(client: limits)
        let ids = (0..<100).map { _ in pair.client.resolve(host: "localhost", port: 1) }
        pair.loop.run(while: { pair.atClient.resolved.count < ids.count })
        #expect(pair.atClient.resolved[ids[0]]?.isEmpty == false)
    }
}
