import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Of a long log the newest entries come first, and no entry comes twice.
struct NewestTests {
    /// An author at node 0 with `count` posts, and a node that has nothing of them.
    private static func scene(_ count: Int, seed: UInt64) -> (TestNet, LogKey) {
        let net = TestNet(seed: seed)
        net.addNode()
        net.addNode()
        net.entriesPerRead = 64
        let log = net.author(1, at: 0)
        net.post(log, at: 0, count)
        net.run(for: .seconds(2))
        return (net, log)
    }

    private static func newest(_ net: TestNet, _ node: Int, _ log: LogKey) -> Range<UInt64>? {
        net.nodes[node].mesh.newestEntries(of: log)
    }

    @Test func theNewestComeFirstAndNothingTwice() {
        let (net, log) = Self.scene(3_000, seed: 81)
        net.join(1, to: 0)
        #expect(net.run(within: .seconds(5)) { Self.newest(net, 1, log) != nil })
        // Whose log it is, and what is new in it; hardly anything of what is between.
        #expect(Self.newest(net, 1, log) == 2_968..<3_000)
        #expect((1..<200).contains(net.nodes[1].size(log)))
        SyncTests.check(net, log, 3_000)
        net.run(for: .seconds(1))
        #expect(Self.newest(net, 1, log) == nil && net.nodes[1].store.newest.isEmpty)
        #expect(net.nodes[1].mesh.counters.postsReceived == 3_000)
        #expect(net.nodes[1].mesh.counters.duplicates == 0)
    }

    @Test func aShortLogComesInOrder() {
        let (net, log) = Self.scene(Int(Limits.Newest.gap), seed: 82)
        net.join(1, to: 0)
        net.run(within: .seconds(5)) {
            #expect(Self.newest(net, 1, log) == nil)
            return net.nodes[1].size(log) == Limits.Newest.gap
        }
        SyncTests.check(net, log, Limits.Newest.gap)
    }

    /// What is posted while the rest is on its way can be read at once, and joins in the end.
    @Test func livePostsFollowTheNewest() {
        let (net, log) = Self.scene(4_000, seed: 83)
        net.entriesPerRead = 40
        net.join(1, to: 0)
        #expect(net.run(within: .seconds(5)) { Self.newest(net, 1, log) != nil })
        net.post(log, at: 0, 3)
        #expect(net.run(within: .seconds(1)) { Self.newest(net, 1, log)?.upperBound == 4_003 })
        #expect(net.nodes[1].size(log) < 3_000)
        // No more is kept than a screen of posts.
        #expect(Self.newest(net, 1, log)?.count == Int(Limits.Newest.entries))
        net.post(log, at: 0, 2)
        SyncTests.check(net, log, 4_005, within: 60)
        net.run(for: .seconds(1))
        #expect(Self.newest(net, 1, log) == nil)
    }

    /// The newest entries outlive the process that fetched them, and the log goes on behind them.
    @Test func theyOutliveARestart() {
        let (net, log) = Self.scene(3_000, seed: 84)
        net.join(1, to: 0)
        #expect(net.run(within: .seconds(5)) { !net.nodes[1].store.newest.isEmpty })
        net.crash(1)
        net.restart(1)
        #expect(Self.newest(net, 1, log) == 2_968..<3_000)
        net.join(1, to: 0)
        SyncTests.check(net, log, 3_000)
        net.run(for: .seconds(1))
        #expect(net.nodes[1].store.newest.isEmpty)
    }

    /// Nobody is told of entries with a gap before them: whoever asks gets the others.
    @Test func whatHasAGapIsNotPassedOn() {
        let (net, log) = Self.scene(3_000, seed: 85)
        net.addNode()
        net.join(1, to: 0)
        #expect(net.run(within: .seconds(5)) { Self.newest(net, 1, log) != nil })
        net.crash(0)
        let size = net.nodes[1].size(log)
        net.join(2, to: 1)
        net.run(for: .seconds(20))
        #expect(net.nodes[2].size(log) >= size && net.nodes[2].size(log) < 2_968)
        #expect(Self.newest(net, 2, log) == nil)
        net.restart(0)
        net.join(1, to: 0)
        SyncTests.check(net, log, 3_000, within: 120)
    }

    /// A peer that offers much and gives nothing of it is asked for the newest once, and then in
    /// order; one that gives something else than entries of that log is left.
    @Test func aPeerWithoutTheNewest() {
        let net = TestNet(seed: 86)
        net.addNode()
        let log = HostileLog(40, count: 2_000)
        let raw = RawPeer(net, to: 0)
        raw.greet()
        raw.say(.since(mine: 5, yours: 0, change: 0))
        raw.say(.heads([log.checkpoint(2_000)], done: true))
        var gets: [(from: UInt64, to: UInt64?)] = []
        for _ in 0..<20 {
            net.run(for: .milliseconds(50))
            let asked = raw.messages.compactMap { message -> (UInt64, UInt64, UInt64?)? in
                guard case .get(let stream, _, let from, let to, _) = message else { return nil }
                return (stream, from, to)
            }
            for (stream, from, to) in asked.dropFirst(gets.count) {
                gets.append((from, to))
                if from == 0 { raw.say(.batch(stream: stream, log.batch(0, 16, under: 2_000))) }
                raw.say(.end(stream: stream, size: 16))
            }
        }
        #expect(gets.first?.from == 0 && gets.first?.to == Limits.Newest.opening)
        #expect(gets.count { $0.from == 2_000 - Limits.Newest.entries } == 1)
        #expect(gets.count { $0.from == 16 && $0.to == nil } >= 1 && gets.count < 8, "\(gets)")
        #expect(!raw.isClosed && net.nodes[0].size(log.key.publicKey) == 16)
    }

    /// Newest entries of another history than the one that is held before them.
    @Test func anotherHistoryIsNotJoined() {
        let net = TestNet(seed: 87)
        net.addNode()
        let (log, other) = (HostileLog(41, count: 2_000), HostileLog(41, count: 2_000, salt: 9))
        let raw = RawPeer(net, to: 0)
        raw.greet()
        raw.say(.since(mine: 5, yours: 0, change: 0))
        raw.say(.heads([log.checkpoint(1_990)], done: true))
        var seen = 0
        for _ in 0..<200 where !raw.isClosed {
            net.run(for: .milliseconds(20))
            let asked = raw.messages.compactMap { message -> (UInt64, UInt64, UInt64?)? in
                guard case .get(let stream, _, let from, let to, _) = message else { return nil }
                return (stream, from, to)
            }
            for (stream, from, to) in asked.dropFirst(seen) {
                seen += 1
                let isNewest = from > 1_000 && to == nil
                let source = isNewest ? other : log
                let end = min(1_990, to ?? 1_990, from + 500)
                raw.say(.batch(stream: stream, source.batch(Int(from), Int(end), under: 1_990)))
                if end == to ?? 1_990 { raw.say(.end(stream: stream, size: 1_990)) }
            }
        }
        let node = net.nodes[0]
        #expect(node.store.isSound() && node.size(log.key.publicKey) <= 1_990)
        #expect(node.mesh.forkProofs[log.key.publicKey] != nil && node.store.newest.isEmpty)
    }
}
