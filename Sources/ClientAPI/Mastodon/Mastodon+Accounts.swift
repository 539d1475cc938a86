import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// People, and what they wrote.
extension Mastodon {
    func addAccounts(_ router: inout Router) {
        add(&router, .get, "/api/v1/accounts/verify_credentials", .scope("read:accounts")) {
            call throws(HTTPFailure) in .json(try call.ownAccount())
        }
        add(&router, .get, "/api/v1/accounts/relationships", .scope("read:follows")) {
            call throws(HTTPFailure) in
            let ids = try call.parameters.texts("id").prefix(80).compactMap { Int64($0) }
            return .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        var found: [JSONValue] = []
                        for id in ids {
                            guard let identity = showing.identity(id) else { continue }
                            found.append(try showing.relationship(identity))
                        }
                        return found
                    }))
        }
        add(&router, .get, "/api/v1/accounts/lookup", .open("read:accounts")) {
            call throws(HTTPFailure) in
            let acct = try call.parameters.required("acct")
            return .json(
                try call.see { showing throws(StoreError) -> JSONValue? in
                    guard let identity = showing.handles.find(acct) else { return nil }
                    return try showing.account(identity)
                })
        }
        add(&router, .get, "/api/v1/accounts/search", .scope("read:accounts")) {
            call throws(HTTPFailure) in
            let words = try call.parameters.text("q") ?? ""
            let limit = min(max(try call.parameters.integer("limit") ?? 40, 1), 80)
            let onlyFollowed = try call.parameters.flag("following") ?? false
            return .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        try showing.accounts(
                            showing.people(called: words, onlyFollowed: onlyFollowed)
                                .prefix(Int(limit)))
                    }))
        }
        add(&router, .get, "/api/v1/accounts/familiar_followers", .scope("read:follows")) {
            call throws(HTTPFailure) in
            let ids = try call.parameters.texts("id").prefix(40).compactMap { Int64($0) }
            return .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        try ids.map { (id) throws(StoreError) in
                            try showing.familiarFollowers(id)
                        }
                    }))
        }
        add(&router, .get, "/api/v1/accounts", .open("read:accounts")) {
            call throws(HTTPFailure) in
            let ids = try call.parameters.texts("id").prefix(40).compactMap { Int64($0) }
            return .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        try showing.accounts(ids.compactMap { showing.identity($0) })
                    }))
        }
        addOneAccount(&router)
    }

    private func addOneAccount(_ router: inout Router) {
        add(&router, .get, "/api/v1/accounts/:id", .open("read:accounts")) {
            call throws(HTTPFailure) in
            let id = try call.id()
            return .json(
                try call.see { showing throws(StoreError) -> JSONValue? in
                    guard let identity = showing.identity(id) else { return nil }
                    return try showing.account(identity)
                })
        }
        add(&router, .get, "/api/v1/accounts/:id/statuses", .open("read:statuses")) {
            call throws(HTTPFailure) in
            let (id, paging) = (try call.id(), try Paging(call))
            let choice = AuthorChoice(
                isPinned: try call.parameters.flag("pinned") ?? false,
                hasMedia: try call.parameters.flag("only_media") ?? false,
                noReplies: try call.parameters.flag("exclude_replies") ?? false,
                noReposts: try call.parameters.flag("exclude_reblogs") ?? false,
                tag: try call.parameters.text("tagged"))
            return paging.answer(
                try call.see { showing throws(StoreError) -> Statuses? in
                    guard let identity = showing.identity(id) else { return nil }
                    return try showing.statuses(of: identity, paging, choice)
                })
        }
        for (name, isFollowers) in [("followers", true), ("following", false)] {
            add(&router, .get, "/api/v1/accounts/:id/\(name)", .open("read:accounts")) {
                call throws(HTTPFailure) in
                let (id, paging) = (try call.id(), try Paging(call, standard: 40, most: 80))
                return paging.answer(
                    try call.see { showing throws(StoreError) -> Statuses? in
                        guard let identity = showing.identity(id) else { return nil }
                        let all =
                            isFollowers
                            ? showing.people.followers(of: identity)
                            : showing.people.follows(of: identity)
                        return try showing.page(of: all, paging)
                    })
            }
        }
        for name in ["featured_tags", "identity_proofs", "endorsements"] {
            add(&router, .get, "/api/v1/accounts/:id/\(name)", .open("read:accounts")) {
                _ throws(HTTPFailure) in .json([])
            }
        }
        add(&router, .get, "/api/v1/accounts/:id/lists", .scope("read:lists")) {
            [desk] call throws(HTTPFailure) in
            let (id, me) = (try call.id(), try call.me().identity)
            return .json(
                .array(
                    try call.stored { () throws(StoreError) in
                        var found: [JSONValue] = []
                        for list in try ReaderList.all(of: me, desk)
                        where try desk.value(.listMember, of: me, list.id, id) != nil {
                            found.append(list.json)
                        }
                        return found
                    }))
        }
    }
}

