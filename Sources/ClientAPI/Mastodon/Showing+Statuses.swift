import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store
import Wire

/// Posts.
extension Showing {
    /// The emoji that stands for what other networks call a favourite.
    static var favourite: String { "⭐" }

    /// What a row of a timeline is as a status; nil for what is not to be shown: retracted, not
    /// here, nobody's word.
    func status(_ act: Act, in context: Filter.Context? = nil) throws(StoreError) -> JSONValue? {
        switch act.kind {
        case .note:
            guard let view = try square.note(act) else { return nil }
            return try status(view, in: context)
        case .repost: return try repost(act, in: context)
        case .edit, .reaction, .vote, .retraction, .follow, .labels, .recipe: return nil
        }
    }

    private func repost(_ act: Act, in context: Filter.Context?) throws(StoreError) -> JSONValue? {
        guard !act.flags.contains(.off), let author = try square.author(of: act),
            let (content, _, time) = try square.entry(act), case .repost(let target, _) = content,
            let original = try self.act(target), let view = try square.note(original),
            try square.reposts(of: original.ref).contains(author)
        else { return nil }
        let inner = try status(view, in: context)
        return inner.with(
            ("id", .id(act.id)), ("created_at", .time(time)), ("account", try account(author)),
            ("uri", .string("\(viewer.base)/statuses/\(act.id)/activity")),
            ("url", inner["url"] ?? .null), ("reblog", inner), ("media_attachments", []),
            ("filtered", try filtered(view, by: author, in: context)))
    }

    func status(
        _ view: NoteView, in context: Filter.Context? = nil, quoteDepth: Int = 1
    ) throws(StoreError) -> JSONValue {
        let id = view.act.id
        let note = view.note
        let reply = try view.first.reply.flatMap { (reply) throws(StoreError) in
            try replied(reply)
        }
        let said = try reactions(view.act.ref)
        let reposters = try square.reposts(of: view.act.ref)
        let mine = viewer.identity
        let isMine = view.author == mine
        let author = try account(view.author)
        let quote = try quote(view, quoteDepth)
        return [
            "id": .id(id), "created_at": .time(SortID.time(of: id)),
            "edited_at": .time(view.editedAt),
            "in_reply_to_id": reply.map { $0.id.map { .id($0) } ?? .null } ?? .null,
            "in_reply_to_account_id": reply.map { .id(Mark.of($0.author)) } ?? .null,
            "sensitive": .bool(note.warning != nil), "spoiler_text": .string(note.warning ?? ""),
            "visibility": "public", "language": .text(note.language),
            "uri": .string(view.reference.text),
            "url": .string("\(author["url"]?.stringValue ?? viewer.base)/\(id)"),
            "replies_count": .count(try square.answerCount(to: view.act.ref)),
            "reblogs_count": .count(reposters.count),
            "favourites_count": .count(said.favourites.count),
            "quotes_count": 0,
            "favourited": .bool(mine.map { said.favourites.contains($0) } ?? false),
            "reblogged": .bool(mine.map { reposters.contains($0) } ?? false),
            "muted": .bool(hidden.threads.contains(view.act.root ?? view.act.ref)),
            "bookmarked": .bool(
                try mine.flatMap { (me) throws(StoreError) in
                    try desk.value(.bookmark, of: me, id)
                } != nil),
            "pinned": .bool(
                isMine
                    && people.profile(of: view.author)?.pinned.contains(view.reference) == true),
            "content": .string(Markup.html(note.text, mentions: note.mentions, names: names)),
            "text": .null, "filtered": try filtered(view, by: view.author, in: context),
            "reblog": nil, "application": nil, "account": author,
            "media_attachments": .array(note.attachments.map { attachment($0) }),
            "mentions": .array(mentioned(note).map { mention($0) }),
            "tags": .array(note.tags.map { tag($0) }), "emojis": [], "card": nil,
            "poll": try poll(view) ?? .null, "quote": quote,
            "quote_approval": [
                "automatic": ["public"], "manual": [], "current_user": "automatic",
            ],
            "pleroma": [
                "local": .bool(viewer.accounts.contains { $0.identity == view.author }),
                "conversation_id": .integer(view.act.root ?? view.act.ref),
                "in_reply_to_account_acct": .text(reply.map { acct($0.author) }),
                "thread_muted": false,
                "content": ["text/plain": .string(note.text)],
                "emoji_reactions": said.json, "quote": quote["quoted_status"] ?? .null,
            ],
        ]
    }

    private func mentioned(_ note: Note) -> [LogKey] {
        var seen: Set<LogKey> = []
        return note.mentions.map(\.identity).filter { seen.insert($0).inserted }
    }

