import Testing
import Wire

/// RFC 8949 appendix A, every row: in deterministic form it comes back byte for byte, else it is
/// refused.
@Suite struct AppendixATests {
    static let deterministic: [(String, CBORValue)] = [
        ("00", .unsigned(0)), ("01", .unsigned(1)), ("0a", .unsigned(10)), ("17", .unsigned(23)),
        ("1818", .unsigned(24)), ("1819", .unsigned(25)), ("1864", .unsigned(100)),
        ("1903e8", .unsigned(1000)), ("1a000f4240", .unsigned(1_000_000)),
        ("1b000000e8d4a51000", .unsigned(1_000_000_000_000)),
        ("1bffffffffffffffff", .unsigned(.max)),
        ("c249010000000000000000", .tag(2, .bytes([1, 0, 0, 0, 0, 0, 0, 0, 0]))),
        ("3bffffffffffffffff", .negative(.max)),
        ("c349010000000000000000", .tag(3, .bytes([1, 0, 0, 0, 0, 0, 0, 0, 0]))),
        ("20", .negative(0)), ("29", .negative(9)), ("3863", .negative(99)),
        ("3903e7", .negative(999)),
        ("f90000", .float(0)), ("f98000", .float(-0.0)), ("f93c00", .float(1)),
        ("fb3ff199999999999a", .float(1.1)), ("f93e00", .float(1.5)), ("f97bff", .float(65504)),
        ("fa47c35000", .float(100_000)), ("fa7f7fffff", .float(3.402_823_466_385_288_6e38)),
        ("fb7e37e43c8800759c", .float(1e300)), ("f90001", .float(5.960_464_477_539_063e-8)),
        ("f90400", .float(0.000_061_035_156_25)), ("f9c400", .float(-4)),
        ("fbc010666666666666", .float(-4.1)), ("f97c00", .float(.infinity)),
        ("f97e00", .float(.nan)), ("f9fc00", .float(-.infinity)),
        ("f4", .simple(20)), ("f5", .simple(21)), ("f6", .simple(22)), ("f7", .simple(23)),
        ("f0", .simple(16)), ("f8ff", .simple(255)),
        (
            "c074323031332d30332d32315432303a30343a30305a", .tag(0, .text("2013-03-21T20:04:00Z"))
        ),
        ("c11a514b67b0", .tag(1, .unsigned(1_363_896_240))),
        ("c1fb41d452d9ec200000", .tag(1, .float(1_363_896_240.5))),
        ("d74401020304", .tag(23, .bytes([1, 2, 3, 4]))),
        ("d818456449455446", .tag(24, .bytes([0x64, 0x49, 0x45, 0x54, 0x46]))),
        (
            "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
            .tag(32, .text("http://www.example.com"))
        ),
        ("40", .bytes([])), ("4401020304", .bytes([1, 2, 3, 4])), ("60", .text("")),
        ("6161", .text("a")), ("6449455446", .text("IETF")), ("62225c", .text("\"\\")),
        ("62c3bc", .text("\u{fc}")), ("63e6b0b4", .text("\u{6c34}")),
        ("64f0908591", .text("\u{10151}")),
        ("80", .array([])), ("83010203", .array([.unsigned(1), .unsigned(2), .unsigned(3)])),
        (
            "8301820203820405",
            .array([
                .unsigned(1), .array([.unsigned(2), .unsigned(3)]),
                .array([.unsigned(4), .unsigned(5)]),
            ])
        ),
        (
            "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
            .array((1...25).map { .unsigned($0) })
        ),
        ("a0", .map([])),
        (
            "a201020304",
            .map([.init(.unsigned(1), .unsigned(2)), .init(.unsigned(3), .unsigned(4))])
        ),
        (
            "a26161016162820203",
            .map([
                .init(.text("a"), .unsigned(1)),
                .init(.text("b"), .array([.unsigned(2), .unsigned(3)])),
            ])
        ),
        ("826161a161626163", .array([.text("a"), .map([.init(.text("b"), .text("c"))])])),
        (
            "a56161614161626142616361436164614461656145",
            .map(["a", "b", "c", "d", "e"].map { .init(.text($0), .text($0.uppercased())) })
        ),
    ]

    /// Floats that a shorter form holds, and indefinite lengths.
    static let refused = [
        "fa7f800000", "fa7fc00000", "faff800000", "fb7ff0000000000000", "fb7ff8000000000000",
        "fbfff0000000000000",
        "5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff",
        "9f01820203820405ff", "83018202039f0405ff", "83019f0203ff820405",
        "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", "bf61610161629f0203ffff",
        "826161bf61626163ff", "bf6346756ef563416d7421ff",
    ]

    @Test func thereAre81Rows() {
        print("RFC 8949 appendix A: \(Self.deterministic.count) + \(Self.refused.count) rows")
        #expect(Self.deterministic.count + Self.refused.count == 81)
    }

    @Test(arguments: deterministic.indices)
    func deterministicRowsComeBack(row: Int) throws {
        let (text, value) = Self.deterministic[row]
        let decoded = try CBORValue(decoding: hex(text))
        // NaN equals nothing; its bytes say enough.
        if text != "f97e00" { #expect(decoded == value) }
        #expect(decoded.encoded == hex(text))
        #expect(value.encoded == hex(text))
    }

    @Test(arguments: refused)
    func otherRowsAreRefused(text: String) {
        #expect(throws: WireError.notCanonical) { try CBORValue(decoding: hex(text)) }
    }
}
