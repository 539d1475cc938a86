/// Lower-case hexadecimal.
package enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var out: [UInt8] = []
        for byte in bytes {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes of `text`; nil for an odd count or any character but 0-9a-f.
    package static func decode(_ text: String) -> [UInt8]? {
        let utf8 = Array(text.utf8)
        guard utf8.count % 2 == 0 else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(utf8.count / 2)
        for i in stride(from: 0, to: utf8.count, by: 2) {
            guard let high = nibble(utf8[i]), let low = nibble(utf8[i + 1]) else { return nil }
            out.append(high << 4 | low)
        }
        return out
    }

    private static func nibble(_ c: UInt8) -> UInt8? {
        switch c {
        case 0x30...0x39: c - 0x30
        case 0x61...0x66: c - 0x61 + 10
        default: nil
        }
    }
}

/// Base64 with padding (RFC 4648 §4), strict: no white space, no stray bits in the last character.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var i = 0
        while i < bytes.count {
            let left = bytes.count - i
            let b1 = left > 1 ? bytes[i + 1] : 0
            let b2 = left > 2 ? bytes[i + 2] : 0
            let word = UInt32(bytes[i]) << 16 | UInt32(b1) << 8 | UInt32(b2)
            out.append(alphabet[Int(word >> 18)])
            out.append(alphabet[Int(word >> 12 & 63)])
            out.append(left > 1 ? alphabet[Int(word >> 6 & 63)] : 0x3d)
            out.append(left > 2 ? alphabet[Int(word & 63)] : 0x3d)
            i += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes of `text`; nil unless it is exactly what `encode` writes for them.
    package static func decode(_ text: String) -> [UInt8]? {
        let utf8 = Array(text.utf8)
        guard utf8.count % 4 == 0 else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(utf8.count / 4 * 3)
        for i in stride(from: 0, to: utf8.count, by: 4) {
            let last = i + 4 == utf8.count
            let padding = last ? (utf8[i + 3] == 0x3d ? (utf8[i + 2] == 0x3d ? 2 : 1) : 0) : 0
            var word: UInt32 = 0
            for j in 0..<4 {
                var bits: UInt8 = 0
                if j < 4 - padding {
                    guard let found = value(utf8[i + j]) else { return nil }
                    bits = found
                }
                word = word << 6 | UInt32(bits)
            }
            if padding == 1 && word & 0xff != 0 || padding == 2 && word & 0xffff != 0 { return nil }
            out.append(UInt8(word >> 16 & 0xff))
            if padding < 2 { out.append(UInt8(word >> 8 & 0xff)) }
            if padding < 1 { out.append(UInt8(word & 0xff)) }
        }
        return out
    }

    private static func value(_ c: UInt8) -> UInt8? {
        switch c {
        case 0x41...0x5a: c - 0x41
        case 0x61...0x7a: c - 0x61 + 26
        case 0x30...0x39: c - 0x30 + 52
        case 0x2b: 62
        case 0x2f: 63
        default: nil
        }
    }
}

/// Base58 with the Bitcoin alphabet, as multibase's `z` and `did:key` use it.
package enum Base58 {
    private static let alphabet = Array(
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    /// Quadratic in the length, by words of 32 bits and five digits at a time: a key takes 0.3 µs.
    package static func encode(_ bytes: [UInt8]) -> String {
        let zeros = bytes.prefix { $0 == 0 }.count
        var words: [UInt32] = []
        words.reserveCapacity(bytes.count / 4 + 1)
        var word: UInt32 = 0
        for (i, byte) in bytes.enumerated() {
            word = word << 8 | UInt32(byte)
            if (bytes.count - i) % 4 == 1 {
                words.append(word)
                word = 0
            }
        }
        // 58 to the fifth is the largest power that leaves a remainder room in 32 bits.
        let chunk: UInt64 = 58 * 58 * 58 * 58 * 58
        var digits: [UInt8] = []
        digits.reserveCapacity(bytes.count * 7 / 5 + 5)
        var first = 0
        while first < words.count {
            var rest: UInt64 = 0
            for i in first..<words.count {
                let value = rest << 32 | UInt64(words[i])
                words[i] = UInt32(value / chunk)
                rest = value % chunk
            }
            for _ in 0..<5 {
                digits.append(alphabet[Int(rest % 58)])
                rest /= 58
            }
            while first < words.count, words[first] == 0 { first += 1 }
        }
        while digits.last == alphabet[0] { digits.removeLast() }
        for _ in 0..<zeros { digits.append(alphabet[0]) }
        digits.reverse()
        return String(decoding: digits, as: UTF8.self)
    }

    /// The bytes of `text`, at most `limit` of them; nil for a foreign character or more bytes.
    package static func decode(_ text: String, max limit: Int = 64) -> [UInt8]? {
        let utf8 = Array(text.utf8)
        // Quadratic in the length: bounded before the work starts.
        guard utf8.count <= limit * 2 else { return nil }
        let zeros = utf8.prefix { $0 == alphabet[0] }.count
        var out: [UInt8] = []
        for c in utf8 {
            guard var carry = alphabet.firstIndex(of: c) else { return nil }
            for i in out.indices {
                carry += Int(out[i]) * 58
                out[i] = UInt8(carry & 0xff)
                carry >>= 8
            }
            while carry > 0 {
                out.append(UInt8(carry & 0xff))
                carry >>= 8
            }
        }
        let bytes = [UInt8](repeating: 0, count: zeros) + out.reversed()
        return bytes.count <= limit ? bytes : nil
    }
}
