import Primitives
package import Wire

/// What a body says: a kind, and fields by number; `[kind, fields]` of `Protocol/entry.md`.
///
/// A log verifies whatever its bodies say. What does not decode is an unreadable post.
package struct Statement: Hashable, Sendable {
    package var kind: String
    /// The encoded map of fields, canonical.
    package var fields: [UInt8]

    package init(kind: String, fields: [UInt8]) {
        self.kind = kind
        self.fields = fields
    }

    /// Salt and content as one body.
    package func body(salt: [UInt8]) -> [UInt8] {
        precondition(salt.count == LogLimits.salt, "salt of \(salt.count) bytes")
        var encoder = CBOREncoder(appendingTo: salt)
        encoder.array(2)
        encoder.text(kind)
        encoder.raw(fields)
        return encoder.bytes
    }

    /// Reads the content behind the salt.
    package init(body: [UInt8]) throws(WireError) {
        guard body.count > LogLimits.salt else { throw .truncated }
        var decoder = CBORDecoder(body, in: LogLimits.salt..<body.count)
        try decoder.array(exactly: 2)
        kind = try decoder.text(max: 32)
        if kind.isEmpty { throw .malformed }
        if try decoder.peek() >> 5 != 5 { throw .unexpectedType }
        fields = Array(body[try decoder.skip(depth: 1)])
        try decoder.finish()
    }

    /// Reads the fields with small numbers as keys; others are passed over. `read` gets each in
    /// order and reads or skips exactly its value.
    package func readFields(
        _ read: (UInt64, inout CBORDecoder) throws(WireError) -> Void
    ) throws(WireError) {
        var decoder = CBORDecoder(fields)
        let count = try decoder.map(max: LogLimits.body)
        for _ in 0..<count {
            if try decoder.peek() >> 5 == 0 {
                try read(try decoder.uint(), &decoder)
            } else {
                _ = try decoder.skip()
                _ = try decoder.skip()
            }
        }
        try decoder.finish()
    }
}

/// The name of an entry wherever one refers to another: what is missing can be asked for by name.
package struct Reference: Hashable, Sendable {
    package var log: LogKey
    package var index: UInt64
    /// The entry's leaf hash.
    package var address: Hash

    package init(log: LogKey, index: UInt64, address: Hash) {
        self.log = log
        self.index = index
        self.address = address
    }
}
