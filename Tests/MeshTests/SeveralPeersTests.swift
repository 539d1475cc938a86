import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// A newcomer beside two nodes that hold the same logs: they share the work, and no entry comes
/// twice.
struct SeveralPeersTests {
    private static let posts = 20

    /// Nodes 0 and 1 hold the same and do not know each other; node 2 has nothing.
    private static func scene(seed: UInt64) -> (net: TestNet, logs: [LogKey]) {
        let net = TestNet(seed: seed)
        net.addNode()
        let logs = (1...100).map { net.author(UInt8($0), at: 0) }
        for log in logs { net.post(log, at: 0, posts) }
        net.run(for: .seconds(5))
        let store = net.nodes[0].store
        net.addNode(heads: store)
        net.addNode()
        for log in logs { #expect(net.nodes[1].size(log) == UInt64(posts)) }
        return (net, logs)
    }

    private static func arrived(_ net: TestNet, _ logs: [LogKey]) -> Int {
        logs.count { net.nodes[2].size($0) == UInt64(posts) }
    }

    /// Whoever dials.
    @Test(arguments: [true, false])
    func twoHoldersShareTheWork(newcomerDials: Bool) {
        let (net, logs) = Self.scene(seed: newcomerDials ? 850 : 851)
        for holder in 0...1 {
            net.join(newcomerDials ? 2 : holder, to: newcomerDials ? holder : 2)
        }
        for log in logs { SyncTests.checkArrived(net, log, UInt64(Self.posts)) }
        net.run(for: .seconds(5))
        let all = UInt64(logs.count * Self.posts)
        let counters = net.nodes.map(\.mesh.counters)
        #expect(counters[2].postsReceived == all && counters[2].duplicates == 0)
        // Each log came whole from one of them, about as many from this as from that.
        let given = counters[0...1].map(\.postsPushed)
        #expect(given.reduce(0, +) == all, "\(given)")
        #expect(given.allSatisfy { $0 % UInt64(Self.posts) == 0 && $0 >= all / 5 }, "\(given)")
        // Nothing went back to whoever has it.
        #expect(counters[2].postsPushed == 0)
        #expect(counters[0...1].allSatisfy { $0.postsReceived == 0 })
        #expect(net.nodes.allSatisfy { $0.store.isSound() })
        // What is written next goes on through the newcomer.
        for log in logs.prefix(10) { net.post(log, at: 0) }
        for log in logs.prefix(10) { SyncTests.check(net, log, UInt64(Self.posts) + 1) }
    }

    /// What it was asked for and had not sent is asked of the other.
    @Test func aHolderThatGoesLeavesTheRestToTheOther() {
        let (net, logs) = Self.scene(seed: 852)
        for holder in 0...1 { net.join(2, to: holder) }
        #expect(net.run(within: .seconds(30)) { Self.arrived(net, logs) >= 10 })
        #expect(Self.arrived(net, logs) < logs.count / 2)
        net.crash(0)
        #expect(
            net.run(within: .seconds(60)) { Self.arrived(net, logs) == logs.count },
            "\(Self.arrived(net, logs)) of \(logs.count)")
        let counters = net.nodes[2].mesh.counters
        #expect(counters.postsReceived == UInt64(logs.count * Self.posts))
        #expect(counters.duplicates == 0 && net.nodes[2].store.isSound())
    }
}
