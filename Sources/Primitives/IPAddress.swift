/// An IPv4 or IPv6 address, kept as 128 bits; IPv4 as its mapped form `::ffff:a.b.c.d`.
///
/// So an IPv4 peer has one value, whether it came through an IPv4 or a dual-stack socket.
package struct IPAddress: Hashable, Comparable, Sendable {
    /// The first eight bytes, big-endian.
    package let high: UInt64
    /// The last eight bytes, big-endian.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The IPv4 address with these 32 bits, most significant first.
    package init(v4 bits: UInt32) {
        self.init(high: 0, low: 0xffff_0000_0000 | UInt64(bits))
    }

    package static let loopback4 = IPAddress(v4: 0x7f00_0001)
    package static let loopback6 = IPAddress(high: 0, low: 1)
    package static let any4 = IPAddress(v4: 0)
    package static let any6 = IPAddress(high: 0, low: 0)

    /// The 32 bits of an IPv4 address; nil for IPv6.
    package var v4: UInt32? {
        high == 0 && low >> 32 == 0xffff ? UInt32(truncatingIfNeeded: low) : nil
    }

    package var isIPv4: Bool { v4 != nil }

    /// 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        if let v4 { v4 >> 24 == 127 } else { self == .loopback6 }
    }

    /// 0.0.0.0 or ::, which name no machine. Who connects to them reaches this one.
    package var isUnspecified: Bool { self == .any4 || self == .any6 }

    /// 169.254.0.0/16 or fe80::/10: of one link only.
    package var isLinkLocal: Bool {
        if let v4 { v4 >> 16 == 0xa9fe } else { high >> 54 == 0xfe80 >> 6 }
    }

    /// RFC 1918, RFC 6598 (shared) or RFC 4193 (fc00::/7): of one site only.
    package var isPrivate: Bool {
        guard let v4 else { return high >> 57 == 0xfc >> 1 }
        return v4 >> 24 == 10 || v4 >> 20 == 0xac1 || v4 >> 16 == 0xc0a8 || v4 >> 22 == 0x6440 >> 6
    }

    /// 224.0.0.0/4, ff00::/8, or the broadcast and reserved rest of IPv4: never a single peer.
    package var isMulticast: Bool {
        if let v4 { v4 >> 28 >= 0xe } else { high >> 56 == 0xff }
    }

    package static func < (a: IPAddress, b: IPAddress) -> Bool {
        a.high != b.high ? a.high < b.high : a.low < b.low
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or the canonical text of RFC 5952.
    package var description: String {
        if let v4 {
            return "\(v4 >> 24).\(v4 >> 16 & 0xff).\(v4 >> 8 & 0xff).\(v4 & 0xff)"
        }
        let groups = (0..<8).map { i in
            UInt16(truncatingIfNeeded: (i < 4 ? high : low) >> UInt64(48 - 16 * (i % 4)))
        }
        let gap = Self.longestZeroRun(groups)
        func text(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        if gap.count < 2 { return text(0..<8) }
        return text(0..<gap.lowerBound) + "::" + text(gap.upperBound..<8)
    }

    /// The first of the longest runs of zero groups, which RFC 5952 §4.2 shortens to "::".
    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for i in groups.indices {
            if groups[i] != 0 {
                start = i + 1
            } else if i + 1 - start > best.count {
                best = start..<(i + 1)
            }
        }
        return best
    }
}
