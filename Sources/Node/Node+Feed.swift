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
    /// Has the feed kept from now on.
    func startSquare() {
        let mailbox = tasks.mailbox
        square.start { bytes in _ = mailbox.post { node in node.feedTakes(bytes) } }
    }

    /// Notes that have all of somebody's words, newest first; the feed is brought up to the store
    /// before.
    func search(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        guard let words = parameters["words"]?.text, words.utf8.count <= 1_000 else {
            throw .badRequest("what is to be looked for? At most 1,000 bytes")
        }
        let limit = Int(min(max(parameters["limit"]?.number ?? 20, 1), 1_000))
        onSquare("search", reply) { square, _ throws(StoreError) in
            .done(try Searching.run(square, words, limit))
        }
    }

    /// Makes the feed anew.
    func reindex(_ reply: @escaping (Control.Reply) -> Void) {
        let (square, paths) = (localEndpoints.isEmpty ? nil : square, paths)
        onThread("reindex", reply) { progress throws(StoreError) in
            let entries: UInt64
            if let square {
                entries = try square.rebuild(SquareWorker.told(progress))
            } else {
                let worker = try SquareWorker.caughtUp(paths, isAnew: true, progress)
                entries = try worker.store.countedEntries()
            }
            return .done(.object(("entries", .int(entries))))
        }
    }

    /// Asks the square, or, where the node does not run, one that is opened for this question. Nil
    /// is "not here".
    func onSquare(
        _ name: String, _ reply: @escaping (Control.Reply) -> Void,
        _ body: @escaping @Sendable (Square, Desk?) throws(StoreError) -> Control.Reply?
    ) {
        let (square, desk, paths) = (localEndpoints.isEmpty ? nil : square, desk, paths)
        onThread(name, reply) { progress throws(StoreError) in
            if let square {
                return try square.read { square throws(StoreError) in try body(square, desk) }
            }
            let desk = try Desk(path: paths.desk)
            do throws(StoreError) {
                let worker = try SquareWorker.caughtUp(paths, isAnew: false, progress)
                return try body(worker.square, desk)
            } catch {
                guard case .corrupt = error else { throw error }
            }
            // The feed costs nothing but time; what the store lacks is told by the second try.
            let worker = try SquareWorker.caughtUp(paths, isAnew: true, progress)
            return try body(worker.square, desk)
        }
    }

    /// Has `body` work on a thread of its own, and answers with what it gives.
    private func onThread(
        _ name: String, _ reply: @escaping (Control.Reply) -> Void,
        _ body:
            @escaping @Sendable (@escaping @Sendable (Value) -> Void) throws(StoreError) ->
            Control.Reply?
    ) {
        let answer = LoopBound(reply)
        let mailbox = tasks.mailbox
        startThread(name) {
            let result: Control.Reply
            do throws(StoreError) {
                let found = try body { progress in
                    _ = mailbox.post { _ in answer.value(.progress(progress)) }
                }
                result = found ?? .failed(.notFound("that post is not here (yet)"))
            } catch {
                result = .failed(.store("\(error)"))
            }
            _ = mailbox.post { _ in answer.value(result) }
        }
    }
}

private enum Searching {
    static func run(
        _ square: Square, _ words: String, _ limit: Int
    ) throws(StoreError) -> Value {
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
                found.append(describe(view, square.people))
            }
            page.before = last.id
        }
        return .object(("posts", .array(found)))
    }
}

/// A note as the command line is told of it.
func describe(_ view: NoteView, _ people: People) -> Value {
    .object(
        ("address", .string(view.reference.text)),
        ("author", .string(DIDKey.encode(view.author))),
        ("name", people.name(of: view.author).map { .string($0) }),
        ("index", .int(view.reference.index)), ("time", .int(view.time.milliseconds)),
        ("kind", .string(Content.noteKind)), ("text", .string(view.note.text)),
        ("edited", view.editedAt.map { .int($0.milliseconds) }))
}
