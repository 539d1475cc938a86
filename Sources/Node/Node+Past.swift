import Content
import Primitives
import Wire

/// Posts that were first written elsewhere.
extension Node {
    /// Each has a `text`, a `time` and a `source`, and may have `url`, `tags`, `warning`,
    /// `language`.
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
                            text: text, tags: (value["tags"]?.list ?? []).compactMap(\.text),
                            warning: value["warning"]?.text, language: value["language"]?.text,
                            imported: origin)))
            } catch { throw .badRequest("\(error)") }
        }
        return contents
    }

    /// Where a note comes from, for the answers of `log` and `show`.
    static func origin(_ content: Content) -> Value? {
        guard case .note(let note) = content, let imported = note.imported else { return nil }
        return .object(
            ("source", .string(imported.source)), ("time", .int(imported.time.milliseconds)),
            ("url", .string(imported.url)))
    }
}
