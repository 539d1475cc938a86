import Foundation
import Testing
import Wire

/// THREATS row 10: each length at 0, 1, cap, cap + 1, 2^31, 2^32 - 1, 2^63, 2^64 - 1.
@Suite struct HostileLengthTests {
    static let cap = 1000
    static let lengths: [UInt64] = [
        0, 1, 1000, 1001, 1 << 31, (1 << 32) - 1, 1 << 63, .max,
    ]

    /// A head of `major` that claims `length`, and `count` bytes behind it.
    private func claim(_ major: UInt8, _ length: UInt64, _ count: Int) -> [UInt8] {
        var encoder = CBOREncoder()
        encoder.head(major, length)
        return encoder.bytes + [UInt8](repeating: 0, count: count)
    }

    /// The most memory this process ever mapped, in KiB.
    private func peak() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
            ?? 0
    }

    @Test(arguments: lengths)
    func lengthsAreCheckedBeforeAnythingElse(length: UInt64) {
        let before = peak()
        for behind in [0, 1, 3, 999, 1000, 1001, 2000, 2002] {
            let overCap = length > UInt64(Self.cap)
            let wanted: WireError? =
                overCap ? .tooLarge : length > UInt64(behind) ? .truncated : nil
            expect(wanted, claim(2, length, behind)) { (d) throws(WireError) in
                _ = try d.byteString(max: Self.cap)
            }
            expect(wanted, claim(3, length, behind)) { (d) throws(WireError) in
                _ = try d.text(max: Self.cap)
            }
            expect(wanted, claim(4, length, behind)) { (d) throws(WireError) in
                _ = try d.array(max: Self.cap)
            }
            let pairs: WireError? =
                overCap ? .tooLarge : length > UInt64(behind / 2) ? .truncated : nil
            expect(pairs, claim(5, length, behind)) { (d) throws(WireError) in
                _ = try d.map(max: Self.cap)
            }
            expect(overCap ? .tooLarge : nil, claim(0, length, behind)) { (d) throws(WireError) in
                _ = try d.count(max: Self.cap)
            }
            for major: UInt8 in 2...5 {
                let value = try? CBORValue(decoding: claim(major, length, behind))
                if length > UInt64(behind) { #expect(value == nil) }
                // The same inside an array, a map and a tag.
                for outer: [UInt8] in [[0x82, 0x00], [0xa1, 0x00], [0xc4]] {
                    #expect(isStrict(outer + claim(major, length, behind)))
                }
            }
        }
        if before > 0 { #expect(peak() - before < 1 << 20, "more than 1 GiB mapped") }
    }

    private func expect(
        _ wanted: WireError?, _ bytes: [UInt8],
        _ read: (inout CBORDecoder) throws(WireError) -> Void
    ) {
        var decoder = CBORDecoder(bytes)
        var got: WireError?
        do throws(WireError) { try read(&decoder) } catch { got = error }
        #expect(got == wanted, "\(Hex.encode(bytes.prefix(12))) of \(bytes.count)")
    }

    /// A claim of many items each claiming many: refused in no time, since counts need bytes.
    @Test func nestedClaimsDoNotMultiply() {
        var bytes: [UInt8] = []
        for _ in 0..<8 { bytes += [0x9a, 0x7f, 0xff, 0xff, 0xff] }
        #expect(throws: WireError.truncated) { try CBORValue(decoding: bytes) }
    }
}

@Suite struct CBORDecoderTests {
    @Test func readsOnlyInsideItsRange() throws {
        let bytes: [UInt8] = [0xff, 0x82, 0x01, 0x42, 0xaa, 0xbb, 0xff]
        var decoder = CBORDecoder(bytes, in: 1..<6)
        try decoder.array(exactly: 2)
        #expect(try decoder.uint() == 1)
        #expect(try decoder.byteRange(max: 2) == 4..<6)
        #expect(decoder.isAtEnd)
        try decoder.finish()
        #expect(throws: WireError.truncated) { try decoder.uint() }
        var short = CBORDecoder(bytes, in: 3..<5)
        #expect(throws: WireError.truncated) { try short.byteRange(max: 2) }
    }

    /// A reader that entered two levels itself refuses what the whole message's check would refuse.
    @Test func nestingCountsFromTheOutermostValue() throws {
        for depth in 0...10 {
            let inner = StrictnessTests.nested(depth).encoded
            let message: [UInt8] = [0x81, 0x81] + inner
            var decoder = CBORDecoder(message)
            try decoder.array(exactly: 1)
            try decoder.array(exactly: 1)
            let isRead = (try? decoder.skip(depth: 2)) == 2..<message.count
            #expect(isRead == ((try? CBORValue(decoding: message)) != nil))
            #expect(isRead == (depth <= 6))
        }
    }

    @Test func wrongTypesAndCountsAreRefused() throws {
        var array = CBORDecoder([0x82, 0x00, 0x00])
        #expect(throws: WireError.unexpectedType) { try array.array(exactly: 1 + 2) }
        var text = CBORDecoder([0x61, 0x61])
        #expect(throws: WireError.unexpectedType) { try text.byteString(max: 9) }
        #expect(throws: WireError.unexpectedType) { try text.bool() }
        #expect(try !text.nullIfPresent())
        #expect(try text.text(max: 1) == "a")
        var short = CBORDecoder([0x58, 31] + [UInt8](repeating: 0, count: 31))
        #expect(throws: WireError.unexpectedType) { try short.bytes32() }
        var long = CBORDecoder([0x58, 33] + [UInt8](repeating: 0, count: 33))
        #expect(throws: WireError.tooLarge) { try long.bytes32() }
        var flags = CBORDecoder([0xf5, 0xf4, 0xf6, 0x00])
        #expect(try flags.bool())
        #expect(try !flags.bool())
        #expect(try flags.nullIfPresent())
        #expect(throws: WireError.trailingBytes) { try flags.finish() }
    }

    @Test func theEncoderWritesWhatTheDecoderReads() throws {
        var encoder = CBOREncoder()
        encoder.array(6)
        encoder.uint(UInt64.max)
        encoder.int(-1)
        encoder.int(.min)
        encoder.bytes([1, 2, 3])
        encoder.text("\u{1F426}")
        encoder.map(1)
        encoder.uint(7)
        encoder.null()
        let value = try CBORValue(decoding: encoder.bytes)
        #expect(
            value
                == .array([
                    .unsigned(.max), .negative(0), .negative((1 << 63) - 1), .bytes([1, 2, 3]),
                    .text("\u{1F426}"), .map([.init(.unsigned(7), .simple(22))]),
                ]))
    }
}
