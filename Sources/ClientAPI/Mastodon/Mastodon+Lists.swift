import Content
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// Lists of people; and the recipes, which appear as lists: the same posts as at home, in another
/// order.
extension Mastodon {
    func addLists(_ router: inout Router) {
        add(&router, .get, "/api/v1/lists", .scope("read:lists")) {
            [desk] call throws(HTTPFailure) in
            let me = try call.me().identity
            let own = try call.stored { () throws(StoreError) in
                try ReaderList.all(of: me, desk)
            }
            let recipes = try call.see { showing throws(StoreError) in try showing.recipes() }
            return .json(.array((own + recipes.filter { !$0.isGone }).map(\.json)))
        }
        add(&router, .post, "/api/v1/lists", .scope("write:lists")) {
            call throws(HTTPFailure) in
            var list = ReaderList(id: try call.newID(), title: "")
            try list.change(call.parameters)
            try call.keep(list)
            return .json(list.json)
        }
        add(&router, .get, "/api/v1/lists/:id", .scope("read:lists")) {
            call throws(HTTPFailure) in .json(try call.list().json)
        }
        add(&router, .put, "/api/v1/lists/:id", .scope("write:lists")) {
            call throws(HTTPFailure) in
            var list = try call.ownList()
            try list.change(call.parameters)
            try call.keep(list)
            return .json(list.json)
        }
        add(&router, .delete, "/api/v1/lists/:id", .scope("write:lists")) {
            [desk] call throws(HTTPFailure) in
            let (list, me) = (try call.ownList(), try call.me().identity)
            try call.stored { () throws(StoreError) in
                try desk.removeAll(.listMember, of: me, list.id)
                try desk.remove(.list, of: me, list.id)
            }
            return .json([:])
        }
        addMembers(&router)
        add(&router, .get, "/api/v1/timelines/list/:id", .scope("read:lists")) {
            call throws(HTTPFailure) in
            let (list, paging) = (try call.list(), try Paging(call))
            if let recipe = list.recipe {
                // An order of its own has no pages by id: they are counted.
                let offset = try call.parameters.integer("offset") ?? 0
                let ranked = try call.see { showing throws(StoreError) in
                    try showing.ranked(
                        recipe, from: Int(clamping: max(offset, 0)), limit: paging.page.limit)
                }
                return .json(.array(ranked))
            }
            return paging.answer(
                try call.see { showing throws(StoreError) in try showing.list(list.id, paging) })
        }
    }

    private func addMembers(_ router: inout Router) {
        let path = "/api/v1/lists/:id/accounts"
        add(&router, .get, path, .scope("read:lists")) { [desk] call throws(HTTPFailure) in
            let (list, me) = (try call.list(), try call.me().identity)
            let paging = try Paging(call, standard: 40, most: 80)
            return paging.answer(
                try call.see { showing throws(StoreError) in
                    let rows = try desk.rows(.listMember, of: me, at: list.id)
                    return try showing.page(
                        of: rows.compactMap { showing.identity($0.sub) }, paging)
                })
        }
        for (method, isOn) in [(HTTPMethod.post, true), (.delete, false)] {
            add(&router, method, path, .scope("write:lists")) {
                [desk] call throws(HTTPFailure) in
                let (list, me) = (try call.ownList(), try call.me().identity)
                let ids = try call.parameters.texts("account_ids").compactMap { Int64($0) }
                let known = try call.see { showing throws(StoreError) in
                    ids.allSatisfy { showing.identity($0) != nil }
                }
                guard known else { throw .notFound }
                try call.stored { () throws(StoreError) in
                    for id in ids {
                        if isOn {
                            try desk.put(.listMember, of: me, list.id, id)
                        } else {
                            try desk.remove(.listMember, of: me, list.id, id)
                        }
                    }
                }
                return .json([:])
            }
        }
    }
}

/// A list of the reader's, or a recipe.
struct ReaderList: Sendable {
    var id: Int64
    var title: String
    var replies = "list"
    var isExclusive = false
    var recipe: Recipe?
    /// Who signed the recipe, and which version it is; nil of what every node has.
    var publisher: LogKey?
    var reference: Reference?
    /// The recipe was chosen, and is not here any more.
    var isGone = false

