import Content
import Crypto
import Feed
import MerkleLog
import Mesh
import Primitives
import Store
import Transport
import Wire

/// Requests that are answered out of the feed, each on a thread of its own.
extension Node {
    /// Notes that have all of somebody's words, newest first; the feed is brought up to the store
    /// before.
    func search(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        guard let words = parameters["words"]?.text, words.utf8.count <= 1_000 else {
            throw .badRequest("what is to be looked for? At most 1,000 bytes")
        }
        let limit = Int(min(max(parameters["limit"]?.number ?? 20, 1), 1_000))
        let paths = paths
        onThread("search", reply) { progress throws(StoreError) in
            try Searching.run(paths, words, limit, progress)
        }
    }

    /// Makes the feed anew.
    func reindex(_ reply: @escaping (Control.Reply) -> Void) {
        let paths = paths
        onThread("reindex", reply) { progress throws(StoreError) in
            try Searching.rebuild(paths, progress)
        }
    }

    /// Has `body` work on a thread of its own, and answers with what it gives.
    private func onThread(
        _ name: String, _ reply: @escaping (Control.Reply) -> Void,
        _ body: @escaping @Sendable ((Value) -> Void) throws(StoreError) -> Value
    ) {
        let answer = LoopBound(reply)
        let mailbox = tasks.mailbox
        startThread(name) {
            let result: Control.Reply
            do throws(StoreError) {
                result = .done(
                    try body { progress in
                        _ = mailbox.post { _ in answer.value(.progress(progress)) }
                    })
            } catch {
                result = .failed(.store("\(error)"))
            }
            _ = mailbox.post { _ in answer.value(result) }
        }
    }
}

/// The feed, opened for one question.
private enum Searching {
    static func run(
        _ paths: Paths, _ words: String, _ limit: Int, _ progress: (Value) -> Void
    ) throws(StoreError) -> Value {
        let reader = try StoreReader(directory: paths.store)
        try catchUp(paths, reader, progress)
        let people = People(reader: reader)
        try people.load(reader.heads())
        let square = Square(
            store: reader, feed: try FeedReader(path: paths.feed), people: people)
        var found: [Value] = []
        var seen: Set<Int64> = []
        var page = FeedReader.Page(limit: max(64, limit))
        while found.count < limit {
            let acts = try square.feed.search(words, page)
            guard let last = acts.last else { break }
            for act in acts where found.count < limit {
                // An edit stands for its note; what a note said before it was edited is not found.
                guard let view = try square.shown(act), seen.insert(view.act.id).inserted else {
                    continue
                }
                found.append(describe(view, people))
            }
            page.before = last.id
        }
        return .object(("posts", .array(found)))
    }

    static func rebuild(
        _ paths: Paths, _ progress: (Value) -> Void
    ) throws(StoreError) -> Value {
        let reader = try StoreReader(directory: paths.store)
        try catchUp(paths, reader, isAnew: true, progress)
        return .object(("entries", .int(try reader.countedEntries())))
    }

    private static func catchUp(
        _ paths: Paths, _ reader: StoreReader, isAnew: Bool = false, _ progress: (Value) -> Void
    ) throws(StoreError) {
        let feed = try FeedWriter(path: paths.feed, isAnew: isAnew)
        let work = CatchUp(reader: reader, feed: feed)
        var told: UInt64 = 0
        try work.all { taken, total in
            guard taken >= told + 2_000 else { return }
            told = taken
            progress(.object(("entries", .int(taken)), ("total", .int(total))))
        }
    }

    private static func describe(_ view: NoteView, _ people: People) -> Value {
        .object(
            ("address", .string(view.reference.text)),
            ("author", .string(DIDKey.encode(view.author))),
            ("name", people.name(of: view.author).map { .string($0) }),
            ("index", .int(view.reference.index)), ("time", .int(view.time.milliseconds)),
            ("kind", .string(Content.noteKind)), ("text", .string(view.note.text)),
            ("edited", view.editedAt.map { .int($0.milliseconds) }))
    }
}
