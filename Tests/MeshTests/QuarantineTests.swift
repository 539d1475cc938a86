import Crypto
import Primitives
import Testing

@testable import Mesh

/// THREATS row 17: who is in quarantine is not spoken with, and nothing of it is decoded.
struct QuarantineTests {
    private static let place = AdmissionTests.from(66, 6)

    private static func net(_ seed: UInt64) -> TestNet {
        let net = TestNet(seed: seed)
        net.addNode(at: AddressTableTests.v4(8, 8))
        return net
    }

    private static func refuse(_ net: TestNet, _ raw: SigningKey?, _ address: IPAddress? = nil) {
        let keys = [raw?.publicKey.x25519].compactMap { $0 }
        net.feed(0, .quarantine(keys: keys, addresses: [address].compactMap { $0 }))
    }

    @Test func aKeyIsRefusedBeforeItsHello() {
        let net = Self.net(71)
        Self.refuse(net, signingKey(90))
        let raw = RawPeer(net, to: 0, from: Self.place)
        raw.shake()
        net.run(for: .milliseconds(100))
        // Not even an answer to a hello that does not decode.
        raw.say(encoded: [0xff])
        net.run(for: .milliseconds(100))
        #expect(raw.isClosed && raw.messages.isEmpty)
        let other = RawPeer(net, to: 0, number: 91, from: Self.place)
        other.greet()
        net.run(for: .milliseconds(100))
        #expect(net.nodes[0].readySessions == 1)
    }

    @Test func aSessionThatIsOpenEnds() {
        let net = Self.net(72)
        let raw = RawPeer(net, to: 0, from: Self.place)
        raw.greet()
        net.run(for: .milliseconds(100))
        #expect(
            net.nodes[0].mesh.suspect(raw.nodeSession)
                == Suspect(
                    address: Self.place.address, key: raw.key.publicKey.x25519,
                    node: raw.key.publicKey))
        Self.refuse(net, raw.key)
        net.run(for: .milliseconds(100))
        #expect(raw.isClosed && net.nodes[0].readySessions == 0)
    }

    @Test func anAddressMayOpenNothing() {
        let net = Self.net(73)
        Self.refuse(net, nil, Self.place.address)
        let raw = RawPeer(net, to: 0, from: Self.place)
        raw.greet()
        let other = RawPeer(net, to: 0, number: 91, from: AdmissionTests.from(66, 6, 1, 2))
        other.greet()
        net.run(for: .milliseconds(100))
        #expect(raw.isClosed && net.nodes[0].readySessions == 1 && !other.isClosed)
    }

    /// Not even a peer that the owner joined is dialled, until it is lifted.
    @Test func nobodyInQuarantineIsDialled() {
        let net = Self.net(74)
        net.addNode(at: AddressTableTests.v4(9, 9))
        Self.refuse(net, net.nodes[1].key)
        net.join(0, to: 1)
        net.run(for: .seconds(60))
        #expect(net.nodes[1].mesh.sessions.isEmpty && net.nodes[0].readySessions == 0)
        net.feed(0, .quarantine(keys: [], addresses: []))
        #expect(net.run(within: .seconds(60)) { net.nodes[0].readySessions == 1 })
    }
}
