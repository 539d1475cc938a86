package import Primitives

/// Reads deterministic CBOR (RFC 8949 §4.2.1), and nothing else: every value has one spelling.
///
/// A cursor over an array it does not copy. No read traps, none allocates before a length was
/// checked against the bytes that are there and against the caller's cap.
package struct CBORDecoder: Sendable {
    package let bytes: [UInt8]
    package private(set) var offset: Int
    package let end: Int

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        offset = 0
        end = bytes.count
    }

    /// Reads inside `range` only. The caller took the range from this array.
    package init(_ bytes: [UInt8], in range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    package var isAtEnd: Bool { offset == end }

    /// Throws `.trailingBytes` unless everything was read.
    package func finish() throws(WireError) {
        if offset != end { throw .trailingBytes }
    }

    package mutating func uint(max limit: UInt64 = .max) throws(WireError) -> UInt64 {
        let value = try head(0)
        if value > limit { throw .tooLarge }
        return value
    }

    /// An integer of either sign within `range`.
    package mutating func int(in range: ClosedRange<Int64>) throws(WireError) -> Int64 {
        let isNegative = try peek() >> 5 == 1
        guard let size = Int64(exactly: try head(isNegative ? 1 : 0)) else { throw .tooLarge }
        let value = isNegative ? -1 - size : size
        if !range.contains(value) { throw .tooLarge }
        return value
    }

    /// A count or size that fits an `Int` and stays within `limit`.
    package mutating func count(max limit: Int) throws(WireError) -> Int {
        Int(try uint(max: UInt64(limit)))
    }

    /// The count of an array's elements, at most `limit`, each of which takes a byte at least.
    package mutating func array(max limit: Int) throws(WireError) -> Int {
        let count = try head(4)
        if count > UInt64(limit) { throw .tooLarge }
        if count > UInt64(end - offset) { throw .truncated }
        return Int(count)
    }

    /// An array of exactly `count` elements.
    package mutating func array(exactly count: Int) throws(WireError) {
        if try array(max: count) != count { throw .unexpectedType }
    }

    /// The count of a map's pairs, at most `limit`.
    package mutating func map(max limit: Int) throws(WireError) -> Int {
        let count = try head(5)
        if count > UInt64(limit) { throw .tooLarge }
        if count > UInt64(end - offset) / 2 { throw .truncated }
        return Int(count)
    }

    /// Where a byte string's content lies in `bytes`; its length is at most `limit`.
    package mutating func byteRange(max limit: Int) throws(WireError) -> Range<Int> {
        try take(try head(2), limit)
    }

    package mutating func byteString(max limit: Int) throws(WireError) -> [UInt8] {
        Array(bytes[try byteRange(max: limit)])
    }

    package mutating func bytes32() throws(WireError) -> Bytes32 {
        let range = try byteRange(max: 32)
        if range.count != 32 { throw .unexpectedType }
        return Bytes32(bytes, at: range.lowerBound)
    }

    /// A byte string of exactly `count` bytes.
    package mutating func byteString(exactly count: Int) throws(WireError) -> [UInt8] {
        let range = try byteRange(max: count)
        if range.count != count { throw .unexpectedType }
        return Array(bytes[range])
    }

    /// A text of at most `limit` bytes of UTF-8.
    package mutating func text(max limit: Int) throws(WireError) -> String {
        let range = try take(try head(3), limit)
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw .invalidUTF8
        }
        return text
    }

    package mutating func bool() throws(WireError) -> Bool {
        switch try peek() {
        case 0xf4:
            offset += 1
            return false
        case 0xf5:
            offset += 1
            return true
        default: throw .unexpectedType
        }
    }

    /// True, and the null is read, when the next value is null.
    package mutating func nullIfPresent() throws(WireError) -> Bool {
        if try peek() != 0xf6 { return false }
        offset += 1
        return true
    }

    /// Passes over one value of any type, checking it whole, and tells where it stood.
    ///
    /// `depth` is how many arrays, maps and tags were entered before, so that the bound on nesting
    /// holds for the whole message and not for each part of it.
    package mutating func skip(depth: Int = 0) throws(WireError) -> Range<Int> {
        let start = offset
        offset = try CBOR.validate(bytes, from: offset, to: end, depth: depth)
        return start..<offset
    }

    /// The next byte, unread: its upper three bits are the major type.
    package func peek() throws(WireError) -> UInt8 {
        if offset >= end { throw .truncated }
        return bytes[offset]
    }

    /// The argument of a head of type `major`, in its shortest form.
    package mutating func head(_ major: UInt8) throws(WireError) -> UInt64 {
        if offset >= end { throw .truncated }
        let first = bytes[offset]
        if first >> 5 != major { throw .unexpectedType }
        let (value, next) = try CBOR.argument(bytes, offset, end)
        offset = next
        return value
    }

    private mutating func take(_ length: UInt64, _ limit: Int) throws(WireError) -> Range<Int> {
        if length > UInt64(limit) { throw .tooLarge }
        if length > UInt64(end - offset) { throw .truncated }
        let range = offset..<(offset + Int(length))
        offset = range.upperBound
        return range
    }
}
