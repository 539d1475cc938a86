import Content
import Crypto
import Feed
import MerkleLog
import Mesh
import Primitives
import Store
import Transport
import Wire

/// What stands behind a number: the votes of a poll, the terms of a place in the timeline.
extension Node {
    /// How a poll stands among whom the reader follows, two hops away, and everybody; with
    /// `recount`, every vote checked from its signed entry on.
    func poll(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let reference = try self.reference(parameters)
        let isRecount = parameters["recount"]?.flag ?? false
        let me = try? account(parameters)
        onSquare("poll", reply) { square, desk throws(StoreError) in
            guard let view = try square.note(at: reference), let poll = view.first.poll else {
                return nil
            }
            let reader = try me.map { (me) throws(StoreError) in
                try square.reader(me.identity, desk)
            }
            return .done(
                .object(
                    ("address", .string(view.reference.text)),
                    ("author", .string(DIDKey.encode(view.author))),
                    ("options", .array(poll.options.map { .string($0) })),
                    ("closing", .int(poll.closing.milliseconds)),
                    ("multiple", .bool(poll.isMultiple)),
                    (
                        "tallies",
                        .array(
                            try square.tallies(view, for: reader).map {
                                describe($0, square.people)
                            })
                    ),
                    (
                        "recount",
                        isRecount
                            ? .array(
                                try square.recount(view).map { describe($0, square.people) }) : nil
                    )))
        }
    }

    /// Why a post stands where it stands: each term of a recipe.
    func explain(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let reference = try self.reference(parameters)
        let me = try account(parameters)
        let now = Self.time(parameters)
        onRecipe("explain", parameters, me, reply) { square, recipe, reader throws(StoreError) in
            guard let view = try square.note(at: reference) else { return nil }
            let found = recipe.explain(
                try square.features(of: view, for: reader, now: now))
            return .done(
                .object(
                    ("address", .string(view.reference.text)), ("recipe", .string(recipe.name)),
                    ("description", recipe.description.map { .string($0) }),
                    ("score", .int(found.score)),
                    (
                        "terms",
                        .array(
                            found.terms.map { term in
                                .object(
                                    ("feature", .string(term.feature)), ("value", .int(term.value)),
                                    ("weight", .int(term.weight)), ("product", .int(term.product)))
                            })
                    )))
        }
    }

    /// The newest posts of home in the order of a recipe.
    func rank(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let me = try account(parameters)
        let limit = Int(min(max(parameters["limit"]?.number ?? 20, 1), 200))
        let now = Self.time(parameters)
        onRecipe("rank", parameters, me, reply) { square, recipe, reader throws(StoreError) in
            let places = try square.ranking(recipe, for: reader, now: now)
            return .done(
                .object(
                    (
                        "posts",
                        .array(
                            places.prefix(limit).map { place in
                                describe(place.view, square.people).with(
                                    ("score", .int(place.explanation.score)))
                            })
                    )))
        }
    }

    /// Asks the square as `onSquare` does, with the recipe that was asked for and who asks.
    private func onRecipe(
        _ name: String, _ parameters: Value, _ me: Account,
        _ reply: @escaping (Control.Reply) -> Void,
        _ body:
            @escaping @Sendable (Square, Recipe, Reader) throws(StoreError) -> Control.Reply?
    ) {
        let wanted = parameters["recipe"]?.text
        onSquare(name, reply) { square, desk throws(StoreError) in
            switch try Self.recipe(wanted, for: me, square, desk) {
            case .failure(let error): .failed(error)
            case .success(let recipe):
                try body(square, recipe, try square.reader(me.identity, desk))
            }
        }
    }

    /// The recipe that somebody means by a name or an address: one that every node has, their own,
    /// one that they chose, or whichever stands at the address.
    private static func recipe(
        _ wanted: String?, for account: Account, _ square: Square, _ desk: Desk?
    ) throws(StoreError) -> Result<Recipe, NodeError> {
        let name = wanted ?? Recipe.shipped.first?.name ?? ""
        if let reference = Reference(text: name) {
            guard let found = try square.recipe(at: reference) else {
                return .failure(.notFound("no recipe is at \(name), or it is not here (yet)"))
            }
            return .success(found.recipe)
        }
        if let shipped = Recipe.shipped.first(where: { $0.name == name }) {
            return .success(shipped)
        }
        let signed = try square.recipes(for: account.identity, desk)
        let named = signed.filter { $0.recipe.name.utf8.elementsEqual(name.utf8) }
        switch named.count {
        case 1: return .success(named[0].recipe)
        case 0:
            let all = Recipe.shipped.map(\.name) + signed.map(\.recipe.name)
            let names = all.map { "\"\($0)\"" }.joined(separator: ", ")
            return .failure(
                .notFound("there is no recipe called \"\(name)\" (there is: \(names))"))
        default:
            let addresses = named.map(\.reference.text).joined(separator: ", ")
            return .failure(
                .badRequest("\(named.count) recipes are called \"\(name)\": say \(addresses)"))
        }
    }

    /// The time as of which an order is asked for.
    private static func time(_ parameters: Value) -> UnixTime {
        parameters["at"]?.number.map { UnixTime(milliseconds: $0) } ?? EventLoop.wallClock()
    }
}

extension Value {
    /// A map with further members.
    fileprivate func with(_ more: (String, Value)...) -> Value {
        guard case .map(let pairs) = self else { return self }
        return .map(pairs + more.map { Pair(.text($0.0), $0.1) })
    }
}

private func person(_ identity: LogKey, _ people: People) -> Value {
    .object(
        ("identity", .string(DIDKey.encode(identity))),
        ("name", people.name(of: identity).map { .string($0) }))
}

private func describe(_ tally: Tally, _ people: People) -> Value {
    .object(
        ("circle", .string(tally.circle.rawValue)),
        ("counts", .array(tally.counts.map { .int($0) })),
        ("voters", .array(tally.voters.map { person($0, people) })))
}

private func describe(_ vote: RecountedVote, _ people: People) -> Value {
    .object(
        ("by", person(vote.by, people)), ("address", .string(vote.reference.text)),
        ("time", .int(vote.time.milliseconds)),
        ("options", .array(vote.options.map { .int($0) })),
        ("fault", vote.fault.map { .string($0) }))
}
