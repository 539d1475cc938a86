import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

/// Headers, statements and addresses: one spelling each.
struct EntryTests {
    static let key = signingKey(1).publicKey
    /// Both sides of every width of a CBOR head.
    static let edges: [UInt64] = [
        0, 1, 23, 24, 255, 256, 65_535, 65_536, 0xffff_fffe, 0xffff_ffff, 1 << 32,
        UnixTime.latest.milliseconds,
    ]

    /// The header as the generic encoder writes it.
    static func generic(
        version: UInt64 = 1, _ index: UInt64, _ time: UInt64, _ length: UInt64
    ) -> [UInt8] {
        CBORValue.array([
            .unsigned(version), .bytes(key.array), .unsigned(index), .unsigned(time),
            .unsigned(length), .bytes(SHA256.hash([5]).array),
        ]).encoded
    }

    @Test func headersOfEveryWidth() throws {
        var tried = 0
        for index in Self.edges where index < LogLimits.size {
            for time in Self.edges {
                for length in [17, 23, 24, 255, 256, 65_535, 65_536] as [UInt32] {
                    let header = EntryHeader(
                        log: Self.key, index: index, time: UnixTime(milliseconds: time),
                        bodyLength: length, bodyHash: SHA256.hash([5]))
                    let bytes = Self.generic(index, time, UInt64(length))
                    #expect(header.encoded() == bytes)
                    #expect(bytes.count <= LogLimits.header)
                    #expect(header.leafHash == SHA256.leaf(bytes))
                    #expect(header.leafHash == SHA256.hash([0] + bytes))
                    #expect(try EntryHeader(decoding: bytes) == header)
                    tried += 1
                }
            }
        }
        #expect(tried > 500)
    }

    @Test func headersOutOfBoundsAreRefused() {
        func refuses(_ bytes: [UInt8], _ error: LogError) {
            #expect(throws: error) { try EntryHeader(decoding: bytes) }
        }
        refuses(Self.generic(LogLimits.size, 0, 20), .malformed(.tooLarge))
        refuses(Self.generic(.max, 0, 20), .malformed(.tooLarge))
        refuses(Self.generic(0, 1 << 53, 20), .malformed(.tooLarge))
        refuses(Self.generic(0, 0, 16), .outOfBounds)
        refuses(Self.generic(0, 0, 0), .outOfBounds)
        refuses(Self.generic(0, 0, 65_537), .malformed(.tooLarge))
        refuses(Self.generic(version: 0, 0, 0, 20), .unknownVersion)
        refuses(Self.generic(version: 2, 0, 0, 20), .unknownVersion)
        refuses([], .malformed(.truncated))
    }

    @Test func headerIsStrict() {
        let (failures, accepted) = strictness(of: Self.generic(300, 70_000, 24)) {
            try EntryHeader(decoding: $0).encoded()
        }
        #expect(failures.isEmpty, "\(failures)")
        #expect(accepted > 500)
    }

    @Test func entriesOfBothForms() throws {
        let present = Entry(time: UnixTime(milliseconds: 9), body: .present(body("x")))
        let absent = Entry(
            time: UnixTime(milliseconds: 9),
            body: .absent(length: 17, hash: SHA256.hash(body("x"))))
        let header = EntryHeader(log: Self.key, index: 3, entry: present)
        #expect(header == EntryHeader(log: Self.key, index: 3, entry: absent))
        for entry in [present, absent] {
            var encoder = CBOREncoder()
            entry.encode(into: &encoder)
            #expect(encoder.bytes.count <= entry.encodedSizeBound)
            var decoder = CBORDecoder(encoder.bytes)
            #expect(try Entry(from: &decoder) == entry)
        }
    }

    // MARK: Bodies

    @Test func statementsComeBackWithAllTheirFields() throws {
        let fields = CBORValue.map([
            .init(.unsigned(1), .text("hello")), .init(.unsigned(200), .array([.float(1.5)])),
            .init(.negative(3), .simple(22)), .init(.text("later"), .bytes([1, 2])),
        ]).encoded
        let statement = Statement(kind: "poem", fields: fields)
        let bytes = statement.body(salt: [UInt8](repeating: 3, count: 16))
        #expect(try Statement(body: bytes) == statement)
        var numbers: [UInt64] = []
        try statement.readFields { (number, decoder) throws(WireError) in
            numbers.append(number)
            _ = try decoder.skip()
        }
        #expect(numbers == [1, 200])
    }

    /// A content is `[kind, fields]` and one canonical CBOR value, to its deepest part.
    @Test func contentIsOneCanonicalValue() {
        func nested(_ depth: Int) -> CBORValue {
            (0..<depth).reduce(.unsigned(1)) { inner, _ in .array([inner]) }
        }
        let salt = [UInt8](repeating: 3, count: 16)
        for depth in 0...10 {
            let content = CBORValue.array([
                .text("k"), .map([.init(.unsigned(1), nested(depth))]),
            ]).encoded
            #expect(
                ((try? Statement(body: salt + content)) != nil)
                    == ((try? CBORValue(decoding: content)) != nil), "depth \(depth)")
        }
        let refused: [CBORValue] = [
            .array([.text(""), .map([])]), .array([.text("k")]), .map([]),
            .array([.text("k"), .map([]), .unsigned(1)]), .array([.bytes([107]), .map([])]),
            .array([.text("k"), .array([])]),
            .array([.text(String(repeating: "k", count: 33)), .map([])]),
        ]
        for value in refused {
            #expect(throws: WireError.self) { try Statement(body: salt + value.encoded) }
        }
        #expect(throws: WireError.self) { try Statement(body: salt) }
        #expect(throws: WireError.self) { try Statement(body: []) }
    }

    // MARK: Addresses

    @Test func addressesHaveOneSpelling() throws {
        for index in [0, 17, LogLimits.size - 1] {
            let reference = Reference(log: Self.key, index: index, address: SHA256.hash([1]))
            #expect(Reference(text: reference.text) == reference)
        }
        let good = Reference(log: Self.key, index: 17, address: SHA256.hash([1])).text
        let parts = good.split(separator: "/").map(String.init)
        let bad = [
            "", "/", "//", good + "/", "/" + good, good + " ", good.uppercased(),
            "\(parts[0])/017/\(parts[2])", "\(parts[0])/+17/\(parts[2])",
            "\(parts[0])/-1/\(parts[2])", "\(parts[0])/\(LogLimits.size)/\(parts[2])",
            "\(parts[0])/99999999999999999999/\(parts[2])", "\(parts[0])//\(parts[2])",
            "\(parts[0])/17/\(parts[2].dropFirst())", "\(parts[0])/17/z", "\(parts[0])/17/z1",
            "\(parts[0])/17/z1\(parts[2].dropFirst())", "\(parts[0])/17/Z\(parts[2].dropFirst())",
            "\(parts[0].dropFirst(8))/17/\(parts[2])", String(repeating: "a/", count: 10_000),
            good.replacing("K", with: "\u{212A}"), good.replacing("/", with: "\u{2215}"),
        ]
        for text in bad { #expect(Reference(text: text) == nil, "\(text)") }
        let bytes = Array(good.utf8)
        for at in bytes.indices {
            var changed = bytes
            for value in UInt8.min...UInt8.max where value != bytes[at] {
                changed[at] = value
                guard let text = String(validating: changed, as: UTF8.self) else { continue }
                if let other = Reference(text: text) {
                    #expect(Array(other.text.utf8) == changed)
                }
            }
        }
    }
}
