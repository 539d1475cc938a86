import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// What the disk damaged comes back from a neighbour, and is verified first.
struct RepairTests {
    @Test func damagedEntriesAreFetchedAgain() {
        let net = TestNet(seed: 71)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 40)
        SyncTests.check(net, log, 40)
        for index in [0, 7, 39] {
            net.nodes[1].store.damage(log, at: index)
            net.feed(1, .damaged(log, index: UInt64(index)))
        }
        #expect(!net.nodes[1].store.isSound())
        #expect(net.run(within: .seconds(10)) { net.nodes[1].store.isSound() })
        #expect(net.nodes[1].mesh.damage.isEmpty)
    }

    /// Nobody holds it now: it is asked for as soon as somebody comes.
    @Test func damageWaitsForAPeer() {
        let net = TestNet(seed: 72)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 5)
        SyncTests.check(net, log, 5)
        net.crash(0)
        net.run(for: .seconds(70))
        net.nodes[1].store.damage(log, at: 3)
        net.feed(1, .damaged(log, index: 3))
        net.run(for: .seconds(30))
        #expect(!net.nodes[1].store.isSound())
        net.restart(0)
        net.join(0, to: 1)
        #expect(net.run(within: .seconds(60)) { net.nodes[1].store.isSound() })
    }

    @Test func whatIsNotHeldIsNotDamaged() {
        let net = TestNet(seed: 73)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 5)
        SyncTests.check(net, log, 5)
        net.feed(1, .damaged(log, index: 5))
        net.feed(1, .damaged(.zero, index: 0))
        #expect(net.nodes[1].mesh.damage.isEmpty)
    }
}
