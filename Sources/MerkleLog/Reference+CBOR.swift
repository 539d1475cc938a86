import Primitives
package import Wire

/// The binary form of a reference, `[log key, index, content address]`: `[ID-8]`.
extension Reference {
    package func encode(into encoder: inout CBOREncoder) {
        encoder.array(3)
        encoder.bytes(log)
        encoder.uint(index)
        encoder.bytes(address)
    }

    package init(from decoder: inout CBORDecoder) throws(WireError) {
        try decoder.array(exactly: 3)
        log = try decoder.bytes32()
        index = try decoder.uint(max: LogLimits.size - 1)
        address = try decoder.bytes32()
    }
}
