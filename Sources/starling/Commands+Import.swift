import Archive
import ClientAPI
import Node
import Wire

/// Bringing along what was written elsewhere.
extension Command {
    static let importPast = Command(
        name: "import", usage: "import twitter|mastodon ARCHIVE",
        summary: "Bring along what you wrote elsewhere.",
        details: """
            ARCHIVE is the file as the service gave it: a .zip of Twitter, a .tar.gz or .zip of
            Mastodon. Your posts keep their time and their old address, are marked as brought along,
            and never stand as new. Run it again at any time: what is here already is left out.

            What you answered to yourself stays a conversation; what you answered to others stands
            alone. What was passed on from others is left out, and of Mastodon whatever was not for
            everybody. Twitter does not say what was: of a protected account everything would become
            public here. Texts only: pictures stay where they are, with their address.
            """,
        words: 2...2
    ) { context throws(NodeError) in
        guard let service = PastService(rawValue: context.arguments.words[0]) else {
            throw .usage("archives are known of: twitter, mastodon")
        }
        let path = context.arguments.words[1]
        try context.withNode { node throws(NodeError) in
            let ask: OwnLogs.Ask = { operation, parameters throws(NodeError) in
                try node.request(operation, parameters)
            }
            let logs = try OwnLogs(of: context.arguments.value("--as"), ask)
            var arrival = try Arrival(from: service, of: logs, ask)
            let pipe = PostPipe(node, context)
            do throws(NodeError) {
                let way = Arrival.Way(
                    send: { posts throws(NodeError) in try pipe.send(posts) },
                    settle: { () throws(NodeError) in try pipe.finish() })
                try arrival.take(service, path, way)
                try pipe.finish()
            } catch {
                // What is under way is taken, or fails for the same reason.
                try? pipe.finish()
                pipe.end()
                if pipe.posted > 0 {
                    Terminal.note("\(pipe.posted) posts were brought along before that")
                }
                throw error
            }
            pipe.end()
            let counts = arrival.counts
            let reply = Value.object(
                ("posted", .int(pipe.posted)), ("known", .int(counts.known)),
                ("reposts", .int(counts.reposts)), ("notPublic", .int(counts.notPublic)),
                ("other", .int(counts.other)))
            context.show(reply) { tell(pipe.posted, counts) }
        }
    }

    private static func tell(_ posted: Int, _ counts: Arrival.Counts) {
        Terminal.line("brought along \(posted) posts")
        for (count, words) in [
            (counts.known, "were here already"), (counts.reposts, "were passed on from others"),
            (counts.notPublic, "were not for everybody"),
            (counts.other, "are no posts, or have no text"),
        ] where count > 0 {
            Terminal.line("  \(count) \(words): left out")
        }
    }
}

/// Requests with posts, several under way at once.
private final class PostPipe {
    private static let atOnce = 4

    private let node: NodeHandle
    private let context: Command.Context
    private var underWay: [UInt64: Int] = [:]
    private var progress = Progress("brought along")
    private(set) var posted = 0

    init(_ node: NodeHandle, _ context: Command.Context) {
        self.node = node
        self.context = context
    }

    func send(_ posts: [Value]) throws(NodeError) {
        while underWay.count >= Self.atOnce { try receive() }
        underWay[try node.send("post", context.parameters(("past", .array(posts))))] = posts.count
    }

    func finish() throws(NodeError) { while !underWay.isEmpty { try receive() } }

    /// Takes away what shows how far it is.
    func end() { progress.end() }

    private func receive() throws(NodeError) {
        let (id, reply) = try node.receive()
        if case .progress = reply { return }
        guard let count = underWay.removeValue(forKey: id) else { return }
        if case .failed(let error) = reply { throw error }
        posted += count
        progress.show(UInt64(posted), of: nil)
    }
}
