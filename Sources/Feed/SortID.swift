package import MerkleLog
package import Primitives

/// The number by which programs know an entry: later ones are larger, and it says nothing but what
/// the entry says, so that every node gives the same one.
///
/// 42 bits of milliseconds since 1970 (until 2109), and 21 bits of the content address: below 2^63,
/// as programs of the Mastodon API expect. Two entries of one millisecond share it once in two
/// million times; the second that comes is known by the next number.
package enum SortID {
    static let hashBits: Int64 = 21
    private static let lastMillisecond: UInt64 = (1 << 42) - 1

    package static func of(_ time: UnixTime, _ address: Hash) -> Int64 {
        first(at: time) | Int64(address.w0 >> (64 - UInt64(hashBits)))
    }

    /// The smallest number of that millisecond.
    package static func first(at time: UnixTime) -> Int64 {
        Int64(min(time.milliseconds, lastMillisecond)) << hashBits
    }

    /// The time that it stands for.
    package static func time(of id: Int64) -> UnixTime {
        UnixTime(milliseconds: UInt64(max(0, id) >> hashBits))
    }
}

/// 63 bits of a key or a content address: what tables compare.
///
/// Whoever wants two of their own entries to share one has to try some 2^32, and has then only
/// mixed up the two; to meet somebody else's takes 2^63.
package enum Mark {
    package static func of(_ value: Bytes32) -> Int64 { Int64(value.w0 >> 1) }
}
