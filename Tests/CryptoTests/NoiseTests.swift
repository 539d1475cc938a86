import Primitives
import Testing

@testable import Crypto

/// Two sides with fixed keys: 01…, 02… static, 03…, 04… ephemeral, and 05… pre-shared.
struct Sides {
    static func key(_ byte: UInt8) -> AgreementKey {
        AgreementKey(bytes: [UInt8](repeating: byte, count: 32))
    }

    static func psk(_ byte: UInt8) -> PresharedKey {
        PresharedKey(bytes: SecretBytes([UInt8](repeating: byte, count: 32)))
    }

    var initiator: NoiseHandshake
    var responder: NoiseHandshake

    init(
        psks: (PresharedKey?, PresharedKey?) = (nil, nil), known: AgreementKey = key(2),
        prologue: String = "starling/1"
    ) {
        initiator = NoiseHandshake(
            role: .initiator, static: Self.key(1), remoteStatic: known.publicKey,
            prologue: Array(prologue.utf8), psk: psks.0, ephemeral: Self.key(3))
        responder = NoiseHandshake(
            role: .responder, static: Self.key(2), prologue: Array("starling/1".utf8),
            psk: psks.1, ephemeral: Self.key(4))
    }

    init(psk: Bool) {
        let key = psk ? Self.psk(5) : nil
        self.init(psks: (key, key))
    }

    func writer(_ message: Int) -> NoiseHandshake { message % 2 == 0 ? initiator : responder }
    func reader(_ message: Int) -> NoiseHandshake { message % 2 == 0 ? responder : initiator }

    /// Passes messages 0..<count and gives them back.
    @discardableResult
    func pass(_ count: Int = 3) throws -> [[UInt8]] {
        try (0..<count).map { i in
            let message = try writer(i).writeMessage()
            #expect(try reader(i).readMessage(message) == [])
            return message
        }
    }

    func sessions() throws -> (NoiseSession, NoiseSession) {
        try pass()
        return (initiator.split(), responder.split())
    }
}

/// Whether `handshake` refuses everything, as it must after a failure.
private func isDead(_ handshake: NoiseHandshake) -> Bool {
    var refusals = 0
    do { _ = try handshake.writeMessage() } catch { refusals += error == .outOfTurn ? 1 : 0 }
    let message = [UInt8](repeating: 1, count: 64)
    do { _ = try handshake.readMessage(message) } catch { refusals += error == .outOfTurn ? 1 : 0 }
    return refusals == 2 && !handshake.isComplete
}

@Suite struct NoiseHandshakeTests {
    struct Known: Sendable {
        var messages: [String]
        var hash: String
        var datagrams: [String]
    }

    /// Computed apart, with Python's hmac and cryptography, for the keys of `Sides`.
    static let known = [
        false: Known(
            messages: [
                "5dfedd3b6bd47f6fa28ee15d969d5bb0ea53774d488bdaf9df1c6e0124b3ef22eacd8d4cda9c7f0053dfd9e8f958276c",
                "ac01b2209e86354fb853237b5de0f4fab13c7fcbf433a61c019369617fecf10bc7fceaf2bfe9a70a0f51e0c96ef5232d",
                "0fb9555d61c54baa26e90407f0728f4fda71d042e7e2060a6e3f963cdbca9f12201462a93df99f62a714aadd7b7f606777fe0219850c5cccc55eb183b6a0c002",
            ], hash: "7889b8cca3d926765473197962423fb345d613294231f678d89ef23f321c8f27",
            datagrams: [
                "7dda69e823deca2f294bb80a3a1541aefb9f7c2a",
                "9c66ff98bc71fa107d9c7d66f5af4ad6ea5ce5ee",
            ]),
        true: Known(
            messages: [
                "5dfedd3b6bd47f6fa28ee15d969d5bb0ea53774d488bdaf9df1c6e0124b3ef22a13d2a19a87378ed53f1fa43ce3fd052",
                "ac01b2209e86354fb853237b5de0f4fab13c7fcbf433a61c019369617fecf10bd8f2bdb5c3b5ea2b54d2316af75a551d",
                "202b9f5d3e19ccd10b352c9511565f0edb48b34c0033e5a2acc47a2d73532b6d8647c3ae15d7f1099124cdfc1390de54f2a1e13054dc16f36177ca3d3fdd5f35",
            ], hash: "f41d3a6218ebbfc69dca1f14f3e5427ccafb333d5748dccb9b1d0085d88166a2",
            datagrams: [
                "a06cf00068f43b60055b74193a54861bd5b174da",
                "79da3ce5b45d8fcf4ed0d151ef1c26df5c57d4af",
            ]),
    ]

