import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store
import Wire

/// What no other network shows: proofs, the mesh, why a post stands where it stands, whose votes a
/// number counts. Under `/api/starling/v1`, with the same tokens.
extension Mastodon {
    func addStarling(_ router: inout Router) {
        let base = "/api/starling/v1"
        for name in ["status", "peers"] {
            add(&router, .get, "\(base)/\(name)", .scope("read")) {
                [door] call throws(HTTPFailure) in
                .json(
                    JSONValue(
                        try call.asked { () throws(NodeError) in try door.ask(name, .object()) }))
            }
        }
        addMesh(&router, base)
        addProofs(&router, base)
        addRecipes(&router, base)
        addTallies(&router, base)
        addLabels(&router, base)
        addPersons(&router, base)
        addIdentities(&router, base)
        addPolicy(&router, base)
        addMoving(&router, base)
    }

    private func addProofs(_ router: inout Router, _ base: String) {
        add(&router, .get, "\(base)/posts/:id", .open("read:statuses")) {
            call throws(HTTPFailure) in
            let id = try call.id()
            return .json(
                try call.see { showing throws(StoreError) in try showing.place(of: id) })
        }
        add(&router, .get, "\(base)/posts/:id/proof", .open("read:statuses")) {
            [door] call throws(HTTPFailure) in
            let view = try call.note(try call.id())
            let reply = try call.asked { () throws(NodeError) in
                try door.ask("prove", .object(("address", .string(view.reference.text))))
            }
            var response = HTTPResponse.text(reply["proof"]?.text ?? "")
            response.headers["Content-Disposition"] =
                "attachment; filename=\"post-\(view.act.id).tlog-proof\""
            return response
        }
        // A proof file that somebody was given, checked as anybody can check it.
        add(&router, .post, "\(base)/verify", .open("read:statuses")) {
            call throws(HTTPFailure) in
            .json(Self.verified(try call.parameters.required("proof")))
        }
    }

    private static func verified(_ text: String) -> JSONValue {
        let proof: ProofFile
        do throws(LogError) { proof = try ProofFile(verifying: text) } catch {
            return ["ok": false, "error": .string("the proof does not hold: \(error)")]
        }
        var note: String?
        if let body = proof.body, case .note(let found)? = try? Content(body: body) {
            note = found.text
        }
        return [
            "ok": true, "author": .string(DIDKey.encode(proof.author)),
            "log": .string(DIDKey.encode(proof.checkpoint.log)),
            "index": .integer(Int64(clamping: proof.index)),
            "size": .integer(Int64(clamping: proof.checkpoint.size)),
            "address": .string(proof.reference.text), "text": .text(note),
        ]
    }

    private func addTallies(_ router: inout Router, _ base: String) {
        add(&router, .get, "\(base)/polls/:id", .open("read:statuses")) {
            call throws(HTTPFailure) in
            let id = try call.id()
            return .json(
                try call.see { showing throws(StoreError) in try showing.tallies(id) })
        }
        add(&router, .get, "\(base)/polls/:id/recount", .open("read:statuses")) {
            call throws(HTTPFailure) in
            let id = try call.id()
            return .json(
                try call.see { showing throws(StoreError) in try showing.recount(id) })
        }
    }
}

extension Call {
    /// Asks the node as the command line does.
    func asked(_ body: () throws(NodeError) -> Value) throws(HTTPFailure) -> Value {
        do throws(NodeError) { return try body() } catch { throw HTTPFailure(error) }
    }
}

extension JSONValue {
    /// What the node answers the command line, as JSON.
    init(_ value: CBORValue) {
        switch value {
        case .unsigned(let number): self = .integer(Int64(clamping: number))
        case .negative(let number): self = .integer(-1 - Int64(clamping: number))
        case .bytes(let bytes): self = .string(Hex.encode(bytes))
        case .text(let text): self = .string(text)
        case .array(let items): self = .array(items.map { JSONValue($0) })
        case .map(let pairs):
            self = .object(
                pairs.compactMap { pair in
                    pair.key.text.map { Member($0, JSONValue(pair.value)) }
                })
        case .simple(20): self = .bool(false)
        case .simple(21): self = .bool(true)
        case .simple: self = .null
        case .tag(_, let value): self = JSONValue(value)
        case .float(let number): self = .number(number)
        }
    }
}

extension Showing {
    /// Whose key signed a post, and where it stands.
    func place(of id: Int64) throws(StoreError) -> JSONValue? {
        guard let view = try view(id) else { return nil }
        let reference = view.reference
        let head = try square.store.head(of: reference.log)
        let isIdentity = view.author != reference.log
        return [
            "id": .id(view.act.id), "address": .string(reference.text),
            "author": isIdentity ? .string(DIDKey.encode(view.author)) : .null,
            "fingerprint": .string(Handles.fingerprint(view.author)),
            "log": .string(DIDKey.encode(reference.log)),
            "index": .integer(Int64(clamping: reference.index)),
            "size": .integer(Int64(clamping: head?.size ?? 0)),
            "content_address": .string(Hex.encode(reference.address.array)),
            "time": .time(view.time),
            "forked_at": people.forkedAt(reference.log).map {
                .integer(Int64(clamping: $0))
            } ?? .null,
        ]
    }

    func tallies(_ id: Int64) throws(StoreError) -> JSONValue? {
        guard let view = try view(id), let poll = view.first.poll else { return nil }
        let reader = try viewer.identity.map { (me) throws(StoreError) in
            try square.reader(me, desk)
        }
        return [
            "id": .id(view.act.id), "options": .array(poll.options.map { .string($0) }),
            "multiple": .bool(poll.isMultiple), "closing": .time(poll.closing),
            "tallies": .array(
                try square.tallies(view, for: reader).map { (tally) throws(StoreError) in
                    [
                        "circle": .string(tally.circle.rawValue),
                        "counts": .array(tally.counts.map { .count($0) }),
                        "voters_count": .count(tally.voters.count),
                        "voters": .array(tally.voters.prefix(200).map { mention($0) }),
                    ]
                }),
        ]
    }

    func recount(_ id: Int64) throws(StoreError) -> JSONValue? {
        guard let view = try view(id), view.first.poll != nil else { return nil }
        let votes = try square.recount(view)
        return [
            "id": .id(view.act.id), "votes_count": .count(votes.count),
            "faults_count": .count(votes.count { $0.fault != nil }),
            "votes": .array(
                votes.map { vote in
                    [
                        "account": mention(vote.by), "address": .string(vote.reference.text),
                        "time": .time(vote.time),
                        "options": .array(vote.options.map { .count($0) }),
                        "fault": .text(vote.fault),
                    ]
                }),
        ]
    }
}
