import Feed
import MerkleLog
import Node
import Primitives
import Store

/// Filters, in both forms that programs know.
extension Mastodon {
    func addFilters(_ router: inout Router) {
        add(&router, .get, "/api/v2/filters", .scope("read:filters")) {
            call throws(HTTPFailure) in .json(.array(try call.filters().map(\.json)))
        }
        add(&router, .post, "/api/v2/filters", .scope("write:filters")) {
            call throws(HTTPFailure) in
            var filter = Filter(id: try call.newID(), title: "", contexts: [])
            try filter.change(call.parameters)
            try call.keep(filter)
            return .json(filter.json)
        }
        add(&router, .get, "/api/v2/filters/:id", .scope("read:filters")) {
            call throws(HTTPFailure) in .json(try call.filter(try call.id()).json)
        }
        add(&router, .put, "/api/v2/filters/:id", .scope("write:filters")) {
            call throws(HTTPFailure) in
            var filter = try call.filter(try call.id())
            try filter.change(call.parameters)
            try call.keep(filter)
            return .json(filter.json)
        }
        add(&router, .delete, "/api/v2/filters/:id", .scope("write:filters")) {
            [desk] call throws(HTTPFailure) in
            let (id, me) = (try call.filter(try call.id()).id, try call.me().identity)
            try call.stored { () throws(StoreError) in try desk.remove(.filter, of: me, id) }
            return .json([:])
        }
        addKeywords(&router)
        addPosts(&router)
        addOldFilters(&router)
    }

    private func addKeywords(_ router: inout Router) {
        let path = "/api/v2/filters/:id/keywords"
        add(&router, .get, path, .scope("read:filters")) { call throws(HTTPFailure) in
            .json(.array(try call.filter(try call.id()).keywords.map(\.json)))
        }
        add(&router, .post, path, .scope("write:filters")) { call throws(HTTPFailure) in
            var filter = try call.filter(try call.id())
            let word = Filter.Keyword(
                id: try call.newID(), text: try call.parameters.required("keyword"),
                isWhole: try call.parameters.flag("whole_word") ?? false)
            filter.keywords.append(word)
            try call.keep(filter)
            return .json(word.json)
        }
        let one = "/api/v2/filters/keywords/:id"
        add(&router, .get, one, .scope("read:filters")) { call throws(HTTPFailure) in
            let (filter, place) = try call.keyword(try call.id())
            return .json(filter.keywords[place].json)
        }
        add(&router, .put, one, .scope("write:filters")) { call throws(HTTPFailure) in
            var (filter, place) = try call.keyword(try call.id())
            if let text = try call.parameters.text("keyword"), !text.isEmpty {
                filter.keywords[place].text = text
            }
            if let isWhole = try call.parameters.flag("whole_word") {
                filter.keywords[place].isWhole = isWhole
            }
            try call.keep(filter)
            return .json(filter.keywords[place].json)
        }
        add(&router, .delete, one, .scope("write:filters")) { call throws(HTTPFailure) in
            var (filter, place) = try call.keyword(try call.id())
            filter.keywords.remove(at: place)
            try call.keep(filter)
            return .json([:])
        }
    }

    private func addPosts(_ router: inout Router) {
        let path = "/api/v2/filters/:id/statuses"
        add(&router, .get, path, .scope("read:filters")) { call throws(HTTPFailure) in
            .json(try call.filter(try call.id()).json["statuses"] ?? [])
        }
        add(&router, .post, path, .scope("write:filters")) { call throws(HTTPFailure) in
            var filter = try call.filter(try call.id())
            guard let post = try call.parameters.integer("status_id") else { throw .notFound }
            let place = (id: try call.newID(), post: try call.note(post).act.id)
            filter.posts.append(place)
            try call.keep(filter)
            return .json(["id": .id(place.id), "status_id": .id(place.post)])
        }
        let one = "/api/v2/filters/statuses/:id"
        add(&router, .get, one, .scope("read:filters")) { call throws(HTTPFailure) in
            let (filter, place) = try call.filteredPost(try call.id())
            return .json([
                "id": .id(filter.posts[place].id), "status_id": .id(filter.posts[place].post),
            ])
        }
        add(&router, .delete, one, .scope("write:filters")) { call throws(HTTPFailure) in
            var (filter, place) = try call.filteredPost(try call.id())
            filter.posts.remove(at: place)
            try call.keep(filter)
            return .json([:])
        }
    }

