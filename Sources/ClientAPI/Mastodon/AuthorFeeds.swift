import Content
import Crypto
import Feed
import MerkleLog
import Primitives
import Store
import Wire

/// An author's newest notes for feed readers: Atom (RFC 4287) and JSON Feed 1.1, at
/// `/@name/feed.atom` and `/@name/feed.json`.
extension Mastodon {
    func addAuthorFeeds(_ router: inout Router) {
        for (name, type) in [
            ("feed.atom", "application/atom+xml"), ("feed.json", "application/feed+json"),
        ] {
            add(&router, .get, "/:who/\(name)", .open("read:statuses")) {
                call throws(HTTPFailure) in
                let who = call.request.captures["who"] ?? ""
                guard who.hasPrefix("@") else { throw .notFound }
                let feed = try call.see { showing throws(StoreError) -> AuthorFeed? in
                    guard let identity = showing.handles.find(who) else { return nil }
                    return try showing.authorFeed(identity)
                }
                let address = call.viewer.base + "/" + URLText.encode(who) + "/" + name
                return name == "feed.json"
                    ? HTTPResponse(
                        headers: [("Content-Type", type)],
                        body: .bytes(feed.json(at: address).encoded))
                    : .text(feed.atom(at: address), type: type)
            }
        }
    }
}

/// What a feed says, in either form.
struct AuthorFeed: Sendable {
    struct Item: Sendable {
        var address: String
        var url: String
        var html: String
        var text: String
        var warning: String?
        var published: UnixTime
        var updated: UnixTime
        var tags: [String]
        var media: [(url: String, type: String, size: UInt64)]
    }

    var author: String
    var did: String
    var page: String
    var picture: String
    var bio: String
    var items: [Item]

    var updated: UnixTime { items.map(\.updated).max() ?? UnixTime(milliseconds: 0) }

    func json(at address: String) -> JSONValue {
        [
            "version": "https://jsonfeed.org/version/1.1", "title": .string(author),
            "home_page_url": .string(page), "feed_url": .string(address),
            "description": .string(bio), "icon": .string(picture),
            "authors": [["name": .string(author), "url": .string(page)]],
            "items": .array(
                items.map { item in
                    var members: [JSONValue.Member] = [
                        .init("id", .string(item.address)), .init("url", .string(item.url)),
                        .init("content_html", .string(item.html)),
                        .init("content_text", .string(item.text)),
                        .init("date_published", .time(item.published)),
                        .init("date_modified", .time(item.updated)),
                        .init("tags", .array(item.tags.map { .string($0) })),
                        .init(
                            "attachments",
                            .array(
                                item.media.map {
                                    [
                                        "url": .string($0.url), "mime_type": .string($0.type),
                                        "size_in_bytes": .integer(Int64(clamping: $0.size)),
                                    ]
                                })),
                    ]
                    if let warning = item.warning {
                        members.append(.init("summary", .string(warning)))
                    }
                    return .object(members)
                }),
        ]
    }

    func atom(at address: String) -> String {
        func text(_ text: String) -> String { DisplayText.html(text) }
        var out = """
            <?xml version="1.0" encoding="utf-8"?>
            <feed xmlns="http://www.w3.org/2005/Atom">
            <id>\(text(did))</id>
            <title>\(text(author))</title>
            <subtitle>\(text(bio))</subtitle>
            <updated>\(Timestamp.text(updated))</updated>
            <author><name>\(text(author))</name><uri>\(text(did))</uri></author>
            <icon>\(text(picture))</icon>
            <link rel="self" type="application/atom+xml" href="\(text(address))"/>
            <link rel="alternate" type="text/html" href="\(text(page))"/>

            """
        for item in items {
            let title = item.warning ?? String(item.text.prefix { $0 != "\n" }.prefix(80))
            out += """
                <entry>
                <id>\(text(item.address))</id>
                <title>\(text(title))</title>
                <published>\(Timestamp.text(item.published))</published>
                <updated>\(Timestamp.text(item.updated))</updated>
                <link rel="alternate" type="text/html" href="\(text(item.url))"/>
                <content type="html">\(text(item.html))</content>

                """
            for tag in item.tags { out += "<category term=\"\(text(tag))\"/>\n" }
            for media in item.media {
                out +=
                    "<link rel=\"enclosure\" type=\"\(text(media.type))\" "
                    + "length=\"\(media.size)\" href=\"\(text(media.url))\"/>\n"
            }
            out += "</entry>\n"
        }
        return out + "</feed>\n"
    }
}

extension Showing {
    /// The newest notes that somebody wrote, without what they pass on and what they answer.
    func authorFeed(_ identity: LogKey) throws(StoreError) -> AuthorFeed {
        let profile = people.profile(of: identity)
        let logs = try square.logs(of: identity)
        let found = try Paging(limit: 20).fill { page throws(StoreError) in
            try feed.of(logs, page.below(horizon))
        } _: { act throws(StoreError) -> AuthorFeed.Item? in
            guard act.kind == .note, act.parent == nil, let view = try square.note(act) else {
                return nil
            }
            let published = SortID.time(of: act.id)
            return AuthorFeed.Item(
                address: view.reference.text, url: "\(page(of: identity))/\(act.id)",
                html: Markup.html(view.note.text, mentions: view.note.mentions, names: names),
                text: view.note.text, warning: view.note.warning, published: published,
                updated: view.editedAt ?? published, tags: view.note.tags,
                media: view.note.attachments.map {
                    (address(of: $0.blob), $0.mediaType, $0.blob.size)
                })
        }
        let avatar = profile?.avatar.map { address(of: $0.blob) }
        return AuthorFeed(
            author: handles.displayName(identity), did: DIDKey.encode(identity),
            page: page(of: identity),
            picture: avatar ?? "\(viewer.base)/avatars/\(Mark.of(identity)).png",
            bio: profile?.bio ?? "", items: found.map(\.item))
    }
}
