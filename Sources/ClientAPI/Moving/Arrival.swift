package import Archive
import Content
package import Node
import Primitives
import Wire

/// Posts that were first written elsewhere, on their way out of an archive into a node.
///
/// What answers another post waits until all others are here: an archive may begin with its newest,
/// and what is answered has no address here before. Where it was the owner's own, the conversation
/// comes along, one step of it after another.
package struct Arrival {
    /// Posts and bytes of one request: it fits one group of posts.
    private static let most = (posts: 1_000, bytes: 150_000)
    /// Bytes of answers that wait; those beyond come along by themselves.
    private static let mostWaiting = 64 << 20

    /// What became of the archive's items.
    package struct Counts: Sendable {
        /// Given to the node.
        package var sent = 0
        package var known = 0
        package var reposts = 0
        package var notPublic = 0
        package var other = 0
    }

    /// How posts get into the node: `send` hands some over, and after `settle` they are there.
    package struct Way {
        let send: ([Value]) throws(NodeError) -> Void
        let settle: () throws(NodeError) -> Void

        package init(
            send: @escaping ([Value]) throws(NodeError) -> Void,
            settle: @escaping () throws(NodeError) -> Void = { () throws(NodeError) in }
        ) {
            self.send = send
            self.settle = settle
        }
    }

    private let source: String
    private let logs: OwnLogs
    private let ask: OwnLogs.Ask
    /// Old addresses of what is here, or will be.
    private var seen: Set<String> = []
    private var waiting: [Value] = []
    private var bytes = 0
    /// What answers something, by the old address of that.
    private var answers: [String: [PastNote]] = [:]
    private var answerBytes = 0
    package private(set) var counts = Counts()

    /// Learns what was brought along before. The log itself says so: no list can be lost.
    package init(
        from service: PastService, of logs: OwnLogs, _ ask: @escaping OwnLogs.Ask
    ) throws(NodeError) {
        source = service.rawValue
        self.logs = logs
        self.ask = ask
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
        _ service: PastService, _ path: String, name: String? = nil, _ way: Way
    ) throws(NodeError) {
        var failure: NodeError?
        do throws(ArchiveError) {
            try service.read(path, name: name) { item throws(ArchiveError) in
                do throws(NodeError) { try self.add(item, way) } catch {
                    failure = error
                    throw .missing("")
                }
            }
        } catch {
            if let failure { throw failure }
            try end(way)
            throw .badRequest("\(error)")
        }
        try end(way)
    }

    private mutating func add(_ item: PastItem, _ way: Way) throws(NodeError) {
        switch item {
        case .repost: counts.reposts += 1
        case .notPublic: counts.notPublic += 1
        case .other: counts.other += 1
        case .note(let past):
            guard seen.insert(past.url).inserted else {
                counts.known += 1
                return
            }
            if let answered = past.answers, answerBytes < Self.mostWaiting {
                answers[answered, default: []].append(past)
                answerBytes += past.text.utf8.count + 256
            } else {
                try add(past, nil, way)
            }
        }
    }

    private mutating func add(
        _ past: PastNote, _ reply: Place?, _ way: Way
    ) throws(NodeError) {
        guard let value = value(past, reply) else {
            counts.other += 1
            return
        }
        waiting.append(value)
        bytes += past.text.utf8.count + past.url.utf8.count + 512
        if waiting.count >= Self.most.posts || bytes >= Self.most.bytes { try flush(way) }
    }

    private mutating func flush(_ way: Way) throws(NodeError) {
        if waiting.isEmpty { return }
        try way.send(waiting)
        counts.sent += waiting.count
        waiting = []
        bytes = 0
    }

    // MARK: Answers

    /// Where a post stands here.
    private struct Place {
        let address: String
        /// What its conversation began with, where that is another.
        let root: String?
    }

    /// What answers something comes behind it. What answers somebody else's post, which is not
    /// here, stands alone.
    private mutating func end(_ way: Way) throws(NodeError) {
        try addAlone(answers.keys.filter { !seen.contains($0) }, way)
        var read: OwnLogs.Places = [:]
        while !answers.isEmpty {
            try flush(way)
            try way.settle()
            let found = try answered(from: &read)
            if found.isEmpty { break }
            for (url, place) in found {
                for past in answers.removeValue(forKey: url) ?? [] { try add(past, place, way) }
            }
        }
        // What they answer could not come along.
        try addAlone(Array(answers.keys), way)
        try flush(way)
    }

    /// Adds what answers the posts of these old addresses, as if it answered nothing.
    private mutating func addAlone(_ urls: [String], _ way: Way) throws(NodeError) {
        let alone = urls.flatMap { answers.removeValue(forKey: $0) ?? [] }
        for past in alone.sorted(by: { ($0.time, $0.url) < ($1.time, $1.url) }) {
            try add(past, nil, way)
        }
    }

    /// What is here of all that something waits for.
    private func answered(
        from read: inout OwnLogs.Places
    ) throws(NodeError) -> [(url: String, place: Place)] {
        var found: [(url: String, place: Place)] = []
        try logs.each(from: &read, ask) { _, entry in
            guard let origin = entry["imported"], origin["source"]?.text == source,
                let url = origin["url"]?.text, answers[url] != nil,
                let address = entry["address"]?.text
            else { return }
            let reply = entry["reply"]
            let root = reply?["root"]?.text ?? reply?["to"]?.text
            found.append((url, Place(address: address, root: root)))
        }
        return found
    }

    /// Nil for what is no note here, however little of it is taken.
    private func value(_ past: PastNote, _ reply: Place?) -> Value? {
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
            (
                "reply",
                reply.map {
                    .object(
                        ("to", .string($0.address)), ("root", $0.root.map { .string($0) }))
                }
            ),
            ("tags", .array(tags.map { .string($0) })),
            ("warning", warning.map { .string($0) }), ("language", language.map { .string($0) }))
    }
}
