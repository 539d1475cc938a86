import Content
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// What others said that concerns the reader.
extension Mastodon {
    func addNotifications(_ router: inout Router) {
        add(&router, .get, "/api/v1/notifications", .scope("read:notifications")) {
            call throws(HTTPFailure) in
            let paging = try Paging(call, standard: 40, most: 80)
            let choice = try NotificationChoice(call.parameters)
            return paging.answer(
                try call.see { showing throws(StoreError) in
                    try showing.notifications(paging, choice)
                })
        }
        for path in ["/api/v1/notifications/unread_count", "/api/v2/notifications/unread_count"] {
            add(&router, .get, path, .scope("read:notifications")) {
                [desk] call throws(HTTPFailure) in
                let (paging, me) = (try Paging(call, standard: 100, most: 1_000), try call.me())
                let read = try call.stored { () throws(StoreError) in
                    try Markers.read("notifications", of: me.identity, desk)
                }
                var newer = paging
                newer.page.after = max(newer.page.after, read)
                let bounded = newer
                let count = try call.see { showing throws(StoreError) in
                    try showing.notifications(bounded, NotificationChoice()).count
                }
                return .json(["count": .count(count)])
            }
        }
        add(&router, .get, "/api/v1/notifications/policy", .scope("read:notifications")) {
            _ throws(HTTPFailure) in Self.policy(1)
        }
        add(&router, .get, "/api/v2/notifications/policy", .scope("read:notifications")) {
            _ throws(HTTPFailure) in Self.policy(2)
        }
        for method in [HTTPMethod.put, .patch] {
            for version in [1, 2] {
                add(
                    &router, method, "/api/v\(version)/notifications/policy",
                    .scope("write:notifications")
                ) { _ throws(HTTPFailure) in Self.policy(version) }
            }
        }
        addGroups(&router)
        addOneNotification(&router)
    }

    private static func policy(_ version: Int) -> HTTPResponse {
        let accept: JSONValue = version == 1 ? false : "accept"
        let names = ["not_following", "not_followers", "new_accounts", "private_mentions"]
        var members = names.map {
            JSONValue.Member(version == 1 ? "filter_\($0)" : "for_\($0)", accept)
        }
        members.append(
            .init(
                "summary",
                [
                    "pending_requests_count": 0, "pending_notifications_count": 0,
                ]))
        if version == 2 { members.append(.init("for_limited_accounts", accept)) }
        return .json(.object(members))
    }

    private func addOneNotification(_ router: inout Router) {
        add(&router, .post, "/api/v1/notifications/clear", .scope("write:notifications")) {
            [desk] call throws(HTTPFailure) in
            let me = try call.me().identity
            let newest = try call.see { showing throws(StoreError) in
                try showing.feed.about(
                    showing.square.marks(of: me), FeedReader.Page(limit: 1)
                ).first?.id ?? 0
            }
            try call.stored { () throws(StoreError) in
                try desk.put(.cleared, of: me, 0, 0, String(newest))
            }
            return .json([:])
        }
        add(&router, .get, "/api/v1/notifications/:id", .scope("read:notifications")) {
            call throws(HTTPFailure) in
            let id = try call.id()
            return .json(
                try call.see { showing throws(StoreError) -> JSONValue? in
                    guard let act = try showing.feed.act(id) else { return nil }
                    return try showing.notification(act, NotificationChoice())
                })
        }
        for path in [
            "/api/v1/notifications/:id/dismiss", "/api/v2/notifications/:id/dismiss",
        ] {
            add(&router, .post, path, .scope("write:notifications")) {
                [desk] call throws(HTTPFailure) in
                let me = try call.me().identity
                let text = call.request.captures["id"] ?? ""
                // Groups of one are named after it.
                guard let id = Int64(text.hasPrefix("one-") ? text.dropFirst(4) : text[...]) else {
                    throw .notFound
                }
                try call.stored { () throws(StoreError) in try desk.put(.dismissed, of: me, id) }
                return .json([:])
            }
        }
    }

    /// Notifications in groups, as newer programs ask for them: here each is a group of one.
    private func addGroups(_ router: inout Router) {
        add(&router, .get, "/api/v2/notifications", .scope("read:notifications")) {
            call throws(HTTPFailure) in
            let paging = try Paging(call, standard: 40, most: 80)
            let choice = try NotificationChoice(call.parameters)
            let found = try call.see { showing throws(StoreError) in
                try showing.notifications(paging, choice)
            }
            var response = HTTPResponse.json(Self.grouped(found.map(\.json)))
            if let link = paging.link(found.map(\.id)) { response.headers["Link"] = link }
            return response
        }
        add(&router, .get, "/api/v2/notifications/:id/accounts", .scope("read:notifications")) {
            call throws(HTTPFailure) in
            let text = call.request.captures["id"] ?? ""
            guard text.hasPrefix("one-"), let id = Int64(text.dropFirst(4)) else { throw .notFound }
            return .json(
                try call.see { showing throws(StoreError) -> JSONValue? in
                    guard let act = try showing.feed.act(id),
                        let author = try showing.square.author(of: act)
                    else { return nil }
                    return [try showing.account(author)]
                })
        }
        add(&router, .get, "/api/v2/notifications/:id", .scope("read:notifications")) {
            call throws(HTTPFailure) in
            let text = call.request.captures["id"] ?? ""
            guard text.hasPrefix("one-"), let id = Int64(text.dropFirst(4)) else { throw .notFound }
            return .json(
                Self.grouped([
                    try call.see { showing throws(StoreError) -> JSONValue? in
                        guard let act = try showing.feed.act(id) else { return nil }
                        return try showing.notification(act, NotificationChoice())
                    }
                ]))
        }
    }

