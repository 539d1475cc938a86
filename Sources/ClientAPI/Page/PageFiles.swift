import Crypto
import Primitives
import WebPage
import Wire

/// The web page's files: those within the program, or, for who changes them, those of a folder.
struct PageFiles: Sendable {
    enum Content: Sendable {
        /// With a tag that changes with the bytes (RFC 9110 §8.8.3).
        case carried([UInt8], tag: String)
        case read(OpenFile)
    }

    struct File: Sendable {
        var type: String
        var content: Content
    }

    private let carried: [String: File]
    private let folder: String?

    /// Reads out of `folder`, or, if that is nil, serves what the program carries.
    init(folder: String? = nil) {
        self.folder = folder
        carried = folder == nil ? Self.all() : [:]
    }

    /// The file at a path of decoded segments, which hold no slash and are no dots.
    subscript(path: [String]) -> File? {
        let name = path.joined(separator: "/")
        guard let folder else { return carried[name] }
        // Hidden files of a folder are none of the page.
        guard path.allSatisfy({ !$0.hasPrefix(".") }), let type = Self.type(name),
            let file = OpenFile("\(folder)/\(name)")
        else { return nil }
        return File(type: type, content: .read(file))
    }

    private static func all() -> [String: File] {
        var files: [String: File] = [:]
        for number in 0..<starling_page_count() {
            guard let path = unsafe starling_page_path(number),
                let start = unsafe starling_page_bytes(number)
            else { continue }
            let name = unsafe String(cString: path)
            let bytes = unsafe Array(
                UnsafeBufferPointer(start: start, count: starling_page_length(number)))
            let tag = "\"\(Hex.encode(SHA256.hash(bytes).array.prefix(12)))\""
            if let type = type(name) {
                files[name] = File(type: type, content: .carried(bytes, tag: tag))
            }
        }
        return files
    }

    /// By the name's end: these are our own files. Nil for an end that the page has not.
    private static func type(_ name: String) -> String? {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json": "application/json; charset=utf-8"
        case "webmanifest": "application/manifest+json; charset=utf-8"
        case "svg": "image/svg+xml; charset=utf-8"
        case "png": "image/png"
        default: nil
        }
    }
}
