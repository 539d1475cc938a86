import Crypto
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
        // What the peer itself sealed, in the name of somebody else, and again.
        for message in [Message.ping(7), .pong(7), .have([])] {
            let datagram = raw.datagram(message.encoded())
            #expect(answers(to: datagram) == 0 && answers(to: datagram) == 0)
        }
        #expect(sent > 1_300)
    }

    /// Who has a session cannot turn what is sent to it to another address: neither answers, nor
    /// probes, nor live posts.
    @Test func aPeerCannotNameAVictim() {
        let net = TestNet(seed: 92)
        net.addNode(at: AddressTableTests.v4(8, 8))
        let log = net.author(1, at: 0)
        let own = AdmissionTests.from(66, 6)
        let raw = RawPeer(net, to: 0, from: own)
        raw.greet()
        net.run(for: .milliseconds(200))
        let (victim, mine) = (AdmissionTests.from(77, 7), Endpoint(own.address, port: 999))
        func throwDatagram(_ message: Message, from: Endpoint) {
            net.feed(0, .datagram(raw.datagram(message.encoded()), from: from))
        }
        // From its own address, whatever the port, it is answered: no more than it sent.
        throwDatagram(.ping(7), from: mine)
        #expect(net.datagrams.count >= 1 && net.datagrams.allSatisfy { $0.0 == mine })
        for second in 0..<60 {
            throwDatagram(.ping(8), from: victim)
            // A pong that nobody asked for opens no way.
            throwDatagram(.pong(UInt64(second)), from: victim)
            net.post(log, at: 0)
            net.run(for: .seconds(1))
            raw.say(.pong(1))
        }
        #expect(!raw.isClosed && net.nodes[0].mesh.datagramsWork(with: raw.key.publicKey) == false)
        #expect(!net.datagrams.contains { $0.0 == victim })
    }
}
