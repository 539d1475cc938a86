import Wire

/// Bytes written in hexadecimal in a test.
func hex(_ text: String) -> [UInt8] {
    guard let bytes = Hex.decode(text.filter { !$0.isWhitespace }) else {
        preconditionFailure("not hex: \(text)")
    }
    return bytes
}

/// Whether `bytes` are refused, or come back byte for byte: anything else is a second spelling.
func isStrict(_ bytes: [UInt8]) -> Bool {
    let value = try? CBORValue(decoding: bytes)
    var decoder = CBORDecoder(bytes)
    let skipped = (try? decoder.skip()) == 0..<bytes.count
    return skipped == (value != nil) && (value == nil || value?.encoded == bytes)
}
