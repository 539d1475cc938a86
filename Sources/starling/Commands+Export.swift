import ClientAPI
import Node
import Wire

/// Taking everything of one's own away.
extension Command {
    static let exportAll = Command(
        name: "export", usage: "export DIR",
        summary: "Write everything of yours to a new directory: to read, and to prove.",
        details: """
            DIR is made, and must not be there before:

              index.html    your posts, to read in any browser
              posts.jsonl   every entry of your logs, one line of JSON each
              proofs/       a file for each post, by which anybody can check it without a node:
                            see  starling verify
            """,
        words: 1...1
    ) { context throws(NodeError) in
        let folder = context.arguments.words[0]
        try context.withNode { node throws(NodeError) in
            let ask: OwnLogs.Ask = { operation, parameters throws(NodeError) in
                try node.request(operation, parameters)
            }
            let logs = try OwnLogs(of: context.arguments.value("--as"), ask)
            var progress = Progress("written")
            let counts = try Departure.write(logs, to: .folder(folder), ask) { entries in
                progress.show(UInt64(entries), of: nil)
            }
            progress.end()
            context.show(
                .object(("entries", .int(counts.entries)), ("posts", .int(counts.posts)))
            ) {
                Terminal.line("\(counts.posts) posts, \(counts.entries) entries in all: \(folder)")
            }
        }
    }
}
