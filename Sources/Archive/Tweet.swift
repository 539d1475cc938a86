import FoundationEssentials
import Primitives

/// A post as the archive of Twitter has it: in `data/tweets.js`, as a script assigns it.
struct Tweet: Decodable {
    struct Entities: Decodable {
        struct Link: Decodable {
            var url: String?
            var expanded_url: String?
        }

        struct Tag: Decodable {
            var text: String?
        }

        var urls: [Link]?
        var media: [Link]?
        var hashtags: [Tag]?
    }

    var id_str: String?
    var created_at: String?
    var full_text: String?
    var text: String?
    var lang: String?
    var in_reply_to_status_id_str: String?
    var entities: Entities?

    /// Newer archives put each one into an object of its own.
    private struct Wrapped: Decodable {
        var tweet: Tweet?
    }

    static func item(_ bytes: [UInt8]) -> PastItem {
        let decoder = JSONDecoder()
        let data = Data(bytes)
        if let wrapped = try? decoder.decode(Wrapped.self, from: data), let tweet = wrapped.tweet {
            return tweet.item
        }
        return (try? decoder.decode(Tweet.self, from: data))?.item ?? .other
    }

    private var item: PastItem {
        guard let url = Self.url(id_str), let time = created_at.flatMap(Dates.twitter),
            let raw = full_text ?? text, !raw.isEmpty
        else { return .other }
        if raw.hasPrefix("RT @") { return .repost }
        var language = lang
        // "Undefined", and names of its own for texts without words.
        if let code = language, !(2...3).contains(code.utf8.count) || code == "und" {
            language = nil
        }
        return .note(
            PastNote(
                text: Entity.decoded(expanded(raw)), time: time,
                url: url, tags: (entities?.hashtags ?? []).compactMap(\.text),
                language: language, answers: Self.url(in_reply_to_status_id_str)))
    }

    /// Where the post of that number is.
    private static func url(_ id: String?) -> String? {
        guard let id, (1...20).contains(id.utf8.count), id.utf8.allSatisfy({ 48...57 ~= $0 })
        else { return nil }
        return "https://twitter.com/i/web/status/" + id
    }

    /// With the addresses that were meant instead of those that count clicks.
    private func expanded(_ text: String) -> String {
        var text = text
        for link in ((entities?.urls ?? []) + (entities?.media ?? [])).prefix(64) {
            guard let short = link.url, !short.isEmpty, let long = link.expanded_url else {
                continue
            }
            text = Entity.replaced(text, short, by: long)
        }
        return text
    }
}

/// Marks of HTML in text.
enum Entity {
    private static let named: [(name: String, text: String)] = [
        ("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'"), ("#39", "'"),
        ("nbsp", "\u{a0}"),
    ]

    /// Each mark once: `&amp;lt;` is `&lt;`.
    static func decoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "&"),
                let end = bytes[at...].prefix(12).firstIndex(of: UInt8(ascii: ";")),
                let mark = mark(String(decoding: bytes[(at + 1)..<end], as: UTF8.self))
            {
                out += mark.utf8
                at = end + 1
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func mark(_ name: String) -> String? {
        if let found = named.first(where: { $0.name == name }) { return found.text }
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let number =
            digits.hasPrefix("x") || digits.hasPrefix("X")
            ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        guard let number, number >= 0x20, let scalar = Unicode.Scalar(number) else { return nil }
        return String(Character(scalar))
    }

    static func replaced(_ text: String, _ old: String, by new: String) -> String {
        let (text, old) = (Array(text.utf8), Array(old.utf8))
        var out: [UInt8] = []
        var at = 0
        while at < text.count {
            if text[at...].starts(with: old) {
                out += new.utf8
                at += old.count
            } else {
                out.append(text[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
