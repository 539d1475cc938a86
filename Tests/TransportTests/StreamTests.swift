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
        #expect(pair.client.send(Array("hello".utf8), on: id) == .queued)  // waits for the connection
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
}
