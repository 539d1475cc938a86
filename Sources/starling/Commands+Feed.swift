import Node
import Wire

/// Finding what was said.
extension Command {
    static let search = Command(
        name: "search", usage: "search WORDS [--limit N]",
        summary: "Posts that have all of these words.",
        details: """
            Newest last. Case and accents do not matter; Chinese, Japanese, Korean and Thai words
            are found within longer ones. Of an edited post only its newest version is found.

              --limit N  how many (default 20, at most 1000)
            """,
        words: 1...64, options: ["--limit"]
    ) { context throws(NodeError) in
        let limit = try number("--limit", context) ?? 20
        try context.withNode { node throws(NodeError) in
            var progress = Progress("indexed")
            let words = context.arguments.words.joined(separator: " ")
            let reply = try node.request(
                "search", .object(("words", .string(words)), ("limit", .int(limit)))
            ) { progress.show($0["entries"]?.number ?? 0, of: $0["total"]?.number) }
            progress.end()
            context.show(reply) {
                let posts = reply["posts"]?.list ?? []
                for post in posts.reversed() { show(post: post) }
                if posts.isEmpty { Terminal.line("Nothing here has all of that.") }
            }
        }
    }

    static let reindex = Command(
        name: "reindex", usage: "reindex",
        summary: "Make the index of posts anew out of the signed logs.",
        details: """
            It holds nothing that the logs do not say, and grows by itself: this is for when it was
            damaged, or for whoever wants to see that both ways come to the same.
            """
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            var progress = Progress("indexed")
            let reply = try node.request("reindex") {
                progress.show($0["entries"]?.number ?? 0, of: $0["total"]?.number)
            }
            progress.end()
            context.show(reply) {
                Terminal.line("indexed \(reply["entries"]?.number ?? 0) entries")
            }
        }
    }
}
