/// Any CBOR value, for what this version does not know but keeps and passes on.
package indirect enum CBORValue: Equatable, Sendable {
    case unsigned(UInt64)
    /// The value -1 - n.
    case negative(UInt64)
    case bytes([UInt8])
    case text(String)
    case array([CBORValue])
    /// Pairs in bytewise order of their encoded keys.
    case map([Pair])
    case tag(UInt64, CBORValue)
    case simple(UInt8)
    case float(Double)

    /// A key and its value.
    package struct Pair: Equatable, Sendable {
        package var key: CBORValue
        package var value: CBORValue

        package init(_ key: CBORValue, _ value: CBORValue) {
            self.key = key
            self.value = value
        }
    }

    /// The one value that `bytes` is; anything but its canonical spelling is refused.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        let end = try CBOR.validate(bytes, from: 0, to: bytes.count)
        if end != bytes.count { throw .trailingBytes }
        var reader = Reader(bytes: bytes)
        self = try reader.value()
    }

    /// The canonical bytes.
    package var encoded: [UInt8] {
        var encoder = CBOREncoder()
        encode(into: &encoder)
        return encoder.bytes
    }

    package func encode(into encoder: inout CBOREncoder) {
        switch self {
        case .unsigned(let n): encoder.head(0, n)
        case .negative(let n): encoder.head(1, n)
        case .bytes(let bytes): encoder.bytes(bytes)
        case .text(let text): encoder.text(text)
        case .array(let items):
            encoder.array(items.count)
            for item in items { item.encode(into: &encoder) }
        case .map(let pairs):
            encoder.map(pairs.count)
            let encoded = pairs.map { (key: $0.key.encoded, value: $0.value) }
            for pair in encoded.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                encoder.raw(pair.key)
                pair.value.encode(into: &encoder)
            }
        case .tag(let number, let value):
            encoder.tag(number)
            value.encode(into: &encoder)
        case .simple(let n):
            if n < 24 { encoder.raw([0xe0 | n]) } else { encoder.raw([0xf8, n]) }
        case .float(let value): Self.encode(float: value, into: &encoder)
        }
    }

    private static func encode(float value: Double, into encoder: inout CBOREncoder) {
        let width = CBOR.floatWidth(value)
        if width == 2, let half = CBOR.halfBits(Float(value)) {
            encoder.raw([0xf9])
            encoder.bigEndian(UInt64(half), 2)
        } else if width == 4 {
            encoder.raw([0xfa])
            encoder.bigEndian(UInt64(Float(value).bitPattern), 4)
        } else {
            encoder.raw([0xfb])
            encoder.bigEndian(value.bitPattern, 8)
        }
    }

    /// Reads what `CBOR.validate` has passed already.
    private struct Reader {
        let bytes: [UInt8]
        var offset = 0

        mutating func value() throws(WireError) -> CBORValue {
            let first = bytes[offset]
            if first >> 5 == 7 { return simpleOrFloat(first & 0x1f) }
            let (n, next) = try CBOR.argument(bytes, offset, bytes.count)
            offset = next
            switch first >> 5 {
            case 0: return .unsigned(n)
            case 1: return .negative(n)
            case 2: return .bytes(Array(take(Int(n))))
            case 3: return .text(String(decoding: take(Int(n)), as: UTF8.self))
            case 4:
                var items: [CBORValue] = []
                for _ in 0..<n { items.append(try value()) }
                return .array(items)
            case 5:
                var pairs: [Pair] = []
                for _ in 0..<n {
                    let key = try value()
                    pairs.append(Pair(key, try value()))
                }
                return .map(pairs)
            default: return .tag(n, try value())
            }
        }

        private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
            defer { offset += count }
            return bytes[offset..<(offset + count)]
        }

        private mutating func simpleOrFloat(_ info: UInt8) -> CBORValue {
            offset += 1
            if info < 24 { return .simple(info) }
            let raw = take(1 << Int(info - 24)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            switch info {
            case 24: return .simple(UInt8(raw))
            case 25: return .float(CBOR.half(UInt16(raw)))
            case 26: return .float(Double(Float(bitPattern: UInt32(raw))))
            default: return .float(Double(bitPattern: raw))
            }
        }
    }
}
