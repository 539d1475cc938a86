import Node
import Wire

/// All entries of an identity's own logs, a page at a time.
struct OwnLogs {
    /// Entries in one answer: some megabytes at most.
    private static let page: UInt64 = 2_000

    let name: String
    let identity: String
    private let logs: [String]

    /// Of the identity that `--as` names, or the first.
    init(_ node: NodeHandle, _ context: Command.Context) throws(NodeError) {
        let accounts = try node.request("accounts").list ?? []
        let wanted = context.arguments.value("--as")
        let account = accounts.first { wanted == nil || $0["name"]?.text == wanted }
        guard let account, let identity = account["identity"]?.text else {
            throw .notFound("there is no such identity here: starling init  makes one")
        }
        name = account["name"]?.text ?? ""
        self.identity = identity
        let reply = try node.request(
            "log", .object(("who", .string(identity)), ("limit", .int(1))))
        logs = (reply["logs"]?.list ?? []).compactMap { $0["log"]?.text }
    }

    /// Hands over every entry with the log it stands in, oldest first in each.
    func each(
        _ node: NodeHandle, _ body: (String, Value) throws(NodeError) -> Void
    ) throws(NodeError) {
        for log in logs where log != identity {
            var next: UInt64 = 0
            while true {
                let reply = try node.request(
                    "log",
                    .object(
                        ("who", .string(log)), ("from", .int(next)), ("limit", .int(Self.page))))
                let entries = reply["logs"]?.list?.first?["entries"]?.list ?? []
                for entry in entries { try body(log, entry) }
                guard let last = entries.last?["index"]?.number, last >= next else { break }
                next = last + 1
            }
        }
    }
}
