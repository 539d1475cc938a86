package import Archive
import Content
package import Node
import Primitives
import Wire

/// Posts that were first written elsewhere, on their way out of an archive into a node.
package struct Arrival {
    /// Posts and bytes of one request: it fits one group of posts.
    private static let most = (posts: 1_000, bytes: 150_000)

    /// What became of the archive's items.
    package struct Counts: Sendable {
        /// Given to the node.
        package var sent = 0
        package var known = 0
        package var reposts = 0
        package var notPublic = 0
        package var other = 0
    }

    private let source: String
    /// Old addresses of what is here.
    private var seen: Set<String> = []
    private var waiting: [Value] = []
    private var bytes = 0
    package private(set) var counts = Counts()

    /// Learns what was brought along before. The log itself says so: no list can be lost.
    package init(
        from service: PastService, of logs: OwnLogs, _ ask: OwnLogs.Ask
    ) throws(NodeError) {
        source = service.rawValue
        var seen: Set<String> = []
        try logs.each(ask) { _, entry in
            if let origin = entry["imported"], origin["source"]?.text == service.rawValue,
                let url = origin["url"]?.text
            {
                seen.insert(url)
            }
        }
        self.seen = seen
    }

    /// Hands over what is new in an archive, some posts at a time, as `post` takes them under
    /// `past`. What came before a damage is whole, and is handed over before the error is thrown.
    package mutating func take(
        _ service: PastService, _ path: String, name: String? = nil,
        _ send: ([Value]) throws(NodeError) -> Void
    ) throws(NodeError) {
        var failure: NodeError?
        do throws(ArchiveError) {
            try service.read(path, name: name) { item throws(ArchiveError) in
                do throws(NodeError) { try self.add(item, send) } catch {
                    failure = error
                    throw .missing("")
                }
            }
        } catch {
            if let failure { throw failure }
            try flush(send)
            throw .badRequest("\(error)")
        }
        try flush(send)
    }

    private mutating func add(
        _ item: PastItem, _ send: ([Value]) throws(NodeError) -> Void
    ) throws(NodeError) {
        switch item {
        case .repost: counts.reposts += 1
        case .notPublic: counts.notPublic += 1
        case .other: counts.other += 1
        case .note(let past):
            guard seen.insert(past.url).inserted else {
                counts.known += 1
                return
            }
            guard let value = value(past) else {
                counts.other += 1
                return
            }
            waiting.append(value)
            bytes += past.text.utf8.count + past.url.utf8.count + 256
            if waiting.count >= Self.most.posts || bytes >= Self.most.bytes { try flush(send) }
        }
    }

    private mutating func flush(
        _ send: ([Value]) throws(NodeError) -> Void
    ) throws(NodeError) {
        if waiting.isEmpty { return }
        try send(waiting)
        counts.sent += waiting.count
        waiting = []
        bytes = 0
    }

    /// Nil for what is no note here, however little of it is taken.
    private func value(_ past: PastNote) -> Value? {
        guard past.url.utf8.count <= ContentLimits.sourceURL.upperBound else { return nil }
        var tags: [String] = []
        for tag in past.tags.prefix(ContentLimits.tags.upperBound)
        where (try? Note(text: "x", tags: tags + [tag])) != nil {
            tags.append(tag)
        }
        let language = past.language.flatMap { code in
            (try? Note(text: "x", language: code)).map { _ in code }
        }
        let warning = past.warning.flatMap { words in
            (try? Note(text: "x", warning: words)).map { _ in words }
        }
        // A warning that has no room must not be lost: it stands before the text.
        let isLost = past.warning.map { !$0.isEmpty } == true && warning == nil
        let text = isLost ? (past.warning ?? "") + "\n\n" + past.text : past.text
        guard (try? Note(text: text, tags: tags, warning: warning, language: language)) != nil
        else { return nil }
        return .object(
            ("text", .string(text)), ("time", .int(past.time.milliseconds)),
            ("source", .string(source)), ("url", .string(past.url)),
            ("tags", .array(tags.map { .string($0) })),
            ("warning", warning.map { .string($0) }), ("language", language.map { .string($0) }))
    }
}
