/// A picture out of a key: who has no picture of their own is told apart by it.
///
/// Five by five squares, mirrored, in one colour on a light ground: a PNG (W3C, third edition)
/// whose lines are stored as they are, since a few of them need no compression.
enum Identicon {
    private static let squares = 5
    private static let scale = 24

    static func png(_ seed: Int64) -> [UInt8] {
        // Mixes all bits into all: keys that begin alike look different (splitmix64's steps).
        var bits = UInt64(bitPattern: seed) &+ 0x9e37_79b9_7f4a_7c15
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        bits ^= bits >> 31
        let colour = [
            UInt8(48 + (bits >> 40) % 128), UInt8(48 + (bits >> 47) % 128),
            UInt8(48 + (bits >> 54) % 128),
        ]
        let width = squares * scale
        return image(width, width) { x, y in
            let column = min(x / scale, squares - 1 - x / scale)
            let isOn = bits >> UInt64(column * squares + y / scale) & 1 == 1
            return isOn ? colour : [238, 238, 240]
        }
    }

    static let header = image(150, 50) { x, y in [UInt8(90 + x / 3), UInt8(110 + y), 150] }

    private static func image(
        _ width: Int, _ height: Int, _ colour: (Int, Int) -> [UInt8]
    ) -> [UInt8] {
        var lines: [UInt8] = []
        for y in 0..<height {
            lines.append(0)
            for x in 0..<width { lines += colour(x, y) }
        }
        let head = big(width) + big(height) + [8, 2, 0, 0, 0]
        return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + chunk("IHDR", head)
            + chunk("IDAT", stored(lines)) + chunk("IEND", [])
    }

    /// zlib (RFC 1950) around blocks that are stored (RFC 1951 §3.2.4).
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x78, 0x01]
        var at = 0
        while at < bytes.count {
            let count = min(bytes.count - at, 0xffff)
            out.append(at + count == bytes.count ? 1 : 0)
            out += [UInt8(count & 0xff), UInt8(count >> 8)]
            out += [UInt8(~count & 0xff), UInt8(~count >> 8 & 0xff)]
            out += bytes[at..<(at + count)]
            at += count
        }
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return out + big(Int(b << 16 | a))
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        return big(data.count) + body + big(Int(crc(body)))
    }

    private static func big(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = .max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        return ~crc
    }
}
