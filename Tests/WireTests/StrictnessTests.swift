import Foundation
import Primitives
import Testing
import Wire

@Suite struct StrictnessTests {
    /// Values of every kind, near every boundary of a head's length.
    static let samples: [CBORValue] = {
        var samples = AppendixATests.deterministic.map(\.1)
        for n: UInt64 in [23, 24, 255, 256, 65535, 65536, 0xffff_ffff, 0x1_0000_0000, .max] {
            samples += [.unsigned(n), .negative(n), .tag(n, .simple(22))]
        }
        for n in [23, 24, 255, 256, 300] {
            samples.append(.bytes([UInt8](repeating: 7, count: n)))
            samples.append(.text(String(repeating: "a", count: n)))
            samples.append(.array((0..<n).map { .unsigned(UInt64($0)) }))
        }
        let keys: [CBORValue] = [
            .unsigned(0), .unsigned(24), .negative(0), .bytes([1]), .text("a"), .text("aa"),
            .array([]), .simple(20), .float(0.5),
        ]
        samples.append(.map(keys.map { .init($0, .text("\u{20ac}")) }))
        samples.append(nested(CBOR.maximumDepth))
        return samples
    }()

    static func nested(_ depth: Int) -> CBORValue {
        (0..<depth).reduce(.unsigned(1)) { inner, level in
            switch level % 3 {
            case 0: .array([inner])
            case 1: .map([.init(.unsigned(0), inner)])
            default: .tag(100, inner)
            }
        }
    }

    @Test(arguments: samples.indices)
    func everyTruncationIsRefused(index: Int) throws {
        let bytes = Self.samples[index].encoded
        #expect(try CBORValue(decoding: bytes).encoded == bytes)
        for length in 0..<bytes.count {
            let prefix = Array(bytes.prefix(length))
            #expect(throws: WireError.truncated, "\(length)") { try CBORValue(decoding: prefix) }
        }
        #expect(throws: WireError.trailingBytes) { try CBORValue(decoding: bytes + [0]) }
    }

