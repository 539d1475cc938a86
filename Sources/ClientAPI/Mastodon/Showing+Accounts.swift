import Content
import Crypto
import Feed
import MerkleLog
import Primitives
import Store

/// People.
extension Showing {
    func account(_ identity: LogKey) throws(StoreError) -> JSONValue {
        let posts = try square.posts(of: identity)
        let stamp = AccountCache.Stamp(
            people: people.version, posts: posts.count, last: posts.last, base: viewer.base)
        if let known = cache.find(identity, stamp) { return known }
        let json = made(identity, posts)
        cache.keep(identity, stamp, json)
        return json
    }

    private func made(_ identity: LogKey, _ posts: (count: Int, last: UnixTime?)) -> JSONValue {
        let profile = people.profile(of: identity)
        let avatar = picture(profile?.avatar) ?? "\(viewer.base)/avatars/\(Mark.of(identity)).png"
        let header = picture(profile?.header) ?? "\(viewer.base)/avatars/header.png"
        return [
            "id": .id(Mark.of(identity)),
            "username": .string(handles.username(identity)),
            "acct": .string(acct(identity)),
            "display_name": .string(handles.displayName(identity)),
            "locked": false, "bot": false, "discoverable": true, "indexable": true,
            "group": false, "noindex": false, "hide_collections": false,
            "created_at": .time(people.since(identity) ?? posts.last ?? UnixTime(milliseconds: 0)),
            "note": .string(Markup.html(profile?.bio ?? "", names: names)),
            "url": .string(page(of: identity)),
            "uri": .string(DIDKey.encode(identity)),
            "avatar": .string(avatar), "avatar_static": .string(avatar),
            "header": .string(header), "header_static": .string(header),
            "followers_count": .count(people.followers(of: identity).count),
            "following_count": .count(people.follows(of: identity).count),
            "statuses_count": .count(posts.count),
            "last_status_at": posts.last.map { .string(String(Timestamp.text($0).prefix(10))) }
                ?? .null,
            "emojis": [], "roles": [], "fields": fields(profile), "moved": nil,
        ]
    }

    private func picture(_ attachment: Attachment?) -> String? {
        attachment.map { address(of: $0.blob) }
    }

    func address(of blob: Blob) -> String {
        "\(viewer.base)/media/\(DIDKey.multibase(blob.root))/\(blob.size)"
    }

    private func fields(_ profile: Profile?) -> JSONValue {
        var fields: [JSONValue] = []
        for link in profile?.links ?? [] {
            fields.append([
                "name": .string(link.label), "value": .string(anchor(link.uri)),
                "verified_at": nil,
            ])
        }
        for tip in profile?.tips ?? [] {
            fields.append([
                "name": "tip", "value": .string(DisplayText.html(tip)), "verified_at": nil,
            ])
        }
        return .array(fields)
    }

    /// Only web addresses become links.
    private func anchor(_ uri: String) -> String {
        guard uri.hasPrefix("https://") || uri.hasPrefix("http://") else {
            return DisplayText.html(uri)
        }
        let text = DisplayText.html(uri)
        return "<a href=\"\(text)\" rel=\"nofollow noopener me\" target=\"_blank\">\(text)</a>"
    }

    /// The viewer's own account, with what only they see.
    func ownAccount(_ identity: LogKey) throws(StoreError) -> JSONValue {
        let profile = people.profile(of: identity)
        // What a program sends back replaces them all: tip addresses must be among them.
        let links = (profile?.links ?? []).map { (name: $0.label, value: $0.uri) }
        let tips = (profile?.tips ?? []).map { (name: "tip", value: $0) }
        let fields = (links + tips).map { field -> JSONValue in
            ["name": .string(field.name), "value": .string(field.value), "verified_at": nil]
        }
        return try account(identity).with(
            (
                "source",
                [
                    "privacy": "public", "sensitive": false, "language": nil,
                    "note": .string(profile?.bio ?? ""), "fields": .array(fields),
                    "follow_requests_count": 0, "hide_collections": false, "discoverable": true,
                    "indexable": true, "quote_policy": "public",
                ]
            ),
            (
                "role",
                [
                    "id": "0", "name": "", "color": "", "permissions": "0",
                    "highlighted": false,
                ]
            ))
    }

    func relationship(_ identity: LogKey) throws(StoreError) -> JSONValue {
        let mark = Mark.of(identity)
        let me = viewer.identity
        let isFollowing = me.map { people.isFollowing($0, identity) } ?? false
        let note = try me.flatMap { (me) throws(StoreError) in
            try desk.value(.note, of: me, mark)
        }
        return [
            "id": .id(mark), "following": .bool(isFollowing), "showing_reblogs": .bool(isFollowing),
            "notifying": false, "languages": nil,
            "followed_by": .bool(me.map { people.isFollowing(identity, $0) } ?? false),
            "blocking": .bool(hidden.blocked.contains(mark)), "blocked_by": false,
            "muting": .bool(hidden.muted.contains(mark)),
            "muting_notifications": .bool(hidden.muted.contains(mark)),
            "muting_expires_at": nil, "requested": false, "requested_by": false,
            "domain_blocking": false, "endorsed": false, "note": .string(note ?? ""),
        ]
    }

    /// Somebody named in a post.
    func mention(_ identity: LogKey) -> JSONValue {
        [
            "id": .id(Mark.of(identity)), "username": .string(handles.username(identity)),
            "acct": .string(acct(identity)), "url": .string(page(of: identity)),
        ]
    }
}
