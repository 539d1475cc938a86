import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

@testable import Mesh

/// Peers that lie, flood, stall and send rubbish: the node goes on serving the honest ones.
struct HostileTests {
    static let seed: UInt64 = 7

    /// A node with an honest neighbour and a log that both hold.
    final class Scene {
        let net: TestNet
        let log: LogKey
        private var posted: UInt64 = 5

        init(seed: UInt64) {
            net = TestNet(seed: seed)
            net.chain(2)
            log = net.author(1, at: 0)
            net.post(log, at: 0, 5)
            net.run(for: .seconds(3))
        }

        /// The node still does its work: a post arrives at the neighbour, and a newcomer gets
        /// everything.
        func check(_ what: String = "") {
            net.post(log, at: 0)
            posted += 1
            let (log, size) = (log, posted)
            #expect(
                net.run(within: .seconds(120)) { net.nodes.allSatisfy { $0.size(log) == size } },
                "\(what): \(net.nodes.map { $0.size(log) }) of \(size)")
            #expect(net.nodes.allSatisfy { $0.store.isSound() && $0.store.forks.isEmpty })
        }

        func peer(_ number: UInt8 = 90) -> RawPeer {
            let raw = RawPeer(net, to: 0, number: number)
            raw.greet()
            return raw
        }
    }

    /// A good message of every kind.
    static let messages = MessageSamples.all

    // MARK: Messages

    @Test func everyMessageComesBackAndIsStrict() {
        var decoded = 0
        for message in Self.messages {
            let good = message.encoded()
            #expect((try? Message(decoding: good)) == message)
            for length in 0..<good.count {
                #expect((try? Message(decoding: Array(good.prefix(length)))) == nil)
            }
            #expect((try? Message(decoding: good + [0])) == nil)
            for bit in 0..<(good.count * 8) {
                var bad = good
                bad[bit / 8] ^= 1 << UInt8(bit % 8)
                guard let found = try? Message(decoding: bad) else { continue }
                decoded += 1
                // A hello's unknown fields, and messages of unknown types, are passed over.
                switch found {
                case .hello, .unknown: break
                default: #expect(found.encoded() == bad, "\(Hex.encode(bad))")
                }
            }
        }
        print("turned bits that still decode: \(decoded)")
    }

    @Test func limitsOfMessages() {
        let key = signingKey(1).publicKey
        let checkpoint = HostileLog(1, count: 1).checkpoint(1)
        let have = Message.Have(log: key, size: 1, root: .max)
        func decodes(_ message: Message) -> Bool {
            (try? Message(decoding: message.encoded())) != nil
        }
        #expect(decodes(.heads([Checkpoint](repeating: checkpoint, count: 512), done: true)))
        #expect(!decodes(.heads([Checkpoint](repeating: checkpoint, count: 513), done: true)))
        #expect(decodes(.own([LogKey](repeating: key, count: 64))))
        #expect(!decodes(.own([LogKey](repeating: key, count: 65))))
        #expect(decodes(.have([Message.Have](repeating: have, count: 512))))
        #expect(!decodes(.have([Message.Have](repeating: have, count: 513))))
        for (credit, good) in [(0, false), (1, true), (16, true), (17, false)] as [(UInt64, Bool)] {
            #expect(decodes(.get(stream: 1, log: key, from: 0, to: nil, credit: credit)) == good)
            #expect(decodes(.credit(stream: 1, more: credit)) == good)
        }
        #expect(!decodes(.get(stream: 0, log: key, from: 0, to: nil, credit: 1)))
        #expect(!decodes(.get(stream: 1 << 32, log: key, from: 0, to: nil, credit: 1)))
        #expect(!decodes(.get(stream: 1, log: key, from: 1 << 32, to: nil, credit: 1)))
        #expect(!decodes(.get(stream: 1, log: key, from: 5, to: 5, credit: 1)))
        #expect(!decodes(.get(stream: 1, log: key, from: 5, to: 1 << 32, credit: 1)))
        #expect(decodes(.get(stream: 1, log: key, from: 5, to: 6, credit: 1)))
        #expect(!decodes(.bye(6, String(repeating: "x", count: 201))))
        #expect(!decodes(.unknown(31)))
        #expect(decodes(.unknown(32)) && decodes(.unknown(.max)))
    }

    @Test func damagedMessagesEndASessionAtMost() {
        let scene = Scene(seed: Self.seed)
        var random = SeededRandom(seed: Self.seed)
        print("seed \(Self.seed)")
        var (sent, ended) = (0, 0)
        var raw = scene.peer()
        func say(_ bytes: [UInt8]) {
            if raw.isClosed {
                ended += 1
                raw = scene.peer()
            }
            sent += 1
            raw.say(encoded: bytes)
        }
        for message in Self.messages {
            let good = message.encoded()
            for length in stride(from: 1, to: good.count, by: max(1, good.count / 60)) {
                say(Array(good.prefix(length)))
            }
            for _ in 0..<80 {
                var bad = good
                let bit = Int(random.next() % UInt64(good.count * 8))
                bad[bit / 8] ^= 1 << UInt8(bit % 8)
                say(bad)
            }
        }
        print("\(sent) damaged messages, \(ended) sessions ended")
        scene.net.close(raw)
        scene.check()
    }

    @Test func aHundredThousandRandomMessages() {
        let scene = Scene(seed: 8)
        var random = SeededRandom(seed: 8)
        print("seed 8")
        var ended = 0
        var raw = scene.peer()
        raw.isQuiet = true
        for number in 0..<100_000 {
            if raw.isClosed {
                ended += 1
                raw = scene.peer()
                raw.isQuiet = true
            }
            // A fifth are rubbish outright; the rest are of the right shape and say nonsense.
            let shape = random.next() % 10
            if shape < 1 {
                raw.say(encoded: random.bytes(1 + Int(random.next() % 60)))
            } else {
                raw.say(Self.nonsense(&random, scene.log))
            }
            if number % 500 == 0 { scene.net.run(for: .milliseconds(20)) }
        }
        print("100000 random messages, \(ended) sessions ended")
        scene.net.close(raw)
        scene.check()
    }

    /// A message that decodes, with small numbers and keys that mean something here.
    static func nonsense(_ random: inout SeededRandom, _ log: LogKey) -> Message {
        func below(_ n: UInt64) -> UInt64 { random.next() % n }
        let key = below(2) == 0 ? log : signingKeys[Int(below(4))]
        let head = Checkpoint(
            log: key, size: 1 + below(9), root: .zero, signature: Signature(r: .zero, s: .zero))
        switch below(15) {
        case 0: return .ping(below(9))
        case 1: return .pong(below(9))
        case 2: return .heads([head], done: below(2) == 0)
        case 3: return .own([key])
        case 4: return .ownHeads([head])
        case 5:
            return .get(
                stream: 1 + random.next() % 0xffff_ffff, log: key, from: below(9),
                to: below(2) == 0 ? nil : 9 + below(9), credit: 1 + below(16))
        case 6: return .end(stream: 1 + below(9), size: below(9))
        case 7: return .have([Message.Have(log: key, size: below(9), root: random.next())])
        case 8: return .credit(stream: 1 + below(9), more: 1 + below(16))
        case 9: return .unknown(32 + below(9))
        case 10: return .prune([key])
        case 11: return .graft([key, .zero])
        case 12: return .since(mine: below(3), yours: below(3), change: below(9))
        case 13: return .mark(store: below(3), change: below(9))
        default: return messages[7 + Int(below(2))]
        }
    }

    static let signingKeys = (1...4).map { signingKey(UInt8($0)).publicKey }

    // MARK: Frames

    @Test func framesOfHostileLengths() {
        let scene = Scene(seed: 9)
        for length in [0, 1, 15, 16, 17, 18, 100, 65_535] {
            let raw = scene.peer()
            raw.say(
                raw: [UInt8(length >> 8), UInt8(length & 0xff)]
                    + [UInt8](repeating: 0, count: length))
            #expect(raw.isClosed, "\(length)")
            let early = RawPeer(scene.net, to: 0)
            early.say(
                raw: [UInt8(length >> 8), UInt8(length & 0xff)]
                    + [UInt8](repeating: 0, count: length))
            #expect(early.isClosed, "\(length)")
        }
        // Kinds and fragments out of bounds, each authentic.
        for plaintext in [[], [1], [0], [0, 1, 2], [2, 1], [255], [1, 0xff]] as [[UInt8]] {
            let raw = scene.peer()
            raw.say(plaintext: plaintext)
            #expect(raw.isClosed, "\(plaintext)")
        }
        let raw = scene.peer()
        for _ in 0..<5 { raw.say(plaintext: [0] + [UInt8](repeating: 1, count: Limits.fragment)) }
        #expect(raw.isClosed && raw.farewell == .protocolError)
        scene.check()
    }

    @Test func garbageHandshakes() {
        let scene = Scene(seed: 10)
        var random = SeededRandom(seed: 10)
        for length in [0, 1, 47, 48, 49, 64, 65_535] {
            let raw = RawPeer(scene.net, to: 0)
            raw.say(raw: raw.framed(random.bytes(length)))
            #expect(raw.isClosed && raw.bytesRead == 0)
        }
        // A right first message, and rubbish for the third.
        let raw = RawPeer(scene.net, to: 0)
        raw.keepsThird = true
        raw.greet()
        raw.say(raw: raw.framed(random.bytes(64)))
        #expect(raw.isClosed)
        #expect(scene.net.nodes[0].mesh.sessions.count == 1)
        scene.check()
    }

    @Test func helloRules() {
        let scene = Scene(seed: 11)
        let node = scene.net.nodes[0].key.publicKey
        func farewell(_ say: (RawPeer) -> Void) -> Message.Farewell? {
            let raw = RawPeer(scene.net, to: 0)
            raw.shake()
            say(raw)
            #expect(raw.isClosed)
            return raw.farewell
        }
        #expect(farewell { $0.say(.hello($0.hello(node: signingKey(4).publicKey))) } == .wrongKey)
        #expect(farewell { $0.say(.hello($0.hello(node: node))) } == .wrongKey)
        #expect(farewell { $0.say(.hello($0.hello(node: .zero))) } == .wrongKey)
        #expect(farewell { $0.say(.hello($0.hello(version: 2))) } == .version)
        #expect(farewell { $0.say(.ping(1)) } == .protocolError)
        let twice = farewell {
            $0.say(.hello($0.hello()))
            $0.say(.hello($0.hello()))
        }
        #expect(twice == .protocolError)
        scene.check()
    }

    @Test func oneByteASecond() {
        let scene = Scene(seed: 12)
        // In the handshake, the whole of it has five seconds.
        let early = RawPeer(scene.net, to: 0)
        var seconds = 0
        while !early.isClosed && seconds < 100 {
            early.say(raw: [0])
            scene.net.run(for: .seconds(1))
            seconds += 1
        }
        #expect(seconds <= 6)
        // Later, a frame that has begun has ten.
        let raw = scene.peer()
        seconds = 0
        raw.say(raw: [0xff, 0xff])
        while !raw.isClosed && seconds < 100 {
            raw.say(raw: [0])
            scene.net.run(for: .seconds(1))
            seconds += 1
        }
        #expect(seconds <= 11 && raw.isClosed)
        scene.check()
    }

    @Test func silenceEndsASession() {
        let scene = Scene(seed: 13)
        let raw = scene.peer()
        scene.net.run(for: .seconds(55))
        #expect(!raw.isClosed)
        scene.net.run(for: .seconds(10))
        #expect(raw.isClosed)
        #expect(raw.messages.contains { if case .ping = $0 { true } else { false } })
        // Datagrams alone do not keep a session whose stream is dead.
        let other = scene.peer(91)
        for _ in 0..<70 {
            scene.net.throwDatagram(other.datagram(Message.ping(1).encoded()), at: 0)
            scene.net.run(for: .seconds(1))
        }
        #expect(other.isClosed)
        scene.check()
    }

    @Test func whoAsksAndDoesNotReadIsDropped() {
        let scene = Scene(seed: 14)
        let floods: [Message] = [
            .ping(1), .own([LogKey](repeating: scene.log, count: 64)),
        ]
        for message in floods {
            let raw = scene.peer()
            raw.isReading = false
            var said = 0
            while !raw.isClosed && said < 300_000 {
                raw.say(message)
                said += 1
            }
            #expect(raw.isClosed)
            #expect(raw.bytesRead < Limits.sendHardCap + 2 * Limits.message)
        }
        #expect(scene.net.nodes[0].mesh.sessions.count == 1)
        scene.check()
    }

    // MARK: Streams

    @Test func misuseOfStreams() {
        let scene = Scene(seed: 15)
        let unknown = signingKey(44).publicKey
        func ends(_ says: [Message]) -> Bool {
            let raw = scene.peer()
            for message in says { raw.say(message) }
            scene.net.run(for: .milliseconds(100))
            defer { scene.net.close(raw) }
            return raw.isClosed && raw.farewell == .protocolError
        }
        func get(_ stream: UInt64, _ log: LogKey, from: UInt64 = 0, credit: UInt64 = 1) -> Message {
            .get(stream: stream, log: log, from: from, to: nil, credit: credit)
        }
        #expect(ends([get(1, scene.log), get(1, scene.log)]))
        #expect(ends([get(2, scene.log), get(1, unknown)]))
        #expect(ends([get(1, scene.log, credit: 16), .credit(stream: 1, more: 16)]))
        #expect(!ends([get(1, unknown), .credit(stream: 1, more: 16), .end(stream: 9, size: 9)]))
        #expect(!ends([get(1, scene.log, from: 99), get(2, scene.log, from: LogLimits.size - 1)]))
        #expect(!ends((1...300).map { get(UInt64($0), scene.log) }))
        let raw = scene.peer()
        raw.say(get(1, unknown))
        raw.say(get(2, scene.log, from: 99))
        scene.net.run(for: .milliseconds(100))
        #expect(raw.messages.contains(.end(stream: 1, size: 0)))
        #expect(raw.messages.contains(.end(stream: 2, size: 5)))
        scene.check()
    }

    /// An old number with another log, while the first is being read: once this stopped the node.
    @Test func aStreamNumberUsedAgain() {
        let scene = Scene(seed: 16)
        let other = scene.net.author(2, at: 0)
        scene.net.post(other, at: 0, 3)
        scene.net.run(for: .seconds(1))
        let raw = scene.peer()
        raw.say(.get(stream: 1, log: scene.log, from: 0, to: nil, credit: 1))
        raw.say(.get(stream: 2, log: scene.log, from: 0, to: nil, credit: 1))
        raw.say(.get(stream: 1, log: other, from: 0, to: nil, credit: 1))
        scene.net.run(for: .seconds(1))
        #expect(raw.isClosed)
        scene.check()
    }

    @Test func streamsWithoutCreditGiveTheirSlotsBack() {
        let scene = Scene(seed: 17)
        scene.net.entriesPerRead = 1
        let logs = (10..<18).map { scene.net.author($0, at: 0) }
        for log in logs { scene.net.post(log, at: 0, 5) }
        scene.net.run(for: .seconds(1))
        let raw = scene.peer()
        for (number, log) in logs.enumerated() {
            raw.say(.get(stream: UInt64(number + 1), log: log, from: 0, to: nil, credit: 1))
        }
        scene.net.run(for: .seconds(1))
        raw.say(.get(stream: 20, log: scene.log, from: 0, to: nil, credit: 16))
        scene.net.run(for: .seconds(1))
        #expect(raw.messages.contains(.end(stream: 20, size: 0)))
        for _ in 0..<70 {
            raw.say(.pong(1))
            scene.net.run(for: .seconds(1))
        }
        #expect(raw.messages.contains(.end(stream: 8, size: 5)))
        raw.say(.get(stream: 21, log: scene.log, from: 0, to: nil, credit: 16))
        scene.net.run(for: .seconds(1))
        #expect(raw.messages.contains(.end(stream: 21, size: 5)))
        scene.check()
    }

    // MARK: Many

    @Test func manyHalfOpenConnections() {
        let scene = Scene(seed: 25)
        let raws = (0..<400).map { _ in RawPeer(scene.net, to: 0) }
        #expect(scene.net.nodes[0].mesh.sessions.count <= Limits.halfOpen + 1)
        #expect(raws.count(where: \.isClosed) >= 400 - Limits.halfOpen)
        scene.net.run(for: .seconds(6))
        #expect(raws.allSatisfy { $0.isClosed } && scene.net.nodes[0].mesh.sessions.count == 1)
        scene.check()
    }

    @Test func manySessionsOfOnePeerLeaveOne() {
        let scene = Scene(seed: 26)
        let raws = (0..<30).map { _ in scene.peer() }
        #expect(raws.count { !$0.isClosed } == 1)
        #expect(scene.net.nodes[0].mesh.sessions.count == 2)
        scene.check()
    }
}

extension Mesh {
    func session(of peer: LogKey) -> Session? { sessionOfPeer[peer].flatMap { sessions[$0] } }
}