/// What of somebody's posts a client wants.
struct AuthorChoice: Sendable {
    var isPinned: Bool
    var hasMedia: Bool
    var noReplies: Bool
    var noReposts: Bool
    var tag: String?
}

extension Call {
    func ownAccount() throws(HTTPFailure) -> JSONValue {
        let me = try me().identity
        return try see { showing throws(StoreError) in try showing.ownAccount(me) }
    }

    /// Somebody by the id in the path.
    func person() throws(HTTPFailure) -> LogKey {
        let id = try id()
        return try see { showing throws(StoreError) in showing.identity(id) }
    }
}

extension Showing {
    func statuses(
        of identity: LogKey, _ paging: Paging, _ choice: AuthorChoice
    ) throws(StoreError) -> Statuses {
        if choice.isPinned {
            var found: Statuses = []
            for reference in people.profile(of: identity)?.pinned ?? [] {
                guard let act = try square.act(reference),
                    let status = try status(act, in: .account)
                else { continue }
                found.append((act.id, status))
            }
            return found
        }
        let logs = try square.logs(of: identity)
        return try fill(paging, .account) { page throws(StoreError) in
            try feed.of(logs.isEmpty ? ownLog(identity) : logs, page)
        } where: { act throws(StoreError) in
            if choice.noReposts && act.kind == .repost { return false }
            if choice.noReplies && act.parent != nil { return false }
            if choice.hasMedia && !act.flags.contains(.hasMedia) { return false }
            guard let tag = choice.tag else { return true }
            return try square.note(act)?.note.tags.contains {
                $0.lowercased() == tag.lowercased()
            } ?? false
        }
    }

    /// A log that is not shown to belong to anybody speaks for itself.
    private func ownLog(_ key: LogKey) throws(StoreError) -> [Int64] {
        try square.number(of: key).map { [$0] } ?? []
    }

    /// People in the order of their ids, which clients page by.
    func page(of identities: [LogKey], _ paging: Paging) throws(StoreError) -> Statuses {
        let page = paging.page
        let sorted = identities.map { (Mark.of($0), $0) }
            .filter { $0.0 < page.before && $0.0 > page.after }
            .sorted { page.isFromBelow ? $0.0 < $1.0 : $0.0 > $1.0 }
            .prefix(page.limit)
        let found = try sorted.map { (id, identity) throws(StoreError) in
            (id: id, json: try account(identity))
        }
        return page.isFromBelow ? found.reversed() : found
    }

    /// People whose name or handle has these words; those whom the viewer follows first.
    func people(called words: String, onlyFollowed: Bool) -> [LogKey] {
        let words = words.hasPrefix("@") ? String(words.dropFirst()) : words
        if let exact = handles.find(words) { return [exact] }
        let wanted = Array(words.lowercased().utf8)
        guard !wanted.isEmpty else { return [] }
        let follows = Set(viewer.identity.map { people.follows(of: $0) } ?? [])
        func has(_ text: String) -> Bool {
            let text = Array(text.lowercased().utf8)
            guard text.count >= wanted.count else { return false }
            return (0...(text.count - wanted.count)).contains {
                text[$0..<($0 + wanted.count)].elementsEqual(wanted)
            }
        }
        let found = people.identities { identity in
            (!onlyFollowed || follows.contains(identity))
                && (has(handles.displayName(identity)) || has(handles.acct(identity)))
        }
        return found.filter { follows.contains($0) } + found.filter { !follows.contains($0) }
    }

    /// Those whom the viewer follows and who follow somebody.
    func familiarFollowers(_ id: Int64) throws(StoreError) -> JSONValue {
        let mine = viewer.identity.map { people.follows(of: $0) } ?? []
        let who = identity(id).map { identity in
            mine.filter { people.isFollowing($0, identity) }
        }
        return ["id": .id(id), "accounts": .array(try accounts((who ?? []).prefix(10)))]
    }
}
