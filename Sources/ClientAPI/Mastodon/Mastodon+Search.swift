import Crypto
import Feed
import MerkleLog
import Primitives
import Store
import Wire

/// Finding people, posts and tags: by words, by key, by address.
extension Mastodon {
    func addSearch(_ router: inout Router) {
        for version in ["v1", "v2"] {
            add(&router, .get, "/api/\(version)/search", .open("read:search")) {
                call throws(HTTPFailure) in
                let search = try Search(call)
                let tagsAreNames = version == "v1"
                return .json(
                    try call.see { showing throws(StoreError) in
                        let found = try showing.found(search)
                        guard tagsAreNames, case .array(let tags)? = found["hashtags"] else {
                            return found
                        }
                        return found.with(("hashtags", .array(tags.compactMap { $0["name"] })))
                    })
            }
        }
        add(&router, .get, "/api/v1/tags/:tag", .open("read")) { call throws(HTTPFailure) in
            let tag = call.request.captures["tag"] ?? ""
            return .json(try call.see { showing throws(StoreError) in showing.tag(tag) })
        }
        for name in ["follow", "unfollow", "feature", "unfeature"] {
            add(&router, .post, "/api/v1/tags/:tag/\(name)", .scope("write:follows")) {
                _ throws(HTTPFailure) in
                throw HTTPFailure(422, "Tags cannot be followed here; search for them")
            }
        }
    }
}

/// What somebody looks for.
struct Search: Sendable {
    var words: String
    var kinds: Set<String>
    var limit: Int
    var offset: Int
    var before: Int64
    var after: Int64
    var author: Int64?
    var onlyFollowed: Bool

    /// Posts with these words.
    init(words: String, limit: Int) {
        self.words = words
        self.limit = limit
        kinds = ["statuses"]
        (offset, before, after) = (0, .max, -1)
        onlyFollowed = false
    }

    init(_ call: Call) throws(HTTPFailure) {
        let parameters = call.parameters
        words = try parameters.text("q") ?? ""
        guard !words.isEmpty, words.utf8.count <= 1_000 else {
            throw HTTPFailure(422, "Validation failed: q has 1 to 1,000 bytes")
        }
        let kind = try parameters.text("type") ?? ""
        kinds = kind.isEmpty ? ["accounts", "statuses", "hashtags"] : [kind]
        limit = Int(min(max(try parameters.integer("limit") ?? 20, 1), 40))
        offset = Int(min(max(try parameters.integer("offset") ?? 0, 0), 1_000))
        before = try parameters.integer("max_id") ?? .max
        after = try parameters.integer("since_id") ?? -1
        if let id = try parameters.integer("min_id") { after = id }
        author = try parameters.integer("account_id")
        onlyFollowed = try parameters.flag("following") ?? false
    }
}

extension Showing {
    func found(_ search: Search) throws(StoreError) -> JSONValue {
        var (people, posts, tags): ([JSONValue], [JSONValue], [JSONValue]) = ([], [], [])
        if search.kinds.contains("accounts") {
            let all = self.people(called: search.words, onlyFollowed: search.onlyFollowed)
            people = try accounts(all.dropFirst(search.offset).prefix(search.limit))
        }
        if search.kinds.contains("statuses") { posts = try statuses(search) }
        if search.kinds.contains("hashtags"), search.offset == 0 {
            let name = search.words.hasPrefix("#") ? search.words.dropFirst() : search.words[...]
            if try !feed.tagged(name.lowercased(), FeedReader.Page(limit: 1)).isEmpty {
                tags = [tag(String(name))]
            }
        }
        return [
            "accounts": .array(people), "statuses": .array(posts), "hashtags": .array(tags),
        ]
    }

    private func statuses(_ search: Search) throws(StoreError) -> [JSONValue] {
        if let status = try addressed(search.words) { return [status] }
        let author = search.author.flatMap { identity($0) }
        var seen: Set<Int64> = []
        var found: [JSONValue] = []
        var skip = search.offset
        var page = FeedReader.Page(
            before: min(search.before, horizon), after: search.after, limit: 64)
        for _ in 0..<Limits.HTTP.pageTries where found.count < search.limit {
            let acts = try feed.search(search.words, page)
            for act in acts where found.count < search.limit {
                // An edit stands for its note; what a note said before is not found.
                guard let view = try square.shown(act), seen.insert(view.act.id).inserted,
                    author == nil || view.author == author
                else { continue }
                if skip > 0 { skip -= 1 } else { found.append(try status(view, in: .everybody)) }
            }
            guard acts.count == page.limit, let last = acts.last else { break }
            page.before = last.id
        }
        return found
    }

    /// The post at an address: `did:key:…/INDEX/z…`, or the page of a post on this node.
    private func addressed(_ text: String) throws(StoreError) -> JSONValue? {
        if let reference = Reference(text: text) {
            guard let act = try square.act(reference) else { return nil }
            return try status(act, in: .thread)
        }
        guard text.hasPrefix(viewer.base + "/"), let last = text.split(separator: "/").last,
            let id = Int64(last), let act = try feed.act(id)
        else { return nil }
        return try status(act, in: .thread)
    }
}
