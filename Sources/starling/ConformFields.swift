import MerkleLog
import Primitives
import Wire

/// A request's fields, each of the type that its operation asks for.
struct ConformFields {
    let request: JSON

    init(_ request: JSON) { self.request = request }

    func has(_ name: String) -> Bool { request[name] != nil }

    func string(_ name: String) throws(ConformError) -> String {
        guard let text = request[name]?.string else {
            throw ConformError("\(name) is missing or not a string")
        }
        return text
    }

    func number(_ name: String) throws(ConformError) -> UInt64 {
        guard let number = request[name]?.unsigned else {
            throw ConformError("\(name) is missing or not a number from 0")
        }
        return number
    }

    func bytes(_ name: String) throws(ConformError) -> [UInt8] {
        try Self.bytes(request[name], name)
    }

    func bytes32(_ name: String) throws(ConformError) -> Bytes32 {
        try Self.bytes32(request[name], name)
    }

    func list(_ name: String) throws(ConformError) -> [JSON] {
        guard let list = request[name]?.array else {
            throw ConformError("\(name) is missing or not a list")
        }
        return list
    }

    func byteLists(_ name: String) throws(ConformError) -> [[UInt8]] {
        var out: [[UInt8]] = []
        for item in try list(name) { out.append(try Self.bytes(item, name)) }
        return out
    }

    func hashes(_ name: String) throws(ConformError) -> [Hash] {
        var out: [Hash] = []
        for item in try list(name) { out.append(try Self.bytes32(item, name)) }
        return out
    }

    func object(_ name: String) throws(ConformError) -> ConformFields {
        guard let value = request[name], case .object = value else {
            throw ConformError("\(name) is missing or not an object")
        }
        return ConformFields(value)
    }

    func objects(_ name: String) throws(ConformError) -> [ConformFields] {
        var out: [ConformFields] = []
        for item in try list(name) {
            guard case .object = item else { throw ConformError("\(name) holds no objects") }
            out.append(ConformFields(item))
        }
        return out
    }

    private static func bytes(_ value: JSON?, _ name: String) throws(ConformError) -> [UInt8] {
        guard let text = value?.string, let bytes = Hex.decode(text) else {
            throw ConformError("\(name) is missing or not lower-case hex")
        }
        return bytes
    }

    private static func bytes32(_ value: JSON?, _ name: String) throws(ConformError) -> Bytes32 {
        guard let found = Bytes32(try bytes(value, name)) else {
            throw ConformError("\(name) does not have 32 bytes")
        }
        return found
    }
}

extension JSON {
    static func hex(_ bytes: [UInt8]) -> JSON { .string(Hex.encode(bytes)) }

    static func hex(_ value: Bytes32) -> JSON { .string(Hex.encode(value.array)) }

    static func hexes(_ values: [Hash]) -> JSON { .array(values.map { JSON.hex($0) }) }
}
