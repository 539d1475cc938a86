package import Wire

/// What requests and replies are made of: CBOR with text keys, which is also what `--json` prints.
package typealias Value = CBORValue

extension CBORValue {
    package static func string(_ text: String) -> Value { .text(text) }

    package static func int(_ number: some BinaryInteger) -> Value {
        number >= 0 ? .unsigned(UInt64(number)) : .negative(UInt64(clamping: -1 - Int64(number)))
    }

    package static func bool(_ flag: Bool) -> Value { .simple(flag ? 21 : 20) }

    package static var null: Value { .simple(22) }

    /// A map with text keys; pairs without a value are left out.
    package static func object(_ pairs: (String, Value?)...) -> Value {
        .map(pairs.compactMap { pair in pair.1.map { Pair(.text(pair.0), $0) } })
    }

    package subscript(key: String) -> Value? {
        guard case .map(let pairs) = self else { return nil }
        return pairs.first { $0.key == .text(key) }?.value
    }

    package var text: String? {
        if case .text(let text) = self { return text }
        return nil
    }

    package var number: UInt64? {
        if case .unsigned(let number) = self { return number }
        return nil
    }

    package var flag: Bool? {
        switch self {
        case .simple(20): false
        case .simple(21): true
        default: nil
        }
    }

    package var list: [Value]? {
        if case .array(let items) = self { return items }
        return nil
    }
}
