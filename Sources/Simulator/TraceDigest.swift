/// Folds everything that a run does into one number: equal for two runs that did the same.
///
/// FNV-1a's steps on words in place of bytes. Not for security: nobody but a bug works against it.
package struct TraceDigest: Hashable, Sendable {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func fold(_ word: UInt64) {
        value = (value ^ word) &* 0x100_0000_01b3
        value ^= value >> 29
    }

    /// The count and the last eight bytes: of a sealed frame these are its tag, which depends on
    /// all the others.
    mutating func fold(_ bytes: [UInt8]) {
        var word = UInt64(bytes.count) << 48
        for byte in bytes.suffix(8) { word = word << 8 | UInt64(byte) | word >> 56 }
        fold(word)
    }

    package var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
