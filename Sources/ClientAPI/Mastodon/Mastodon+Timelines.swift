import Content
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// Timelines: newest first, and nothing else, unless the reader chose a recipe.
extension Mastodon {
    func addTimelines(_ router: inout Router) {
        add(&router, .get, "/api/v1/timelines/home", .scope("read:statuses")) {
            call throws(HTTPFailure) in
            let paging = try Paging(call)
            return paging.answer(
                try call.see { showing throws(StoreError) in try showing.home(paging) })
        }
        add(&router, .get, "/api/v1/timelines/public", .open("read:statuses")) {
            call throws(HTTPFailure) in
            let paging = try Paging(call)
            let choice = PublicChoice(
                isLocal: try call.parameters.flag("local") ?? false,
                isRemote: try call.parameters.flag("remote") ?? false,
                hasMedia: try call.parameters.flag("only_media") ?? false)
            return paging.answer(
                try call.see { showing throws(StoreError) in
                    try showing.everybody(paging, choice)
                })
        }
        add(&router, .get, "/api/v1/timelines/tag/:tag", .open("read:statuses")) {
            call throws(HTTPFailure) in
            let paging = try Paging(call)
            let tag = call.request.captures["tag"] ?? ""
            let choice = TagChoice(
                all: try call.parameters.texts("all"), none: try call.parameters.texts("none"),
                hasMedia: try call.parameters.flag("only_media") ?? false)
            return paging.answer(
                try call.see { showing throws(StoreError) in
                    try showing.tagged(tag, paging, choice)
                })
        }
        add(&router, .get, "/api/v1/timelines/link", .open("read:statuses")) {
            _ throws(HTTPFailure) in .json([])
        }
        add(&router, .get, "/api/v1/timelines/direct", .scope("read:statuses")) {
            _ throws(HTTPFailure) in .json([])
        }
    }
}

/// What of everybody's posts somebody wants.
struct PublicChoice: Sendable {
    var isLocal: Bool
    var isRemote: Bool
    var hasMedia: Bool
}

/// Further tags that a post must have, or must not.
struct TagChoice: Sendable {
    var all: [String]
    var none: [String]
    var hasMedia: Bool
}

/// Posts with the ids that clients page by.
typealias Statuses = [(id: Int64, json: JSONValue)]

extension Showing {
    /// What the viewer and those whom they follow post and pass on.
    func home(_ paging: Paging) throws(StoreError) -> Statuses {
        guard let me = viewer.identity else { return [] }
        let logs = try square.homeLogs(me)
        return try fill(paging, .home) { page throws(StoreError) in
            try feed.of(logs, page)
        } where: { act throws(StoreError) in
            try square.isForHome(act, me)
        }
    }

    func everybody(
        _ paging: Paging, _ choice: PublicChoice
    ) throws(StoreError) -> Statuses {
        let ours = Set(viewer.accounts.map(\.identity))
        return try fill(paging, .everybody) { page throws(StoreError) in
            try feed.everybody(page)
        } where: { act throws(StoreError) in
            guard act.kind == .note, act.parent == nil,
                !choice.hasMedia || act.flags.contains(.hasMedia)
            else { return false }
            guard choice.isLocal || choice.isRemote, let author = try square.author(of: act) else {
                return true
            }
            return choice.isLocal == ours.contains(author)
        }
    }

    func tagged(
        _ tag: String, _ paging: Paging, _ choice: TagChoice
    ) throws(StoreError) -> Statuses {
        let all = choice.all.map { $0.lowercased() }
        let none = choice.none.map { $0.lowercased() }
        return try fill(paging, .everybody) { page throws(StoreError) in
            try feed.tagged(tag.lowercased(), page)
        } where: { act throws(StoreError) in
            if choice.hasMedia && !act.flags.contains(.hasMedia) { return false }
            if all.isEmpty && none.isEmpty { return true }
            guard let view = try square.note(act) else { return false }
            let tags = Set(view.note.tags.map { $0.lowercased() })
            return tags.isSuperset(of: all) && tags.isDisjoint(with: none)
        }
    }

    /// Fills a page with the statuses of rows that pass.
    func fill(
        _ paging: Paging, _ context: Filter.Context,
        _ source: (FeedReader.Page) throws(StoreError) -> [Act],
        where passes: (Act) throws(StoreError) -> Bool = { _ in true }
    ) throws(StoreError) -> Statuses {
        let horizon = horizon
        let found = try paging.fill { page throws(StoreError) in
            try source(page.below(horizon))
        } _: { act throws(StoreError) -> JSONValue? in
            guard try passes(act) else { return nil }
            return try status(act, in: context)
        }
        return found.map { ($0.id, $0.item) }
    }
}