    /// The post and the person that a reply is to; without an id while the post is not here.
    private func replied(
        _ reply: Note.Reply
    ) throws(StoreError) -> (id: Int64?, author: LogKey)? {
        let act = try self.act(reply.to)
        let log = reply.to.log
        let author = people.identity(of: log, at: reply.to.index) ?? log
        return (act?.id, author)
    }

    private func quote(_ view: NoteView, _ depth: Int) throws(StoreError) -> JSONValue {
        guard let reference = view.first.quote else { return .null }
        guard let act = try self.act(reference), let quoted = try square.note(act) else {
            return ["state": "deleted", "quoted_status": nil]
        }
        if depth == 0 {
            return ["state": "accepted", "quoted_status_id": .id(act.id)]
        }
        return [
            "state": "accepted", "quoted_status": try status(quoted, quoteDepth: depth - 1),
        ]
    }

    func tag(_ name: String) -> JSONValue {
        [
            "id": .string(name.lowercased()), "name": .string(name.lowercased()),
            "url": .string("\(viewer.base)/tags/\(URLText.encode(name.lowercased()))"),
            "history": [], "following": false, "featuring": false,
        ]
    }

    // MARK: Reactions

    struct Reactions {
        var favourites: [LogKey]
        var json: JSONValue
    }

    func reactions(_ ref: Int64) throws(StoreError) -> Reactions {
        let all = try square.reactions(to: ref)
        let star = Array(Self.favourite.utf8)
        let favourites = all.first { Array($0.emoji.utf8) == star }?.by ?? []
        let list = all.map { reaction -> JSONValue in
            [
                "name": .string(reaction.emoji), "count": .count(reaction.by.count),
                "me": .bool(viewer.identity.map { reaction.by.contains($0) } ?? false),
                "account_ids": .array(reaction.by.prefix(40).map { .id(Mark.of($0)) }),
            ]
        }
        return Reactions(favourites: favourites, json: .array(list))
    }

    // MARK: Media

    func attachment(_ attachment: Attachment) -> JSONValue {
        let url = address(of: attachment.blob)
        var meta: [JSONValue.Member] = []
        if let size = attachment.dimensions {
            let facts: JSONValue = [
                "width": .integer(Int64(size.width)), "height": .integer(Int64(size.height)),
                "size": .string("\(size.width)x\(size.height)"),
                "aspect": .number(Double(size.width) / Double(max(size.height, 1))),
            ]
            meta.append(.init("original", facts))
            meta.append(.init("small", facts))
        }
        if let focus = attachment.focus {
            meta.append(
                .init(
                    "focus",
                    [
                        "x": .number(Double(focus.x) / 1_000),
                        "y": .number(Double(focus.y) / 1_000),
                    ]))
        }
        return [
            "id": .id(Mark.of(attachment.blob.root)), "type": .string(Self.type(attachment)),
            "url": .string(url), "preview_url": .string(url), "remote_url": nil,
            "preview_remote_url": nil, "text_url": nil, "meta": .object(meta),
            "description": .text(attachment.alternative),
            "blurhash": .text(attachment.blurhash),
            "pleroma": ["mime_type": .string(attachment.mediaType)],
        ]
    }

    static func type(_ attachment: Attachment) -> String {
        switch attachment.mediaType.split(separator: "/").first {
        case "image": "image"
        case "video": "video"
        case "audio": "audio"
        default: "unknown"
        }
    }

    // MARK: Polls

    /// The poll of a note, counted over everybody; nil when it has none.
    func poll(_ view: NoteView) throws(StoreError) -> JSONValue? {
        guard let poll = view.first.poll else { return nil }
        let votes = try square.votes(poll, of: view.act.ref)
        var counts = Array(repeating: 0, count: poll.options.count)
        for vote in votes { for option in vote.options { counts[option] += 1 } }
        let own = viewer.identity.flatMap { me in votes.first { $0.by == me } }
        let options = zip(poll.options, counts).map { option, count -> JSONValue in
            ["title": .string(option), "votes_count": .count(count)]
        }
        return [
            "id": .id(view.act.id), "expires_at": .time(poll.closing),
            "expired": .bool(poll.closing < now), "multiple": .bool(poll.isMultiple),
            "votes_count": .count(counts.reduce(0, +)), "voters_count": .count(votes.count),
            "voted": .bool(own != nil || view.author == viewer.identity),
            "own_votes": .array((own?.options ?? []).map { .count($0) }),
            "options": .array(options), "emojis": [],
        ]
    }
}
