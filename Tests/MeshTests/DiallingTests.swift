import Crypto
import Primitives
import Testing

@testable import Mesh

/// Whom a node dials on its own account, and at which of their addresses.
struct DiallingTests {
    static func v4(_ a: Int, _ b: Int, _ c: Int = 1, _ d: Int = 1) -> IPAddress {
        AddressTableTests.v4(a, b, c, d)
    }

    /// Nodes at these addresses, none connected.
    static func net(_ addresses: IPAddress...) -> TestNet {
        let net = TestNet(seed: 41)
        for address in addresses { net.addNode(at: address) }
        return net
    }

    static func contact(_ node: TestNode) -> Contact {
        Contact(key: node.key.publicKey, endpoints: [node.endpoint].compactMap { $0 })
    }

    static func outbound(_ node: TestNode) -> [Session] {
        node.mesh.sessions.all.filter {
            $0.target != nil && $0.isReady
        }
    }

    @Test func nodesLearnWhereTheirPeersListen() {
        let net = Self.net(Self.v4(8, 8), Self.v4(9, 9))
        net.join(0, to: 1)
        net.run(for: .seconds(2))
        let caller = net.nodes[0].key.publicKey
        let called = net.nodes[1].key.publicKey
        #expect(net.nodes[0].mesh.addresses.isProven(called))
        // The caller's word and where it came from: a hint, at the port that its hello names.
        #expect(net.nodes[1].mesh.addresses.isProven(caller) == false)
        #expect(
            net.nodes[1].mesh.addresses.contact(of: caller) == Self.contact(net.nodes[0]))
    }

    /// Stopped and started again without an invite, a node finds the others by itself.
    @Test func whatWasLearntSurvivesARestart() {
        let net = Self.net(Self.v4(8, 8), Self.v4(9, 9), Self.v4(10, 10))
        net.join(0, to: 1)
        net.run(for: .seconds(30))
        #expect(net.nodes[0].remembered != nil)
        net.crash(0)
        net.restart(0)
        #expect(net.run(within: .seconds(3)) { net.nodes[0].readySessions == 1 })
        #expect(net.nodes[0].mesh.addresses.anchors == [net.nodes[1].key.publicKey])
    }

    @Test func anAnchorIsDialledFirst() throws {
        let net = Self.net(Self.v4(8, 8), Self.v4(9, 9))
        var table = AddressTable(secret: SHA256.hash([3]))
        for i in 0..<200 {
            let contact = Contact(
                key: signingKey(UInt8(i)).publicKey,
                endpoints: [Endpoint(Self.v4(30 + i % 50, i), port: 1)])
            table.learn(contact, from: Self.v4(40 + i % 50, i))
            table.succeeded(contact.key, contact.endpoints[0])
        }
        let anchor = Self.contact(net.nodes[1])
        table.learn(anchor, from: Self.v4(9, 9))
        table.succeeded(anchor.key, anchor.endpoints[0])
        table.setAnchors([anchor.key])
        net.nodes[0].remembered = table.encoded
        net.crash(0)
        net.restart(0)
        net.run(for: .seconds(1))
        #expect(net.dials.first?.to == net.nodes[1].endpoint?.description)
    }

    /// THREATS row 20: what strangers tell leads neither to this machine nor to its network.
    @Test func strangersCannotMakeANodeDialItself() {
        let net = Self.net(Self.v4(8, 8))
        net.nodes[0].mesh.setOwn(
            addresses: [Self.v4(8, 8), Self.v4(192, 168)], ports: [4_000, 80])
        func hint(_ address: IPAddress, _ port: UInt16, from source: IPAddress) {
            let contact = Contact(
                key: signingKey(77).publicKey, endpoints: [Endpoint(address, port: port)])
            net.feed(0, .hint([contact], from: source))
        }
        for inside in [
            IPAddress.loopback4, .loopback6, .any4, .any6, Self.v4(192, 168, 1, 1),
            Self.v4(169, 254, 169, 254), Self.v4(224, 0, 0, 1),
            IPAddress(high: 0xfe80 << 48, low: 1),
        ] {
            hint(inside, 8_080, from: Self.v4(66, 6))
        }
        // Its own ports, whoever says so: even a program of the same machine.
        hint(Self.v4(8, 8), 4_000, from: Self.v4(66, 6))
        hint(.loopback4, 80, from: .loopback4)
        hint(Self.v4(127, 9, 9, 9), 80, from: .loopback4)
        hint(Self.v4(192, 168), 80, from: Self.v4(192, 168, 7, 7))
        net.run(for: .seconds(300))
        #expect(net.dials.isEmpty)
        hint(.loopback4, 8_080, from: .loopback4)
        net.run(for: .seconds(10))
        #expect(net.dials.count == 1)
    }

    @Test func keysThatAreNoPointsAreNotTaken() {
        let net = Self.net(Self.v4(8, 8))
        let contact = Contact(key: .zero, endpoints: [Endpoint(Self.v4(9, 9), port: 1)])
        net.feed(0, .hint([contact], from: Self.v4(66, 6)))
        net.run(for: .seconds(60))
        #expect(net.dials.isEmpty && net.nodes[0].mesh.addresses.peerCount == 0)
    }

    @Test func outboundPeersAreSpreadOverNetworks() throws {
        let net = TestNet(seed: 42)
        net.addNode(at: Self.v4(8, 8))
        for i in 0..<12 { net.addNode(at: Self.v4(66, 6, i)) }
        for i in 0..<2 { net.addNode(at: Self.v4(20 + i, 1)) }
        for node in net.nodes.dropFirst() {
            let source = try #require(node.endpoint).address
            net.feed(0, .hint([Self.contact(node)], from: source))
        }
        #expect(net.run(within: .seconds(60)) { Self.outbound(net.nodes[0]).count == 4 })
        let groups = Self.outbound(net.nodes[0]).compactMap(\.remote).map {
            NetworkGroup($0.address)
        }
        #expect(groups.count { $0 == NetworkGroup(Self.v4(66, 6)) } == 2)
        // It stays with those four.
        let count = net.dials.count
        net.run(for: .seconds(300))
        #expect(net.dials.count == count)
    }

    /// A mesh within one network, such as a village behind one provider, is connected all the same.
    @Test func oneNetworkIsEnoughWhereThereIsNoOther() {
        let net = TestNet(seed: 43)
        net.addNode(at: Self.v4(8, 8))
        for i in 0..<6 { net.addNode(at: Self.v4(66, 6, i)) }
        net.feed(0, .hint(net.nodes.dropFirst().map(Self.contact), from: Self.v4(66, 6)))
        #expect(net.run(within: .seconds(60)) { Self.outbound(net.nodes[0]).count == 4 })
    }

    @Test func aLostPeerIsReplaced() {
        let net = TestNet(seed: 44)
        for i in 0..<6 { net.addNode(at: Self.v4(30 + i, 1)) }
        net.feed(0, .hint(net.nodes.dropFirst().map(Self.contact), from: Self.v4(40, 4)))
        #expect(net.run(within: .seconds(60)) { Self.outbound(net.nodes[0]).count == 4 })
        let lost = net.nodes.firstIndex {
            $0.key.publicKey == Self.outbound(net.nodes[0])[0].peer
        }
        net.crash(lost ?? 1)
        net.run(for: .seconds(1))
        #expect(net.run(within: .seconds(60)) { Self.outbound(net.nodes[0]).count == 4 })
    }

    /// The first address leads nowhere and never says so: the next one is tried after 2.5 s, and
    /// what connects late is closed.
    @Test func theNextAddressDoesNotWaitForTheFirst() {
        let net = Self.net(Self.v4(8, 8), Self.v4(9, 9))
        let nowhere = "[2001:db8::9]:4000"
        net.blackHoles = [nowhere]
        let place = net.nodes[1].endpoint?.description ?? ""
        let start = net.now
        net.feed(
            0,
            .addPeer(
                PeerAddress(key: net.nodes[1].key.publicKey, endpoints: [nowhere, place, "x:1"])))
        #expect(net.run(within: .seconds(3)) { net.nodes[0].readySessions == 1 })
        #expect(net.now - start >= Limits.Addresses.dialStagger)
        // The third one was not needed.
        #expect(net.dials.map(\.to) == [nowhere, place])
    }

    @Test func aSecondConnectionOfOneDialIsClosed() throws {
        let net = Self.net(Self.v4(8, 8), Self.v4(9, 9))
        var (mesh, effects) = (net.nodes[0].mesh, [Effect]())
        func handle(_ event: Event, _ seconds: UInt64) {
            effects = []
            mesh.handle(
                event, at: .seconds(seconds), wallClock: UnixTime(milliseconds: 1), into: &effects)
        }
        let address = PeerAddress(
            key: net.nodes[1].key.publicKey, endpoints: ["a.example:1", "b.example:1"])
        handle(.addPeer(address), 10)
        guard case .dial(_, 0, let first)? = effects.first else {
            Issue.record("no dial: \(effects)")
            return
        }
        handle(.tick, 13)
        guard case .dial(_, 1, let second)? = effects.first else {
            Issue.record("no second dial: \(effects)")
            return
        }
        handle(.connected(71, dial: second, remote: nil), 14)
        #expect(mesh.sessions.count == 1)
        handle(.connected(72, dial: first, remote: nil), 15)
        #expect(mesh.sessions.count == 1)
        guard case .close(72, atOnce: true)? = effects.first else {
            Issue.record("not closed: \(effects)")
            return
        }
    }

    /// Without a network of its own a node learns nothing about the others from its failures.
    @Test func whoIsOfflineForgetsNobody() {
        let net = Self.net(Self.v4(8, 8))
        for i in 0..<20 {
            let contact = Contact(
                key: signingKey(UInt8(i)).publicKey,
                endpoints: [Endpoint(Self.v4(30 + i, i), port: 1)])
            net.feed(0, .hint([contact], from: Self.v4(40, i)))
        }
        net.run(for: .seconds(24 * 3_600))
        #expect(net.dials.count > 100)
        #expect(net.nodes[0].mesh.addresses.peerCount == 20)
    }

    @Test func whoHasPeersForgetsThoseThatNeverAnswer() {
        let net = Self.net(Self.v4(8, 8), Self.v4(9, 9))
        net.join(0, to: 1)
        for i in 0..<20 {
            let contact = Contact(
                key: signingKey(UInt8(i)).publicKey,
                endpoints: [Endpoint(Self.v4(30 + i, i), port: 1)])
            net.feed(0, .hint([contact], from: Self.v4(40, i)))
        }
        net.run(for: .seconds(3_600))
        #expect(net.nodes[0].mesh.addresses.peerCount == 1)
    }

    /// The integrator's call: a peer that is known by key alone.
    @Test func aPeerIsDialledByItsKey() {
        let net = Self.net(Self.v4(8, 8), Self.v4(9, 9))
        let key = net.nodes[1].key.publicKey
        net.nodes[0].mesh.setOutbound(0)
        let unknown = net.nodes[0].mesh.dial(key)
        #expect(!unknown)
        net.feed(0, .hint([Self.contact(net.nodes[1])], from: Self.v4(9, 9)))
        net.run(for: .seconds(60))
        #expect(net.dials.isEmpty)
        let known = net.nodes[0].mesh.dial(key)
        #expect(known)
        guard case .dial(let address, endpoint: 0, _)? = net.nodes[0].mesh.effects.last else {
            Issue.record("no dial")
            return
        }
        #expect(address.endpoints == [net.nodes[1].endpoint?.description])
        // Once is enough.
        let again = net.nodes[0].mesh.dial(key)
        #expect(!again)
    }
}
