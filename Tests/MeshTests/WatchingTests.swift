import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// What an owner is told of the mesh, and forgetting a neighbour.
struct WatchingTests {
    @Test func whatFlowsIsCountedOnBothSides() throws {
        let net = TestNet(seed: 71)
        for _ in 0..<2 { net.addNode() }
        let log = net.author(0, at: 0)
        net.join(0, to: 1)
        net.run(for: .seconds(2))
        let before = try #require(net.nodes[1].mesh.neighbour(net.nodes[0].key.publicKey))
        #expect(before.writes == [log] && before.isActive && !before.isReserved)
        net.post(log, at: 0, 2)
        net.run(for: .seconds(2))
        let (sender, receiver) = (net.nodes[0].mesh, net.nodes[1].mesh)
        let after = try #require(receiver.neighbour(net.nodes[0].key.publicKey))
        #expect(after.traffic.postsIn == before.traffic.postsIn + 2)
        #expect(after.traffic.bytesIn > before.traffic.bytesIn)
        #expect(sender.neighbours.map(\.traffic.postsOut) == [sender.counters.postsPushed])
        #expect(sender.neighbours.map(\.traffic.bytesOut) == [sender.counters.bytesSent])
        #expect(receiver.counters.bytesReceived == after.traffic.bytesIn)
        #expect(sender.holders(of: log, index: 1).map(\.peer) == [net.nodes[1].key.publicKey])
        #expect(sender.holders(of: log, index: 2).isEmpty, "there is no third entry")
        #expect(receiver.progress(of: log).held == 2 && receiver.progress(of: log).known == 2)
        #expect(receiver.progress(of: signingKey(9).publicKey).known == 0)
    }

    @Test func aForgottenNeighbourIsNotCalledAgain() {
        let net = TestNet(seed: 72)
        for _ in 0..<2 { net.addNode() }
        let peer = net.nodes[1].key.publicKey
        net.feed(0, .addPeer(net.nodes[1].address, reserved: true))
        net.run(for: .seconds(5))
        #expect(net.nodes[0].readySessions == 1 && net.nodes[0].mesh.reservedPeers == [peer])
        net.feed(0, .dropPeer(peer))
        net.run(for: .seconds(1))
        #expect(net.nodes[0].readySessions == 0 && net.nodes[0].mesh.reservedPeers.isEmpty)
        #expect(net.nodes[0].mesh.addresses.contact(of: peer) == nil)
        let dials = net.dials.count { $0.from == 0 }
        net.run(for: .seconds(900))
        #expect(net.dials.count { $0.from == 0 } == dials && net.nodes[0].readySessions == 0)
        // It may come by itself, and may be asked in again.
        net.feed(0, .addPeer(net.nodes[1].address))
        net.run(for: .seconds(5))
        #expect(net.nodes[0].readySessions == 1)
    }

    @Test func forgettingWhoIsBeingCalledEndsTheCalls() {
        let net = TestNet(seed: 73)
        net.addNode()
        let nobody = PeerAddress(key: signingKey(98).publicKey, endpoints: ["192.0.2.1:9"])
        net.feed(0, .addPeer(nobody))
        net.run(for: .seconds(5))
        #expect(!net.dials.isEmpty)
        net.feed(0, .dropPeer(nobody.key))
        net.run(for: .seconds(20))
        let dials = net.dials.count { $0.from == 0 }
        net.run(for: .seconds(900))
        #expect(
            net.dials.count { $0.from == 0 } == dials && !net.nodes[0].mesh.isReaching(nobody.key))
        net.feed(0, .dropPeer(signingKey(99).publicKey))
        #expect(net.nodes[0].readySessions == 0, "whoever is not known is forgotten already")
    }
}