    /// The first form: a filter is one phrase.
    private func addOldFilters(_ router: inout Router) {
        add(&router, .get, "/api/v1/filters", .scope("read:filters")) {
            call throws(HTTPFailure) in
            .json(.array(try call.filters().flatMap { filter in filter.old }))
        }
        add(&router, .post, "/api/v1/filters", .scope("write:filters")) {
            call throws(HTTPFailure) in
            let phrase = try call.parameters.required("phrase")
            var filter = Filter(id: try call.newID(), title: phrase, contexts: [])
            try filter.change(call.parameters)
            filter.keywords = [
                Filter.Keyword(
                    id: try call.newID(), text: phrase,
                    isWhole: try call.parameters.flag("whole_word") ?? false)
            ]
            if try call.parameters.flag("irreversible") == true { filter.action = "hide" }
            try call.keep(filter)
            return .json(filter.old.first ?? [:])
        }
        let one = "/api/v1/filters/:id"
        add(&router, .get, one, .scope("read:filters")) { call throws(HTTPFailure) in
            let (filter, place) = try call.keyword(try call.id())
            return .json(filter.old[place])
        }
        add(&router, .put, one, .scope("write:filters")) { call throws(HTTPFailure) in
            var (filter, place) = try call.keyword(try call.id())
            if let phrase = try call.parameters.text("phrase"), !phrase.isEmpty {
                filter.keywords[place].text = phrase
            }
            try filter.change(call.parameters)
            try call.keep(filter)
            return .json(filter.old[place])
        }
        add(&router, .delete, one, .scope("write:filters")) {
            [desk] call throws(HTTPFailure) in
            var (filter, place) = try call.keyword(try call.id())
            filter.keywords.remove(at: place)
            let (me, left) = (try call.me().identity, filter)
            try call.stored { () throws(StoreError) in
                if left.keywords.isEmpty && left.posts.isEmpty {
                    try desk.remove(.filter, of: me, left.id)
                } else {
                    try left.keep(of: me, desk)
                }
            }
            return .json([:])
        }
    }
}

extension Filter {
    /// Takes what a client says; what it does not name stays.
    mutating func change(_ parameters: Parameters) throws(HTTPFailure) {
        if let title = try parameters.text("title"), !title.isEmpty { self.title = title }
        let names = try parameters.texts("context")
        if !names.isEmpty { contexts = names.compactMap { Context(rawValue: $0) } }
        guard !title.isEmpty, !contexts.isEmpty, title.utf8.count <= 200 else {
            throw HTTPFailure(422, "Validation failed: a filter has a title and a context")
        }
        if let action = try parameters.text("filter_action"), !action.isEmpty {
            guard ["warn", "hide", "blur"].contains(action) else {
                throw HTTPFailure(422, "Validation failed: filter_action is warn, hide or blur")
            }
            self.action = action
        }
        if parameters.names.contains("expires_in") {
            let seconds = try parameters.integer("expires_in") ?? 0
            expires =
                seconds > 0 ? Clock.wall.milliseconds + UInt64(min(seconds, 1 << 40)) * 1_000 : nil
        }
        for word in try parameters.children("keywords_attributes") { try change(word: word) }
    }

    private mutating func change(word: Parameters) throws(HTTPFailure) {
        let place = try word.integer("id").flatMap { id in
            keywords.firstIndex { $0.id == id }
        }
        if let place, try word.flag("_destroy") == true {
            keywords.remove(at: place)
        } else if let place {
            if let text = try word.text("keyword") { keywords[place].text = text }
            if let isWhole = try word.flag("whole_word") { keywords[place].isWhole = isWhole }
        } else {
            let id = (keywords.map(\.id).max() ?? id) + 1
            keywords.append(
                Keyword(
                    id: id, text: try word.required("keyword"),
                    isWhole: try word.flag("whole_word") ?? false))
        }
    }

    /// In the first form: one for each of its phrases.
    var old: [JSONValue] {
        keywords.map { word in
            [
                "id": .id(word.id), "phrase": .string(word.text),
                "context": .array(contexts.map { .string($0.rawValue) }),
                "whole_word": .bool(word.isWhole),
                "expires_at": .time(expires.map { UnixTime(milliseconds: $0) }),
                "irreversible": .bool(action == "hide"),
            ]
        }
    }
}

extension Filter.Keyword {
    var json: JSONValue {
        ["id": .id(id), "keyword": .string(text), "whole_word": .bool(isWhole)]
    }
}

extension Call {
    func filters() throws(HTTPFailure) -> [Filter] {
        let (me, desk) = (try me().identity, service.desk)
        return try stored { () throws(StoreError) in try Filter.all(of: me, desk) }
    }

    func filter(_ id: Int64) throws(HTTPFailure) -> Filter {
        guard let found = try filters().first(where: { $0.id == id }) else { throw .notFound }
        return found
    }

    func keyword(_ id: Int64) throws(HTTPFailure) -> (Filter, Int) {
        for filter in try filters() {
            if let place = filter.keywords.firstIndex(where: { $0.id == id }) {
                return (filter, place)
            }
        }
        throw .notFound
    }

    func filteredPost(_ id: Int64) throws(HTTPFailure) -> (Filter, Int) {
        for filter in try filters() {
            if let place = filter.posts.firstIndex(where: { $0.id == id }) {
                return (filter, place)
            }
        }
        throw .notFound
    }

    func keep(_ filter: Filter) throws(HTTPFailure) {
        let (me, desk) = (try me().identity, service.desk)
        guard filter.keywords.count <= Limits.HTTP.filterWords,
            filter.posts.count <= Limits.HTTP.filterWords
        else { throw HTTPFailure(422, "Validation failed: the filter has too many words") }
        try stored { () throws(StoreError) in try filter.keep(of: me, desk) }
    }

    /// A number that none of the reader's things has yet: by time, counted on within one
    /// millisecond.
    func newID() throws(HTTPFailure) -> Int64 { service.ids.next() }
}
