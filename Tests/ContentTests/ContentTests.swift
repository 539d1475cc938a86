import Content
import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

/// What bodies say: it comes back as it was written, and nothing a body says stops a reader.
struct ContentTests {
    @Test(arguments: Samples.all)
    func contentComesBack(content: Content) throws {
        let body = content.body(salt: Samples.salt)
        #expect(Array(body.prefix(16)) == Samples.salt && body.count <= LogLimits.body)
        #expect(try Content(body: body) == content)
        #expect(content.kind == content.statement.kind)
        // The bytes are those of the generic encoder.
        let generic = try CBORValue(decoding: Array(body.dropFirst(16)))
        #expect(generic.encoded == Array(body.dropFirst(16)))
    }

    @Test func everyKindHasASample() {
        let seen = Samples.all.map(\.kind)
        for kind in Content.kinds + IdentityStatement.kinds { #expect(seen.contains(kind)) }
    }

    /// Fields of known kinds that this version does not know change nothing.
    @Test(arguments: Samples.all)
    func unknownFieldsArePassedOver(content: Content) throws {
        let later = CBORValue.Pair(200, .array([.text("later"), .float(0.5)]))
        let word = CBORValue.Pair(.text("word"), .map([]))
        let negative = CBORValue.Pair(.negative(0), .null)
        let pairs = try Samples.pairs(content)
        let body = Samples.body(content.kind, pairs + [later, word, negative])
        guard body.count <= LogLimits.body else { return }
        let found = try Content(body: body)
        if case .other(let statement) = found {
            #expect(statement.body(salt: Samples.salt) == body)
        } else {
            #expect(found == content)
        }
    }

    @Test func unknownFieldsInMapsWithinArePassedOver() throws {
        let more = [CBORValue.Pair(77, .array([])), CBORValue.Pair(.text("x"), .null)]
        let note = Content.note(try Note(attachments: [Samples.picture()], poll: Samples.poll()))
        let pairs = try Samples.pairs(note)
        guard case .array(let pictures) = pairs[0].value else {
            Issue.record("attachments are an array")
            return
        }
        let changed = [
            CBORValue.Pair(9, .array(pictures.map { $0.adding(more) })),
            CBORValue.Pair(10, pairs[1].value.adding(more)),
        ]
        #expect(Samples.read("note", changed) == note)
        let edit = CBORValue.Pair(2, CBORValue.map(changed).adding(more))
        let original = CBORValue.Pair(1, .reference(Samples.post))
        guard case .edit(let found)? = Samples.read("edit", [original, edit]) else {
            Issue.record("unreadable")
            return
        }
        #expect(Content.note(found.note) == note)
    }

    @Test func unknownKindsAreKept() throws {
        let text = CBORValue.Pair(1, .text("hi"))
        for kind in ["poem", "n", String(repeating: "k", count: 32), "Note", "note ", "poll"] {
            let body = Samples.body(kind, [text, .init(.text("word"), .map([]))])
            guard case .other(let statement) = try Content(body: body) else {
                Issue.record("\(kind)")
                continue
            }
            #expect(statement.kind == kind)
            #expect(statement.body(salt: Samples.salt) == body)
        }
    }

    /// Without a field that it needs, or with one of another type, a post is unreadable, and a
    /// statement all the same.
    @Test(arguments: Samples.all)
    func fieldsOfAnotherTypeAreRefused(content: Content) throws {
        if case .other = content { return }
        let pairs = try Samples.pairs(content)
        for (at, pair) in pairs.enumerated() {
            for value in [
                CBORValue.null, .float(1.5), .bytes([1, 2]), .array([pair.value]), .negative(0),
                .tag(55_799, pair.value), .map([]), .text(""), .unsigned(.max),
            ] where value != pair.value {
                var changed = pairs
                changed[at].value = value
                // A note may have an empty text.
                if value == .text(""), content.kind == Content.noteKind, at == 0 { continue }
                let body = Samples.body(content.kind, changed)
                #expect(throws: ContentError.self, "\(content.kind) \(pair.key) \(value)") {
                    try Content(body: body)
                }
                #expect(try Statement(body: body).body(salt: Samples.salt) == body)
            }
        }
        #expect(Samples.read(content.kind, []) == nil)
        let texts = pairs.map { CBORValue.Pair(.text("\($0.key)"), $0.value) }
        #expect(Samples.read(content.kind, texts) == nil)
    }

