import FoundationEssentials
import Node
import Wire

/// JSON for programs: replies of `--json`, and the lines of `starling conform`.
indirect enum JSON: Codable, Equatable {
    case null
    case bool(Bool)
    case integer(UInt64)
    case negative(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .negative(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .negative(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// One line, keys in order.
    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }

    init?(parsing text: String) {
        guard let value = try? JSONDecoder().decode(JSON.self, from: Data(text.utf8)) else {
            return nil
        }
        self = value
    }

    /// A reply of the node; it holds nothing that JSON has no form for.
    init(_ value: Value) {
        switch value {
        case .unsigned(let n): self = .integer(n)
        case .negative(let n): self = .negative(n > UInt64(Int64.max) ? .min : -1 - Int64(n))
        case .bytes(let bytes): self = .string(Hex.encode(bytes))
        case .text(let text): self = .string(text)
        case .array(let items): self = .array(items.map(JSON.init))
        case .map(let pairs):
            self = .object(
                Dictionary(
                    pairs.map { ($0.key.text ?? "", JSON($0.value)) }, uniquingKeysWith: { $1 }))
        case .tag(_, let inner): self = JSON(inner)
        case .simple(20): self = .bool(false)
        case .simple(21): self = .bool(true)
        case .simple: self = .null
        case .float(let number): self = .number(number)
        }
    }

    static func text(_ value: Value) -> String { JSON(value).text }

    subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    var string: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    var unsigned: UInt64? {
        if case .integer(let number) = self { return number }
        return nil
    }

    var array: [JSON]? {
        if case .array(let items) = self { return items }
        return nil
    }
}
