import Crypto
import HyParView
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// The mesh with its overlay: nodes find each other, and posts reach those that nobody named.
struct OverlayTests {
    /// `count` nodes, of which each was told of the first only.
    static func flock(_ count: Int, seed: UInt64) -> TestNet {
        let net = TestNet(seed: seed)
        net.overlay = HyParView.Parameters()
        for node in 0..<count {
            net.addNode(at: IPAddress(v4: 0x0a00_0001 + UInt32(node) << 8))
            if node > 0 { net.join(node, to: 0) }
            net.run(for: .seconds(2))
        }
        net.run(for: .seconds(60))
        return net
    }

    static func neighbours(_ net: TestNet, _ node: Int) -> Int {
        net.nodes[node].mesh.overlay?.active.count ?? 0
    }

    @Test func nodesFindOthersThanTheOneTheyWereToldOf() {
        let net = Self.flock(16, seed: 90)
        let counts = net.nodes.map { Self.neighbours(net, $0.index) }
        #expect(counts.dropFirst().allSatisfy { $0 >= 3 }, "\(counts)")
        let log = net.author(1, at: 7)
        for _ in 0..<10 {
            net.post(log, at: 7)
            net.run(for: .milliseconds(300))
        }
        SyncTests.check(net, log, 10)
        let duplicates = net.nodes.reduce(0) { $0 + $1.mesh.counters.duplicates }
        #expect(duplicates < 60, "the first post of a log floods, the others do not: \(duplicates)")
    }

    /// Without the one that all of them joined through, they are still one mesh.
    @Test func theFirstNodeIsNotNeeded() {
        let net = Self.flock(12, seed: 91)
        net.crash(0)
        net.run(for: .seconds(90))
        let log = net.author(1, at: 3)
        net.post(log, at: 3, 5)
        #expect(
            net.run(within: .seconds(30)) {
                net.nodes.dropFirst().allSatisfy { $0.size(log) == 5 }
            })
    }

    /// Sessions that the overlay does not need end, and no more than a few stay open: one that
    /// lacks a neighbour where nobody has room has asked four peers in each of the last rounds.
    @Test func sessionsThatNobodyNeedsEnd() {
        let net = Self.flock(24, seed: 92)
        net.run(for: .seconds(300))
        let most = 5 + 3 * Limits.Overlay.refusals
        for node in net.nodes.dropFirst() {
            #expect(node.readySessions <= most, "node \(node.index): \(node.readySessions)")
        }
        let sum = net.nodes.reduce(0) { $0 + $1.readySessions }
        #expect(sum < 7 * net.nodes.count, "\(sum) of \(net.nodes.count)")
    }

    /// A restarted node finds its way back by what the address table remembers.
    @Test func aRestartedNodeFindsBack() {
        let net = Self.flock(10, seed: 93)
        let log = net.author(1, at: 2)
        net.crash(5)
        net.post(log, at: 2, 3)
        net.run(for: .seconds(70))
        net.restart(5)
        #expect(net.run(within: .seconds(90)) { net.nodes[5].size(log) == 3 })
    }
}
