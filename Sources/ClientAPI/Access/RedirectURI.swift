import Primitives

/// Where a person is sent back to after allowing an app, as it was registered: byte by byte.
enum RedirectURI {
    /// The code is shown, and the person carries it to the app (an old draft's way, which command
    /// line programs still use).
    static let outOfBand = "urn:ietf:wg:oauth:2.0:oob"

    /// Schemes by which a page would run something here, or read files.
    private static let refused = [
        "javascript", "data", "vbscript", "blob", "file", "filesystem", "about", "view-source",
        "chrome", "ws", "wss", "ftp",
    ]

    /// Why an app may not have it; nil when it may.
    static func problem(_ text: String) -> String? {
        if text == outOfBand { return nil }
        let bytes = Array(text.utf8)
        guard bytes.count <= Limits.Access.redirect else { return "is too long" }
        guard bytes.allSatisfy({ 0x21...0x7e ~= $0 && !Array("\"<>\\^`{|}".utf8).contains($0) })
        else { return "has characters that an address must escape" }
        guard !bytes.contains(UInt8(ascii: "#")) else { return "must not have a fragment" }
        guard let scheme = scheme(text), bytes.count > scheme.utf8.count + 1 else {
            return "must begin with a scheme"
        }
        if refused.contains(scheme) { return "must not have the scheme \(scheme)" }
        if scheme == "http" || scheme == "https" {
            guard let authority = authority(text), !authority.isEmpty, !authority.contains("@")
            else { return "must name a host" }
        }
        return nil
    }

    /// In small letters (RFC 3986 §3.1).
    static func scheme(_ text: String) -> String? {
        let bytes = text.utf8.prefix { $0 != UInt8(ascii: ":") }.map(lower)
        guard let first = bytes.first, 97...122 ~= first, bytes.count < text.utf8.count,
            bytes.allSatisfy({
                97...122 ~= $0 || 48...57 ~= $0 || Array("+-.".utf8).contains($0)
            })
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What stands between `//` and the path.
    static func authority(_ text: String) -> String? {
        guard let scheme = scheme(text) else { return nil }
        let rest = text.utf8.dropFirst(scheme.utf8.count + 1)
        guard rest.starts(with: "//".utf8) else { return nil }
        let authority = rest.dropFirst(2).prefix { !Array("/?".utf8).contains($0) }
        return String(decoding: Array(authority), as: UTF8.self)
    }

    /// The source of a content security policy that lets a form's answer lead there; nil where no
    /// page is left.
    static func source(_ text: String) -> String? {
        guard text != outOfBand, let scheme = scheme(text) else { return nil }
        guard scheme == "http" || scheme == "https", let authority = authority(text),
            authority.utf8.allSatisfy({
                switch $0 {
                case 48...57, 65...90, 97...122: true
                default: Array("-.:".utf8).contains($0)
                }
            })
        else { return scheme + ":" }
        return scheme + "://" + authority
    }

    /// With `fields` behind what the address has already.
    static func adding(_ fields: [(String, String)], to text: String) -> String {
        let query = fields.map { "\(URLText.encode($0.0))=\(URLText.encode($0.1))" }.joined(
            separator: "&")
        return text + (text.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query
    }
}
