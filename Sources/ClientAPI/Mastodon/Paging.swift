import Feed
import Primitives
import Store

/// Which part of a list a client wants: `max_id`, `since_id`, `min_id` and `limit`.
struct Paging: Sendable {
    var page: FeedReader.Page
    private let path: String
    private let query: String

    /// `most` is how many at once at most.
    init(_ call: Call, standard: Int = 20, most: Int = 40) throws(HTTPFailure) {
        let parameters = call.parameters
        let limit = try parameters.integer("limit") ?? Int64(standard)
        let wanted = Int(min(max(limit, 1), Int64(most)))
        let before = try parameters.integer("max_id") ?? .max
        let since = try parameters.integer("since_id") ?? -1
        let min = try parameters.integer("min_id")
        page = FeedReader.Page(
            before: before, after: min ?? since, limit: wanted, isFromBelow: min != nil)
        path =
            call.viewer.base + "/"
            + call.request.path.map { URLText.encode($0) }.joined(
                separator: "/")
        query = call.request.query
    }

    /// The newest so many.
    init(limit: Int) {
        page = FeedReader.Page(limit: limit)
        path = ""
        query = ""
    }

    /// The answer with the addresses of the pages beside it (RFC 8288).
    func answer(_ items: [(id: Int64, json: JSONValue)]) -> HTTPResponse {
        var response = HTTPResponse.json(.array(items.map(\.json)))
        if let link = link(items.map(\.id)) { response.headers["Link"] = link }
        return response
    }

    func link(_ ids: [Int64]) -> String? {
        guard let largest = ids.max(), let smallest = ids.min() else { return nil }
        let kept = query.split(separator: "&").filter { part in
            let name = part.prefix { $0 != "=" }
            return !["max_id", "since_id", "min_id", "access_token"].contains(name)
                && part.utf8.allSatisfy { 0x21...0x7e ~= $0 && $0 != 0x3c && $0 != 0x3e }
        }
        func address(_ name: String, _ id: Int64) -> String {
            path + "?" + (kept.map(String.init) + ["\(name)=\(id)"]).joined(separator: "&")
        }
        return "<\(address("max_id", smallest))>; rel=\"next\", "
            + "<\(address("min_id", largest))>; rel=\"prev\""
    }

    /// Fills a page out of a source that gives rows, some of which come to nothing: newest first.
    func fill<Item>(
        _ source: (FeedReader.Page) throws(StoreError) -> [Act],
        _ make: (Act) throws(StoreError) -> Item?
    ) throws(StoreError) -> [(id: Int64, item: Item)] {
        var found: [(id: Int64, item: Item)] = []
        var page = page
        // Whoever hides thousands of posts gets a short page, not a slow one.
        for _ in 0..<Limits.HTTP.pageTries where found.count < self.page.limit {
            let acts = try source(page)
            for act in acts where found.count < self.page.limit {
                if let item = try make(act) { found.append((act.id, item)) }
            }
            guard acts.count == page.limit, let last = acts.last else { break }
            if page.isFromBelow { page.after = last.id } else { page.before = last.id }
        }
        return page.isFromBelow ? found.reversed() : found
    }
}

extension FeedReader.Page {
    /// The same, but nothing from `id` on.
    func below(_ id: Int64) -> FeedReader.Page {
        var page = self
        page.before = min(page.before, id)
        return page
    }
}
