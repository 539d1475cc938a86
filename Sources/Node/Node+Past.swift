import Content
import MerkleLog
import Primitives
import Wire

/// Posts that were first written elsewhere.
extension Node {
    /// Each has a `text`, a `time` and a `source`, and may have `url`, `tags`, `warning`,
    /// `language`, and `reply`: the addresses of what it answers (`to`) and of what that
    /// conversation began with (`root`), where that is another.
    static func past(_ list: [Value]) throws(NodeError) -> [Content] {
        var contents: [Content] = []
        for value in list {
            guard let text = value["text"]?.text, let time = value["time"]?.number,
                let source = value["source"]?.text
            else { throw .badRequest("a post from elsewhere has a text, a time and a source") }
            do throws(ContentError) {
                let origin = try Note.Import(
                    source: source, time: UnixTime(milliseconds: time),
                    url: value["url"]?.text ?? "")
                contents.append(
                    .note(
                        try Note(
                            text: text, reply: try reply(value["reply"]),
                            tags: (value["tags"]?.list ?? []).compactMap(\.text),
                            warning: value["warning"]?.text, language: value["language"]?.text,
                            imported: origin)))
            } catch { throw .badRequest("\(error)") }
        }
        return contents
    }

    private static func reply(_ value: Value?) throws(ContentError) -> Note.Reply? {
        guard let value else { return nil }
        let root = value["root"]?.text
        guard let to = value["to"]?.text.flatMap({ Reference(text: $0) }),
            root == nil || root.flatMap({ Reference(text: $0) }) != nil
        else { throw .refused("what a post answers is no address") }
        return try Note.Reply(to: to, root: root.flatMap { Reference(text: $0) })
    }

    /// What a note answers, for the answers of `log` and `show`.
    static func answered(_ content: Content) -> Value? {
        guard case .note(let note) = content, let reply = note.reply else { return nil }
        return .object(
            ("to", .string(reply.to.text)), ("root", reply.root.map { .string($0.text) }))
    }

    /// Where a note comes from, for the answers of `log` and `show`.
    static func origin(_ content: Content) -> Value? {
        guard case .note(let note) = content, let imported = note.imported else { return nil }
        return .object(
            ("source", .string(imported.source)), ("time", .int(imported.time.milliseconds)),
            ("url", .string(imported.url)))
    }
}