    @Test(arguments: [false, true])
    func knownAnswersWithStarlingsPrologue(psk: Bool) throws {
        let known = try #require(Self.known[psk])
        let sides = Sides(psk: psk)
        #expect(try sides.pass() == known.messages.map { hex($0) })
        #expect(sides.initiator.handshakeHash.array == hex(known.hash))
        #expect(sides.responder.handshakeHash.array == hex(known.hash))
        #expect(sides.responder.remoteStatic == Sides.key(1).publicKey)
        let sessions = [sides.initiator.split(), sides.responder.split()]
        for i in 0..<2 {
            #expect(sessions[i].handshakeHash.array == hex(known.hash))
            let ad = (0..<16).map { UInt8($0) }
            var sealed: [UInt8] = []
            try sessions[i].sealDatagram(
                counter: 0x0102_0304_0506_0708, ad: ad, Array("ping".utf8), into: &sealed)
            #expect(sealed == hex(known.datagrams[i]))
            var opened: [UInt8] = []
            try sessions[1 - i].openDatagram(
                counter: 0x0102_0304_0506_0708, ad: ad, sealed, in: sealed.indices, into: &opened)
            #expect(opened == Array("ping".utf8))
        }
    }

    /// Whatever bit of whatever message changes on the way, the reader refuses, and is over.
    @Test(arguments: [false, true], [0, 1, 2])
    func everyChangedBitIsRefused(psk: Bool, message: Int) throws {
        for bit in 0..<((message == 2 ? 64 : 48) * 8) {
            let sides = Sides(psk: psk)
            try sides.pass(message)
            var bytes = try sides.writer(message).writeMessage()
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: CryptoError.notAuthentic, "bit \(bit)") {
                _ = try sides.reader(message).readMessage(bytes)
            }
            #expect(isDead(sides.reader(message)))
        }
    }

    @Test(arguments: [0, 1, 2])
    func everyOtherLengthIsRefused(message: Int) throws {
        let full = message == 2 ? 64 : 48
        for length in Array(0...(full + 40)) + [65535, 65536, 70000] where length != full {
            let sides = Sides(psk: false)
            try sides.pass(message)
            let good = try sides.writer(message).writeMessage()
            let bytes = Array((good + [UInt8](repeating: 0, count: 70000)).prefix(length))
            let isPossible = (full...65535).contains(length)
            #expect(throws: isPossible ? CryptoError.notAuthentic : .badLength, "\(length)") {
                _ = try sides.reader(message).readMessage(bytes)
            }
            #expect(isDead(sides.reader(message)))
        }
    }

    @Test func payloadsTravelAndTooLongOnesDoNot() throws {
        let sides = Sides(psk: false)
        for i in 0..<3 {
            let room = 65535 - (i == 2 ? 64 : 48)
            let payload = [UInt8](repeating: UInt8(i), count: room)
            let message = try sides.writer(i).writeMessage(payload)
            #expect(message.count == 65535)
            #expect(try sides.reader(i).readMessage(message) == payload)
        }
        let other = Sides(psk: false)
        #expect(throws: CryptoError.badLength) {
            _ = try other.initiator.writeMessage([UInt8](repeating: 0, count: 65535 - 47))
        }
        #expect(isDead(other.initiator))
    }

    /// XK: who does not know the responder's key, the prologue or the psk gets no answer.
    @Test func strangersAreRefusedAtTheFirstPossibleMessage() throws {
        let cases: [(String, Sides, Int)] = [
            ("another static key", Sides(known: Sides.key(9)), 0),
            ("another prologue", Sides(prologue: "starling/2"), 0),
            ("a psk on one side", Sides(psks: (Sides.psk(5), nil)), 0),
            ("a psk on the other side", Sides(psks: (nil, Sides.psk(5))), 0),
            ("another psk", Sides(psks: (Sides.psk(5), Sides.psk(6))), 2),
        ]
        for (name, sides, failing) in cases {
            try sides.pass(failing)
            let message = try sides.writer(failing).writeMessage()
            #expect(throws: CryptoError.notAuthentic, "\(name)") {
                _ = try sides.reader(failing).readMessage(message)
            }
            #expect(isDead(sides.reader(failing)), "\(name)")
        }
    }

    @Test(arguments: [0, 1])
    func worthlessEphemeralKeysAreRefused(message: Int) throws {
        for first: UInt8 in [0, 1] {
            let sides = Sides(psk: false)
            try sides.pass(message)
            var bytes = [UInt8](repeating: 0, count: 48)
            bytes[0] = first
            #expect(throws: CryptoError.weakPublicKey) {
                _ = try sides.reader(message).readMessage(bytes)
            }
            #expect(isDead(sides.reader(message)))
        }
    }

    @Test func messagesOutOfTurnAreRefused() throws {
        for passed in 0...3 {
            for reading in [false, true] {
                for isInitiator in [false, true] {
                    let sides = Sides(psk: false)
                    try sides.pass(passed)
                    let side = isInitiator ? sides.initiator : sides.responder
                    #expect(side.isComplete == (passed == 3))
                    let isTurn = passed < 3 && (passed % 2 == 0) == (isInitiator != reading)
                    if isTurn { continue }
                    #expect(throws: CryptoError.outOfTurn) {
                        let message = [UInt8](repeating: 0, count: 48)
                        _ = reading ? try side.readMessage(message) : try side.writeMessage()
                    }
                    #expect(isDead(side))
                }
            }
        }
    }

    @Test func nothingWorksAfterTheSplit() throws {
        let sides = Sides(psk: false)
        _ = try sides.sessions()
        #expect(isDead(sides.initiator) && isDead(sides.responder))
    }
}

