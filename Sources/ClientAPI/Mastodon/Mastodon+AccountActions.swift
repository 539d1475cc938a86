import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store
import Wire

/// What the reader decides about people. Follows are published; to mute, to block and to take notes
/// is the reader's own affair.
extension Mastodon {
    func addAccountActions(_ router: inout Router) {
        for (name, isOn) in [("follow", true), ("unfollow", false)] {
            add(&router, .post, "/api/v1/accounts/:id/\(name)", .scope("write:follows")) {
                call throws(HTTPFailure) in
                let (who, me) = (try call.person(), try call.me())
                if who == me.identity {
                    throw HTTPFailure(403, "Nobody follows themselves")
                }
                let isSet = try call.see { showing throws(StoreError) in
                    showing.people.isFollowing(me.identity, who)
                }
                if isSet != isOn { try call.publish([.follow(identity: who, isOn: isOn)]) }
                return .json(try call.relationship(who))
            }
        }
        hide(&router, "mute", .mute, isOn: true)
        hide(&router, "unmute", .mute, isOn: false)
        hide(&router, "block", .block, isOn: true)
        hide(&router, "unblock", .block, isOn: false)
        add(&router, .post, "/api/v1/accounts/:id/note", .scope("write:accounts")) {
            [desk] call throws(HTTPFailure) in
            let (who, me) = (try call.person(), try call.me().identity)
            let words = try call.parameters.text("comment") ?? ""
            guard words.utf8.count <= Limits.HTTP.noteOnPerson else {
                throw HTTPFailure(422, "Validation failed: the note is too long")
            }
            try call.stored { () throws(StoreError) in
                if words.isEmpty {
                    try desk.remove(.note, of: me, Mark.of(who))
                } else {
                    try desk.put(.note, of: me, Mark.of(who), 0, words)
                }
            }
            return .json(try call.relationship(who))
        }
        addHidden(&router)
        for (path, what) in [
            ("/api/v1/accounts/:id/remove_from_followers", "Everybody may follow what is public"),
            ("/api/v1/accounts/:id/pin", "People cannot be endorsed here"),
            ("/api/v1/accounts/:id/endorse", "People cannot be endorsed here"),
            ("/api/v1/accounts/:id/unpin", "People cannot be endorsed here"),
            ("/api/v1/accounts/:id/unendorse", "People cannot be endorsed here"),
        ] {
            add(&router, .post, path, .scope("write:accounts")) { _ throws(HTTPFailure) in
                throw HTTPFailure(422, what)
            }
        }
    }

    private func hide(_ router: inout Router, _ name: String, _ kind: Desk.Kind, isOn: Bool) {
        let scope = kind == .mute ? "write:mutes" : "write:blocks"
        add(&router, .post, "/api/v1/accounts/:id/\(name)", .scope(scope)) {
            [desk] call throws(HTTPFailure) in
            let (who, me) = (try call.person(), try call.me().identity)
            if who == me { throw HTTPFailure(422, "Nobody hides themselves") }
            let seconds = min(
                max(try call.parameters.integer("duration") ?? 0, 0), Limits.HTTP.muteSeconds)
            let end = seconds > 0 ? Clock.wall.milliseconds + UInt64(seconds) * 1_000 : 0
            try call.stored { () throws(StoreError) in
                if isOn {
                    try desk.put(kind, of: me, Mark.of(who), 0, end > 0 ? String(end) : "")
                } else {
                    try desk.remove(kind, of: me, Mark.of(who))
                }
            }
            return .json(try call.relationship(who))
        }
    }

    /// Whom the reader hides, and what they kept.
    private func addHidden(_ router: inout Router) {
        for (name, kind, scope) in [
            ("mutes", Desk.Kind.mute, "read:mutes"), ("blocks", .block, "read:blocks"),
        ] {
            add(&router, .get, "/api/v1/\(name)", .scope(scope)) {
                [desk] call throws(HTTPFailure) in
                let (paging, me) = (try Paging(call, standard: 40, most: 80), try call.me())
                let rows = try call.stored { () throws(StoreError) in
                    try desk.rows(
                        kind, of: me.identity, before: paging.page.before, after: paging.page.after,
                        limit: paging.page.limit)
                }
                return paging.answer(
                    try call.see { showing throws(StoreError) in
                        var found: Statuses = []
                        for row in rows {
                            // The value is when it ends; empty for never.
                            let end = UInt64(row.value).map { UnixTime(milliseconds: $0) }
                            guard let identity = showing.identity(row.id),
                                end.map({ $0 > showing.now }) ?? true
                            else { continue }
                            let account = try showing.account(identity)
                            found.append((row.id, account.with(("mute_expires_at", .time(end)))))
                        }
                        return found
                    })
            }
        }
        add(&router, .get, "/api/v1/bookmarks", .scope("read:bookmarks")) {
            [desk] call throws(HTTPFailure) in
            let (paging, me) = (try Paging(call), try call.me())
            return paging.answer(
                try call.see { showing throws(StoreError) in
                    let rows = try desk.rows(
                        .bookmark, of: me.identity, before: paging.page.before,
                        after: paging.page.after, limit: paging.page.limit)
                    return try showing.statuses(rows.map(\.id))
                })
        }
        add(&router, .get, "/api/v1/favourites", .scope("read:favourites")) {
            call throws(HTTPFailure) in
            let (paging, me) = (try Paging(call), try call.me())
            return paging.answer(
                try call.see { showing throws(StoreError) in
                    try showing.favourites(of: me.identity, paging)
                })
        }
    }
}

extension Call {
    func relationship(_ identity: LogKey) throws(HTTPFailure) -> JSONValue {
        try see { showing throws(StoreError) in try showing.relationship(identity) }
    }
}

extension Showing {
    func statuses(_ ids: [Int64]) throws(StoreError) -> Statuses {
        var found: Statuses = []
        for id in ids {
            guard let act = try feed.act(id), let status = try status(act) else { continue }
            found.append((id, status))
        }
        return found
    }

    /// What somebody marked as a favourite: by when they did.
    func favourites(of identity: LogKey, _ paging: Paging) throws(StoreError) -> Statuses {
        let logs = try square.logs(of: identity)
        let star = Array(Self.favourite.utf8)
        var seen: Set<Int64> = []
        let found = try paging.fill { page throws(StoreError) in
            try feed.of(logs, .reaction, page)
        } _: { act throws(StoreError) -> JSONValue? in
            guard let target = act.target, act.word.map({ Array($0.utf8) }) == star,
                seen.insert(target).inserted,
                try reactions(target).favourites.contains(identity),
                let (content, _, _) = try square.entry(act), case .reaction(let said) = content,
                let original = try square.act(said.entry)
            else { return nil }
            return try status(original)
        }
        return found.map { ($0.id, $0.item) }
    }
}
