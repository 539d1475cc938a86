import Content
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// What people do with posts: mark, pass on, react, keep.
extension Mastodon {
    func addStatusActions(_ router: inout Router) {
        reaction(&router, "favourite", isOn: true)
        reaction(&router, "unfavourite", isOn: false)
        addReposts(&router)
        addEmojis(&router)
        for (name, isOn) in [("bookmark", true), ("unbookmark", false)] {
            add(&router, .post, "/api/v1/statuses/:id/\(name)", .scope("write:bookmarks")) {
                [desk] call throws(HTTPFailure) in
                let (id, me) = (try call.id(), try call.me().identity)
                let view = try call.note(id)
                try call.stored { () throws(StoreError) in
                    if isOn {
                        try desk.put(.bookmark, of: me, view.act.id, 0, view.reference.text)
                    } else {
                        try desk.remove(.bookmark, of: me, view.act.id)
                    }
                }
                return .json(try call.status(id))
            }
        }
        for (name, isOn) in [("mute", true), ("unmute", false)] {
            add(&router, .post, "/api/v1/statuses/:id/\(name)", .scope("write:mutes")) {
                [desk] call throws(HTTPFailure) in
                let (id, me) = (try call.id(), try call.me().identity)
                let view = try call.note(id)
                let thread = view.act.root ?? view.act.ref
                try call.stored { () throws(StoreError) in
                    if isOn {
                        try desk.put(.mutedThread, of: me, thread)
                    } else {
                        try desk.remove(.mutedThread, of: me, thread)
                    }
                }
                return .json(try call.status(id))
            }
        }
        for (name, isOn) in [("pin", true), ("unpin", false)] {
            add(&router, .post, "/api/v1/statuses/:id/\(name)", .scope("write:accounts")) {
                call throws(HTTPFailure) in
                let id = try call.id()
                try call.pin(try call.own(id).reference, isOn: isOn)
                return .json(try call.status(id))
            }
        }
        add(&router, .post, "/api/v1/statuses/:id/translate", .scope("read:statuses")) {
            _ throws(HTTPFailure) in
            throw HTTPFailure(403, "This node does not translate: nothing is sent elsewhere")
        }
    }

    private func reaction(_ router: inout Router, _ name: String, isOn: Bool) {
        add(&router, .post, "/api/v1/statuses/:id/\(name)", .scope("write:favourites")) {
            call throws(HTTPFailure) in
            let id = try call.id()
            try call.react(try call.note(id), Showing.favourite, isOn: isOn)
            return .json(try call.status(id))
        }
    }

    private func addReposts(_ router: inout Router) {
        add(&router, .post, "/api/v1/statuses/:id/reblog", .scope("write:statuses")) {
            call throws(HTTPFailure) in
            let (id, me) = (try call.id(), try call.me().identity)
            let view = try call.note(id)
            // Once more changes nothing: the repost that is there is the answer.
            let known = try call.see { showing throws(StoreError) -> [Int64]? in
                try showing.square.repost(of: view.act.ref, by: me).map { [$0] } ?? []
            }
            if let first = known.first { return .json(try call.status(first)) }
            let places = try call.publish([.repost(of: view.reference, isOn: true)])
            return .json(try call.status(try call.id(of: places.last)))
        }
        add(&router, .post, "/api/v1/statuses/:id/unreblog", .scope("write:statuses")) {
            call throws(HTTPFailure) in
            let (id, me) = (try call.id(), try call.me().identity)
            let view = try call.note(id)
            let isThere = try call.see { showing throws(StoreError) in
                try showing.square.reposts(of: view.act.ref).contains(me)
            }
            if isThere { try call.publish([.repost(of: view.reference, isOn: false)]) }
            return .json(try call.status(view.act.id))
        }
        for (name, kind) in [("reblogged_by", Act.Kind.repost), ("favourited_by", .reaction)] {
            add(&router, .get, "/api/v1/statuses/:id/\(name)", .open("read:statuses")) {
                call throws(HTTPFailure) in
                let id = try call.id()
                let limit = min(max(try call.parameters.integer("limit") ?? 40, 1), 80)
                return .json(
                    try call.see { showing throws(StoreError) -> JSONValue? in
                        guard let view = try showing.view(id) else { return nil }
                        let who =
                            kind == .repost
                            ? try showing.square.reposts(of: view.act.ref)
                            : try showing.reactions(view.act.ref).favourites
                        return .array(try showing.accounts(who.prefix(Int(limit))))
                    })
            }
        }
        add(&router, .get, "/api/v1/statuses/:id/quotes", .open("read:statuses")) {
            call throws(HTTPFailure) in
            let id = try call.id()
            return .json(
                try call.see { showing throws(StoreError) -> JSONValue? in
                    guard let view = try showing.view(id) else { return nil }
                    let acts = try showing.feed.said(.note, about: view.act.ref, limit: 40)
                    var found: [JSONValue] = []
                    for act in acts.reversed() {
                        if let status = try showing.status(act, in: .thread) {
                            found.append(status)
                        }
                    }
                    return .array(found)
                })
        }
    }

