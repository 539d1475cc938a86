package import Primitives

/// Writes deterministic CBOR (RFC 8949 §4.2.1): shortest heads, definite lengths.
///
/// The caller writes map keys in bytewise order of their encodings; everything else cannot go
/// wrong.
package struct CBOREncoder: Sendable {
    package private(set) var bytes: [UInt8]

    package init(reserving capacity: Int = 64) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Goes on behind what `bytes` already holds.
    package init(appendingTo bytes: consuming [UInt8]) {
        self.bytes = bytes
    }

    package mutating func uint(_ value: UInt64) { head(0, value) }

    package mutating func uint(_ value: Int) {
        precondition(value >= 0, "negative count \(value)")
        head(0, UInt64(value))
    }

    package mutating func int(_ value: Int64) {
        if value >= 0 { head(0, UInt64(value)) } else { head(1, ~UInt64(bitPattern: value)) }
    }

    package mutating func array(_ count: Int) { head(4, UInt64(count)) }

    package mutating func map(_ count: Int) { head(5, UInt64(count)) }

    package mutating func tag(_ number: UInt64) { head(6, number) }

    package mutating func bytes(_ value: [UInt8]) {
        head(2, UInt64(value.count))
        bytes += value
    }

    package mutating func bytes(_ value: ArraySlice<UInt8>) {
        head(2, UInt64(value.count))
        bytes += value
    }

    package mutating func bytes(_ value: Bytes32) {
        bytes.append(0x58)
        bytes.append(32)
        for word in [value.w0, value.w1, value.w2, value.w3] { bigEndian(word, 8) }
    }

    package mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            head(3, UInt64(utf8.count))
            unsafe bytes.append(contentsOf: utf8)
        }
    }

    package mutating func bool(_ value: Bool) { bytes.append(value ? 0xf5 : 0xf4) }

    package mutating func null() { bytes.append(0xf6) }

    /// Bytes that are CBOR already, and known to be canonical.
    package mutating func raw(_ encoded: [UInt8]) { bytes += encoded }

    package mutating func head(_ major: UInt8, _ value: UInt64) {
        let high = major << 5
        switch value {
        case 0..<24: bytes.append(high | UInt8(value))
        case 24...0xff:
            bytes.append(high | 24)
            bigEndian(value, 1)
        case 0x100...0xffff:
            bytes.append(high | 25)
            bigEndian(value, 2)
        case 0x1_0000...0xffff_ffff:
            bytes.append(high | 26)
            bigEndian(value, 4)
        default:
            bytes.append(high | 27)
            bigEndian(value, 8)
        }
    }

    package mutating func bigEndian(_ value: UInt64, _ width: Int) {
        var shift = 8 * (width - 1)
        while shift >= 0 {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
            shift -= 8
        }
    }
}
