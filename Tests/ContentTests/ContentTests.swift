import Content
import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

/// What bodies say: it comes back as it was written, and nothing a body says stops a reader.
struct ContentTests {
    static let salt = [UInt8](repeating: 7, count: 16)
    static let key = SigningKey(seed: SecretBytes([UInt8](repeating: 1, count: 32))).publicKey

    static let all: [Content] = [
        .note(text: "hello"), .note(text: "Ünïcödé \u{1F426} \u{212A}\u{0000}\n"),
        .note(text: String(repeating: "x", count: Content.noteLimit)),
        .profile(name: "n"), .profile(name: String(repeating: "n", count: Content.nameLimit)),
        .follow(identity: key, isOn: true), .follow(identity: key, isOn: false),
        .identity(.addDevice(key)), .identity(.revokeDevice(key, from: 9)),
        .identity(.identity(nextRoot: key, predecessor: nil)),
        .identity(.device(identity: key, predecessor: .init(log: key, size: 3, root: key))),
        .other(Statement(kind: "poem", fields: [0xa0])),
    ]

    static func body(_ kind: String, _ pairs: [CBORValue.Pair]) -> [UInt8] {
        salt + CBORValue.array([.text(kind), .map(pairs)]).encoded
    }

    static func read(_ kind: String, _ pairs: [CBORValue.Pair]) -> Content? {
        try? Content(body: body(kind, pairs))
    }

    @Test(arguments: all)
    func contentComesBack(content: Content) throws {
        let body = content.body(salt: Self.salt)
        #expect(Array(body.prefix(16)) == Self.salt && body.count <= LogLimits.body)
        #expect(try Content(body: body) == content)
        // The bytes are those of the generic encoder.
        let generic = try CBORValue(decoding: Array(body.dropFirst(16)))
        #expect(generic.encoded == Array(body.dropFirst(16)))
    }

    @Test func unknownKindsAndFieldsAreKept() throws {
        let later = CBORValue.Pair(.unsigned(9), .array([.text("later"), .float(0.5)]))
        let word = CBORValue.Pair(.text("word"), .map([]))
        let text = CBORValue.Pair(.unsigned(1), .text("hi"))
        let who = CBORValue.Pair(.unsigned(1), .bytes(Self.key.array))
        let isOn = CBORValue.Pair(.unsigned(2), .simple(21))
        #expect(Self.read("note", [text, later, word]) == .note(text: "hi"))
        #expect(Self.read("profile", [text, later]) == .profile(name: "hi"))
        #expect(Self.read("follow", [who, isOn, later]) == .follow(identity: Self.key, isOn: true))
        #expect(Self.read("add-device", [who, later, word]) == .identity(.addDevice(Self.key)))
        for kind in ["poem", "n", String(repeating: "k", count: 32), "Note", "note "] {
            let body = Self.body(kind, [text, later, word])
            guard case .other(let statement) = try Content(body: body) else {
                Issue.record("\(kind)")
                continue
            }
            #expect(statement.kind == kind)
            #expect(statement.body(salt: Self.salt) == body)
        }
    }

    /// A known kind that does not say what it should is an unreadable post, and a statement all the
    /// same.
    @Test func wrongFieldsMakeAnUnreadablePost() throws {
        let text = CBORValue.Pair(.unsigned(1), .text("hi"))
        let bytes = CBORValue.Pair(.unsigned(1), .bytes([1, 2]))
        let long = CBORValue.Pair(.unsigned(1), .text(String(repeating: "x", count: 65)))
        let empty = CBORValue.Pair(.unsigned(1), .text(""))
        let who = CBORValue.Pair(.unsigned(1), .bytes(Self.key.array))
        let huge = CBORValue.Pair(
            .unsigned(1), .text(String(repeating: "x", count: Content.noteLimit + 1)))
        let cases: [(String, [CBORValue.Pair])] = [
            ("note", []), ("note", [bytes]), ("note", [empty]), ("note", [huge]),
            ("note", [.init(.unsigned(2), .text("hi"))]),
            ("note", [.init(.text("1"), .text("hi"))]),
            ("profile", [long]), ("profile", [empty]), ("follow", [who]), ("follow", [text]),
            ("follow", [who, .init(.unsigned(2), .unsigned(1))]),
            ("follow", [bytes, .init(.unsigned(2), .simple(21))]),
            ("identity", [text]), ("device", []), ("revoke-device", [who]), ("add-device", [bytes]),
            ("note", (2..<300).map { .init(.unsigned($0), .simple(22)) }),
        ]
        for (kind, pairs) in cases {
            let body = Self.body(kind, pairs)
            #expect(throws: WireError.self, "\(kind) \(pairs.count)") { try Content(body: body) }
            #expect(try Statement(body: body).body(salt: Self.salt) == body)
        }
    }

