package import Node
import Wire

/// All entries of an identity's own logs, a page at a time, out of a node that is asked as the
/// command line asks.
package struct OwnLogs {
    package typealias Ask = (String, Value) throws(NodeError) -> Value

    /// Entries in one answer: some megabytes at most.
    private static let page: UInt64 = 2_000

    package let name: String
    package let identity: String
    private let logs: [String]

    /// Of the identity of that name, or of the first.
    package init(of wanted: String?, _ ask: Ask) throws(NodeError) {
        let accounts = try ask("accounts", .object()).list ?? []
        let account = accounts.first { wanted == nil || $0["name"]?.text == wanted }
        guard let account, let identity = account["identity"]?.text else {
            throw .notFound("there is no such identity here: starling init  makes one")
        }
        name = account["name"]?.text ?? ""
        self.identity = identity
        let reply = try ask("log", .object(("who", .string(identity)), ("limit", .int(1))))
        logs = (reply["logs"]?.list ?? []).compactMap { $0["log"]?.text }
    }

    /// How far each log was handed over.
    package typealias Places = [String: UInt64]

    /// Hands over every entry with the log it stands in, oldest first in each.
    package func each(
        _ ask: Ask, _ body: (String, Value) throws(NodeError) -> Void
    ) throws(NodeError) {
        var places: Places = [:]
        try each(from: &places, ask, body)
    }

    /// The same from `places` on, which move to the end.
    package func each(
        from places: inout Places, _ ask: Ask,
        _ body: (String, Value) throws(NodeError) -> Void
    ) throws(NodeError) {
        for log in logs where log != identity {
            var next = places[log] ?? 0
            while true {
                let reply = try ask(
                    "log",
                    .object(
                        ("who", .string(log)), ("from", .int(next)), ("limit", .int(Self.page))))
                let entries = reply["logs"]?.list?.first?["entries"]?.list ?? []
                for entry in entries { try body(log, entry) }
                guard let last = entries.last?["index"]?.number, last >= next else { break }
                next = last + 1
                places[log] = next
            }
        }
    }
}
