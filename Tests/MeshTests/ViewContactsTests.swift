import Crypto
import HyParView
import Primitives
import Testing

@testable import Mesh

/// `[OVER-17]`: whom a view names can be called, and others are told where, however full the
/// address table is.
struct ViewContactsTests {
    /// A node with a neighbour that names whom the test wants it to. It lacks no other, so that it
    /// calls nobody.
    final class Scene {
        let net = TestNet(seed: 97)
        let raw: RawPeer
        var mesh: Mesh { net.nodes[0].mesh }
        private var named = 0

        init() {
            var parameters = HyParView.Parameters()
            (parameters.active, parameters.own) = (1, 0)
            net.overlay = parameters
            net.addNode()
            raw = RawPeer(net, to: 0, from: AdmissionTests.from(66, 6))
            raw.greet()
            net.run(for: .seconds(1))
            raw.say(.neighbor(high: true, []))
            net.run(for: .seconds(1))
        }

        /// Peers that nobody named before.
        func strangers(_ count: Int, at address: (Int) -> [Endpoint]) -> [Contact] {
            (0..<count).map { _ in
                named += 1
                let seed = SHA256.hash(Array("stranger \(named)".utf8))
                return Contact(
                    key: SigningKey(seed: SecretBytes(seed.array)).publicKey,
                    endpoints: address(named))
            }
        }

        func shuffle(_ nodes: [Contact]) {
            let origin = Contact(key: raw.key.publicKey, endpoints: [])
            raw.say(.shuffle(nonce: UInt64(named), origin: origin, ttl: 1, nodes: nodes))
            net.run(for: .seconds(6))
        }

        /// Shuffles that name `count` new peers in all, each somewhere in 50.0.0.0/8.
        func tellOf(_ count: Int) {
            for _ in 0..<count / 8 { shuffle(strangers(8) { [Self.endpoint($0)] }) }
        }

        static func endpoint(_ number: Int) -> Endpoint {
            Endpoint(IPAddress(v4: 0x3200_0001 + UInt32(number) << 12), port: 4_646)
        }
    }

    @Test func whoIsInTheViewCanBeCalledThoughTheTableIsFull() throws {
        let scene = Scene()
        scene.tellOf(800)
        let table = scene.mesh.addresses
        let passive = try #require(scene.mesh.overlay?.passive)
        #expect(passive.count >= 20 && table.peerCount < 200, "\(table)")
        #expect(passive.contains { table.contact(of: $0) == nil }, "the table has no place for all")
        for peer in passive { #expect(scene.mesh.contact(of: peer)?.endpoints.count == 1) }
        // And the neighbour hears where they are.
        var heard = 0
        for case .shuffleReply(_, let nodes) in scene.raw.messages.suffix(20) {
            heard += nodes.count
            for contact in nodes { #expect(contact.endpoints.count == 1) }
        }
        #expect(heard > 50)
    }

    /// A neighbour that names new peers without end takes no more memory than the bound.
    @Test func whatNobodyNeedsIsForgotten() {
        let scene = Scene()
        scene.tellOf(4_000)
        #expect(scene.mesh.viewContacts.count <= Limits.Overlay.contacts)
        #expect(scene.mesh.viewContacts.count > 200, "the memory's peers can be called")
    }

    /// Nobody can call a peer without an address, so it takes no place from one that has some; nor
    /// does one whose addresses nobody may dial on this neighbour's word.
    @Test func whoCannotBeCalledIsInNoView() {
        let scene = Scene()
        scene.shuffle(scene.strangers(7) { _ in [] })
        scene.shuffle(scene.strangers(7) { _ in [Endpoint(IPAddress(v4: 0x7f00_0001), port: 22)] })
        #expect(scene.mesh.overlay?.passive == [])
        scene.shuffle(scene.strangers(7) { [Scene.endpoint($0)] })
        #expect(scene.mesh.overlay?.passive.count == 7)
    }

    /// One that lies about where a peer is does not hide what others say.
    @Test func severalMayTellOfAPeer() {
        var contacts = ViewContacts()
        let key = signingKey(7).publicKey
        let source = IPAddress(v4: 0x0808_0808)
        for number in 1...9 {
            contacts.learn(
                Contact(key: key, endpoints: [Scene.endpoint(number % 6)]), from: source)
        }
        #expect(contacts[key]?.endpoints == [1, 2, 3, 4].map { Scene.endpoint($0) })
        contacts.forget(key)
        #expect(contacts[key] == nil)
    }
}