    /// Emojis as Pleroma's programs set them.
    private func addEmojis(_ router: inout Router) {
        let path = "/api/v1/pleroma/statuses/:id/reactions"
        add(&router, .get, path, .open("read:statuses")) { call throws(HTTPFailure) in
            .json(try call.emojis(try call.id(), only: nil))
        }
        add(&router, .get, path + "/:emoji", .open("read:statuses")) { call throws(HTTPFailure) in
            .json(try call.emojis(try call.id(), only: call.request.captures["emoji"]))
        }
        for (method, isOn) in [(HTTPMethod.put, true), (.delete, false)] {
            add(&router, method, path + "/:emoji", .scope("write:favourites")) {
                call throws(HTTPFailure) in
                let id = try call.id()
                try call.react(
                    try call.note(id), call.request.captures["emoji"] ?? "", isOn: isOn)
                return .json(try call.status(id))
            }
        }
    }
}

extension Call {
    /// Sets an emoji under a post, or takes it back; what is so already is not said again.
    func react(_ view: NoteView, _ emoji: String, isOn: Bool) throws(HTTPFailure) {
        let me = try me().identity
        let reaction = try made { () throws(ContentError) in
            try Reaction(to: view.reference, emoji: emoji, isOn: isOn)
        }
        let isSet = try see { showing throws(StoreError) in
            try showing.square.reactions(to: view.act.ref).contains {
                Array($0.emoji.utf8) == Array(emoji.utf8) && $0.by.contains(me)
            }
        }
        if isSet != isOn { try publish([.reaction(reaction)]) }
    }

    func emojis(_ id: Int64, only: String?) throws(HTTPFailure) -> JSONValue {
        try see { showing throws(StoreError) -> JSONValue? in
            guard let view = try showing.view(id) else { return nil }
            var found: [JSONValue] = []
            for reaction in try showing.square.reactions(to: view.act.ref)
            where only.map({ Array($0.utf8) == Array(reaction.emoji.utf8) }) ?? true {
                found.append([
                    "name": .string(reaction.emoji), "count": .count(reaction.by.count),
                    "me": .bool(showing.viewer.identity.map { reaction.by.contains($0) } ?? false),
                    "accounts": .array(try showing.accounts(reaction.by.prefix(40))),
                ])
            }
            return .array(found)
        }
    }

    /// Puts a post of one's own before the others on one's page: the profile says so.
    func pin(_ reference: Reference, isOn: Bool) throws(HTTPFailure) {
        try changeProfile { profile throws(ContentError) in
            var pinned = profile.pinned.filter { $0 != reference }
            if isOn { pinned.insert(reference, at: 0) }
            return try Profile(
                name: profile.name, bio: profile.bio, avatar: profile.avatar,
                header: profile.header, links: profile.links, tips: profile.tips, pinned: pinned)
        }
    }

    /// Publishes a changed profile; it replaces the one before wholly.
    func changeProfile(
        _ change: (Profile) throws(ContentError) -> Profile
    ) throws(HTTPFailure) {
        let me = try me()
        let known = try see { showing throws(StoreError) -> [Profile]? in
            showing.people.profile(of: me.identity).map { [$0] } ?? []
        }
        let profile = try made { () throws(ContentError) in
            if let before = known.first { return try change(before) }
            return try change(try Profile(name: me.name))
        }
        if profile != known.first { try publish([.profile(profile)]) }
    }
}

extension Showing {
    func accounts(_ identities: some Sequence<LogKey>) throws(StoreError) -> [JSONValue] {
        var found: [JSONValue] = []
        for identity in identities { found.append(try account(identity)) }
        return found
    }
}
