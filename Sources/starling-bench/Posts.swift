import Content

/// The posts that are measured with: 300 bytes of body each, salt included, all different.
enum Posts {
    static let bodyBytes = 300

    /// The text of post `number`, ASCII without line ends.
    static func text(_ number: Int) -> String {
        let head = "post \(number), "
        let fill = "a line about nothing in particular, as long as the others are; "
        var text = head
        while text.utf8.count < textBytes { text += fill }
        return String(text.prefix(textBytes))
    }

    static func body(_ number: Int) -> [UInt8] {
        var salt = [UInt8](repeating: 7, count: 16)
        for at in 0..<8 { salt[at] = UInt8(truncatingIfNeeded: number >> (8 * at)) }
        return Content.note(text: text(number)).body(salt: salt)
    }

    /// Characters that make a body of 300 bytes.
    static let textBytes: Int = {
        let probe = Content.note(text: String(repeating: "x", count: 270))
        return 270 + bodyBytes - probe.body(salt: [UInt8](repeating: 0, count: 16)).count
    }()

    /// One post a line.
    static func write(_ range: Range<Int>, to path: String) throws {
        var out = ""
        out.reserveCapacity(range.count * (textBytes + 1))
        for number in range { out += text(number) + "\n" }
        try Files.write(out, to: path)
    }
}
