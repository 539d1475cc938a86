import Crypto
import HyParView
import MerkleLog
import Plumtree
import Primitives
import Testing

@testable import Mesh

/// Posts reach every neighbour once, along a tree that mends itself.
struct BroadcastTests {
    /// `count` nodes, each linked with each other.
    static func clique(_ count: Int, seed: UInt64) -> TestNet {
        let net = TestNet(seed: seed)
        for _ in 0..<count { net.addNode() }
        for a in 0..<count {
            for b in 0..<a { net.join(a, to: b) }
        }
        net.run(for: .seconds(5))
        return net
    }

    static func duplicates(_ net: TestNet) -> UInt64 {
        net.nodes.reduce(0) { $0 + $1.mesh.counters.duplicates }
    }

    @Test func afterTheFirstPostEachOneComesOnce() {
        let net = Self.clique(8, seed: 80)
        let logs = [net.author(1, at: 0), net.author(2, at: 5)]
        for log in logs { net.post(log, at: log == logs[0] ? 0 : 5) }
        net.run(for: .seconds(3))
        let afterFirst = Self.duplicates(net)
        #expect(afterFirst > 0, "the first post of a log finds the tree")
        for _ in 0..<30 {
            for log in logs { net.post(log, at: log == logs[0] ? 0 : 5) }
            net.run(for: .milliseconds(500))
        }
        for log in logs { SyncTests.check(net, log, 31) }
        #expect(Self.duplicates(net) == afterFirst)
    }

    /// Where the tree breaks, who is behind the break asks those who announce.
    @Test func aBrokenTreeMends() {
        let net = Self.clique(6, seed: 81)
        let log = net.author(1, at: 0)
        for _ in 0..<3 {
            net.post(log, at: 0)
            net.run(for: .seconds(1))
        }
        for other in 2..<6 { net.cut(0, other) }
        for _ in 0..<10 {
            net.post(log, at: 0)
            net.run(for: .seconds(1))
        }
        SyncTests.check(net, log, 13, within: 5)
    }

    /// A peer that announces and does not bring is passed over after a second.
    @Test func aLiarDelaysByASecondOnly() {
        let net = Self.clique(3, seed: 82)
        let log = net.author(1, at: 0)
        net.post(log, at: 0)
        net.run(for: .seconds(2))
        let raw = RawPeer(net, to: 2)
        raw.greet()
        net.run(for: .seconds(1))
        raw.say(.have([Message.Have(log: log, size: 5, root: 0)]))
        net.run(for: .milliseconds(400))
        net.post(log, at: 0, 4)
        #expect(net.run(within: .seconds(4)) { net.nodes[2].size(log) == 5 })
    }

    /// Large posts cost one copy too, though nobody knows the tree yet.
    @Test func largePostsComeOnceFromTheFirst() {
        let net = Self.clique(6, seed: 83)
        let log = net.author(1, at: 0)
        net.post(log, at: 0, text: String(repeating: "x", count: 30_000))
        SyncTests.check(net, log, 1)
        net.run(for: .seconds(3))
        #expect(Self.duplicates(net) == 0)
    }

    // MARK: Links that move

    private static func batches(_ raw: RawPeer, _ log: LogKey) -> [UInt64] {
        raw.messages.compactMap {
            if case .batch(0, let batch) = $0, batch.log == log { batch.to } else { nil }
        }
    }

    /// `[CAST-12]`: who is a neighbour no more gets posts for a moment still, so that it can find
    /// another, and then none.
    @Test func anEvictedNeighbourIsServedForAMoment() {
        let net = TestNet(seed: 85)
        net.overlay = HyParView.Parameters()
        net.addNode()
        let log = net.author(1, at: 0)
        net.post(log, at: 0)
        net.run(for: .seconds(1))
        let raw = RawPeer(net, to: 0)
        raw.greet()
        raw.say(.neighbor(high: true, []))
        net.run(for: .seconds(1))
        net.post(log, at: 0)
        net.run(for: .seconds(1))
        #expect(Self.batches(raw, log) == [2])
        raw.say(.disconnect)
        net.run(for: .milliseconds(100))
        net.post(log, at: 0)
        net.run(for: .milliseconds(200))
        #expect(Self.batches(raw, log) == [2, 3])
        net.run(for: Limits.leaving)
        net.post(log, at: 0)
        net.run(for: .seconds(1))
        #expect(Self.batches(raw, log) == [2, 3] && !raw.isClosed)
    }

    /// `[CAST-5]`: who asks for a tree gets the next post whole, though it need not have said what
    /// it holds: it had heard that others have the last one.
    @Test func whoAsksForATreeGetsTheNextPostWhole() {
        let net = TestNet(seed: 86)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.post(log, at: 0)
        net.run(for: .seconds(2))
        let raw = RawPeer(net, to: 1)
        raw.greet()
        net.run(for: .seconds(1))
        // It holds the first.
        guard let head = net.nodes[1].mesh.logs[log]?.durable else {
            Issue.record("the first post is there")
            return
        }
        raw.say(.have([Message.Have(log: log, size: 1, root: head.rootMark)]))
        net.post(log, at: 0)
        net.run(for: .milliseconds(500))
        #expect(Self.batches(raw, log).isEmpty, "a new link is lazy")
        raw.say(.graft([log]))
        net.post(log, at: 0)
        net.run(for: .milliseconds(500))
        #expect(Self.batches(raw, log) == [3])
    }

    /// Half of the datagrams get lost: nothing is missed, and the trees stay.
    @Test func lossDoesNotStopIt() {
        let net = Self.clique(5, seed: 84)
        net.lossPercent = 50
        let log = net.author(1, at: 2)
        for _ in 0..<40 {
            net.post(log, at: 2)
            net.run(for: .milliseconds(300))
        }
        SyncTests.check(net, log, 40, within: 10)
    }
}
