import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Invites with a one-time secret: `Protocol/discovery.md`.
struct InviteTests {
    static let secret = [UInt8](1...16)
    static let later = UnixTime(milliseconds: 1_700_000_000_000 + 10_000_000)

    /// A host with an open invite and two others.
    static func net() -> TestNet {
        let net = TestNet(seed: 61)
        for _ in 0..<3 { net.addNode() }
        net.feed(0, .openInvite(secret: secret, until: later))
        return net
    }

    static func join(_ net: TestNet, _ guest: Int, _ secret: [UInt8]) {
        net.feed(guest, .addPeer(net.nodes[0].address, reserved: true, secret: secret))
        net.run(for: .seconds(1))
    }

    @Test func whoSaysTheSecretHasASlotAndIsNamed() {
        let net = Self.net()
        let log = net.author(1, at: 1)
        Self.join(net, 1, Self.secret)
        let (host, guest) = (net.nodes[0], net.nodes[1])
        #expect(host.mesh.reservedPeers == [guest.key.publicKey])
        #expect(guest.mesh.reservedPeers == [host.key.publicKey])
        #expect(host.guests.map(\.peer) == [guest.key.publicKey])
        #expect(host.guests.map(\.secret) == [Self.secret])
        #expect(host.guests.map(\.log) == [log])
        #expect(guest.hosts == [host.key.publicKey])
    }

    @Test func aSecretIsGoodOnce() {
        let net = Self.net()
        Self.join(net, 1, Self.secret)
        Self.join(net, 2, Self.secret)
        #expect(net.nodes[0].mesh.reservedPeers == [net.nodes[1].key.publicKey])
        #expect(net.nodes[0].guests.map(\.peer) == [net.nodes[1].key.publicKey])
        // The second is a stranger like any other, and no worse.
        #expect(net.nodes[0].readySessions == 2)
    }

    @Test func aWrongSecretIsNone() {
        let net = Self.net()
        Self.join(net, 1, [UInt8](2...17))
        #expect(net.nodes[0].mesh.reservedPeers.isEmpty && net.nodes[0].guests.isEmpty)
        #expect(net.nodes[0].readySessions == 1)
    }

    @Test func anInviteEnds() {
        let net = Self.net()
        net.run(for: .seconds(10_001))
        Self.join(net, 1, Self.secret)
        #expect(net.nodes[0].mesh.reservedPeers.isEmpty && net.nodes[0].guests.isEmpty)
    }

    /// The two know each other from the local network already when the invite is used.
    @Test func anOpenSessionDoesNotHideTheSecret() {
        for (from, to) in [(0, 1), (1, 0)] {
            let net = Self.net()
            net.join(from, to: to)
            net.run(for: .seconds(2))
            Self.join(net, 1, Self.secret)
            net.run(for: .seconds(10))
            #expect(net.nodes[0].mesh.reservedPeers == [net.nodes[1].key.publicKey])
            #expect(net.nodes.prefix(2).map(\.readySessions) == [1, 1])
        }
    }

    /// A guest without a log, whose first one comes later: the host hears of it then.
    @Test func theFirstLogMayComeLater() {
        let net = Self.net()
        Self.join(net, 1, Self.secret)
        #expect(net.nodes[0].guests.map(\.log) == [nil])
        let log = net.author(1, at: 1)
        net.run(for: .seconds(1))
        #expect(net.nodes[0].guests.map(\.log) == [nil, log])
        _ = net.author(2, at: 1)
        net.run(for: .seconds(1))
        #expect(net.nodes[0].guests.count == 2)
    }

    /// The host is away at first; the secret is said when it is back, however often that takes.
    @Test func theSecretIsSaidUntilItIsHeard() {
        let net = Self.net()
        net.cut(0, 1)
        Self.join(net, 1, Self.secret)
        net.run(for: .seconds(60))
        #expect(net.nodes[1].hosts.isEmpty)
        net.heal(0, 1)
        net.run(for: .seconds(120))
        #expect(net.nodes[1].hosts == [net.nodes[0].key.publicKey])
        #expect(net.nodes[0].guests.count == 1)
    }

    /// A friend gets in where strangers are turned away.
    @Test func anInviteOpensAFullHouse() {
        let net = TestNet(seed: 62)
        net.addNode(at: AddressTableTests.v4(8, 8))
        net.addNode(at: AddressTableTests.v4(66, 6, 200))
        for i in 0..<Limits.Admission.sessionsOfPrefix {
            let raw = RawPeer(net, to: 0, number: UInt8(i), from: AdmissionTests.from(66, 6, i))
            raw.greet()
            net.run(for: .milliseconds(100))
        }
        let full = net.nodes[0].readySessions
        net.feed(0, .openInvite(secret: Self.secret, until: Self.later))
        Self.join(net, 1, Self.secret)
        #expect(net.nodes[0].readySessions == full + 1)
    }

    @Test func openInvitesAreBounded() {
        let net = Self.net()
        for i in 0..<1_000 {
            let secret = [UInt8](repeating: UInt8(i % 250), count: 14) + [UInt8(i / 250), 9]
            net.feed(0, .openInvite(secret: secret, until: Self.later))
        }
        net.feed(0, .openInvite(secret: [1, 2, 3], until: Self.later))
        #expect(net.nodes[0].mesh.invites.count == Limits.Invites.open)
    }

    @Test func reservedPeersAreBounded() {
        let net = Self.net()
        for i in 0..<1_000 { net.feed(0, .reserve(Bytes32(1, 2, 3, UInt64(i)), true)) }
        #expect(net.nodes[0].mesh.reservedPeers.count == Limits.Admission.reserved)
    }
}
