import Primitives

/// Why a text is not taken as JSON.
package enum JSONError: Error, Equatable {
    /// Not JSON (RFC 8259) in UTF-8, at this byte.
    case malformed(at: Int)
    /// One name twice in one object: readers differ on which one counts.
    case duplicateName(String)
    /// A number that neither 64 bits nor a double hold.
    case outOfRange
    /// More levels or values than any request has.
    case tooLarge
}

/// A strict reader of JSON: no comments, no trailing commas, no second value, no name twice.
struct JSONReader {
    private let bytes: [UInt8]
    private var at = 0
    private var values = 0
    private let depth: Int

    static func read(
        _ bytes: [UInt8], depth: Int = Limits.HTTP.jsonDepth
    ) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes, depth)
        let value = try reader.value(0)
        reader.skipSpace()
        guard reader.at == bytes.count else { throw .malformed(at: reader.at) }
        return value
    }

    private init(_ bytes: [UInt8], _ depth: Int) {
        self.bytes = bytes
        self.depth = depth
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            at += 1
        }
    }

    /// Whether the next byte is this one; it is then behind us.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        at += 1
        return true
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError)
        -> JSONValue
    {
        for byte in text.description.utf8 {
            guard next == byte else { throw .malformed(at: at) }
            at += 1
        }
        return value
    }

    private mutating func value(_ level: Int) throws(JSONError) -> JSONValue {
        values += 1
        guard level <= depth, values <= Limits.HTTP.jsonValues else { throw .tooLarge }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(level)
        case UInt8(ascii: "["): return try array(level)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func array(_ level: Int) throws(JSONError) -> JSONValue {
        at += 1
        var items: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(items) }
        while true {
            items.append(try value(level + 1))
            skipSpace()
            if take("]") { return .array(items) }
            guard take(",") else { throw .malformed(at: at) }
        }
    }

    private mutating func object(_ level: Int) throws(JSONError) -> JSONValue {
        at += 1
        var members: [JSONValue.Member] = []
        var names: Set<String> = []
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw .malformed(at: at) }
            let name = try string()
            guard names.insert(name).inserted else { throw .duplicateName(name) }
            skipSpace()
            guard take(":") else { throw .malformed(at: at) }
            members.append(JSONValue.Member(name, try value(level + 1)))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw .malformed(at: at) }
        }
    }

    private mutating func string() throws(JSONError) -> String {
        let start = at
        at += 1
        var text: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: text, as: UTF8.self) else {
                    throw .malformed(at: start)
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &text)
            case ..<0x20: throw .malformed(at: at - 1)
            default: text.append(byte)
            }
        }
        throw .malformed(at: at)
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw .malformed(at: at) }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try unit())
            if 0xd800...0xdbff ~= code {
                guard take("\\"), take("u") else { throw .malformed(at: at) }
                let low = UInt32(try unit())
                guard 0xdc00...0xdfff ~= low else { throw .malformed(at: at) }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code), let encoded = UTF8.encode(scalar) else {
                throw .malformed(at: at)
            }
            text += encoded
        default: throw .malformed(at: at - 1)
        }
    }

    /// Four hexadecimal digits.
    private mutating func unit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = hexDigit(byte) else { throw .malformed(at: at) }
            unit = unit << 4 | UInt16(digit)
            at += 1
        }
        return unit
    }

    private mutating func digits() throws(JSONError) {
        let start = at
        while let byte = next, 48...57 ~= byte { at += 1 }
        guard at > start else { throw .malformed(at: at) }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = at
        var isInteger = true
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") {
            isInteger = false
            try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw .outOfRange }
        return .number(value)
    }
}

/// What a hexadecimal digit stands for.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
}
