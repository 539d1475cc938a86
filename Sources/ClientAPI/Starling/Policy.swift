import Node
import Primitives
import Store
import Wire

/// What the node keeps of others, and what that may take: as `starling policy` has it. It holds at
/// once, and for the next starts.
extension Mastodon {
    func addPolicy(_ router: inout Router, _ base: String) {
        add(&router, .get, "\(base)/policy", .scope("read")) {
            [door] call throws(HTTPFailure) in
            .json(
                JSONValue(
                    try call.asked { () throws(NodeError) in try door.ask("policy", .object()) }))
        }
        add(&router, .put, "\(base)/policy", .owner("write")) {
            [door] call throws(HTTPFailure) in
            let change = try Self.policy(call.parameters)
            return .json(
                JSONValue(
                    try call.asked { () throws(NodeError) in try door.ask("policy", change) }))
        }
    }

    private static func policy(_ parameters: Parameters) throws(HTTPFailure) -> Value {
        var quotas: [Value] = []
        for item in try parameters.children("quotas") {
            guard let hop = try item.integer("hop"), let bytes = try item.integer("bytes"),
                hop >= 0, bytes >= 0
            else { throw HTTPFailure(422, "Validation failed: a quota has a hop and bytes") }
            quotas.append(.object(("hop", .int(hop)), ("bytes", .int(bytes))))
        }
        func number(_ name: String) throws(HTTPFailure) -> Value? {
            guard let number = try parameters.integer(name) else { return nil }
            guard number >= 0 else {
                throw HTTPFailure(422, "Validation failed: \(name) is not below nothing")
            }
            return .int(number)
        }
        return .object(
            ("mode", try parameters.text("policy").map { .string($0) }),
            ("depth", try number("depth")), ("disk", try number("budget")),
            ("quotas", quotas.isEmpty ? nil : .array(quotas)))
    }
}
