import Content
import Feed
import MerkleLog
import Primitives
import Store

/// Words that a reader does not want to read, and where. They hide for that reader alone, and the
/// post says by which filter it is hidden: one click shows it.
struct Filter: Sendable {
    enum Context: String, Sendable, CaseIterable {
        case home
        case notifications
        case everybody = "public"
        case thread
        case account
    }

    struct Keyword: Sendable {
        var id: Int64
        var text: String
        var isWhole: Bool
    }

    var id: Int64
    var title: String
    var contexts: [Context]
    /// "warn", "hide" or "blur", as programs take it.
    var action: String
    var expires: UInt64?
    var keywords: [Keyword]
    /// Posts that are hidden whatever they say, each by its own id.
    var posts: [(id: Int64, post: Int64)]

    func isOver(_ now: UInt64) -> Bool { expires.map { $0 <= now } ?? false }

    // MARK: Keeping

    static func all(of reader: LogKey, _ desk: Desk) throws(StoreError) -> [Filter] {
        try desk.rows(.filter, of: reader).reversed().compactMap { Filter($0) }
    }

    func keep(of reader: LogKey, _ desk: Desk) throws(StoreError) {
        try desk.put(.filter, of: reader, id, 0, String(decoding: stored.encoded, as: UTF8.self))
    }

    private var stored: JSONValue {
        [
            "title": .string(title), "contexts": .array(contexts.map { .string($0.rawValue) }),
            "action": .string(action),
            "expires": expires.map { .integer(Int64(clamping: $0)) } ?? .null,
            "keywords": .array(
                keywords.map {
                    ["id": .integer($0.id), "text": .string($0.text), "whole": .bool($0.isWhole)]
                }),
            "posts": .array(posts.map { ["id": .integer($0.id), "post": .integer($0.post)] }),
        ]
    }

    init(
        id: Int64, title: String, contexts: [Context], action: String = "warn",
        expires: UInt64? = nil, keywords: [Keyword] = []
    ) {
        self.id = id
        self.title = title
        self.contexts = contexts
        self.action = action
        self.expires = expires
        self.keywords = keywords
        posts = []
    }

    private init?(_ row: Desk.Row) {
        guard let json = try? JSONReader.read(Array(row.value.utf8)),
            let title = json["title"]?.stringValue
        else { return nil }
        self.init(id: row.id, title: title, contexts: [])
        contexts = (json["contexts"]?.arrayValue ?? []).compactMap { item in
            item.stringValue.flatMap { Context(rawValue: $0) }
        }
        action = json["action"]?.stringValue ?? "warn"
        expires = json["expires"]?.integerValue.flatMap { UInt64(exactly: $0) }
        keywords = (json["keywords"]?.arrayValue ?? []).compactMap { item in
            guard let id = item["id"]?.integerValue, let text = item["text"]?.stringValue else {
                return nil
            }
            return Keyword(id: id, text: text, isWhole: item["whole"] == .bool(true))
        }
        posts = (json["posts"]?.arrayValue ?? []).compactMap { item in
            guard let id = item["id"]?.integerValue, let post = item["post"]?.integerValue else {
                return nil
            }
            return (id, post)
        }
    }

    // MARK: Telling

    var json: JSONValue {
        summary.with(
            (
                "keywords",
                .array(
                    keywords.map {
                        [
                            "id": .id($0.id), "keyword": .string($0.text),
                            "whole_word": .bool($0.isWhole),
                        ]
                    })
            ), ("statuses", .array(posts.map { ["id": .id($0.id), "status_id": .id($0.post)] })))
    }

    var summary: JSONValue {
        [
            "id": .id(id), "title": .string(title),
            "context": .array(contexts.map { .string($0.rawValue) }),
            "expires_at": .time(expires.map { UnixTime(milliseconds: $0) }),
            "filter_action": .string(action),
        ]
    }

    /// What it finds in a post; nil for nothing.
    func result(_ text: String, post: Int64) -> JSONValue? {
        let words = keywords.filter { $0.isIn(text) }.map { JSONValue.string($0.text) }
        let isNamed = posts.contains { $0.post == post }
        if words.isEmpty && !isNamed { return nil }
        return [
            "filter": summary, "keyword_matches": .array(words),
            "status_matches": isNamed ? [.id(post)] : [],
        ]
    }
}

extension Filter.Keyword {
    /// Whatever its case.
    func isIn(_ text: String) -> Bool {
        let (text, word) = (Array(text.lowercased().utf8), Array(self.text.lowercased().utf8))
        guard !word.isEmpty, word.count <= text.count else { return false }
        for at in 0...(text.count - word.count)
        where text[at] == word[0] && text[at..<(at + word.count)].elementsEqual(word) {
            if !isWhole { return true }
            let before = at == 0 || !Self.isWordByte(text[at - 1])
            let end = at + word.count
            let after = end == text.count || !Self.isWordByte(text[end])
            if before && after { return true }
        }
        return false
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x61...0x7a ~= byte || byte == 0x5f || byte >= 0x80
    }
}

extension Showing {
    /// Who hides a post from the viewer, and why: each a line that programs show in its place.
    func filtered(
        _ view: NoteView, by author: LogKey, in context: Filter.Context?
    ) throws(StoreError) -> JSONValue {
        guard let context, author != viewer.identity else { return [] }
        var results: [JSONValue] = []
        for person in Set([author, view.author]).sorted() {
            let mark = Mark.of(person)
            guard hidden.blocked.contains(mark) || hidden.muted.contains(mark) else { continue }
            let name = handles.displayName(person)
            if hidden.blocked.contains(mark) {
                results.append(
                    Self.line(
                        "You blocked \(name)", 1, context,
                        ["by": "block", "name": .string(name)]))
            } else if context != .account {
                results.append(
                    Self.line(
                        "You muted \(name)", 2, context, ["by": "mute", "name": .string(name)]))
            }
        }
        results += try labelLines(view, by: author, in: context)
        if hidden.filters.isEmpty { return .array(results) }
        let parts = [view.note.warning, view.note.text] + view.note.attachments.map(\.alternative)
        let text = parts.compactMap { $0 }.joined(separator: "\n")
        for filter in hidden.filters where filter.contexts.contains(context) {
            if let found = filter.result(text, post: view.act.id) { results.append(found) }
        }
        return .array(results)
    }

    /// `parts` says the same as the title, in pieces that a program can say in its own language.
    static func line(
        _ title: String, _ id: Int64, _ context: Filter.Context, _ parts: JSONValue
    ) -> JSONValue {
        [
            "filter": [
                "id": .id(id), "title": .string(title), "context": [.string(context.rawValue)],
                "expires_at": nil, "filter_action": "warn",
            ], "keyword_matches": [], "status_matches": [], "starling": parts,
        ]
    }
}
