package import Content
package import Crypto
import Primitives

/// What a note's text is made of.
///
/// Posts are plain text. What programs of the Mastodon API show is HTML: made here out of these
/// pieces, everything escaped, with nothing in it but paragraphs, line breaks and links.
package enum Markup {
    package enum Piece: Equatable {
        case text(Substring)
        case link(Substring)
        /// With its `#`.
        case tag(Substring)
        case mention(Substring, PublicKey)
    }

    // MARK: Reading

    /// The pieces of a text; mentions stand where the note says.
    package static func pieces(_ text: String, mentions: [Note.Mention]) -> [Piece] {
        var pieces: [Piece] = []
        var from = text.startIndex
        for mention in mentions {
            let utf8 = text.utf8
            guard
                let start = utf8.index(
                    utf8.startIndex, offsetBy: mention.range.lowerBound, limitedBy: utf8.endIndex),
                let end = utf8.index(
                    start, offsetBy: mention.range.count, limitedBy: utf8.endIndex),
                start >= from
            else { continue }
            pieces += words(text[from..<start])
            pieces.append(.mention(text[start..<end], mention.identity))
            from = end
        }
        return pieces + words(text[from...])
    }

    /// Links and tags of a text without mentions.
    private static func words(_ text: Substring) -> [Piece] {
        // Without a mark of either there is nothing to look for, character by character.
        guard text.utf8.contains(UInt8(ascii: "#")) || text.utf8.contains(UInt8(ascii: ":")) else {
            return text.isEmpty ? [] : [.text(text)]
        }
        var pieces: [Piece] = []
        var plain = text.startIndex
        var at = text.startIndex
        var isWordStart = true
        while at < text.endIndex {
            let rest = text[at...]
            if isWordStart, let found = link(rest) ?? tag(rest) {
                let piece = found.piece
                if plain < at { pieces.append(.text(text[plain..<at])) }
                pieces.append(piece)
                at = found.end
                plain = at
                isWordStart = false
                continue
            }
            isWordStart = !(text[at].isLetter || text[at].isNumber || text[at] == "_")
            at = text.index(after: at)
        }
        if plain < text.endIndex { pieces.append(.text(text[plain...])) }
        return pieces
    }

    private static func link(_ text: Substring) -> (piece: Piece, end: Substring.Index)? {
        guard text.hasPrefix("https://") || text.hasPrefix("http://") else { return nil }
        var end = text.firstIndex { $0.isWhitespace || "<>\"".contains($0) } ?? text.endIndex
        // What closes a sentence is not the address's.
        while end > text.startIndex, let last = text[..<end].last,
            ".,;:!?'…".contains(last) || last == ")" && !text[..<end].contains("(")
        {
            end = text.index(before: end)
        }
        let scheme = text.hasPrefix("https://") ? 8 : 7
        guard text[..<end].utf8.count > scheme else { return nil }
        return (.link(text[..<end]), end)
    }

    private static func tag(_ text: Substring) -> (piece: Piece, end: Substring.Index)? {
        guard text.first == "#" else { return nil }
        let name = text.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        guard name.contains(where: { !$0.isNumber }), ContentLimits.tag ~= name.utf8.count else {
            return nil
        }
        return (.tag(text[..<name.endIndex]), name.endIndex)
    }

    /// The tags of a text, each once, without `#`, as many as a note has.
    package static func tags(in text: String) -> [String] {
        var seen: Set<[UInt8]> = []
        var tags: [String] = []
        for case .tag(let tag) in words(text[...]) {
            let name = String(tag.dropFirst())
            if seen.insert(Array(name.lowercased().utf8)).inserted { tags.append(name) }
        }
        return Array(tags.prefix(ContentLimits.tags.upperBound))
    }

    /// Who is named in a text: `@name`, `@name@key` or `did:key:…`, as far as `find` knows them.
    package static func mentions(
        in text: String, find: (String) -> PublicKey?
    ) -> [Note.Mention] {
        let bytes = Array(text.utf8)
        var mentions: [Note.Mention] = []
        var at = 0
        while at < bytes.count, mentions.count < ContentLimits.mentions.upperBound {
            guard at == 0 || !isNameByte(bytes[at - 1]), let end = handleEnd(bytes, at) else {
                at += 1
                continue
            }
            let handle = String(decoding: bytes[at..<end], as: UTF8.self)
            let name = handle.hasPrefix("@") ? String(handle.dropFirst()) : handle
            if let identity = find(name) {
                mentions.append(Note.Mention(at..<end, identity))
            }
            at = end
        }
        return mentions
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5a ~= byte || 0x61...0x7a ~= byte || byte == 0x5f
            || byte >= 0x80
    }

    /// Where a handle that begins at `at` ends; nil when none begins there.
    private static func handleEnd(_ bytes: [UInt8], _ at: Int) -> Int? {
        func run(_ from: Int) -> Int {
            var end = from
            while end < bytes.count, isNameByte(bytes[end]) { end += 1 }
            return end
        }
        let did = Array("did:key:".utf8)
        if bytes[at...].starts(with: did) {
            let end = run(at + did.count)
            return end > at + did.count ? end : nil
        }
        guard bytes[at] == UInt8(ascii: "@") else { return nil }
        let end = run(at + 1)
        guard end > at + 1 else { return nil }
        guard end + 1 < bytes.count, bytes[end] == UInt8(ascii: "@"), isNameByte(bytes[end + 1])
        else { return end }
        return run(end + 1)
    }

    // MARK: Writing

    /// Where a page shows somebody, and a tag.
    package struct Names {
        package var page: (PublicKey) -> String
        package var tagPage: (String) -> String

        package init(
            page: @escaping (PublicKey) -> String, tagPage: @escaping (String) -> String
        ) {
            self.page = page
            self.tagPage = tagPage
        }
    }

    /// The text as HTML.
    package static func html(
        _ text: String, mentions: [Note.Mention] = [], names: Names
    ) -> String {
        var inner = ""
        for piece in pieces(text, mentions: mentions) {
            switch piece {
            case .text(let text): inner += DisplayText.html(text)
            case .link(let url):
                inner += anchor(String(url), shown: String(url), rel: "nofollow noopener", "")
            case .tag(let tag):
                let name = String(tag.dropFirst())
                inner += anchor(
                    names.tagPage(name), shown: String(tag), rel: "tag", "mention hashtag")
            case .mention(let text, let identity):
                inner += anchor(
                    names.page(identity), shown: String(text), rel: "", "u-url mention")
            }
        }
        return paragraphs(inner)
    }

    /// Empty lines part paragraphs; other line ends stay.
    private static func paragraphs(_ text: String) -> String {
        if text.isEmpty { return "" }
        guard text.utf8.contains(0x0a) else { return "<p>" + text + "</p>" }
        let lines = text.split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" })
        let paragraphs = lines.split(whereSeparator: { $0.isEmpty })
        return paragraphs.map { "<p>" + $0.joined(separator: "<br>") + "</p>" }.joined()
    }

    private static func anchor(
        _ url: String, shown: String, rel: String, _ kind: String
    ) -> String {
        let kind = kind.isEmpty ? "" : " class=\"\(kind)\""
        let rel = rel.isEmpty ? "" : " rel=\"\(rel)\""
        return "<a href=\"\(DisplayText.html(url))\"\(kind)\(rel) target=\"_blank\">"
            + DisplayText.html(shown) + "</a>"
    }
}