@Suite struct NoiseSessionTests {
    @Test func messagesOfAllSizesGoBothWays() throws {
        let (a, b) = try Sides(psk: false).sessions()
        for size in [0, 1, 15, 16, 17, 1000, 65518, NoiseSession.maximumPlaintext] {
            for (from, to) in [(a, b), (b, a), (a, b)] {
                let text = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
                var sealed: [UInt8] = [1, 2]
                try from.seal(text, into: &sealed)
                #expect(sealed.count == size + 18 && sealed.starts(with: [1, 2]))
                var opened: [UInt8] = [7]
                try to.open(sealed, in: 2..<sealed.count, into: &opened)
                #expect(opened == [7] + text)
                var buffer = [3, 4] + text
                try from.seal(inPlace: &buffer, from: 2)
                #expect(buffer.starts(with: [3, 4]))
                opened = []
                try to.open(buffer, in: 2..<buffer.count, into: &opened)
                #expect(opened == text)
            }
        }
        var out: [UInt8] = [1]
        let long = [UInt8](repeating: 0, count: NoiseSession.maximumPlaintext + 1)
        #expect(throws: CryptoError.badLength) { try a.seal(long, into: &out) }
        #expect(out == [1])
    }

    /// Opens `changed` after `before` good messages: refused, nothing written, and over.
    private func expectRefusal(_ session: NoiseSession, _ changed: [UInt8], _ name: String) {
        var out: [UInt8] = [7]
        #expect(throws: CryptoError.notAuthentic, "\(name)") {
            try session.open(changed, in: changed.indices, into: &out)
        }
        #expect(throws: CryptoError.sessionEnded, "\(name)") {
            try session.open(changed, in: changed.indices, into: &out)
        }
        #expect(out == [7], "\(name)")
    }

    @Test func changedMessagesEndTheSession() throws {
        let text = Array("a post".utf8)
        for bit in 0..<((text.count + 16) * 8) {
            let (a, b) = try Sides(psk: false).sessions()
            var sealed: [UInt8] = []
            try a.seal(text, into: &sealed)
            sealed[bit / 8] ^= 1 << UInt8(bit % 8)
            expectRefusal(b, sealed, "bit \(bit)")
        }
        for length in 0..<(text.count + 16) {
            let (a, b) = try Sides(psk: false).sessions()
            var sealed: [UInt8] = []
            try a.seal(text, into: &sealed)
            expectRefusal(b, Array(sealed.prefix(length)), "first \(length) bytes")
        }
    }

    @Test func replayedReorderedAndReflectedMessagesEndTheSession() throws {
        for name in ["replayed", "reordered", "reflected"] {
            let (a, b) = try Sides(psk: false).sessions()
            var (first, second): ([UInt8], [UInt8]) = ([], [])
            try a.seal([1], into: &first)
            try a.seal([2], into: &second)
            var out: [UInt8] = []
            switch name {
            case "replayed":
                try b.open(first, in: first.indices, into: &out)
                expectRefusal(b, first, name)
            case "reordered": expectRefusal(b, second, name)
            default: expectRefusal(a, first, name)
            }
        }
    }

    /// The nonce 2^64 - 1 is never used: both sides end before it.
    @Test func theSessionEndsBeforeItsCountersDo() throws {
        let (a, b) = try Sides(psk: false).sessions()
        a.sendCounter = .max - 1
        b.receiveCounter = .max - 1
        var sealed: [UInt8] = []
        try a.seal([1], into: &sealed)
        var opened: [UInt8] = []
        try b.open(sealed, in: sealed.indices, into: &opened)
        #expect(opened == [1])
        var out: [UInt8] = [9]
        #expect(throws: CryptoError.sessionEnded) { try a.seal([2], into: &out) }
        #expect(throws: CryptoError.sessionEnded) {
            try b.open(sealed, in: sealed.indices, into: &out)
        }
        #expect(throws: CryptoError.sessionEnded) {
            try a.sealDatagram(counter: .max, ad: [], [1], into: &out)
        }
        #expect(out == [9])
    }

    @Test func datagramsOpenInAnyOrderAndOnlyUnchanged() throws {
        let (a, b) = try Sides(psk: true).sessions()
        let ad = [UInt8](repeating: 8, count: 16)
        let sent: [(UInt64, [UInt8])] = try [0, 1, 5, 1 << 40, .max - 1].map { counter in
            var body: [UInt8] = []
            try a.sealDatagram(counter: counter, ad: ad, [UInt8(counter & 0xff)], into: &body)
            return (counter, body)
        }
        var out: [UInt8] = []
        for (counter, body) in sent.reversed() + sent {
            try b.openDatagram(counter: counter, ad: ad, body, in: body.indices, into: &out)
        }
        #expect(out == [254, 0, 5, 1, 0, 0, 1, 5, 0, 254])
        let (counter, body) = sent[2]
        func refuses(_ session: NoiseSession, _ counter: UInt64, _ ad: [UInt8], _ body: [UInt8])
            -> Bool
        {
            var out: [UInt8] = [7]
            do {
                try session.openDatagram(
                    counter: counter, ad: ad, body, in: body.indices, into: &out)
                return false
            } catch {
                return error == .notAuthentic && out == [7]
            }
        }
        #expect(refuses(b, 6, ad, body) && refuses(b, .max, ad, body))
        #expect(refuses(a, counter, ad, body), "reflected")
        #expect(refuses(b, counter, Array(ad.dropLast()), body) && refuses(b, counter, [], body))
        for bit in 0..<(body.count * 8) {
            var changed = body
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(refuses(b, counter, ad, changed), "bit \(bit)")
        }
        for length in 0..<body.count {
            #expect(refuses(b, counter, ad, Array(body.prefix(length))), "length \(length)")
        }
        #expect(!refuses(b, counter, ad, body), "a bad datagram harms nothing")
    }

    @Test func aCounterUsedTwiceIsAProgrammerError() async {
        await #expect(processExitsWith: .failure) {
            let (a, _) = try Sides(psk: false).sessions()
            var out: [UInt8] = []
            try a.sealDatagram(counter: 4, ad: [], [1], into: &out)
            try a.sealDatagram(counter: 4, ad: [], [2], into: &out)
        }
    }
}