    @Test(arguments: samples.indices)
    func everyFlippedBitFailsOrComesBack(index: Int) throws {
        let bytes = Self.samples[index].encoded
        for bit in 0..<(bytes.count * 8) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(isStrict(changed), "\(Hex.encode(changed))")
        }
    }

    /// All inputs of up to two bytes, and all three-byte ones that begin with a head of interest.
    @Test func allShortInputs() throws {
        var (tried, accepted, wrong) = (0, 0, 0)
        func check(_ bytes: [UInt8]) {
            tried += 1
            if (try? CBORValue(decoding: bytes)) != nil { accepted += 1 }
            if !isStrict(bytes) { wrong += 1 }
        }
        check([])
        for a in UInt8.min...UInt8.max {
            check([a])
            for b in UInt8.min...UInt8.max { check([a, b]) }
        }
        // Every half-precision float.
        for bits in UInt16.min...UInt16.max { check([0xf9, UInt8(bits >> 8), UInt8(bits & 0xff)]) }
        print("CBOR: \(tried) short inputs, \(accepted) accepted")
        #expect(wrong == 0)
    }

    /// Floats of every width come back only where no shorter one is the same number.
    @Test func floatsAreShortest() throws {
        var random = SeededRandom(seed: 23)
        var widths = [2: 0, 4: 0, 8: 0]
        for step in 0..<20000 {
            // Few set bits in the fraction, so that all widths come up.
            var bits = random.next()
            if step % 3 != 0 { bits &= 0xffff_fc00_0000_0000 }
            if step % 3 == 2 {
                bits = bits & 0x800f_ffff_ffff_ffff | (1005 + random.next() % 36) << 52
            }
            let value = Double(bitPattern: bits)
            let encoded = CBORValue.float(value).encoded
            widths[encoded.count - 1, default: 0] += 1
            let decoded = try CBORValue(decoding: encoded)
            guard case .float(let back) = decoded else {
                Issue.record("\(encoded)")
                continue
            }
            #expect(back.bitPattern == value.bitPattern || back.isNaN && value.isNaN)
            var wide: [UInt8] = [0xfb]
            for shift in stride(from: 56, through: 0, by: -8) {
                wide.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
            }
            #expect(((try? CBORValue(decoding: wide)) != nil) == (encoded.count == 9))
        }
        print("CBOR floats, seed 23: \(widths.sorted { $0.key < $1.key })")
        #expect(widths.values.allSatisfy { $0 > 100 })
    }

    @Test func deeperThanEightIsRefused() throws {
        for depth in 0...40 {
            let bytes = Self.nested(depth).encoded
            if depth <= 8 {
                #expect(try CBORValue(decoding: bytes).encoded == bytes)
            } else {
                #expect(throws: WireError.tooDeep) { try CBORValue(decoding: bytes) }
            }
        }
        let bomb = [UInt8](repeating: 0x81, count: 1_000_000)
        #expect(throws: WireError.tooDeep) { try CBORValue(decoding: bomb) }
    }

    @Test(arguments: [
        // RFC 8949 appendix F: reserved additional information, reserved simple values, a lone
        // break.
        "1c", "1d", "1e", "3c", "3d", "3e", "5c", "5d", "5e", "7c", "7d", "7e", "9c", "9d", "9e",
        "bc", "bd", "be", "dc", "dd", "de", "fc", "fd", "fe", "f800", "f801", "f814", "f818",
        "f81f", "ff", "81ff", "8200ff", "a1ff", "a1ff00", "a100ff", "9f81ff", "df00",
        // Longer heads than needed.
        "1800", "1817", "190018", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3817", "5800",
        "581700", "7801" + "61", "9800", "980100", "b800", "b8010000", "d80000", "d81700",
        // Keys out of order, twice, or equal to one another.
        "a200000000", "a201000000", "a2616200616100", "a261610061" + "6100", "a2200000" + "00",
        "a2186400" + "0a00",
        // Bignums that an integer holds, with a leading zero, or of another type.
        "c240", "c24101", "c248ffffffffffffffff", "c348ffffffffffffffff", "c24900ffffffffffffffff",
        "c200", "c36161", "c280",
        // The other NaNs.
        "f97e01", "f97c01", "f9fe00", "f97d00", "fa7fc00001", "fb7ff0000000000001",
    ])
    func secondSpellingsAndMalformedValuesAreRefused(text: String) {
        #expect((try? CBORValue(decoding: hex(text))) == nil)
        #expect(isStrict(hex(text)))
    }

    @Test func hundredThousandRandomStrings() {
        let seed: UInt64 = 2025
        var random = SeededRandom(seed: seed)
        var (accepted, wrong) = (0, 0)
        for _ in 0..<100_000 {
            let bytes = randomInput(&random)
            if (try? CBORValue(decoding: bytes)) != nil { accepted += 1 }
            if !isStrict(bytes) {
                wrong += 1
                Issue.record("\(Hex.encode(bytes))")
            }
            readAtRandom(bytes, &random)
        }
        print("CBOR: 100000 random strings, seed \(seed), \(accepted) accepted")
        #expect(wrong == 0)
    }

    /// Half of them plain noise, half of them made of small heads, which get further.
    private func randomInput(_ random: inout SeededRandom) -> [UInt8] {
        var bytes = random.bytes(Int(random.next() % 48))
        if random.next() % 2 == 0 {
            for i in bytes.indices where random.next() % 4 != 0 { bytes[i] &= 0xe3 }
        }
        return bytes
    }

    /// Any sequence of reads ends in values or errors, with the offset inside the bytes.
    private func readAtRandom(_ bytes: [UInt8], _ random: inout SeededRandom) {
        var decoder = CBORDecoder(bytes)
        for _ in 0..<6 {
            let before = decoder.offset
            do {
                switch random.next() % 10 {
                case 0: _ = try decoder.uint(max: random.next())
                case 1: _ = try decoder.count(max: 100)
                case 2: _ = try decoder.array(max: 100)
                case 3: _ = try decoder.map(max: 100)
                case 4: #expect(try decoder.byteString(max: 10).count <= 10)
                case 5: #expect(try decoder.text(max: 10).utf8.count <= 10)
                case 6: _ = try decoder.bool()
                case 7: _ = try decoder.nullIfPresent()
                case 8: _ = try decoder.bytes32()
                default: _ = try decoder.skip()
                }
            } catch {}
            #expect(before <= decoder.offset && decoder.offset <= bytes.count)
        }
    }
}
