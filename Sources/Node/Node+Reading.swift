import Content
import Crypto
import Feed
import MerkleLog
import Mesh
import Primitives
import Store
import Transport
import Wire

/// Requests that only read.
extension Node {
    private var posts: Timeline { Timeline(reader: reader, people: people) }

    /// Bytes of text in one answer, about: it stays below `Control.replyLimit`.
    private static let replyBytes = 48 << 20

    // MARK: Posts

    /// The newest posts of whom an identity follows, or of everybody.
    func timeline(_ parameters: Value) throws(NodeError) -> Value {
        let limit = Int(min(max(parameters["limit"]?.number ?? 20, 1), 1_000))
        let account = accounts.isEmpty ? nil : try self.account(parameters)
        let follows = account.map { people.follows(of: $0.identity) } ?? []
        let everybody = parameters["all"]?.flag == true || follows.isEmpty
        let logs: [LogKey]
        if everybody {
            logs = try stored { () throws(StoreError) in
                try reader.heads(afterNumber: 0, limit: 10_000).map(\.head.key)
            }
        } else {
            logs = ([account?.identity].compactMap { $0 } + follows)
                .flatMap { people.devices(of: $0) }
        }
        let (found, heldBack) = try stored { () throws(StoreError) in
            try posts.newest(of: logs, limit: limit, now: EventLoop.wallClock())
        }
        var bytes = 0
        let shown = found.prefix {
            bytes += $0.textBytes
            return bytes <= Self.replyBytes
        }
        return .object(
            ("posts", .array(shown.map(describe))), ("heldBack", .int(heldBack)),
            ("left", .int(found.count - shown.count)),
            ("everybody", .bool(everybody)), ("follows", .int(follows.count)))
    }

    /// One post, and what its author's checkpoint says of it.
    func show(_ parameters: Value) throws(NodeError) -> Value {
        let reference = try reference(parameters)
        let post = try post(reference)
        guard let head = try stored({ () throws(StoreError) in try reader.head(of: reference.log) })
        else { throw .notFound("that log is not here") }
        let identity = post.identity
        return .object(
            ("post", describe(post)), ("signedSize", .int(head.checkpoint.size)),
            ("root", .string(Base64.encode(head.checkpoint.root.array))),
            ("device", .string(DIDKey.encode(reference.log))),
            ("forkedAt", head.forkedAt.map { .int($0) }),
            ("identity", identity.map { .string(DIDKey.encode($0)) }))
    }

    /// A log's entries, of every kind: an author's own words for `starling log`.
    func log(_ parameters: Value) throws(NodeError) -> Value {
        guard let who = parameters["who"]?.text else { throw .badRequest("whose log?") }
        let limit = Int(min(max(parameters["limit"]?.number ?? 20, 1), 10_000))
        let logs: [LogKey]
        if let key = DIDKey.parse(who), people.history(of: key) == nil {
            logs = [key]
        } else {
            let identity = try self.identity(who)
            logs = [identity] + people.devices(of: identity)
        }
        var out: [Value] = []
        var room = Self.replyBytes
        for log in logs where room > 0 {
            guard let head = try stored({ () throws(StoreError) in try reader.head(of: log) })
            else { continue }
            let counted = head.counted
            let from = parameters["from"]?.number ?? (counted - min(counted, UInt64(limit)))
            let most = min(UInt64(limit), counted - min(counted, from))
            let entries = try stored { () throws(StoreError) in
                try posts.entries(of: log, from: from, limit: Int(most), maxBytes: room)
            }
            room -= entries.reduce(0) { $0 + $1.textBytes }
            out.append(
                .object(
                    ("log", .string(DIDKey.encode(log))), ("size", .int(head.size)),
                    ("signedSize", .int(head.checkpoint.size)),
                    ("root", .string(Base64.encode(head.checkpoint.root.array))),
                    ("forkedAt", head.forkedAt.map { .int($0) }),
                    ("name", people.name(of: log).map { .string($0) }),
                    ("entries", .array(entries.map(describe))),
                    ("newest", try newest(of: log, from: parameters["from"]?.number))))
        }
        if out.isEmpty { throw .notFound("no log of \(who) is here") }
        return .object(("logs", .array(out)))
    }

    /// Entries that have come before those in front of them; nil where there are none.
    private func newest(of log: LogKey, from: UInt64?) throws(NodeError) -> Value? {
        let found = try stored { () throws(StoreError) in try posts.newestEntries(of: log) }
        if found.isEmpty { return nil }
        return .array(found.filter { $0.reference.index >= from ?? 0 }.map(describe))
    }

    private func describe(_ post: Post) -> Value {
        let (kind, text) = words(post.body)
        var (origin, answered): (Value?, Value?)
        if case .content(let content) = post.body {
            (origin, answered) = (Self.origin(content), Self.answered(content))
        }
        let author = post.identity ?? post.reference.log
        return .object(
            ("address", .string(post.reference.text)), ("author", .string(DIDKey.encode(author))),
            ("name", post.name.map { .string($0) }), ("index", .int(post.reference.index)),
            ("time", .int(post.time.milliseconds)), ("kind", .string(kind)), ("text", text),
            ("reply", answered), ("imported", origin))
    }