    private static func grouped(_ all: [JSONValue]) -> JSONValue {
        var (accounts, statuses, groups): ([JSONValue], [JSONValue], [JSONValue]) = ([], [], [])
        for one in all {
            guard let account = one["account"], let id = one["id"] else { continue }
            if !accounts.contains(where: { $0["id"] == account["id"] }) { accounts.append(account) }
            if let status = one["status"], !statuses.contains(where: { $0["id"] == status["id"] }) {
                statuses.append(status)
            }
            groups.append(
                JSONValue.object([]).with(
                    ("sample_account_ids", .array([account["id"] ?? .null])),
                    ("group_key", one["group_key"] ?? .null), ("notifications_count", 1),
                    ("type", one["type"] ?? .null), ("most_recent_notification_id", id),
                    ("page_min_id", id), ("page_max_id", id),
                    ("latest_page_notification_at", one["created_at"] ?? .null),
                    ("status_id", one["status"]?["id"] ?? .null)))
        }
        return [
            "accounts": .array(accounts), "statuses": .array(statuses),
            "notification_groups": .array(groups),
        ]
    }
}

/// Which notifications somebody wants.
struct NotificationChoice: Sendable {
    var only: Set<String> = []
    var without: Set<String> = []
    var account: Int64?

    init() {}

    init(_ parameters: Parameters) throws(HTTPFailure) {
        only = Set(try parameters.texts("types"))
        without = Set(try parameters.texts("exclude_types"))
        account = try parameters.integer("account_id")
    }

    func takes(_ type: String) -> Bool {
        (only.isEmpty || only.contains(type)) && !without.contains(type)
    }
}

extension Showing {
    func notifications(
        _ paging: Paging, _ choice: NotificationChoice
    ) throws(StoreError) -> Statuses {
        guard let me = viewer.identity else { return [] }
        let marks = square.marks(of: me)
        let cleared = try desk.value(.cleared, of: me).flatMap { Int64($0) } ?? -1
        let horizon = horizon
        let found = try paging.fill { page throws(StoreError) in
            var page = page.below(horizon)
            page.after = max(page.after, cleared)
            return try feed.about(marks, page)
        } _: { act throws(StoreError) -> JSONValue? in
            guard try desk.value(.dismissed, of: me, act.id) == nil else { return nil }
            return try notification(act, choice)
        }
        return found.map { ($0.id, $0.item) }
    }

    /// What a row says to the viewer; nil when it says nothing, or they want to hear nothing of it.
    func notification(_ act: Act, _ choice: NotificationChoice) throws(StoreError) -> JSONValue? {
        guard let me = viewer.identity, let author = try square.author(of: act), author != me,
            !hidden.muted.contains(Mark.of(author)), !hidden.blocked.contains(Mark.of(author)),
            choice.account.map({ $0 == Mark.of(author) }) ?? true,
            let (type, view) = try event(act, author, me), choice.takes(type)
        else { return nil }
        if let view, hidden.threads.contains(view.act.root ?? view.act.ref) { return nil }
        var members: [JSONValue.Member] = [
            .init("id", .id(act.id)), .init("type", .string(type)),
            .init("group_key", .string("one-\(act.id)")),
            .init("created_at", .time(SortID.time(of: act.id))),
            .init("account", try account(author)),
        ]
        if let view { members.append(.init("status", try status(view, in: .notifications))) }
        if type == "pleroma:emoji_reaction" { members.append(.init("emoji", .text(act.word))) }
        return .object(members)
    }

    private func event(
        _ act: Act, _ author: LogKey, _ me: LogKey
    ) throws(StoreError) -> (type: String, view: NoteView?)? {
        switch act.kind {
        case .note:
            guard let view = try square.note(act) else { return nil }
            let isNamed = view.note.mentions.contains { $0.identity == me }
            let isAnswer = view.first.reply.map { isMine($0.to, me) } ?? false
            if isNamed || isAnswer { return ("mention", view) }
            guard let quote = view.first.quote, isMine(quote, me) else { return nil }
            return ("quote", view)
        case .reaction:
            guard !act.flags.contains(.off), let (content, _, _) = try square.entry(act),
                case .reaction(let said) = content, isMine(said.entry, me),
                let original = try square.act(said.entry), let view = try square.note(original),
                try square.reactions(to: original.ref).contains(where: {
                    Array($0.emoji.utf8) == Array(said.emoji.utf8) && $0.by.contains(author)
                })
            else { return nil }
            let isStar = Array(said.emoji.utf8) == Array(Self.favourite.utf8)
            return (isStar ? "favourite" : "pleroma:emoji_reaction", view)
        case .repost:
            guard !act.flags.contains(.off), let (content, _, _) = try square.entry(act),
                case .repost(let target, _) = content, isMine(target, me),
                let original = try square.act(target), let view = try square.note(original),
                try square.reposts(of: original.ref).contains(author)
            else { return nil }
            return ("reblog", view)
        case .follow:
            guard !act.flags.contains(.off), people.isFollowing(author, me) else { return nil }
            return ("follow", nil)
        case .edit, .vote, .retraction, .labels, .recipe: return nil
        }
    }

    private func isMine(_ reference: Reference, _ me: LogKey) -> Bool {
        people.identity(of: reference.log, at: reference.index) == me
    }
}
