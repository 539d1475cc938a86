import Archive
import Content
import Node
import Primitives
import Wire

/// Bringing along what was written elsewhere.
extension Command {
    static let importPast = Command(
        name: "import", usage: "import twitter|mastodon ARCHIVE",
        summary: "Bring along what you wrote elsewhere.",
        details: """
            ARCHIVE is the file as the service gave it: a .zip of Twitter, a .tar.gz or .zip of
            Mastodon. Your posts keep their time and their old address, are marked as brought along,
            and never stand as new. Run it again at any time: what is here already is left out.

            What was passed on from others is left out, and of Mastodon whatever was not for
            everybody. Twitter does not say what was: of a protected account everything would become
            public here. Texts only: pictures stay where they are, with their address.
            """,
        words: 2...2
    ) { context throws(NodeError) in
        guard let service = PastService(rawValue: context.arguments.words[0]) else {
            throw .usage("archives are known of: twitter, mastodon")
        }
        let path = context.arguments.words[1]
        try context.withNode { node throws(NodeError) in
            var arrival = Arrival(node: node, context: context, source: service.rawValue)
            try arrival.learn()
            try arrival.take(service, path)
            let reply = Value.object(
                ("posted", .int(arrival.posted)), ("known", .int(arrival.known)),
                ("reposts", .int(arrival.reposts)), ("notPublic", .int(arrival.notPublic)),
                ("other", .int(arrival.other)))
            context.show(reply) { arrival.tell() }
        }
    }
}

/// One import under way.
private struct Arrival {
    /// Posts and bytes of one request: it fits one group of posts.
    private static let most = (posts: 1_000, bytes: 150_000)
    private static let atOnce = 4

    let node: NodeHandle
    let context: Command.Context
    let source: String
    /// Old addresses of what is here.
    private var seen: Set<String> = []
    private var waiting: [Value] = []
    private var bytes = 0
    private var underWay: [UInt64: Int] = [:]
    private var progress = Progress("brought along")

    private(set) var posted = 0
    private(set) var known = 0
    private(set) var reposts = 0
    private(set) var notPublic = 0
    private(set) var other = 0

    init(node: NodeHandle, context: Command.Context, source: String) {
        self.node = node
        self.context = context
        self.source = source
    }

    /// What was brought along before. The log itself says so: no list can be lost.
    mutating func learn() throws(NodeError) {
        var seen: Set<String> = []
        try OwnLogs(node, context).each(node) { _, entry in
            if let origin = entry["imported"], origin["source"]?.text == source,
                let url = origin["url"]?.text
            {
                seen.insert(url)
            }
        }
        self.seen = seen
    }

    mutating func take(_ service: PastService, _ path: String) throws(NodeError) {
        var failure: NodeError?
        do throws(ArchiveError) {
            try service.read(path) { item throws(ArchiveError) in
                do throws(NodeError) { try self.add(item) } catch {
                    failure = error
                    throw .missing("")
                }
            }
        } catch {
            // What came before the damage is whole, and stays.
            progress.end()
            if failure == nil { failure = .badRequest("\(error)") }
        }
        do throws(NodeError) {
            try send()
            while !underWay.isEmpty { try receive() }
        } catch { failure = failure ?? error }
        progress.end()
        if let failure {
            if posted > 0 { Terminal.note("\(posted) posts were brought along before that") }
            throw failure
        }
    }

    private mutating func add(_ item: PastItem) throws(NodeError) {
        switch item {
        case .repost: reposts += 1
        case .notPublic: notPublic += 1
        case .other: other += 1
        case .note(let past):
            guard seen.insert(past.url).inserted else {
                known += 1
                return
            }
            guard let value = value(past) else {
                other += 1
                return
            }
            waiting.append(value)
            bytes += past.text.utf8.count + past.url.utf8.count + 256
            if waiting.count >= Self.most.posts || bytes >= Self.most.bytes { try send() }
        }
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

    private mutating func send() throws(NodeError) {
        if waiting.isEmpty { return }
        while underWay.count >= Self.atOnce { try receive() }
        let id = try node.send("post", context.parameters(("past", .array(waiting))))
        underWay[id] = waiting.count
        waiting = []
        bytes = 0
    }

    private mutating func receive() throws(NodeError) {
        let (id, reply) = try node.receive()
        if case .progress = reply { return }
        guard let count = underWay.removeValue(forKey: id) else { return }
        if case .failed(let error) = reply { throw error }
        posted += count
        progress.show(UInt64(posted), of: nil)
    }

    func tell() {
        Terminal.line("brought along \(posted) posts")
        for (count, words) in [
            (known, "were here already"), (reposts, "were passed on from others"),
            (notPublic, "were not for everybody"), (other, "are no posts, or have no text"),
        ] where count > 0 {
            Terminal.line("  \(count) \(words): left out")
        }
    }
}
