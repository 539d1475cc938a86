/// A JSON value (RFC 8259). Members keep the order they were written in, so that the same value is
/// always the same text.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Equatable, Sendable {
        package var name: String
        package var value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The member of that name; nil when there is none, or no object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The text in UTF-8, without spaces.
    ///
    /// `<`, `>` and `&` are escaped, and so are the two line ends that are none in JSON: the text
    /// may then stand in a page or a script. What is no number (infinity) becomes null.
    package var encoded: [UInt8] {
        var out: [UInt8] = []
        encode(into: &out)
        return out
    }

    private func encode(into out: inout [UInt8]) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let value): out += (value ? "true" : "false").utf8
        case .integer(let value): out += String(value).utf8
        case .number(let value): out += (value.isFinite ? "\(value)" : "null").utf8
        case .string(let text): Self.encode(text, into: &out)
        case .array(let items):
            out.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                item.encode(into: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.encode(member.name, into: &out)
                out.append(UInt8(ascii: ":"))
                member.value.encode(into: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    /// What is written as it is, is most of it, and goes in one piece each.
    private static func encode(_ text: String, into out: inout [UInt8]) {
        let bytes = text.utf8Span.span
        let utf8 = text.utf8
        out.append(UInt8(ascii: "\""))
        var at = 0
        var start = utf8.startIndex
        while at < bytes.count {
            let first = at
            while at < bytes.count, isPlain(bytes[at]) { at += 1 }
            let end = utf8.index(start, offsetBy: at - first)
            out += utf8[start..<end]
            guard at < bytes.count else { break }
            let taken = encodeSpecial(bytes, at, into: &out)
            at += taken
            start = utf8.index(end, offsetBy: taken)
        }
        out.append(UInt8(ascii: "\""))
    }

    /// Writes what stands at a byte that is not plain; how many bytes that were.
    private static func encodeSpecial(
        _ bytes: Span<UInt8>, _ at: Int, into out: inout [UInt8]
    ) -> Int {
        let byte = bytes[at]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            out.append(UInt8(ascii: "\\"))
            out.append(byte)
        case 0x0a: out += "\\n".utf8
        case 0x0d: out += "\\r".utf8
        case 0x09: out += "\\t".utf8
        case 0xe2:
            guard at + 2 < bytes.count, bytes[at + 1] == 0x80, bytes[at + 2] & 0xfe == 0xa8 else {
                out.append(byte)
                return 1
            }
            // U+2028 and U+2029.
            escape(0x2000 + UInt32(bytes[at + 2] - 0x80), into: &out)
            return 3
        default: escape(UInt32(byte), into: &out)
        }
        return 1
    }

    /// Whether a byte is written as it is, wherever it stands.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "&"), 0x7f, 0xe2:
            false
        default: true
        }
    }

    private static func escape(_ scalar: UInt32, into out: inout [UInt8]) {
        let digits = String(scalar, radix: 16)
        out += "\\u".utf8
        out += repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count)
        out += digits.utf8
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral items: JSONValue...) { self = .array(items) }
    package init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(members.map { Member($0.0, $0.1) })
    }
}