    @Test func whatIsNoStatementIsRefused() throws {
        let bad: [CBORValue] = [
            .array([]), .array([.text("note")]), .array([.text("note"), .array([])]), .map([]),
            .array([.text(""), .map([])]), .array([.unsigned(1), .map([])]), .unsigned(0),
            .array([.text(String(repeating: "k", count: 33)), .map([])]),
            .array([.text("note"), .map([]), .map([])]),
        ]
        for value in bad {
            #expect(throws: ContentError.self) { try Content(body: Samples.salt + value.encoded) }
        }
        #expect(throws: ContentError.self) { try Content(body: []) }
        #expect(throws: ContentError.self) { try Content(body: Samples.salt) }
        #expect(throws: ContentError.self) { try Content(body: Array(Samples.salt.dropLast())) }
        let good = Content.note(try Note(text: "hi")).body(salt: Samples.salt)
        #expect(throws: ContentError.malformed(.trailingBytes)) { try Content(body: good + [0]) }
        // Text that is not UTF-8, a map out of order, a length beyond the end, indefinite lengths,
        // the same within an edit, an attachment and a poll.
        for content in [
            "82646e6f7465a10162c328", "82646e6f7465a2020201626869", "82646e6f7465a1017affffffff",
            "82646e6f7465bf0162686aff", "9f646e6f7465a101626869ff", "82646e6f7465a118016168",
            "82646e6f7465bbffffffffffffffff", "9bffffffffffffffff", "82646e6f7465a2016161016162",
            "82646e6f7465a1099bffffffffffffffff", "82646e6f7465a10981bbffffffffffffffff",
            "82646e6f7465a10aa1019bffffffffffffffff",
            "82666c6162656c73a2016161039bffffffffffffffff",
            "82646e6f7465a20161610581831bffffffffffffffff01", "826465646974a102bb7fffffffffffffff",
        ] {
            guard let bytes = Hex.decode(content) else { preconditionFailure(content) }
            #expect(throws: ContentError.self, "\(content)") {
                try Content(body: Samples.salt + bytes)
            }
        }
    }

    /// Every truncation and every turned bit of each kind is refused, or is a statement that comes
    /// back byte for byte; and so is what was read of a known kind.
    @Test(arguments: Samples.all.filter { $0.body(salt: Samples.salt).count < 2_000 })
    func damagedBodies(content: Content) {
        let good = content.body(salt: Samples.salt)
        for length in 0..<good.count {
            #expect((try? Content(body: Array(good.prefix(length)))) == nil)
        }
        var read = 0
        var same = 0
        for bit in (16 * 8)..<(good.count * 8) {
            var bad = good
            bad[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let statement = try? Statement(body: bad) else { continue }
            #expect(statement.body(salt: Samples.salt) == bad)
            guard let found = try? Content(statement) else { continue }
            read += 1
            // Known kinds write back what they read, but for a key that is not known any more.
            let again = found.body(salt: Samples.salt)
            #expect(again == bad || again.count < bad.count, "bit \(bit)")
            #expect((try? Content(body: again)) == found, "bit \(bit)")
            // By bytes: Swift takes texts for equal that are spelt differently.
            #expect(again != good, "bit \(bit)")
            if again == bad { same += 1 }
        }
        // A turned bit of an integer, a key or a text is another one, and most say so.
        #expect(same > read / 2)
    }

    @Test func randomBodiesStopNobody() {
        let seed: UInt64 = 5
        var random = SeededRandom(seed: seed)
        var read = 0
        let kinds = Content.kinds + ["x"]
        for number in 0..<60_000 {
            var head = CBOREncoder()
            head.array(2)
            head.text(kinds[number % kinds.count])
            var tail = random.bytes(Int(random.next() % 40))
            if !tail.isEmpty && number % 2 == 0 { tail[0] = 0xa0 | tail[0] & 3 }
            if tail.count > 1 && number % 4 == 0 { tail[1] = 1 + tail[1] % 11 }
            if (try? Content(body: Samples.salt + head.bytes + tail)) != nil { read += 1 }
        }
        print("random bodies, seed \(seed): \(read) of 60000 say something")
    }

    /// Pieces of good bodies in the place of others: deeper than turned bits go.
    @Test func transplantsStopNobody() throws {
        let seed: UInt64 = 11
        var random = SeededRandom(seed: seed)
        let bodies = Samples.all.map { $0.body(salt: Samples.salt) }.filter { $0.count < 2_000 }
        var read = 0
        for _ in 0..<60_000 {
            var body = bodies[Int(random.next() % UInt64(bodies.count))]
            let donor = bodies[Int(random.next() % UInt64(bodies.count))]
            let at = 16 + Int(random.next() % UInt64(body.count - 16))
            let from = 16 + Int(random.next() % UInt64(donor.count - 16))
            let length = min(
                1 + Int(random.next() % 40), body.count - at, donor.count - from)
            body.replaceSubrange(at..<(at + length), with: donor[from..<(from + length)])
            guard let found = try? Content(body: body) else { continue }
            read += 1
            #expect(try Content(body: found.body(salt: Samples.salt)) == found)
        }
        print("transplants, seed \(seed): \(read) of 60000 say something")
        #expect(read > 0)
    }

    @Test func depthIsBounded() {
        for depth in [5, 6, 7, 8, 9, 500, 20_000] {
            let fields = [UInt8](repeating: 0x81, count: depth) + [0x00]
            let body = Samples.salt + [0x82, 0x61, 0x78, 0xa1, 0x01] + fields
            #expect(((try? Content(body: body)) != nil) == (depth <= 6), "\(depth)")
        }
    }

    @Test func aBodyOverItsLimitIsRefused() throws {
        for (count, isFine) in [(65_536, true), (65_537, false)] {
            // Salt, array, kind, map, key and the head of a byte string over 255 take 24.
            let filler = count - 24
            var body = Samples.salt + [0x82, 0x61, 0x78, 0xa1, 0x01, 0x59]
            body += [UInt8(filler >> 8), UInt8(filler & 0xff)]
            body += [UInt8](repeating: 0, count: filler)
            #expect(body.count == count)
            #expect(((try? Content(body: body)) != nil) == isFine, "\(count)")
        }
    }
}

extension CBORValue {
    /// A map with more pairs.
    fileprivate func adding(_ more: [Pair]) -> CBORValue {
        guard case .map(let pairs) = self else { return self }
        return .map(pairs + more)
    }
}
