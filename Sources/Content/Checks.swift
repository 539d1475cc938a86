import Primitives

/// What `Protocol/content.md` asks of texts, numbers and lists, whichever way they came.
enum Checks {
    /// Bytes of UTF-8 within `range`.
    static func size(
        _ text: String, _ range: ClosedRange<Int>, _ what: String
    ) throws(ContentError) {
        try count(text.utf8.count, range, what, of: "bytes")
    }

    static func count(
        _ count: Int, _ range: ClosedRange<Int>, _ what: String, of unit: String
    ) throws(ContentError) {
        if count > range.upperBound {
            let most = Format.number(Double(range.upperBound))
            let found = Format.number(Double(count))
            throw .refused("\(what) has at most \(most) \(unit), and this one has \(found)")
        }
        if count < range.lowerBound {
            throw .refused("\(what) has at least \(range.lowerBound) \(unit)")
        }
    }

    static func number<Number: BinaryInteger & Sendable>(
        _ number: Number, _ range: ClosedRange<Number>, _ what: String
    ) throws(ContentError) {
        if !range.contains(number) {
            throw .refused(
                "\(what) is from \(range.lowerBound) to \(range.upperBound), and not \(number)")
        }
    }

    /// A list that is absent, or has as many elements as `range` says.
    static func list<Element>(
        _ list: [Element], _ range: ClosedRange<Int>, _ what: String
    ) throws(ContentError) {
        if !list.isEmpty { try count(list.count, range, what, of: "elements") }
    }

    /// No two have the same bytes. Swift's own `==` takes texts for equal that are spelt
    /// differently.
    static func distinct(_ spellings: [[UInt8]], _ what: String) throws(ContentError) {
        if spellings.count > 1, Set(spellings).count != spellings.count {
            throw .refused("\(what) has the same one twice")
        }
    }

    /// Neither white space nor control characters: `[CONT-3]`.
    static func oneWord(_ text: String, _ what: String) throws(ContentError) {
        for scalar in text.unicodeScalars where isSpaceOrControl(scalar.value) {
            throw .refused("\(what) has neither white space nor control characters")
        }
    }

    /// Unicode's Cc and White_Space, written out: both are fixed sets, and this way every program
    /// has the same ones.
    private static func isSpaceOrControl(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0...0x20, 0x7f...0xa0, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x202f, 0x205f,
            0x3000:
            true
        default: false
        }
    }

    /// Characters from `!` to `~`.
    static func visible(_ text: String, _ what: String) throws(ContentError) {
        if !text.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) {
            throw .refused("\(what) is of visible ASCII characters only")
        }
    }

    static func isLetter(_ byte: UInt8) -> Bool { 0x41...0x5a ~= byte || 0x61...0x7a ~= byte }

    static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }

    /// The encoded fields of `kind` fit a body with salt and kind.
    static func fits(_ fields: [UInt8], kind: String) throws(ContentError) {
        let most = LogLimits.body - LogLimits.salt - 1 - (kind.utf8.count < 24 ? 1 : 2)
        if fields.count + kind.utf8.count > most {
            let body = Format.number(Double(LogLimits.body))
            throw .refused("all that the \(kind) says is too long together for \(body) bytes")
        }
    }
}
