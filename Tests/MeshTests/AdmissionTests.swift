import Crypto
import Primitives
import Testing

@testable import Mesh

/// THREATS rows 1, 8 and 24: no single network keeps the others out.
struct AdmissionTests {
    static func from(_ a: Int, _ b: Int, _ c: Int = 1, _ d: Int = 1) -> Endpoint {
        Endpoint(AddressTableTests.v4(a, b, c, d), port: 9)
    }

    /// Session ids that no link of the net has.
    private static func strangers(_ start: UInt64) -> UInt64 { 1 << 40 + start }

    /// Row 8: "20,000 junk handshakes a second: an honest peer connects within 1 s".
    @Test func aFloodFromOneNetworkKeepsNobodyElseOut() {
        let net = TestNet(seed: 51)
        net.addNode(at: AddressTableTests.v4(8, 8))
        net.addNode(at: AddressTableTests.v4(9, 9))
        var id = Self.strangers(0)
        var (joined, connected) = (Instant.seconds(0), Instant?.none)
        let start = net.now
        for millisecond in 0..<3_000 {
            for junk in 0..<20 {
                id += 1
                net.feed(0, .accepted(id, from: Self.from(66, 6, junk, millisecond % 250)))
                // Half of them send junk, the others hold their slots in silence.
                if junk % 2 == 0 {
                    net.feed(0, .received(id, [0, 48] + [UInt8](repeating: 1, count: 48)))
                }
            }
            if millisecond == 1_000 {
                joined = net.now
                net.join(1, to: 0)
            }
            net.run(until: start + .milliseconds(UInt64(millisecond + 1)))
            if connected == nil, net.nodes[0].readySessions == 1 { connected = net.now }
        }
        let honest = connected.map { $0 - joined }
        print("60,000 junk handshakes: honest peer in \(honest?.milliseconds ?? 0) ms")
        #expect(honest.map { $0 < .seconds(1) } == true)
        #expect(net.nodes[0].mesh.sessions.count <= 1 + Limits.Admission.halfOpenOfPrefix)
    }

    /// All 64 half-open slots are held, in silence, by eight networks: a ninth comes in at once.
    @Test func whoHoldsMostGivesWay() {
        let net = TestNet(seed: 52)
        net.addNode(at: AddressTableTests.v4(8, 8))
        net.addNode(at: AddressTableTests.v4(9, 9))
        for i in 0..<200 {
            net.feed(0, .accepted(Self.strangers(UInt64(i)), from: Self.from(66, i % 8, i)))
        }
        #expect(net.nodes[0].mesh.sessions.count == Limits.halfOpen)
        net.join(1, to: 0)
        #expect(net.run(within: .milliseconds(100)) { net.nodes[0].readySessions == 1 })
    }

    /// Each half-open slot is held by another network, and taken again as soon as it is free:
    /// whoever speaks comes in, amid those who are silent and amid those who begin a handshake.
    @Test(arguments: [false, true])
    func aFloodFromManyNetworksKeepsNobodyOut(speaking: Bool) {
        let net = TestNet(seed: 58)
        net.addNode(at: AddressTableTests.v4(8, 8))
        net.addNode(at: AddressTableTests.v4(9, 9))
        func flood(_ count: Int, _ round: Int) {
            for i in 0..<count {
                let number = round * count + i
                let from = Self.from(64 + number / 250 % 100, number % 250)
                if speaking {
                    RawPeer(net, to: 0, number: UInt8(number % 200 + 50), from: from).shake()
                } else {
                    net.feed(0, .accepted(Self.strangers(UInt64(number)), from: from))
                }
            }
        }
        flood(200, 0)
        net.run(for: .milliseconds(100))
        #expect(net.nodes[0].mesh.sessions.count == Limits.halfOpen)
        net.join(1, to: 0)
        for round in 0..<500 where net.nodes[0].readySessions == 0 {
            flood(10, 20 + round)
            net.run(for: .milliseconds(20))
        }
        #expect(net.nodes[0].readySessions == 1)
        #expect(net.nodes[0].mesh.sessions.count <= 1 + Limits.halfOpen)
    }

    /// The slots of silent ones come free after five seconds.
    @Test func halfOpenSlotsComeFree() {
        let net = TestNet(seed: 53)
        net.addNode(at: AddressTableTests.v4(8, 8))
        for i in 0..<40 {
            net.feed(0, .accepted(Self.strangers(UInt64(i)), from: Self.from(66, 6, i)))
        }
        #expect(net.nodes[0].mesh.sessions.count == Limits.Admission.halfOpenOfPrefix)
        net.run(for: .seconds(6))
        #expect(net.nodes[0].mesh.sessions.isEmpty)
    }

