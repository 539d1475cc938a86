import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// The people for whom this node writes, and their devices. What the recovery words are needed for
/// takes them along; they are kept nowhere.
extension Mastodon {
    func addIdentities(_ router: inout Router, _ base: String) {
        add(&router, .get, "\(base)/identities", .owner("read")) {
            [door] call throws(HTTPFailure) in
            let states = try call.asked { () throws(NodeError) in
                try door.ask("accounts", .object())
            }
            let me = try call.me().identity
            return .json(
                .array(
                    try call.see { showing throws(StoreError) in
                        try showing.viewer.accounts.map { (account) throws(StoreError) in
                            let did = DIDKey.encode(account.identity)
                            let state = states.list?.first { $0["identity"]?.text == did }
                            return [
                                "id": .id(Mark.of(account.identity)),
                                "name": .string(account.name), "did": .string(did),
                                "device": .string(DIDKey.encode(account.device)),
                                "state": .text(state?["state"]?.text),
                                "current": .bool(account.identity == me),
                                "account": try showing.account(account.identity),
                            ]
                        }
                    }))
        }
        add(&router, .post, "\(base)/identities", .owner("write")) {
            [door] call throws(HTTPFailure) in
            let name = try call.parameters.required("name")
            let made = try call.asked { () throws(NodeError) in
                try door.ask("init", .object(("name", .string(name))))
            }
            return .json(try Self.describe(made))
        }
        add(&router, .patch, "\(base)/identities/:id", .owner("write")) {
            [door] call throws(HTTPFailure) in
            let account = try call.identity()
            let name = try call.parameters.required("name")
            let renamed = try call.asked { () throws(NodeError) in
                try door.ask(
                    "rename", .object(("as", .string(account.name)), ("name", .string(name))))
            }
            return .json(try Self.describe(renamed))
        }
        addDevices(&router, base)
    }

    private func addDevices(_ router: inout Router, _ base: String) {
        // From then on this node writes with a new device key.
        add(&router, .post, "\(base)/identities/:id/devices", .owner("write")) {
            [door] call throws(HTTPFailure) in
            let account = try call.identity()
            let words = try call.parameters.required("words")
            let isAlone = try call.parameters.flag("alone") ?? false
            let made = try call.asked { () throws(NodeError) in
                try door.ask(
                    "device",
                    .object(
                        ("as", .string(account.name)),
                        ("words", .string(Node.words(inFile: words))), ("alone", .bool(isAlone))))
            }
            return .json(try Self.describe(made))
        }
        add(&router, .post, "\(base)/identities/:id/revocations", .owner("write")) {
            [door] call throws(HTTPFailure) in
            let account = try call.identity()
            let words = try call.parameters.required("words")
            let device = try call.parameters.required("device")
            let isAlone = try call.parameters.flag("alone") ?? false
            let from = try call.parameters.integer("from")
            if let from, from < 0 {
                throw HTTPFailure(422, "Validation failed: from is the number of an entry")
            }
            let revoked = try call.asked { () throws(NodeError) in
                try door.ask(
                    "revoke",
                    .object(
                        ("as", .string(account.name)), ("log", .string(device)),
                        ("words", .string(Node.words(inFile: words))), ("alone", .bool(isAlone)),
                        ("from", from.map { .int($0) })))
            }
            return .json(
                [
                    "device": .text(revoked["device"]?.text),
                    "from": .integer(Int64(clamping: revoked["from"]?.number ?? 0)),
                ])
        }
    }

    private static func describe(_ made: Value) throws(HTTPFailure) -> JSONValue {
        guard let did = made["identity"]?.text, let key = DIDKey.parse(did) else {
            throw HTTPFailure(503, "The node gave no answer that makes sense")
        }
        return [
            "id": .id(Mark.of(key)), "name": .text(made["name"]?.text), "did": .string(did),
            "device": .text(made["device"]?.text), "words_file": .text(made["words"]?.text),
        ]
    }
}

extension Call {
    /// The account of this node that the path names.
    fileprivate func identity() throws(HTTPFailure) -> Account {
        let id = try id()
        guard let found = viewer.accounts.first(where: { Mark.of($0.identity) == id }) else {
            throw .notFound
        }
        return found
    }
}
