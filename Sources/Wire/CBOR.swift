/// Rules of deterministic CBOR that encoder, decoder and generic values share (RFC 8949 §3,
/// §4.2.1).
package enum CBOR {
    /// Arrays, maps and tags inside one another, at most (THREATS row 10). Guess: formats need 6.
    package static let maximumDepth = 8

    /// Checks the one value that starts at `start`, whole, and gives the offset behind it.
    ///
    /// Allocates nothing; recursion is bounded by `maximumDepth`.
    package static func validate(
        _ bytes: [UInt8], from start: Int, to end: Int, depth: Int = 0
    ) throws(WireError) -> Int {
        if depth > maximumDepth { throw .tooDeep }
        if start >= end { throw .truncated }
        let major = bytes[start] >> 5
        if major == 7 { return try validateSimple(bytes, start, end) }
        let (value, next) = try argument(bytes, start, end)
        switch major {
        case 0, 1: return next
        case 2, 3: return try validateString(bytes, major, value, next, end)
        case 4: return try validateItems(bytes, value, next, end, depth)
        case 5: return try validatePairs(bytes, value, next, end, depth)
        default: return try validateTag(bytes, value, next, end, depth)
        }
    }

    /// The argument of the head at `offset`, refused unless shortest, and the offset behind the
    /// head.
    static func argument(
        _ bytes: [UInt8], _ offset: Int, _ end: Int
    ) throws(WireError) -> (UInt64, Int) {
        if offset >= end { throw .truncated }
        let info = bytes[offset] & 0x1f
        if info < 24 { return (UInt64(info), offset + 1) }
        if info > 27 { throw info == 31 ? .notCanonical : .malformed }
        let width = 1 << Int(info - 24)
        if end - offset - 1 < width { throw .truncated }
        var value: UInt64 = 0
        for i in 1...width { value = value << 8 | UInt64(bytes[offset + i]) }
        let shortest: Bool =
            switch info {
            case 24: value >= 24
            case 25: value > 0xff
            case 26: value > 0xffff
            default: value > 0xffff_ffff
            }
        if !shortest { throw .notCanonical }
        return (value, offset + 1 + width)
    }

    private static func validateString(
        _ bytes: [UInt8], _ major: UInt8, _ length: UInt64, _ start: Int, _ end: Int
    ) throws(WireError) -> Int {
        if length > UInt64(end - start) { throw .truncated }
        let next = start + Int(length)
        if major == 3 && String(validating: bytes[start..<next], as: UTF8.self) == nil {
            throw .invalidUTF8
        }
        return next
    }

    private static func validateItems(
        _ bytes: [UInt8], _ count: UInt64, _ start: Int, _ end: Int, _ depth: Int
    ) throws(WireError) -> Int {
        if count > UInt64(end - start) { throw .truncated }
        var offset = start
        for _ in 0..<count {
            offset = try validate(bytes, from: offset, to: end, depth: depth + 1)
        }
        return offset
    }

    /// Keys ascend strictly in bytewise order of their encodings, so a key cannot come twice.
    private static func validatePairs(
        _ bytes: [UInt8], _ count: UInt64, _ start: Int, _ end: Int, _ depth: Int
    ) throws(WireError) -> Int {
        if count > UInt64(end - start) / 2 { throw .truncated }
        var offset = start
        var previous: Range<Int>?
        for _ in 0..<count {
            let keyEnd = try validate(bytes, from: offset, to: end, depth: depth + 1)
            let key = offset..<keyEnd
            if let previous, !bytes[previous].lexicographicallyPrecedes(bytes[key]) {
                throw .notCanonical
            }
            previous = key
            offset = try validate(bytes, from: keyEnd, to: end, depth: depth + 1)
        }
        return offset
    }

    /// Tags 2 and 3 (bignums) are refused where an integer would do, or with a leading zero.
    private static func validateTag(
        _ bytes: [UInt8], _ number: UInt64, _ start: Int, _ end: Int, _ depth: Int
    ) throws(WireError) -> Int {
        let next = try validate(bytes, from: start, to: end, depth: depth + 1)
        if number == 2 || number == 3 {
            if bytes[start] >> 5 != 2 { throw .unexpectedType }
            let (length, content) = try argument(bytes, start, end)
            if length <= 8 || bytes[content] == 0 { throw .notCanonical }
        }
        return next
    }

    private static func validateSimple(
        _ bytes: [UInt8], _ start: Int, _ end: Int
    ) throws(WireError) -> Int {
        let info = bytes[start] & 0x1f
        switch info {
        case 0..<24: return start + 1
        case 24:
            if end - start < 2 { throw .truncated }
            if bytes[start + 1] < 32 { throw .malformed }
            return start + 2
        case 25, 26, 27: return try validateFloat(bytes, start, end, width: 1 << Int(info - 24))
        case 31: throw .notCanonical
        default: throw .malformed
        }
    }

    private static func validateFloat(
        _ bytes: [UInt8], _ start: Int, _ end: Int, width: Int
    ) throws(WireError) -> Int {
        if end - start - 1 < width { throw .truncated }
        var bits: UInt64 = 0
        for i in 1...width { bits = bits << 8 | UInt64(bytes[start + i]) }
        let shortest: Int
        switch width {
        case 2:
            // The one NaN is 0x7e00 (RFC 8949 §4.2.2).
            let isNaN = bits & 0x7c00 == 0x7c00 && bits & 0x03ff != 0
            shortest = !isNaN || bits == 0x7e00 ? 2 : 0
        case 4: shortest = floatWidth(Double(Float(bitPattern: UInt32(bits))))
        default: shortest = floatWidth(Double(bitPattern: bits))
        }
        if shortest != width { throw .notCanonical }
        return start + 1 + width
    }

    /// The least number of bytes (2, 4 or 8) that hold `value` exactly; a NaN takes 2.
    package static func floatWidth(_ value: Double) -> Int {
        if value.isNaN { return 2 }
        let single = Float(value)
        if Double(single) != value { return 8 }
        return halfBits(single) == nil ? 4 : 2
    }

    /// The half-precision pattern that is exactly `value`, if there is one (RFC 8949 appendix D,
    /// reversed).
    package static func halfBits(_ value: Float) -> UInt16? {
        let bits = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let exponent = Int(bits >> 23 & 0xff) - 127
        let fraction = bits & 0x7f_ffff
        if value.isNaN { return 0x7e00 }
        if value == 0 { return sign }
        if value.isInfinite { return sign | 0x7c00 }
        if exponent > 15 || exponent < -24 { return nil }
        if exponent >= -14 {
            if fraction & 0x1fff != 0 { return nil }
            return sign | UInt16(exponent + 15) << 10 | UInt16(fraction >> 13)
        }
        // A subnormal half: the leading one becomes part of the fraction.
        let shift = UInt32(-exponent - 1)
        let whole = fraction | 0x80_0000
        if whole & ((1 << shift) - 1) != 0 { return nil }
        return sign | UInt16(whole >> shift)
    }

    /// The value of a half-precision pattern.
    package static func half(_ bits: UInt16) -> Double {
        let sign: Double = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1f)
        let fraction = Double(bits & 0x3ff)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default:
            return sign * (1 + fraction / 1024)
                * Double(sign: .plus, exponent: exponent - 15, significand: 1)
        }
    }
}