    @Test func whatIsNoStatementIsRefused() {
        let bad: [CBORValue] = [
            .array([]), .array([.text("note")]), .array([.text("note"), .array([])]), .map([]),
            .array([.text(""), .map([])]), .array([.unsigned(1), .map([])]), .unsigned(0),
            .array([.text(String(repeating: "k", count: 33)), .map([])]),
            .array([.text("note"), .map([]), .map([])]),
        ]
        for value in bad {
            #expect(throws: WireError.self) { try Content(body: Self.salt + value.encoded) }
        }
        #expect(throws: WireError.self) { try Content(body: []) }
        #expect(throws: WireError.self) { try Content(body: Self.salt) }
        #expect(throws: WireError.self) { try Content(body: Array(Self.salt.dropLast())) }
        let good = Content.note(text: "hi").body(salt: Self.salt)
        #expect(throws: WireError.trailingBytes) { try Content(body: good + [0]) }
        // Text that is not UTF-8, a map out of order, a length beyond the end, indefinite lengths.
        for content in [
            "82646e6f7465a10162c328", "82646e6f7465a2020201626869", "82646e6f7465a1017affffffff",
            "82646e6f7465bf0162686aff", "9f646e6f7465a101626869ff", "82646e6f7465a118016168",
            "82646e6f7465bbffffffffffffffff", "9bffffffffffffffff", "82646e6f7465a2016161016162",
        ] {
            guard let bytes = Hex.decode(content) else { preconditionFailure(content) }
            #expect(throws: WireError.self, "\(content)") {
                try Content(body: Self.salt + bytes)
            }
        }
    }

    /// Every truncation and every turned bit of each kind is refused, or is a statement that comes
    /// back byte for byte.
    @Test(arguments: all.filter { $0.body(salt: salt).count < 300 })
    func damagedBodies(content: Content) {
        let good = content.body(salt: Self.salt)
        for length in 0..<good.count {
            #expect((try? Content(body: Array(good.prefix(length)))) == nil)
        }
        for bit in (16 * 8)..<(good.count * 8) {
            var bad = good
            bad[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let statement = try? Statement(body: bad) else { continue }
            #expect(statement.body(salt: Self.salt) == bad)
            // Known kinds write back what they read, but for fields that they do not know.
            if case .note(let text)? = try? Content(statement) {
                #expect(Content.note(text: text).body(salt: Self.salt) == bad)
            }
        }
    }

    @Test func randomBodiesStopNobody() {
        let seed: UInt64 = 5
        var random = SeededRandom(seed: seed)
        var read = 0
        let heads: [[UInt8]] = [
            [0x82, 0x64] + Array("note".utf8), [0x82, 0x66] + Array("follow".utf8),
            [0x82, 0x68] + Array("identity".utf8), [0x82, 0x61, 0x78], [],
        ]
        for number in 0..<40_000 {
            let head = heads[number % heads.count]
            var tail = random.bytes(Int(random.next() % 40))
            if !tail.isEmpty && number % 2 == 0 { tail[0] = 0xa0 | tail[0] & 3 }
            if (try? Content(body: Self.salt + head + tail)) != nil { read += 1 }
        }
        print("random bodies, seed \(seed): \(read) of 40000 say something")
    }

    @Test func depthIsBounded() {
        for depth in [5, 6, 7, 8, 9, 500, 20_000] {
            let fields = [UInt8](repeating: 0x81, count: depth) + [0x00]
            let body = Self.salt + [0x82, 0x61, 0x78, 0xa1, 0x01] + fields
            #expect(((try? Content(body: body)) != nil) == (depth <= 6), "\(depth)")
        }
    }
}
