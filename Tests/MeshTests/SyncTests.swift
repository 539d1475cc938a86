import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Whatever one node holds, the others hold in the end.
struct SyncTests {
    /// Whether `log` has `size` entries at all nodes, and everything verifies.
    static func arrived(_ net: TestNet, _ log: LogKey, _ size: UInt64) -> Bool {
        net.nodes.allSatisfy { $0.size(log) == size }
    }

    static func checkArrived(_ net: TestNet, _ log: LogKey, _ size: UInt64) {
        #expect(
            net.run(within: .seconds(60)) { arrived(net, log, size) },
            "\(net.nodes.map { $0.size(log) }) of \(size)")
    }

    static func check(_ net: TestNet, _ log: LogKey, _ size: UInt64, within: UInt64 = 30) {
        #expect(
            net.run(within: .seconds(within)) { arrived(net, log, size) },
            "\(net.nodes.map { $0.size(log) }) of \(size)")
        #expect(net.nodes.allSatisfy { $0.store.isSound() })
        #expect(net.equivocations.isEmpty)
    }

    @Test func twoNodesSyncBothWays() {
        let net = TestNet(seed: 1)
        net.addNode()
        net.addNode()
        let (a, b) = (net.author(1, at: 0), net.author(2, at: 1))
        net.post(a, at: 0, 40)
        net.post(b, at: 1, 30)
        net.run(for: .seconds(1))
        net.join(0, to: 1)
        Self.check(net, a, 40)
        Self.check(net, b, 30)
    }

    @Test func aChainOfThree() {
        let net = TestNet(seed: 2)
        net.chain(3)
        let log = net.author(1, at: 0)
        net.run(for: .seconds(2))
        for _ in 0..<20 {
            net.post(log, at: 0)
            net.run(for: .milliseconds(40))
        }
        Self.check(net, log, 20)
    }

    @Test func aLateJoinerGetsEverything() {
        let net = TestNet(seed: 3)
        net.chain(2)
        net.entriesPerRead = 16
        let logs = (1...12).map { net.author(UInt8($0), at: $0 % 2) }
        for (number, log) in logs.enumerated() { net.post(log, at: (number + 1) % 2, 20 + number) }
        net.run(for: .seconds(3))
        net.addNode()
        net.join(2, to: 1)
        for (number, log) in logs.enumerated() { Self.check(net, log, UInt64(20 + number)) }
    }

    @Test func manyLogs() {
        let net = TestNet(seed: 4)
        net.addNode()
        net.addNode()
        let logs = (1...150).map { net.author(UInt8($0), at: 0) }
        for log in logs { net.post(log, at: 0, 2) }
        net.run(for: .seconds(2))
        net.join(1, to: 0)
        for log in logs { Self.check(net, log, 2) }
    }

    @Test func aRestartInTheMiddleGoesOn() {
        let net = TestNet(seed: 5)
        net.addNode()
        net.addNode()
        net.entriesPerRead = 8
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 600)
        net.run(for: .seconds(1))
        net.nodes[1].storeDelay = .milliseconds(10)
        net.join(1, to: 0)
        #expect(net.run(within: .seconds(10)) { net.nodes[1].size(log) > 100 })
        net.crash(1)
        net.run(for: .seconds(1))
        let before = net.nodes[1].size(log)
        #expect(before < 600)
        net.restart(1)
        net.join(1, to: 0)
        Self.check(net, log, 600)
        #expect(net.nodes[1].mesh.counters.postsReceived <= 600 - before)
    }

    /// Who has a part passes the part on, and the rest when it comes.
    @Test func aPartialHolderServesOnward() {
        let net = TestNet(seed: 6)
        net.chain(3)
        net.cut(1, 2)
        net.entriesPerRead = 8
        net.nodes[1].storeDelay = .milliseconds(10)
        let log = net.author(1, at: 0)
        net.cut(0, 1)
        net.post(log, at: 0, 600)
        net.run(for: .seconds(1))
        net.heal(0, 1)
        #expect(net.run(within: .seconds(60)) { net.nodes[1].size(log) > 100 })
        net.cut(0, 1)
        net.heal(1, 2)
        let part = net.nodes[1].size(log)
        #expect(net.run(within: .seconds(400)) { net.nodes[2].size(log) >= part })
        #expect(net.nodes[2].size(log) < 600)
        net.heal(0, 1)
        Self.check(net, log, 600, within: 400)
    }

    /// Two that hold parts under one checkpoint meet; the rest comes to one of them later.
    @Test func partialHoldersTellEachOtherLater() {
        let net = TestNet(seed: 7)
        net.chain(3)
        net.entriesPerRead = 8
        let log = net.author(1, at: 0)
        net.cut(0, 1)
        net.post(log, at: 0, 600)
        net.run(for: .seconds(1))
        for node in [1, 2] { net.nodes[node].storeDelay = .milliseconds(10) }
        net.heal(0, 1)
        #expect(net.run(within: .seconds(60)) { net.nodes[2].size(log) > 60 })
        net.cut(0, 1)
        net.run(for: .seconds(2))
        #expect(net.nodes[2].size(log) == net.nodes[1].size(log))
        net.crash(2)
        net.restart(2)
        net.join(2, to: 1)
        net.run(for: .seconds(5))
        net.heal(0, 1)
        Self.check(net, log, 600, within: 400)
    }

    @Test func cutsHealWithBackOff() {
        let net = TestNet(seed: 8)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.run(for: .seconds(100))
        net.cut(0, 1)
        let from = net.dials.count
        net.run(for: .seconds(1_800))
        net.post(log, at: 0, 5)
        // Each round tries both addresses of the peer, one right after the other; then comes the
        // wait.
        let dials = net.dials[from...].map(\.at)
        let rounds = stride(from: 0, to: dials.count, by: 2).map { dials[$0] }
        #expect(rounds.count > 8 && rounds.count < 20, "\(rounds.count)")
        for second in stride(from: 1, to: dials.count, by: 2) {
            #expect(dials[second] - dials[second - 1] <= .milliseconds(100))
        }
        for (a, b) in zip(rounds, rounds.dropFirst()) {
            #expect(b - a >= .milliseconds(850) && b - a <= .seconds(340))
        }
        net.heal(0, 1)
        Self.check(net, log, 5, within: 350)
    }

    /// Both dial at once, again and again: one session stays, and nobody storms.
    @Test(arguments: 0..<20)
    func simultaneousDialsLeaveOneSession(seed: UInt64) {
        let net = TestNet(seed: seed)
        net.addNode()
        net.addNode()
        net.latency = .milliseconds(1 + seed * 7)
        let log = net.author(1, at: 0)
        net.join(0, to: 1)
        net.run(for: .milliseconds(seed * 3))
        net.join(1, to: 0)
        net.run(for: .seconds(5))
        #expect(net.nodes.map(\.readySessions) == [1, 1])
        net.run(for: .seconds(300))
        #expect(net.nodes.map(\.readySessions) == [1, 1])
        #expect(net.nodes.map { $0.mesh.sessions.count } == [1, 1])
        #expect(net.dials.count < 40, "\(net.dials.count)")
        net.post(log, at: 0, 3)
        Self.check(net, log, 3)
    }

    @Test func anAddressThatChangesIsDialledFromItsStart() {
        let net = TestNet(seed: 9)
        net.addNode()
        net.addNode()
        net.cut(0, 1)
        net.join(0, to: 1)
        net.run(for: .milliseconds(500))
        // The second of two endpoints is due; the new address has one.
        let key = net.nodes[1].key.publicKey
        net.feed(0, .addPeer(PeerAddress(key: key, endpoints: ["elsewhere:1"])))
        net.run(for: .seconds(30))
        net.heal(0, 1)
        #expect(net.run(within: .seconds(60)) { net.nodes[0].readySessions == 1 })
    }
}
