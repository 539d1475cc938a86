import Content
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// Posts: writing them, and what stands around them.
extension Mastodon {
    func addStatuses(_ router: inout Router) {
        add(&router, .post, "/api/v1/statuses", .scope("write:statuses")) {
            [self] call throws(HTTPFailure) in try post(call)
        }
        add(&router, .get, "/api/v1/statuses", .open("read:statuses")) {
            call throws(HTTPFailure) in
            let ids = try call.parameters.texts("id").prefix(40).compactMap { Int64($0) }
            return .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        var found: [JSONValue] = []
                        for id in ids {
                            if let act = try showing.feed.act(id),
                                let status = try showing.status(act)
                            {
                                found.append(status)
                            }
                        }
                        return found
                    }))
        }
        add(&router, .get, "/api/v1/statuses/:id", .open("read:statuses")) {
            call throws(HTTPFailure) in .json(try call.status(try call.id()))
        }
        add(&router, .put, "/api/v1/statuses/:id", .scope("write:statuses")) {
            [self] call throws(HTTPFailure) in try edit(call)
        }
        add(&router, .delete, "/api/v1/statuses/:id", .scope("write:statuses")) {
            [self] call throws(HTTPFailure) in try delete(call)
        }
        add(&router, .get, "/api/v1/statuses/:id/source", .scope("read:statuses")) {
            call throws(HTTPFailure) in
            let id = try call.id()
            return .json(
                try call.see { showing throws(StoreError) in
                    try showing.view(id).map { view in
                        [
                            "id": .id(id), "text": .string(view.note.text),
                            "spoiler_text": .string(view.note.warning ?? ""),
                        ]
                    }
                })
        }
        add(&router, .get, "/api/v1/statuses/:id/history", .open("read:statuses")) {
            call throws(HTTPFailure) in
            let id = try call.id()
            return .json(
                try call.see { showing throws(StoreError) in try showing.history(id) })
        }
        add(&router, .get, "/api/v1/statuses/:id/context", .open("read:statuses")) {
            [door] call throws(HTTPFailure) in
            let id = try call.id()
            let found = try call.see { showing throws(StoreError) in try showing.context(id) }
            // What is missing may come, also where the policy alone would not fetch it.
            if let log = found.missing { door.want(log) }
            return .json(found.json)
        }
        add(&router, .get, "/api/v1/statuses/:id/card", .open("read:statuses")) {
            _ throws(HTTPFailure) in .json([:])
        }
    }

    // MARK: Writing

    private func post(_ call: Call) throws(HTTPFailure) -> HTTPResponse {
        let me = try call.me()
        let key = call.request.headers["Idempotency-Key"].map { "\(me.device) \($0.prefix(256))" }
        if let key, let id = sent.find(key) { return .json(try call.status(id)) }
        let draft = try Draft(call.parameters)
        let attachments = try self.attachments(draft.media, me)
        let context = try call.see { showing throws(StoreError) in
            try showing.context(of: draft)
        }
        let note = try call.made { () throws(ContentError) in
            try draft.note(context, attachments: attachments, now: Clock.wall)
        }
        let id = try call.id(of: try call.publish([.note(note)]).last)
        if let key { sent.note(key, id) }
        media.posted(draft.media, of: me)
        return .json(try call.status(id))
    }

    private func attachments(
        _ ids: [Int64], _ account: Account
    ) throws(HTTPFailure) -> [Attachment] {
        ids.isEmpty ? [] : try media.attachments(ids, of: account)
    }

    private func edit(_ call: Call) throws(HTTPFailure) -> HTTPResponse {
        let (id, me) = (try call.id(), try call.me())
        let draft = try Draft(call.parameters)
        let view = try call.own(id)
        var attachments = view.note.attachments
        if call.parameters.names.contains("media_ids") {
            attachments = try media.attachments(
                draft.media, of: me, beside: view.note.attachments)
        }
        try media.redescribe(call.parameters, &attachments)
        let kept = attachments
        let mentions = try call.see { showing throws(StoreError) in
            Markup.mentions(in: draft.text) { showing.handles.find($0) }
        }
        let edit = try call.made { () throws(ContentError) in
            // Reply, quote and poll stay those of the first version: `[CONT-21]`.
            try Edit(
                of: view.reference,
                note: try Note(
                    text: draft.text, quote: draft.text.isEmpty ? view.first.quote : nil,
                    mentions: mentions, tags: Markup.tags(in: draft.text), warning: draft.warning,
                    language: draft.language ?? view.note.language, attachments: kept))
        }
        try call.publish([.edit(edit)])
        return .json(try call.status(id))
    }

    private func delete(_ call: Call) throws(HTTPFailure) -> HTTPResponse {
        let id = try call.id()
        let view = try call.own(id)
        let status = try call.status(id).with(("text", .string(view.note.text)))
        try call.publish([.retraction(of: view.reference)])
        return .json(status)
    }
}