    /// Greets from `from` as stranger `number`, whose own key it is.
    private static func greet(_ net: TestNet, _ number: Int, from: Endpoint?) -> RawPeer {
        let raw = RawPeer(net, to: 0, number: UInt8(number), from: from)
        raw.greet()
        net.run(for: .milliseconds(100))
        return raw
    }

    /// Row 1: inbound caps by /16, told with `bye` 4; others, and invited peers, still come in.
    @Test func aNetworkHasSoManySessions() {
        let net = TestNet(seed: 54)
        net.addNode(at: AddressTableTests.v4(8, 8))
        let most = Limits.Admission.sessionsOfPrefix
        let there = (0..<most).map { Self.greet(net, 1 + $0, from: Self.from(66, 6, $0)) }
        #expect(there.allSatisfy { $0.farewell == nil && !$0.isClosed })
        let tooMany = Self.greet(net, 40, from: Self.from(66, 6, 200))
        #expect(tooMany.farewell == .tooManyPeers)
        #expect(net.nodes[0].readySessions == most)
        #expect(Self.greet(net, 41, from: Self.from(67, 6)).farewell == nil)
        let friend = signingKey(42).publicKey
        net.feed(0, .reserve(friend, true))
        #expect(Self.greet(net, 42, from: Self.from(66, 6, 201)).farewell == nil)
        #expect(net.nodes[0].mesh.reservedPeers == [friend])
        net.feed(0, .reserve(friend, false))
        #expect(net.nodes[0].mesh.reservedPeers.isEmpty)
    }

    @Test func aSiteOfIPv6IsOneNetwork() {
        let net = TestNet(seed: 55)
        net.addNode(at: AddressTableTests.v4(8, 8))
        func place(_ subnet: UInt64, _ host: UInt64) -> Endpoint {
            Endpoint(IPAddress(high: 0x2001_0db8_0007_0000 | subnet, low: host), port: 9)
        }
        for i in 0..<Limits.Admission.sessionsOfPrefix {
            #expect(Self.greet(net, 1 + i, from: place(UInt64(i), 1)).farewell == nil)
        }
        #expect(Self.greet(net, 40, from: place(999, 1)).farewell == .tooManyPeers)
    }

    @Test func strangersLeaveRoomForOthers() {
        let net = TestNet(seed: 56)
        net.addNode(at: AddressTableTests.v4(8, 8))
        for i in 0..<Limits.Admission.inbound {
            let raw = Self.greet(net, 1 + i, from: Self.from(20 + i, 1))
            #expect(raw.farewell == nil, "\(i)")
        }
        #expect(Self.greet(net, 199, from: Self.from(1, 1)).farewell == .tooManyPeers)
        // Whom this node dials itself, or has invited, finds room.
        let friend = signingKey(198).publicKey
        net.feed(0, .reserve(friend, true))
        #expect(Self.greet(net, 198, from: Self.from(1, 1)).farewell == nil)
    }

    /// The owner's own machine has no bounds but the common ones.
    @Test func loopbackCountsForNoNetwork() {
        let net = TestNet(seed: 57)
        net.addNode(at: AddressTableTests.v4(8, 8))
        for i in 0..<(Limits.Admission.sessionsOfPrefix + 8) {
            let raw = Self.greet(net, 1 + i, from: Endpoint(.loopback4, port: UInt16(5_000 + i)))
            #expect(raw.farewell == nil)
        }
    }

    // MARK: Tokens

    @Test func aPrefixHasABurstAndThenARate() {
        var admission = Admission(secret: .zero)
        let prefix = NetworkGroup(AddressTableTests.v4(66, 6))
        func taken(_ at: Instant, _ tries: Int) -> Int {
            (0..<tries).count { _ in admission.takeToken(prefix, at: at) }
        }
        #expect(taken(.seconds(100), 1_000) == Int(Limits.Admission.burst))
        #expect(taken(.seconds(100), 1_000) == 0)
        #expect(taken(.seconds(101), 1_000) == Int(Limits.Admission.perSecond))
        #expect(taken(Instant(nanoseconds: .max), 1_000) == Int(Limits.Admission.burst))
    }

    /// Ten thousand networks flood at once: what is counted stays bounded, and one that did not
    /// take part has its tokens.
    @Test func manyPrefixesDoNotUseUpTheTokensOfOthers() {
        var admission = Admission(secret: SHA256.hash([5]))
        for round in 0..<3 {
            for i in 0..<10_000 {
                let prefix = NetworkGroup(
                    IPAddress(high: 0x2001 << 48 | UInt64(i) << 16, low: 0), bitsOfIPv6: 48)
                for _ in 0..<3 {
                    _ = admission.takeToken(prefix, at: .seconds(100 + UInt64(round)))
                }
            }
        }
        let fresh = (0..<100).count { i in
            admission.takeToken(
                NetworkGroup(AddressTableTests.v4(9, i)), at: .seconds(103))
        }
        #expect(fresh == 100)
    }
}
