import Primitives

/// The target of a request (RFC 9112 §3.2), of which only the form with a path is taken.
enum RequestTarget {
    /// The decoded segments of the path, and the query as it is.
    ///
    /// Whatever two programs could read as two different paths is refused: empty and dot segments,
    /// encoded slashes, NUL and other control characters, broken escapes, bytes that are no UTF-8.
    static func decode(_ target: [UInt8]) throws(HTTPFailure) -> ([String], String) {
        guard target.count <= Limits.HTTP.target else {
            throw HTTPFailure(414, "The address is too long")
        }
        guard target.first == UInt8(ascii: "/") else {
            throw HTTPFailure(400, "The address must be a path")
        }
        guard target.allSatisfy({ 0x21...0x7e ~= $0 && $0 != UInt8(ascii: "#") }) else {
            throw HTTPFailure(400, "The address has characters that it must not have")
        }
        let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
        let query = target.dropFirst(mark + 1)
        guard !hasNUL(query) else { throw HTTPFailure(400, "The address has a NUL") }
        var parts = target[1..<mark].split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        guard parts.count <= Limits.HTTP.segments else {
            throw HTTPFailure(414, "The address has too many parts")
        }
        var path: [String] = []
        for part in parts { path.append(try segment(part)) }
        return (path, String(decoding: query, as: UTF8.self))
    }

    private static func segment(_ part: ArraySlice<UInt8>) throws(HTTPFailure) -> String {
        guard !part.isEmpty else { throw HTTPFailure(400, "The address has an empty part") }
        guard part.count <= Limits.HTTP.segment else {
            throw HTTPFailure(414, "A part of the address is too long")
        }
        guard let bytes = percentDecoded(part, plusIsSpace: false),
            let text = String(validating: bytes, as: UTF8.self)
        else { throw HTTPFailure(400, "The address has a broken escape") }
        guard text != ".", text != ".." else {
            throw HTTPFailure(400, "The address has a dot segment")
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }), !bytes.contains(UInt8(ascii: "/")),
            !bytes.contains(UInt8(ascii: "\\"))
        else { throw HTTPFailure(400, "The address has an escape that it must not have") }
        return text
    }

    private static func hasNUL(_ query: ArraySlice<UInt8>) -> Bool {
        var window: (UInt8, UInt8) = (0, 0)
        for byte in query {
            if window.0 == UInt8(ascii: "%"), window.1 == UInt8(ascii: "0"),
                byte == UInt8(ascii: "0")
            {
                return true
            }
            window = (window.1, byte)
        }
        return false
    }
}

/// The bytes that percent-encoded text stands for; nil when an escape is broken.
func percentDecoded(_ text: ArraySlice<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var at = text.startIndex
    while at < text.endIndex {
        let byte = text[at]
        if byte == UInt8(ascii: "%") {
            guard text.endIndex - at >= 3, let high = hexDigit(text[at + 1]),
                let low = hexDigit(text[at + 2])
            else { return nil }
            bytes.append(high << 4 | low)
            at += 3
        } else {
            bytes.append(byte == UInt8(ascii: "+") && plusIsSpace ? 0x20 : byte)
            at += 1
        }
    }
    return bytes
}