extension Call {
    func status(_ id: Int64) throws(HTTPFailure) -> JSONValue {
        try see { showing throws(StoreError) in
            try showing.feed.act(id).flatMap { (act) throws(StoreError) in
                try showing.status(act, in: .thread)
            }
        }
    }

    /// The id of an entry that was just stored.
    func id(of reference: Reference?) throws(HTTPFailure) -> Int64 {
        guard let reference else { throw HTTPFailure(503, "The post was not stored") }
        return try see { showing throws(StoreError) in try showing.square.act(reference)?.id }
    }

    /// A note of the caller's own.
    func own(_ id: Int64) throws(HTTPFailure) -> NoteView {
        let me = try me().identity
        return try see { showing throws(StoreError) in
            guard let act = try showing.feed.act(id), let view = try showing.square.note(act),
                view.author == me
            else { return nil }
            return view
        }
    }

    /// Any note, for whoever says something about it.
    func note(_ id: Int64) throws(HTTPFailure) -> NoteView {
        try see { showing throws(StoreError) in try showing.view(id) }
    }
}

extension Showing {
    /// The versions of a note, the first one first.
    func history(_ id: Int64) throws(StoreError) -> JSONValue? {
        guard let view = try view(id) else { return nil }
        let account = try account(view.author)
        let versions =
            [(note: view.first, time: view.time)]
            + (try square.versions(of: view.act, view.author))
        return .array(
            versions.map { version in
                [
                    "content": .string(
                        Markup.html(
                            version.note.text, mentions: version.note.mentions, names: names)),
                    "spoiler_text": .string(version.note.warning ?? ""),
                    "sensitive": .bool(version.note.warning != nil),
                    "created_at": .time(version.time), "account": account, "emojis": [],
                    "media_attachments": .array(version.note.attachments.map { attachment($0) }),
                ]
            })
    }

    /// What came before a post, and all that answers it; and the log of what is not here of that.
    func context(
        _ id: Int64
    ) throws(StoreError) -> (json: JSONValue, missing: LogKey?)? {
        var missing: LogKey?
        guard let view = try view(id) else { return nil }
        var ancestors: [JSONValue] = []
        var at = view
        while ancestors.count < Limits.HTTP.ancestors, let reply = at.first.reply {
            guard let act = try square.act(reply.to), let before = try square.note(act) else {
                ancestors.append(try placeholder(reply.to, before: at))
                missing = reply.to.log
                break
            }
            ancestors.append(try status(before, in: .thread))
            at = before
        }
        var descendants: [JSONValue] = []
        var stack = try children(of: view.act.ref)
        var seen: Set<Int64> = [view.act.id]
        while let act = stack.popLast(), descendants.count < Limits.HTTP.descendants {
            guard seen.insert(act.id).inserted, let answer = try square.note(act) else { continue }
            descendants.append(try status(answer, in: .thread))
            stack += try children(of: act.ref)
        }
        let json: JSONValue = [
            "ancestors": .array(ancestors.reversed()), "descendants": .array(descendants),
        ]
        return (json, missing)
    }

    /// Direct answers, the oldest last: a stack.
    private func children(of ref: Int64) throws(StoreError) -> [Act] {
        try feed.answers(to: ref, limit: Limits.HTTP.descendants).reversed()
    }

    /// A line in the place of a post that is not here: `[CONT-27]`. It stands just before what
    /// answers it.
    private func placeholder(
        _ reference: Reference, before view: NoteView
    ) throws(StoreError) -> JSONValue {
        let log = reference.log
        let author = people.identity(of: log, at: reference.index) ?? log
        return [
            "id": .id(view.act.id - 1), "created_at": .time(SortID.time(of: view.act.id)),
            "in_reply_to_id": nil, "in_reply_to_account_id": nil, "sensitive": false,
            "spoiler_text": "", "visibility": "public", "language": nil,
            "uri": .string(reference.text), "url": nil, "replies_count": 1, "reblogs_count": 0,
            "favourites_count": 0, "favourited": false, "reblogged": false, "muted": false,
            "bookmarked": false, "pinned": false, "edited_at": nil,
            "content": .string(
                "<p>This post is not here: it was taken back, dropped, or has not come yet.</p>"),
            "filtered": [], "reblog": nil, "application": nil, "account": try account(author),
            "media_attachments": [], "mentions": [], "tags": [], "emojis": [], "card": nil,
            "poll": nil, "pleroma": ["placeholder": true],
        ]
    }
}
