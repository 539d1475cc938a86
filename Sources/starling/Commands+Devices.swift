import Node
import Wire

/// The devices of an identity, which its recovery words add and revoke.
extension Command {
    static let device = Command(
        name: "device",
        usage: "device new --words FILE [--alone], device revoke DEVICE --words FILE [--from N]",
        summary: "Open a new device log for an identity, or revoke one, with its recovery words.",
        details: """
            new: after a restore from a backup, or when a device's log is frozen. Readers keep
            seeing one author.
            revoke: after a device was lost. What it writes from entry N on counts no more, for
            everybody; without --from, what is here already stays, and what comes does not count.
            DEVICE is the did:key:… of its log:  starling log NAME  shows them.

            FILE holds the 24 words ("-" reads them from standard input).

              --words FILE  the recovery words
              --from N      the first entry that does not count
              --alone       do not wait for a peer to confirm that nothing newer was published: only
                            where nobody else can hold anything of yours
            """,
        words: 1...2, flags: ["--alone"], options: ["--words", "--from"]
    ) { context throws(NodeError) in
        let words = context.arguments.words
        guard let file = context.arguments.value("--words") else {
            throw .usage("the recovery words are needed: --words FILE")
        }
        switch (words[0], words.count) {
        case ("new", 1): try open(context, file)
        case ("revoke", 2): try revoke(words[1], context, file)
        default:
            throw .usage(
                "the forms are  starling device new --words FILE  and"
                    + "  starling device revoke DEVICE --words FILE")
        }
    }

    private static func open(_ context: Context, _ file: String) throws(NodeError) {
        let words = Node.words(inFile: try Files.read(file, limit: 16_384))
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "device",
                context.parameters(
                    ("words", .string(words)), ("alone", .bool(context.arguments.has("--alone")))))
            context.show(reply) {
                Terminal.line(
                    "\(reply["name"]?.text ?? "") now writes as \(reply["device"]?.text ?? "")")
            }
        }
    }

    private static func revoke(
        _ device: String, _ context: Context, _ file: String
    ) throws(NodeError) {
        var from: Value?
        if let text = context.arguments.value("--from") {
            guard let number = UInt64(text) else {
                throw .usage("--from is the number of an entry, not \"\(text)\"")
            }
            from = .int(number)
        }
        let words = Node.words(inFile: try Files.read(file, limit: 16_384))
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "revoke",
                context.parameters(
                    ("words", .string(words)), ("alone", .bool(context.arguments.has("--alone"))),
                    ("log", .string(device)), ("from", from)))
            context.show(reply) {
                Terminal.line(
                    "From entry \(reply["from"]?.number ?? 0) on nothing counts that "
                        + "\(reply["device"]?.text ?? "") writes.")
            }
        }
    }
}
