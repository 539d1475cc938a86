/// What exiv2 leaves in a picture: what stands behind its end (a phone's second picture, with its
/// own place in it), texts of PNG, comments of GIF. Known parts stay, everything else goes.
///
/// It looks at the outermost parts only, and decodes nothing. Nil for what is not built as it
/// should be.
enum PictureTrim {
    static func trimmed(_ bytes: [UInt8], _ type: UploadType) -> [UInt8]? {
        switch type {
        case .jpeg: jpeg(bytes)
        case .png: png(bytes)
        case .webp: webp(bytes)
        case .gif: gif(bytes)
        default: nil
        }
    }

    /// Width and height in pixels of a GIF: its first screen's.
    static func gifSize(_ bytes: [UInt8]) -> (Int, Int)? {
        guard bytes.count >= 10 else { return nil }
        return (Int(bytes[6]) | Int(bytes[7]) << 8, Int(bytes[8]) | Int(bytes[9]) << 8)
    }

    // MARK: JPEG (ITU T.81, annex B)

    /// Segments to the first end of image. Of the applications' own: JFIF (0), Exif (1), which has
    /// the orientation alone by now, colour profiles (2, "ICC_PROFILE"), Adobe's colour kind (14).
    private static func jpeg(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.starts(with: [0xff, 0xd8]) else { return nil }
        var out: [UInt8] = [0xff, 0xd8]
        var at = 2
        while at + 4 <= bytes.count {
            guard bytes[at] == 0xff else { return nil }
            let marker = bytes[at + 1]
            if marker == 0xff {
                at += 1
                continue
            }
            let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            let end = at + 2 + length
            guard length >= 2, end <= bytes.count, !(0xd0...0xd9).contains(marker), marker > 0x01
            else { return nil }
            if keeps(marker, bytes[(at + 4)..<end]) { out += bytes[at..<end] }
            at = end
            guard marker == 0xda else { continue }
            // Coded data: up to the next marker that is neither a restart nor a stuffed 0xff.
            let start = at
            while at + 1 < bytes.count,
                bytes[at] != 0xff || bytes[at + 1] == 0 || (0xd0...0xd7).contains(bytes[at + 1])
                    || bytes[at + 1] == 0xff
            { at += 1 }
            guard at + 1 < bytes.count else { return nil }
            out += bytes[start..<at]
            if bytes[at + 1] == 0xd9 { return out + [0xff, 0xd9] }
        }
        return nil
    }

    private static func keeps(_ marker: UInt8, _ content: ArraySlice<UInt8>) -> Bool {
        switch marker {
        case 0xe0, 0xee: true
        case 0xe1: content.starts(with: Array("Exif\0\0".utf8))
        case 0xe2: content.starts(with: Array("ICC_PROFILE\0".utf8))
        // Other applications', and comments.
        case 0xe3...0xef, 0xfe: false
        default: true
        }
    }

    // MARK: PNG (ISO 15948)

    private static let pngChunks = Set(
        [
            "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP",
            "mDCV", "cLLI", "bKGD", "hIST", "pHYs", "sPLT", "acTL", "fcTL", "fdAT", "eXIf",
        ].map { Array($0.utf8) })
    /// How exiv2 writes the orientation.
    private static let rawExif = Array("Raw profile type exif\0".utf8)

    private static func png(_ bytes: [UInt8]) -> [UInt8]? {
        let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        guard bytes.starts(with: signature) else { return nil }
        var out = signature
        var at = 8
        while at + 12 <= bytes.count {
            let length = bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
            let end = at + 12 + length
            guard end <= bytes.count else { return nil }
            let name = Array(bytes[(at + 4)..<(at + 8)])
            let isExif =
                name == Array("zTXt".utf8) && bytes[(at + 8)..<(end - 4)].starts(with: rawExif)
            if pngChunks.contains(name) || isExif { out += bytes[at..<end] }
            at = end
            if name == Array("IEND".utf8) { return out }
        }
        return nil
    }

    // MARK: WebP (RFC 9649)

    private static let webpChunks = Set(
        ["VP8 ", "VP8L", "VP8X", "ANIM", "ANMF", "ALPH", "ICCP", "EXIF"].map { Array($0.utf8) })

    private static func webp(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= 12, bytes.starts(with: Array("RIFF".utf8)),
            bytes[8..<12].elementsEqual("WEBP".utf8)
        else { return nil }
        let size = little(bytes, 4)
        guard size >= 4, 8 + size <= bytes.count else { return nil }
        var out = Array("WEBP".utf8)
        var at = 12
        while at + 8 <= 8 + size {
            let length = little(bytes, at + 4)
            let end = at + 8 + length + length % 2
            guard end <= 8 + size else { return nil }
            if webpChunks.contains(Array(bytes[at..<(at + 4)])) { out += bytes[at..<end] }
            at = end
        }
        let head = (0..<4).map { UInt8(truncatingIfNeeded: out.count >> (8 * $0)) }
        return Array("RIFF".utf8) + head + out
    }

    private static func little(_ bytes: [UInt8], _ at: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }

    // MARK: GIF89a

    /// Pictures, their control blocks, and how often they repeat; no comments, texts or data of
    /// other applications.
    private static func gif(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 13, bytes.starts(with: Array("GIF8".utf8)) else { return nil }
        func table(_ flags: UInt8) -> Int { flags & 0x80 == 0 ? 0 : 3 << (Int(flags & 7) + 1) }
        var at = 13 + table(bytes[10])
        guard at < bytes.count else { return nil }
        var out = Array(bytes[..<at])
        while at < bytes.count {
            let start = at
            switch bytes[at] {
            case 0x3b: return out + [0x3b]
            case 0x2c:
                guard at + 11 <= bytes.count else { return nil }
                guard let end = blocks(bytes, at + 11 + table(bytes[at + 9])) else { return nil }
                at = end
                out += bytes[start..<at]
            case 0x21:
                guard at + 2 < bytes.count, let end = blocks(bytes, at + 2) else { return nil }
                at = end
                let name = bytes[(start + 2)..<end].dropFirst()
                let repeats = ["NETSCAPE2.0", "ANIMEXTS1.0"].contains {
                    name.starts(with: Array($0.utf8))
                }
                let label = bytes[start + 1]
                if label == 0xf9 || label == 0xff && repeats { out += bytes[start..<at] }
            default: return nil
            }
        }
        return nil
    }

    /// Behind the sub-blocks that begin at `start`.
    private static func blocks(_ bytes: [UInt8], _ start: Int) -> Int? {
        var at = start
        while at < bytes.count {
            let length = Int(bytes[at])
            at += 1 + length
            if length == 0 { return at }
        }
        return nil
    }
}
