import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// Whom a reader might want to follow: never anybody's ranking, only who is near. First the people
/// whom connected nodes write for, then whom those follow whom the reader follows, then whoever
/// wrote lately.
extension Mastodon {
    func addSuggestions(_ router: inout Router) {
        for version in ["v1", "v2"] {
            add(&router, .get, "/api/\(version)/suggestions", .scope("read:accounts")) {
                [self] call throws(HTTPFailure) in
                let most = Int64(Limits.Setup.suggestions)
                let limit = min(max(try call.parameters.integer("limit") ?? most, 1), most)
                let near = try neighbours(call)
                return .json(
                    .array(
                        try call.see { showing throws(StoreError) in
                            try showing.suggestions(near, Int(limit))
                                .map { (suggestion) throws(StoreError) in
                                    version == "v1"
                                        ? try showing.account(suggestion.who)
                                        : try showing.json(suggestion)
                                }
                        }))
            }
        }
        add(&router, .delete, "/api/v1/suggestions/:id", .scope("write:accounts")) {
            [desk] call throws(HTTPFailure) in
            let (who, me) = (try call.person(), try call.me().identity)
            try call.stored { () throws(StoreError) in
                try desk.put(.notSuggested, of: me, Mark.of(who))
            }
            return .json([:])
        }
    }

    /// The people whom connected nodes say to write for.
    private func neighbours(_ call: Call) throws(HTTPFailure) -> [LogKey] {
        let me = try call.me().name
        let view = try call.asked { [door] () throws(NodeError) in
            try door.ask("mesh", .object(("as", .string(me))))
        }
        return (view["neighbours"]?.list ?? []).flatMap { $0["writers"]?.list ?? [] }
            .compactMap { $0.text.flatMap { DIDKey.parse($0) } }
    }
}

/// Somebody to follow, and why.
struct Suggestion {
    enum Reason: String {
        case neighbour
        case friends
        case recent
    }

    var who: LogKey
    var reason: Reason
    /// How many of those whom the reader follows follow them.
    var friends: Int
}

extension Showing {
    func suggestions(_ near: [LogKey], _ limit: Int) throws(StoreError) -> [Suggestion] {
        guard let me = viewer.identity else { return [] }
        var seen = Set(people.follows(of: me) + viewer.accounts.map(\.identity))
        let put = Set(try desk.rows(.notSuggested, of: me).map(\.id))
        var friends: [LogKey: Int] = [:]
        for followed in people.follows(of: me).suffix(Limits.Storage.followsCounted) {
            for other in people.follows(of: followed).suffix(Limits.Storage.followsCounted) {
                friends[other, default: 0] += 1
            }
        }
        var found: [Suggestion] = []
        func take(_ who: LogKey, _ reason: Suggestion.Reason) throws(StoreError) {
            guard found.count < limit, seen.insert(who).inserted, people.history(of: who) != nil
            else { return }
            let mark = Mark.of(who)
            guard !put.contains(mark), !hidden.muted.contains(mark), !hidden.blocked.contains(mark)
            else { return }
            // Somebody without a word is no reason to follow, unless they live next door.
            if reason != .neighbour, try square.posts(of: who).count == 0 { return }
            found.append(Suggestion(who: who, reason: reason, friends: friends[who] ?? 0))
        }
        for who in near { try take(who, .neighbour) }
        let known = friends.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        for (who, _) in known where found.count < limit { try take(who, .friends) }
        let page = FeedReader.Page(before: horizon, limit: Limits.Setup.suggestionPosts)
        for act in try feed.everybody(page) where found.count < limit {
            if let who = try square.author(of: act) { try take(who, .recent) }
        }
        return found
    }

    func json(_ suggestion: Suggestion) throws(StoreError) -> JSONValue {
        let source =
            switch suggestion.reason {
            case .neighbour: "featured"
            case .friends: "friends_of_friends"
            case .recent: "most_interactions"
            }
        return [
            "source": suggestion.reason == .friends ? "past_interactions" : "global",
            "sources": [.string(source)], "account": try account(suggestion.who),
            "starling": [
                "reason": .string(suggestion.reason.rawValue),
                "friends": .count(suggestion.friends),
            ],
        ]
    }
}
