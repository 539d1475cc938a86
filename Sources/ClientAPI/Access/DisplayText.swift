/// Text of strangers in places where it must not pose as something else.
enum DisplayText {
    /// On one line, without control characters and marks that reorder or hide what stands around.
    static func line(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        var isBehindSpace = true
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x21, 0x7f..<0xa1, 0x2028, 0x2029, 0x3000:
                if !isBehindSpace { out.append(" ") }
                isBehindSpace = true
            case 0x061c, 0x200b...0x200f, 0x202a...0x202e, 0x2060...0x206f, 0xfeff, 0xfff9...0xfffb,
                0xe0000...0xe007f:
                continue
            default:
                out.append(scalar)
                isBehindSpace = false
            }
        }
        if out.last == " " { out.removeLast() }
        return String(out)
    }

    /// With its lines and spaces as they are, but for the same characters and marks.
    static func lines(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0a: out.append(scalar)
            case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: out.append(" ")
            case 0x061c, 0x200e...0x200f, 0x202a...0x202e, 0x2060...0x206f, 0xfeff: continue
            default: out.append(scalar)
            }
        }
        return String(out)
    }

    /// As HTML, in text and in quoted attributes.
    static func html(_ text: String) -> String {
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): out += "&amp;".utf8
            case UInt8(ascii: "<"): out += "&lt;".utf8
            case UInt8(ascii: ">"): out += "&gt;".utf8
            case UInt8(ascii: "\""): out += "&quot;".utf8
            case UInt8(ascii: "'"): out += "&#39;".utf8
            case 0: out += "\u{fffd}".utf8
            default: out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
