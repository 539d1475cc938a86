import FoundationEssentials
import Primitives

/// What an account did, as the archive of Mastodon has it: `outbox.json`, in ActivityStreams.
struct Outbox: Decodable {
    struct Object: Decodable {
        struct Tag: Decodable {
            var type: String?
            var name: String?
        }

        struct Option: Decodable {
            struct Votes: Decodable {
                var totalItems: Int?
            }

            var name: String?
            var replies: Lenient<Votes>?
        }

        var type: String?
        var id: String?
        var url: String?
        var content: String?
        var summary: String?
        var published: String?
        var tag: [Tag]?
        var contentMap: [String: String]?
        var inReplyTo: String?
        /// Of a question: one answer each, or several.
        var oneOf: [Option]?
        var anyOf: [Option]?
        var to: [String]?
        var cc: [String]?

        private enum Keys: CodingKey {
            case type, id, url, content, summary, published, tag, contentMap, inReplyTo
            case oneOf, anyOf, to, cc
        }

        /// A member of another shape than Mastodon writes is as if it were not there: the rest of
        /// the post counts. One value stands for a list of one, as in JSON-LD.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            func one<T: Decodable>(_ key: Keys, _ type: T.Type = T.self) -> T? {
                try? container.decode(type, forKey: key)
            }
            func list<T: Decodable>(_ key: Keys) -> [T]? {
                let values = one(key, [Lenient<T>].self)?.compactMap(\.value)
                return values ?? one(key, T.self).map { [$0] }
            }
            type = one(.type)
            id = one(.id)
            url = one(.url)
            content = one(.content)
            summary = one(.summary)
            published = one(.published)
            tag = list(.tag)
            contentMap = one(.contentMap)
            inReplyTo = one(.inReplyTo) ?? one(.inReplyTo, Named.self)?.id
            oneOf = list(.oneOf)
            anyOf = list(.anyOf)
            to = list(.to)
            cc = list(.cc)
        }
    }

    /// An element that may have any shape.
    struct Lenient<Value: Decodable>: Decodable {
        var value: Value?
        init(from decoder: any Decoder) { value = try? Value(from: decoder) }
    }

    /// An object where its address alone would do.
    private struct Named: Decodable { var id: String }

    var type: String?
    var object: Object?

    private enum Keys: CodingKey { case type, object }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        type = try? container.decode(String.self, forKey: .type)
        // What is passed on is named by its address alone.
        object = try? container.decode(Object.self, forKey: .object)
    }

    static func item(_ bytes: [UInt8]) -> PastItem {
        (try? JSONDecoder().decode(Outbox.self, from: Data(bytes)))?.item ?? .other
    }

    private var item: PastItem {
        if type == "Announce" { return .repost }
        guard type == "Create", let object, object.type == "Note" || object.type == "Question",
            let url = object.id ?? object.url, let time = object.published.flatMap(Dates.iso)
        else { return .other }
        // What went to followers or to single people was no word for everybody.
        guard ((object.to ?? []) + (object.cc ?? [])).contains(where: Self.isEverybody) else {
            return .notPublic
        }
        let text = [Markup.text(object.content ?? ""), Self.outcome(object)]
            .filter { !$0.isEmpty }.joined(separator: "\n\n")
        guard !text.isEmpty else { return .other }
        let tags = (object.tag ?? []).filter { $0.type == "Hashtag" }.compactMap(\.name)
        let languages = (object.contentMap ?? [:]).keys.sorted()
        return .note(
            PastNote(
                text: text, time: time, url: url,
                tags: tags.map { $0.hasPrefix("#") ? String($0.dropFirst()) : $0 },
                warning: object.summary, language: languages.count == 1 ? languages[0] : nil,
                answers: object.inReplyTo))
    }

    /// What was asked and how it ended, in words: its votes cannot be counted here.
    private static func outcome(_ object: Object) -> String {
        let lines = (object.oneOf ?? object.anyOf ?? []).prefix(64).compactMap { option in
            option.name.map { name in
                "- \(name)" + (option.replies?.value?.totalItems.map { ": \($0)" } ?? "")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func isEverybody(_ address: String) -> Bool {
        address == "https://www.w3.org/ns/activitystreams#Public" || address == "as:Public"
            || address == "Public"
    }
}

/// HTML as plain text: paragraphs and lines stay, all else goes.
enum Markup {
    static func text(_ html: String) -> String {
        var out: [UInt8] = []
        let bytes = Array(html.utf8)
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "<"),
                let end = bytes[at...].firstIndex(of: UInt8(ascii: ">"))
            else {
                out.append(bytes[at])
                at += 1
                continue
            }
            let tag = bytes[(at + 1)..<end].prefix {
                97...122 ~= $0 | 0x20 || 48...57 ~= $0 || $0 == UInt8(ascii: "/")
            }
            switch String(decoding: tag.map { $0 | 0x20 }, as: UTF8.self) {
            case "br", "br/", "/li": out.append(UInt8(ascii: "\n"))
            case "/p", "/blockquote", "/ul", "/ol", "/pre": out += "\n\n".utf8
            case "li": out += "- ".utf8
            default: break
            }
            at = end + 1
        }
        let text = Entity.decoded(String(decoding: out, as: UTF8.self))
        return trimmed(text)
    }

    private static func trimmed(_ text: String) -> String {
        var scalars = Substring(text).unicodeScalars
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        return String(scalars)
    }
}
