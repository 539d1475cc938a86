import Content
import Primitives

/// The posts that are measured with: 300 bytes of body each, salt included, all different.
enum Posts {
    static let bodyBytes = 300

    /// The text of post `number`, ASCII without line ends.
    static func text(_ number: Int) -> String {
        var bytes = Array("post \(number), ".utf8)
        while bytes.count < textBytes { bytes += fill }
        return String(decoding: bytes.prefix(textBytes), as: UTF8.self)
    }

    private static let fill = Array(
        "a line about nothing in particular, as long as the others are; ".utf8)

    static func body(_ number: Int) throws -> [UInt8] {
        var salt = [UInt8](repeating: 7, count: 16)
        for at in 0..<8 { salt[at] = UInt8(truncatingIfNeeded: number >> (8 * at)) }
        return try Content.note(Note(text: text(number))).body(salt: salt)
    }

    /// Characters that make a body of 300 bytes: all but salt, kind, and the heads of CBOR.
    static let textBytes = bodyBytes - LogLimits.salt - 11

    /// One post a line.
    static func write(_ range: Range<Int>, to path: String) throws {
        var out = ""
        out.reserveCapacity(range.count * (textBytes + 1))
        for number in range { out += text(number) + "\n" }
        try Files.write(out, to: path)
    }
}