    init(id: Int64, title: String) {
        self.id = id
        self.title = title
    }

    /// The recipes that every node has: known by small numbers.
    static let shipped: [ReaderList] = Recipe.shipped.enumerated().map { number, recipe in
        var list = ReaderList(id: Int64(number) + 1, title: recipe.name)
        list.recipe = recipe
        return list
    }

    static func all(of reader: LogKey, _ desk: Desk) throws(StoreError) -> [ReaderList] {
        try desk.rows(.list, of: reader).reversed().compactMap { row in
            guard let json = try? JSONReader.read(Array(row.value.utf8)),
                let title = json["title"]?.stringValue
            else { return nil }
            var list = ReaderList(id: row.id, title: title)
            list.replies = json["replies"]?.stringValue ?? list.replies
            list.isExclusive = json["exclusive"] == .bool(true)
            return list
        }
    }

    mutating func change(_ parameters: Parameters) throws(HTTPFailure) {
        if let title = try parameters.text("title"), !title.isEmpty { self.title = title }
        guard !title.isEmpty, title.utf8.count <= 200 else {
            throw HTTPFailure(422, "Validation failed: a list has a title of at most 200 bytes")
        }
        if let replies = try parameters.text("replies_policy"), !replies.isEmpty {
            guard ["followed", "list", "none"].contains(replies) else {
                throw HTTPFailure(422, "Validation failed: replies_policy is unknown")
            }
            self.replies = replies
        }
        if let isExclusive = try parameters.flag("exclusive") { self.isExclusive = isExclusive }
    }

    var stored: String {
        let json: JSONValue = [
            "title": .string(title), "replies": .string(replies), "exclusive": .bool(isExclusive),
        ]
        return String(decoding: json.encoded, as: UTF8.self)
    }

    var json: JSONValue {
        [
            "id": .id(id), "title": .string(title), "replies_policy": .string(replies),
            "exclusive": .bool(isExclusive),
        ]
    }
}

extension Call {
    /// The list of the path; a recipe counts.
    func list() throws(HTTPFailure) -> ReaderList {
        let id = try id()
        let (me, desk) = (try me().identity, service.desk)
        let own = try stored { () throws(StoreError) in try ReaderList.all(of: me, desk) }
        if let found = own.first(where: { $0.id == id }) { return found }
        return try see { showing throws(StoreError) in try showing.recipe(id) }
    }

    func ownList() throws(HTTPFailure) -> ReaderList {
        let list = try list()
        if list.recipe != nil { throw HTTPFailure(422, "A recipe is not changed as a list") }
        return list
    }

    func keep(_ list: ReaderList) throws(HTTPFailure) {
        let (me, desk) = (try me().identity, service.desk)
        try stored { () throws(StoreError) in
            try desk.put(.list, of: me, list.id, 0, list.stored)
        }
    }
}

extension Showing {
    func list(_ id: Int64, _ paging: Paging) throws(StoreError) -> Statuses {
        guard let me = viewer.identity else { return [] }
        var logs: [Int64] = []
        for row in try desk.rows(.listMember, of: me, at: id) {
            if let identity = identity(row.sub) { logs += try square.logs(of: identity) }
        }
        let all = logs
        return try fill(paging, .home) { page throws(StoreError) in try feed.of(all, page) }
    }

    /// The newest posts of home in the order of a recipe; of equals the newer first.
    func ranked(
        _ recipe: Recipe, from: Int, limit: Int
    ) throws(StoreError) -> [JSONValue] {
        guard let me = viewer.identity else { return [] }
        let reader = try square.reader(me, desk)
        let ranking = try square.ranking(recipe, for: reader, now: now, before: horizon)
        var found: [JSONValue] = []
        for place in ranking.dropFirst(from).prefix(limit) {
            if let status = try status(place.act, in: .home) { found.append(status) }
        }
        return found
    }
}
