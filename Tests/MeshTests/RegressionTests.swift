import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Bugs of 2026 in gossip code of others, each named, as far as they apply here; and old heads.
struct RegressionTests {
    /// memberlist HCSEC-2026-18: a count in a header was believed, and memory allocated for it.
    @Test func memberlistHCSEC202618CountsAreNotBelieved() {
        let heads: [[UInt8]] = [
            [0x9a, 0xff, 0xff, 0xff, 0xff], [0x9b, 0x7f] + [UInt8](repeating: 255, count: 7),
        ]
        let openings: [[UInt8]] = [
            [0x83, 0x03], [0x82, 0x09], [0x82, 0x04], [0x83, 0x11, 0x01],
        ]
        let scene = HostileTests.Scene(seed: 40)
        for head in heads {
            for opening in openings {
                #expect((try? Message(decoding: opening + head)) == nil)
                let raw = scene.peer()
                raw.say(encoded: opening + head + [0])
                #expect(raw.farewell == .protocolError)
            }
        }
        scene.check()
    }

    /// memberlist 362: a packet grew 1,355-fold when it was unpacked. Nothing is unpacked here: a
    /// message is at most as large as the frames that carried it, and goes with them.
    @Test func memberlist362NothingGrows() {
        let scene = HostileTests.Scene(seed: 41)
        let raw = scene.peer()
        let before = scene.net.nodes[0].mesh.peerBytes
        for _ in 0..<200 {
            raw.say(encoded: [0x82, 0x19, 0xff, 0xff] + CBORBytes(60_000))
            let grown = scene.net.nodes[0].mesh.peerBytes - before
            #expect(grown <= 2 * Limits.message + (1 << 17), "\(grown)")
        }
        scene.check()
    }

    private func CBORBytes(_ count: Int) -> [UInt8] {
        [0x59, UInt8(count >> 8), UInt8(count & 255)] + [UInt8](repeating: 0, count: count)
    }

    /// memberlist 358: a counter that overflowed evicted a node for good. Here a peer counts to the
    /// end of every counter that it has, and comes back as if nothing had been.
    @Test func memberlist358CountersAtTheirEndEvictNobody() {
        let scene = HostileTests.Scene(seed: 42)
        let edges: [UInt64] = [.max, Limits.changes, Limits.changes + 1, 1 << 63, 1 << 32 - 1]
        for edge in edges {
            let last: [Message] = [
                .mark(store: 5, change: edge), .since(mine: 5, yours: edge, change: edge),
                .ping(edge), .pong(edge), .credit(stream: edge, more: 1),
                .end(stream: edge, size: edge),
                .have([Message.Have(log: scene.log, size: edge, root: edge)]),
            ]
            for message in last {
                let raw = scene.peer()
                raw.say(message)
                scene.net.run(for: .seconds(1))
            }
        }
        // The same peer, with honest numbers: it is served like anybody.
        let raw = scene.peer()
        raw.say(.since(mine: 6, yours: 0, change: 0))
        raw.say(.get(stream: 1, log: scene.log, from: 0, to: nil, credit: 1))
        scene.net.run(for: .seconds(1))
        let batches = raw.messages.count { if case .batch(1, _) = $0 { true } else { false } }
        #expect(batches == 1 && !raw.isClosed)
        scene.check()
    }

    /// libp2p CVE-2026-46679: subscriptions without end filled the memory.
    @Test func libp2pCVE202646679SubscriptionsEnd() {
        let scene = HostileTests.Scene(seed: 43)
        let raw = scene.peer()
        var random = SeededRandom(seed: 43)
        raw.say(.want(.only, []))
        var named = 0
        while !raw.isClosed && named < 4 * Limits.Wants.logs {
            let logs = (0..<1_000).map { _ in
                Bytes32(random.next(), random.next(), random.next(), random.next())
            }
            raw.say(.want(.also, logs))
            named += 1_000
            let members = scene.net.nodes[0].mesh.session(of: raw.key.publicKey)?.wants.members
            #expect((members?.count ?? 0) <= Limits.Wants.logs)
        }
        #expect(raw.farewell == .protocolError && named <= Limits.Wants.logs + 1_000)
        scene.check()
    }

    /// Row 4 of THREATS: whoever serves a log's older heads, each of them and by every message that
    /// can carry one, takes nothing back and starts nothing.
    @Test func olderHeadsChangeNothing() {
        let scene = HostileTests.Scene(seed: 44)
        let log = HostileLog(45, count: 20)
        let key = log.key.publicKey
        let raw = scene.peer()
        raw.say(.batch(stream: 0, log.batch(0, 20)))
        #expect(
            scene.net.run(within: .seconds(20)) {
                scene.net.nodes.allSatisfy { $0.size(key) == 20 }
            })
        let before = scene.net.nodes[0].mesh.logs[key]?.durable
        let asked = { raw.messages.count { if case .get = $0 { true } else { false } } }
        let gets = asked()
        for size in (1..<20).reversed() {
            raw.say(.heads([log.checkpoint(size)], done: true))
            raw.say(.have([Message.Have(log: key, size: UInt64(size), root: 0)]))
            raw.say(.ownHeads([log.checkpoint(size)]))
            raw.say(.batch(stream: 0, log.batch(size - 1, size, under: size)))
            raw.say(.batch(stream: 0, log.batch(0, size, under: size)))
            scene.net.run(for: .seconds(1))
        }
        #expect(scene.net.nodes[0].mesh.logs[key]?.durable == before && asked() == gets)
        #expect(scene.net.nodes.allSatisfy { $0.size(key) == 20 && $0.store.forks.isEmpty })
        // A newcomer gets the newest from the node, whatever the liar tells it.
        scene.net.addNode()
        let liar = RawPeer(scene.net, to: 2, number: 91)
        liar.greet()
        liar.say(.heads([log.checkpoint(7)], done: true))
        scene.net.join(2, to: 0)
        #expect(scene.net.run(within: .seconds(60)) { scene.net.nodes[2].size(key) == 20 })
        scene.check()
    }
}
