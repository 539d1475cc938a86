import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

/// Checkpoints as signed notes: one spelling, and nothing in it can be changed.
struct CheckpointTests {
    static let log = TestLog(count: 12)
    static let checkpoint = log.checkpoint(11)
    static let note = checkpoint.note

    static func reads(_ note: String) -> Bool {
        (try? Checkpoint(verifyingNote: note)) == checkpoint
    }

    @Test func comesBack() throws {
        for size in 1...12 {
            let checkpoint = Self.log.checkpoint(size)
            #expect(checkpoint.isVerified)
            #expect(try Checkpoint(verifyingNote: checkpoint.note) == checkpoint)
        }
        #expect(Self.note.hasPrefix("starling/did:key:z6Mk"))
    }

    @Test func everyOtherByteIsRefused() throws {
        let good = Array(Self.note.utf8)
        for at in good.indices {
            var bytes = good
            for value in UInt8.min...UInt8.max where value != good[at] {
                bytes[at] = value
                guard let text = String(validating: bytes, as: UTF8.self) else { continue }
                #expect(throws: LogError.self, "\(at) \(value)") {
                    try Checkpoint(verifyingNote: text)
                }
            }
        }
        for length in 0..<good.count {
            guard let text = String(validating: good.prefix(length), as: UTF8.self) else {
                continue
            }
            #expect(throws: LogError.self) { try Checkpoint(verifyingNote: text) }
        }
    }

    @Test func everyBitOfTheSignedPartsCounts() {
        var bad = Self.checkpoint
        for bit in 0..<256 {
            bad = Self.checkpoint
            bad.root = bad.root.flipped(bit)
            #expect(!bad.isVerified)
            bad = Self.checkpoint
            bad.signature.r = bad.signature.r.flipped(bit)
            #expect(!bad.isVerified)
            bad = Self.checkpoint
            bad.signature.s = bad.signature.s.flipped(bit)
            #expect(!bad.isVerified)
            bad = Self.checkpoint
            bad.log = bad.log.flipped(bit)
            #expect(!bad.isVerified)
        }
        bad = Self.checkpoint
        bad.size += 1
        #expect(!bad.isVerified)
        let empty = Checkpoint(signing: 0, root: SHA256.hash([]), with: Self.log.key)
        #expect(!empty.isVerified)
        let huge = Checkpoint(signing: 1 << 32, root: .zero, with: Self.log.key)
        #expect(!huge.isVerified)
    }

    @Test func linesOfWitnessesArePassedOver() {
        let line = "— witness.example/w1 " + Base64.encode([UInt8](repeating: 9, count: 76)) + "\n"
        for count in 1...15 {
            let witnesses = String(repeating: line, count: count)
            #expect(Self.reads(Self.note + witnesses), "\(count)")
        }
        let parts = Self.note.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(Self.reads(parts[..<4].joined(separator: "\n") + "\n" + line + parts[4] + "\n"))
        #expect(!Self.reads(Self.note + String(repeating: line, count: 16)))
        // The log's name with another key id is another signer.
        let other =
            "— \(Checkpoint.origin(of: Self.log.key.publicKey)) "
            + Base64.encode([UInt8](repeating: 9, count: 68)) + "\n"
        #expect(Self.reads(Self.note + other))
    }

    @Test func otherSpellingsAreRefused() {
        let lines = Self.note.split(separator: "\n", omittingEmptySubsequences: false).map {
            String($0)
        }
        func with(_ at: Int, _ line: String) -> String {
            var changed = lines
            changed[at] = line
            return changed.joined(separator: "\n")
        }
        #expect(Self.reads(with(0, lines[0])))
        let signature = lines[4]
        let bad = [
            Self.note + signature + "\n",  // twice
            String(Self.note.dropLast()),
            Self.note + "\n",
            "\n" + Self.note,
            Self.note.replacing("\n", with: "\r\n"),
            with(1, "011"), with(1, "+11"), with(1, " 11"), with(1, "11 "), with(1, "0"),
            with(1, "-11"), with(1, "١١"), with(1, "１１"), with(1, "18446744073709551627"),
            with(2, lines[2].replacing("=", with: "")), with(2, " " + lines[2]),
            with(3, "extension"), with(3, "\nextension\n"),
            with(4, signature.replacing("— ", with: "- ")),
            with(4, signature.replacing("— ", with: "—  ")),
            with(4, signature + " x"), with(4, " " + signature),
            with(4, signature.replacing(" ", with: "\t")),
            with(0, lines[0].uppercased()), with(0, lines[0] + " "),
            with(0, lines[0].replacing("starling", with: "Starling")),
            lines[0..<4].joined(separator: "\n") + "\n\n",
            Self.note + "— w+x AAAAAAA=\n", Self.note + "— w AAAA\n", Self.note + "— w A\n",
            Self.note + String(repeating: "—  w AAAAAAA=\n", count: 1),
            Self.note + "— w " + String(repeating: "AAAA", count: 5_000) + "\n", "", "\n\n\n\n\n\n",
        ]
        for note in bad { #expect(!Self.reads(note), "\(note)") }
    }

    /// Swift compares strings by canonical equivalence: the KELVIN SIGN equals K there, and must
    /// not here.
    @Test func lookAlikesAreRefused() {
        let pairs = [
            ("K", "\u{212A}"), ("A", "\u{0410}"), ("e", "\u{0435}"), ("s", "s\u{0301}"),
            ("/", "\u{2215}"), (":", "\u{FF1A}"), (" ", "\u{00A0}"), (" ", "\u{2002}"),
            ("=", "\u{FF1D}"), ("1", "\u{FF11}"), ("\n", "\u{2028}"), ("\n", "\u{0085}"),
            ("—", "\u{2013}"), ("—", "—\u{0301}"), ("\n", "\n\u{200D}"), ("+", "\u{FF0B}"),
            (":", ":\u{0338}"), ("\n", "\n\u{0301}"),
        ]
        var tried = 0
        for (plain, look) in pairs {
            for range in Self.note.ranges(of: plain) {
                var note = Self.note
                note.replaceSubrange(range, with: look)
                if Array(note.utf8) == Array(Self.note.utf8) { continue }
                tried += 1
                #expect(throws: LogError.self, "\(look) at \(range)") {
                    try Checkpoint(verifyingNote: note)
                }
            }
        }
        print("look-alikes in a checkpoint: \(tried) refused")
        #expect(tried > 50)
    }

    @Test func decimalHasOneSpelling() {
        for value in [0, 1, 9, 10, 99, UInt64.max] {
            #expect(Decimal.parse("\(value)") == value)
        }
        for text in [
            "", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "0x1", "1e3", "1.0", "\u{0661}",
        ] {
            #expect(Decimal.parse(text) == nil, "\(text)")
        }
        #expect(Decimal.parse("18446744073709551616") == nil)
    }

    @Test func compactFormIsStrict() {
        var encoder = CBOREncoder()
        Self.checkpoint.encode(into: &encoder)
        let (failures, accepted) = strictness(of: encoder.bytes) { bytes in
            var decoder = CBORDecoder(bytes)
            let found = try Checkpoint(log: Self.log.key.publicKey, from: &decoder)
            try decoder.finish()
            var again = CBOREncoder()
            found.encode(into: &again)
            return again.bytes
        }
        #expect(failures.isEmpty, "\(failures)")
        #expect(accepted > 700)
    }
}
