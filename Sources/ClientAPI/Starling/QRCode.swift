import CQRCode
import Primitives

/// A text as a QR code, drawn by libqrencode: the modules as rows of `1` and `0`, without the light
/// margin that whoever shows it leaves around it.
enum QRCode {
    /// Nil for a text that is too long.
    static func rows(of text: String) -> [String]? {
        let bytes = Array(text.utf8)
        guard (1...Limits.Setup.codeText).contains(bytes.count),
            let code = unsafe QRcode_encodeData(
                Int32(bytes.count), bytes, 0, QR_ECLEVEL_M)
        else { return nil }
        defer { unsafe QRcode_free(code) }
        let width = Int(unsafe code.pointee.width)
        guard width > 0, let data = unsafe code.pointee.data else { return nil }
        return (0..<width).map { row in
            String(
                decoding: (0..<width).map { column in
                    // The lowest bit is the colour, the others are for whoever draws by kind.
                    UInt8(ascii: "0") + (unsafe data[row * width + column] & 1)
                }, as: UTF8.self)
        }
    }

    static func json(of text: String) -> JSONValue {
        rows(of: text).map { .array($0.map { .string($0) }) } ?? .null
    }
}
