import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// THREATS rows 9 and 10: what is bounded for one peer is bounded for all of them, too.
struct MemoryTests {
    /// Strangers of as many networks: each wants and offers so many logs, within the bounds of one.
    private static func siege(_ net: TestNet, _ count: Int) -> [RawPeer] {
        (0..<count).map { number in
            let from = AdmissionTests.from(66 + number / 200, number % 200)
            let raw = RawPeer(net, to: 0, number: UInt8(20 + number), from: from)
            raw.isQuiet = true
            raw.greet()
            raw.say(.since(mine: 5, yours: 0, change: 0))
            return raw
        }
    }

    private static func keys(_ count: Int, _ number: Int) -> [LogKey] {
        (0..<count).map { Bytes32(UInt64($0 + 1) << 32 | UInt64(number), 0, 0, 0) }
    }

    @Test func theHeaviestStrangersGiveWay() {
        let net = TestNet(seed: 81)
        net.addNode(at: AddressTableTests.v4(8, 8))
        net.addNode(at: AddressTableTests.v4(9, 9))
        let log = net.author(1, at: 0)
        net.join(1, to: 0)
        net.post(log, at: 0, 5)
        net.run(for: .seconds(1))
        let peers = Self.siege(net, 100)
        for round in 0..<24 {
            for (number, raw) in peers.enumerated() where !raw.isClosed {
                let logs = Self.keys(512, round * 1_000 + number)
                raw.say(.have(logs.map { Message.Have(log: $0, size: UInt64(9), root: 0) }))
                raw.say(.want(round == 0 ? .only : .also, logs))
            }
            net.run(for: .milliseconds(100))
            let mesh = net.nodes[0].mesh
            #expect(mesh.peerBytes <= Limits.peerBytes + mesh.logs.count * Limits.peerBytesOfLog)
            #expect(mesh.exceededBound == nil)
        }
        let gone = peers.count { $0.isClosed }
        print("\(gone) of \(peers.count) gave way; \(net.nodes[0].mesh.peerBytes) bytes are left")
        #expect(gone > 10 && gone < peers.count)
        net.post(log, at: 0)
        #expect(net.run(within: .seconds(10)) { net.nodes[1].size(log) == 6 })
    }

    @Test func whoWasInvitedStays() {
        let net = TestNet(seed: 82)
        net.addNode(at: AddressTableTests.v4(8, 8))
        let friend = signingKey(20).publicKey
        net.feed(0, .reserve(friend, true))
        let peers = Self.siege(net, 80)
        for round in 0..<12 {
            for (number, raw) in peers.enumerated() where !raw.isClosed {
                // The friend wants more than anybody.
                let logs = Self.keys(number == 0 ? 1_100 : 1_000, round * 1_000 + number)
                raw.say(.want(round == 0 ? .only : .also, logs))
            }
            net.run(for: .milliseconds(100))
        }
        #expect(!peers[0].isClosed)
        #expect(peers.contains { $0.isClosed })
    }

    /// Nothing is counted that has gone: the sum goes back to nothing.
    @Test func whatHasGoneWeighsNothing() {
        let net = TestNet(seed: 83)
        net.addNode(at: AddressTableTests.v4(8, 8))
        for raw in Self.siege(net, 30) {
            raw.say(
                .have(Self.keys(300, 7).map { Message.Have(log: $0, size: UInt64(2), root: 0) }))
            net.run(for: .milliseconds(50))
            net.close(raw)
        }
        net.run(for: .seconds(1))
        #expect(net.nodes[0].mesh.sessions.isEmpty)
        #expect(net.nodes[0].mesh.peerBytes == 0)
    }
}