    /// An entry's kind, and what people read of it.
    private func words(_ body: Post.Body) -> (kind: String, text: Value?) {
        switch body {
        case .dropped: ("dropped", nil)
        case .unreadable: ("unreadable", nil)
        case .content(let content): (Self.word(content), Self.text(content).map { .string($0) })
        }
    }

    /// The kind; what ends something has a word of its own.
    private static func word(_ content: Content) -> String {
        switch content {
        case .follow(_, isOn: false), .mute(_, isOn: false), .block(_, isOn: false):
            "un\(content.kind)"
        default: content.kind
        }
    }

    private static func text(_ content: Content) -> String? {
        switch content {
        case .note(let note): note.text
        case .edit(let edit): edit.note.text
        case .profile(let profile): profile.name
        case .follow(let identity, _), .mute(let identity, _), .block(let identity, _):
            DIDKey.encode(identity)
        case .reaction(let reaction): reaction.emoji
        case .repost(let entry, _), .retraction(let entry): entry.text
        case .labels(let labels): labels.name
        case .recipe(let recipe): recipe.name
        case .identity(.addDevice(let key)), .identity(.revokeDevice(let key, _)),
            .identity(.device(let key, _)):
            DIDKey.encode(key)
        case .vote, .identity(.identity), .other: nil
        }
    }

    // MARK: Proofs

    /// A proof file that verifies anywhere, off line.
    func prove(_ parameters: Value) throws(NodeError) -> Value {
        let reference = try reference(parameters)
        _ = try post(reference)
        let proof = try stored { () throws(StoreError) in
            try reader.proof(of: reference, binding: binding(of: reference))
        }
        guard let proof else {
            throw .notFound(
                "the posts before it are still on their way: prove it when they are here")
        }
        return .object(("proof", .string(proof.text)))
    }

    /// What shows that the post's log belongs to an identity, as far as the first root log shows
    /// it.
    private func binding(of reference: Reference) throws(StoreError) -> DeviceBinding? {
        guard let identity = people.identity(of: reference.log, at: reference.index),
            identity != reference.log, let at = people.addition(of: reference.log, by: identity)
        else { return nil }
        return try reader.binding(of: reference.log, identity: identity, addedAt: at)
    }

    /// The address of a post that a request names.
    func reference(_ parameters: Value) throws(NodeError) -> Reference {
        guard let text = parameters["address"]?.text else { throw .badRequest("which post?") }
        guard let reference = Reference(text: text) else {
            throw .badRequest(
                "\"\(text)\" is not the address of a post: it has the form did:key:z6Mk…/INDEX/z…")
        }
        return reference
    }

    /// The post at an address; refused when another one stands there.
    private func post(_ reference: Reference) throws(NodeError) -> Post {
        let found = try stored { () throws(StoreError) in
            try posts.post(at: reference.index, of: reference.log)
        }
        guard let found else { throw .notFound("that post is not here (yet)") }
        guard found.reference == reference else {
            throw .notFound("another post stands at that place of the log: the address is damaged")
        }
        return found
    }

    // MARK: Check

    /// Re-verifies every log and all media on a thread of its own, with progress. What is damaged
    /// is fetched again, as far as others have it.
    func check(_ reply: @escaping (Control.Reply) -> Void) {
        let answer = LoopBound(reply)
        let (path, media) = (paths.store, media)
        let mailbox = tasks.mailbox
        startThread("check") {
            let result = Checking.run(path, media.files) { progress in
                _ = mailbox.post { _ in answer.value(.progress(progress)) }
            }
            _ = mailbox.post { node in
                switch result {
                case .success(let found):
                    for log in found.miscounted { node.recount(log) }
                    for case .entry(let log, let index) in found.places {
                        node.handle(.damaged(log, index: index))
                    }
                    for blob in found.media { media.submit(.damaged(blob)) }
                    answer.value(.done(found.report))
                case .failure(let error): answer.value(.failed(error))
                }
            }
        }
    }

    /// After a stop that was not in order: SQLite's own check, beside the running node.
    func checkInBackground() {
        let path = paths.store
        let mailbox = tasks.mailbox
        startThread("quick-check") {
            let result = Checking.quick(path)
            _ = mailbox.post { node in
                switch result {
                case .success:
                    node.journal.say("the last run did not end in order; the store is intact")
                case .failure(let error): node.fail(error)
                }
            }
        }
    }
}

/// A value that is used on the loop's thread only, on its way through another one.
struct LoopBound<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}

extension Post {
    /// What the post takes in an answer, about.
    fileprivate var textBytes: Int {
        switch body {
        case .content(.note(let note)): note.text.utf8.count + 256
        case .content(.edit(let edit)): edit.note.text.utf8.count + 256
        default: 256
        }
    }
}
