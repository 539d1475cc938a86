import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store
import Wire

/// The mesh as the page shows it, and whom this node keeps connections with.
extension Mastodon {
    func addMesh(_ router: inout Router, _ base: String) {
        add(&router, .get, "\(base)/mesh", .scope("read")) { [door] call throws(HTTPFailure) in
            let me = try call.me().name
            let view = try call.asked { () throws(NodeError) in
                try door.ask("mesh", .object(("as", .string(me))))
            }
            return .json(try call.see { showing throws(StoreError) in try showing.mesh(view) })
        }
        add(&router, .post, "\(base)/mesh/neighbours", .scope("write")) {
            [door] call throws(HTTPFailure) in
            let me = try call.me().name
            let invite = try call.parameters.text("invite").map(Self.inviteIn)
            let node = try call.parameters.text("node")
            guard (invite == nil) != (node == nil) else {
                throw HTTPFailure(422, "Validation failed: an invite or a node, and not both")
            }
            let answer = try call.asked { () throws(NodeError) in
                try door.ask(
                    "join",
                    .object(
                        ("invite", invite.map { .string($0) }),
                        ("node", node.map { .string($0) }), ("as", .string(me))))
            }
            return .json(JSONValue(answer))
        }
        add(&router, .delete, "\(base)/mesh/neighbours/:node", .scope("write")) {
            [door] call throws(HTTPFailure) in
            let node = call.request.captures["node"] ?? ""
            return .json(
                JSONValue(
                    try call.asked { () throws(NodeError) in
                        try door.ask("forget", .object(("node", .string(node))))
                    }))
        }
        // It opens a place for a guest: no GET.
        add(&router, .post, "\(base)/invite", .scope("write")) {
            [door] call throws(HTTPFailure) in
            let me = try call.me().name
            let answer = try call.asked { () throws(NodeError) in
                try door.ask("invite", .object(("as", .string(me))))
            }
            return .json(
                JSONValue(answer).with(("qr", QRCode.json(of: answer["invite"]?.text ?? ""))))
        }
        add(&router, .get, "\(base)/posts/:id/holders", .scope("read")) {
            [door] call throws(HTTPFailure) in
            let view = try call.note(try call.id())
            let found = try call.asked { () throws(NodeError) in
                try door.ask("holders", .object(("address", .string(view.reference.text))))
            }
            return .json(try call.see { showing throws(StoreError) in try showing.holders(found) })
        }
        addCodes(&router, base)
    }

    /// What a person pastes has a line end behind it, or was broken in two by a mail program.
    private static func inviteIn(_ text: String) -> String {
        String(text.filter { !$0.isWhitespace })
    }

    private func addCodes(_ router: inout Router, _ base: String) {
        add(&router, .post, "\(base)/qr", .scope("read")) { call throws(HTTPFailure) in
            guard let rows = QRCode.rows(of: try call.parameters.required("text")) else {
                throw HTTPFailure(
                    422, "Validation failed: text has at most \(Limits.Setup.codeText) bytes")
            }
            return .json(["rows": .array(rows.map { .string($0) })])
        }
        add(&router, .post, "\(base)/qr/read", .scope("write")) {
            [directory = media.directory] call throws(HTTPFailure) in
            guard let width = try call.parameters.integer("width"),
                let height = try call.parameters.integer("height"),
                let file = try call.parameters.file("picture")
            else { throw HTTPFailure(422, "Validation failed: width, height and picture") }
            guard file.count <= Limits.Setup.picture else {
                throw HTTPFailure(
                    422, "Validation failed: a picture has at most \(Limits.Setup.picture) pixels")
            }
            let grey = try file.read(0, file.count)
            do throws(NodeError) {
                let text = try QRPicture.text(
                    of: grey, width: Int(clamping: width), height: Int(clamping: height),
                    in: directory)
                return .json(["text": .text(text)])
            } catch { throw HTTPFailure(error) }
        }
    }
}

extension Showing {
    /// What the node tells, with people in the place of keys.
    func mesh(_ view: CBORValue) throws(StoreError) -> JSONValue {
        let authors = try (view["authors"]?.list ?? []).map { (author) throws(StoreError) in
            JSONValue(author).with(("account", try person(author["identity"]) ?? .null))
        }
        var away: [JSONValue] = []
        for peer in view["away"]?.list ?? [] {
            away.append(JSONValue(peer).with(("account", try person(peer["who"]) ?? .null)))
        }
        return JSONValue(view).with(
            ("neighbours", try peers(view["neighbours"])), ("away", .array(away)),
            ("authors", .array(authors)), ("newest", try newest() ?? .null))
    }

    func holders(_ view: CBORValue) throws(StoreError) -> JSONValue {
        JSONValue(view).with(("holders", try peers(view["holders"])))
    }

    /// Peers, with the people whom they say to write for.
    private func peers(_ list: CBORValue?) throws(StoreError) -> JSONValue {
        var found: [JSONValue] = []
        for peer in list?.list ?? [] {
            var writers: [JSONValue] = []
            for writer in peer["writers"]?.list ?? [] {
                if let account = try person(writer) { writers.append(account) }
            }
            found.append(JSONValue(peer).with(("writers", .array(writers))))
        }
        return .array(found)
    }

    private func person(_ did: CBORValue?) throws(StoreError) -> JSONValue? {
        guard let key = did?.text.flatMap({ DIDKey.parse($0) }) else { return nil }
        return try account(key)
    }

    /// The viewer's newest post, whose holders a page asks for.
    private func newest() throws(StoreError) -> JSONValue? {
        guard let me = viewer.identity else { return nil }
        let page = FeedReader.Page(limit: 8)
        for act in try feed.of(try square.logs(of: me), page) {
            guard act.kind == .note, let view = try square.note(act) else { continue }
            return [
                "id": .id(view.act.id), "text": .string(String(view.note.text.prefix(200))),
                "created_at": .time(view.time),
                "index": .integer(Int64(clamping: view.reference.index)),
            ]
        }
        return nil
    }
}
