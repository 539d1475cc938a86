import Primitives
import Testing

@testable import Mesh

/// THREATS row 7: to an address without a session goes nothing, whatever comes from it.
struct AmplificationTests {
    @Test func strangersDatagramsAreNotAnswered() {
        let net = TestNet(seed: 91)
        net.addNode(at: AddressTableTests.v4(8, 8))
        let raw = RawPeer(net, to: 0, from: AdmissionTests.from(66, 6))
        raw.greet()
        net.run(for: .milliseconds(200))
        let victim = AdmissionTests.from(77, 7)
        var random = SeededRandom(seed: 91)
        var sent = 0
        func answers(to datagram: [UInt8]) -> Int {
            sent += 1
            var effects: [Effect] = []
            net.nodes[0].mesh.handle(
                .datagram(datagram, from: victim), at: net.now,
                wallClock: UnixTime(milliseconds: 0), into: &effects)
            return effects.reduce(0) { sum, effect in
                if case .sendDatagram(let bytes, _) = effect { return sum + bytes.count }
                return sum
            }
        }
        // Random bytes of every length, and the session's own name with a seal that does not hold.
        for length in 0...1_300 {
            #expect(answers(to: random.bytes(length)) == 0)
        }
        for message in HostileTests.messages {
            var datagram = raw.datagram(message.encoded())
            guard !datagram.isEmpty else { continue }
            datagram[datagram.count - 1] ^= 1
            #expect(answers(to: datagram) == 0)
        }
        // A replay from elsewhere, of one that was answered once.
        let ping = raw.datagram(Message.ping(7).encoded())
        let first = answers(to: ping)
        #expect(first > 0 && first <= ping.count, "\(first) bytes for \(ping.count)")
        #expect(answers(to: ping) == 0)
        #expect(sent > 1_300)
    }
}
