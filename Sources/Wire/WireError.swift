/// Why bytes from outside were refused. Never thrown for anything this program did itself.
package enum WireError: Error, Equatable, Sendable {
    /// The value says it goes on, and the bytes end.
    case truncated
    /// A second spelling of a value that has exactly one (RFC 8949 §4.2).
    case notCanonical
    /// Well-formed, but not the type that stands here.
    case unexpectedType
    /// A length, a count or a number beyond its cap.
    case tooLarge
    /// Text that is not UTF-8 (RFC 3629).
    case invalidUTF8
    /// Nested deeper than `CBOR.maximumDepth`.
    case tooDeep
    /// Something follows where the value should end.
    case trailingBytes
    /// Not well-formed CBOR at all, or a character outside the alphabet.
    case malformed
}

extension WireError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated: "the bytes end too early"
        case .notCanonical: "not the one canonical spelling"
        case .unexpectedType: "a value of another type was expected"
        case .tooLarge: "a length or number is over its limit"
        case .invalidUTF8: "text that is not UTF-8"
        case .tooDeep: "nested too deeply"
        case .trailingBytes: "bytes follow the end"
        case .malformed: "malformed"
        }
    }
}
