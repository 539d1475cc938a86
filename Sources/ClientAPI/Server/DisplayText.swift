/// Text of strangers in places where it must not pose as something else.
package enum DisplayText {
    /// On one line, without control characters and marks that reorder or hide what stands around.
    static func line(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        var isBehindSpace = true
        for scalar in text.unicodeScalars where !isUnseen(scalar) {
            switch scalar.value {
            case 0..<0x21, 0x7f..<0xa1, 0x2028, 0x2029, 0x3000:
                if !isBehindSpace { out.append(" ") }
                isBehindSpace = true
            default:
                out.append(scalar)
                isBehindSpace = false
            }
        }
        if out.last == " " { out.removeLast() }
        return String(out)
    }

    /// With its lines and spaces as they are, but without control characters and marks that
    /// reorder. What joins characters stays, and tags: emoji are made of them.
    static func lines(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0a: out.append(scalar)
            case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: out.append(" ")
            case 0x200b...0x200d, 0xe0020...0xe007f: out.append(scalar)
            default: if !isUnseen(scalar) { out.append(scalar) }
            }
        }
        return String(out)
    }

    /// Marks that nobody sees, and such as change the direction of what stands around.
    private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x061c, 0x200b...0x200f, 0x202a...0x202e, 0x2060...0x206f, 0xfeff, 0xfff9...0xfffb,
            0xe0000...0xe007f:
            true
        default: false
        }
    }

    /// As HTML, in text and in quoted attributes. Control characters but line ends are left out.
    package static func html(_ text: some StringProtocol) -> String {
        if text.utf8.allSatisfy(isPlain) { return String(text) }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out.append(contentsOf: "&amp;".unicodeScalars)
            case "<": out.append(contentsOf: "&lt;".unicodeScalars)
            case ">": out.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": out.append(contentsOf: "&quot;".unicodeScalars)
            case "'": out.append(contentsOf: "&#39;".unicodeScalars)
            case "\n", "\r", "\t": out.append(scalar)
            case "\0"..<" ", "\u{7f}"..<"\u{a0}", "\u{fffe}", "\u{ffff}": continue
            default: out.append(scalar)
            }
        }
        return String(out)
    }

    /// ASCII that is the same in HTML, as most of most texts is.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""),
            UInt8(ascii: "'"), 0x7f:
            false
        case 0x09, 0x0a, 0x0d: true
        default: 0x20..<0x7f ~= byte
        }
    }
}
