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
        let reference = try postReference(parameters)
        let isRecount = parameters["recount"]?.flag ?? false
        let me = try? account(parameters)
        onSquare("poll", reply) { square, desk throws(StoreError) in
            guard let view = try square.note(at: reference), let poll = view.first.poll else {
                return nil
            }
            let reader = try me.map { (me) throws(StoreError) in
                try square.reader(me.identity, desk)
            }
            return .object(
                ("address", .string(view.reference.text)),
                ("author", .string(DIDKey.encode(view.author))),
                ("options", .array(poll.options.map { .string($0) })),
                ("closing", .int(poll.closing.milliseconds)),
                ("multiple", .bool(poll.isMultiple)),
                (
                    "tallies",
                    .array(
                        try square.tallies(view, for: reader).map { describe($0, square.people) })
                ),
                (
                    "recount",
                    isRecount
                        ? .array(
                            try square.recount(view).map { describe($0, square.people) }) : nil
                ))
        }
    }

    /// Why a post stands where it stands: each term of a recipe.
    func explain(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let reference = try postReference(parameters)
        let me = try account(parameters)
        let name = parameters["recipe"]?.text ?? Recipe.shipped.first?.name ?? ""
        guard let recipe = Recipe.shipped.first(where: { $0.name == name }) else {
            let names = Recipe.shipped.map { "\"\($0.name)\"" }.joined(separator: ", ")
            throw .notFound("there is no recipe called \"\(name)\" (there is: \(names))")
        }
        let now = EventLoop.wallClock()
        onSquare("explain", reply) { square, desk throws(StoreError) in
            guard let view = try square.note(at: reference) else { return nil }
            let reader = try square.reader(me.identity, desk)
            let found = recipe.explain(
                try square.features(of: view, for: reader, now: now))
            return .object(
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
                ))
        }
    }

    private func postReference(_ parameters: Value) throws(NodeError) -> Reference {
        guard let text = parameters["address"]?.text else { throw .badRequest("which post?") }
        guard let reference = Reference(text: text) else {
            throw .badRequest(
                "\"\(text)\" is not the address of a post: it has the form did:key:z6Mk…/INDEX/z…")
        }
        return reference
    }
}

private func person(_ identity: LogKey, _ people: People) -> Value {
    .object(
        ("identity", .string(DIDKey.encode(identity))),
        ("name", people.name(of: identity).map { .string($0) }))
}

private func describe(_ tally: Tally, _ people: People) -> Value {
    .object(
        ("circle", .string(tally.circle.rawValue)), ("counts", .array(tally.counts.map { .int($0) })),
        ("voters", .array(tally.voters.map { person($0, people) })))
}

private func describe(_ vote: RecountedVote, _ people: People) -> Value {
    .object(
        ("by", person(vote.by, people)), ("address", .string(vote.reference.text)),
        ("time", .int(vote.time.milliseconds)),
        ("options", .array(vote.options.map { .int($0) })),
        ("fault", vote.fault.map { .string($0) }))
}
