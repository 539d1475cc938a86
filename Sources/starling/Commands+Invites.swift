import Node

/// Commands by which two people's nodes meet.
extension Command {
    static let invite = Command(
        name: "invite", usage: "invite [--plain] [--as NAME]",
        summary: "Print a line that lets one friend join you.",
        details: """
            Good for one person and for a week. Whoever uses it follows you and is followed by you,
            and your node always keeps a place for theirs. Send it by a way that only your friend
            reads. At most 64 invites are open at a time.

            Behind a router, replace the addresses behind the @ by your public one and forward the
            port to this machine, TCP and UDP.

              --plain  the bare address, good for everybody and for ever: nobody follows anybody
            """,
        flags: ["--plain"]
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "invite", context.parameters(("plain", .bool(context.arguments.has("--plain")))))
            context.show(reply) { Terminal.line(reply["invite"]?.text ?? "") }
        }
    }

    static let join = Command(
        name: "join", usage: "join INVITE [--as NAME]",
        summary: "Join the friend whose invite this is: follow each other, and stay connected.",
        details: """
            Your node remembers theirs and connects again whenever the connection is lost. With an
            invite of a friend you follow them at once, and they follow you as soon as the two nodes
            have met. With a bare address there is only the connection.
            """,
        words: 1...1
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "join", context.parameters(("invite", .string(context.arguments.words[0]))))
            context.show(reply) { show(join: reply) }
        }
    }

    static let forget = Command(
        name: "forget", usage: "forget NODE",
        summary: "Keep no connection with a node any more, nor a place for it.",
        details: """
            NODE is its key, as  starling peers  prints it. Your node ends the connection and does
            not call it again by itself; theirs may still call yours. Whom you follow stays.
            """,
        words: 1...1
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "forget", .object(("node", .string(context.arguments.words[0]))))
            context.show(reply) { Terminal.line("Forgotten: \(reply["node"]?.text ?? "")") }
        }
    }

    private static func show(join reply: Value) {
        if reply["mutual"]?.flag == true, let who = reply["follows"]?.text {
            let name = reply["name"]?.text.map { Terminal.safe($0) + " (\(who))" } ?? who
            Terminal.line(
                reply["signed"]?.flag == true
                    ? "You follow \(name) now, and they follow you as soon as your nodes meet."
                    : "You will follow \(name), and they you, as soon as this node can write.")
        }
        Terminal.line(
            reply["running"]?.flag == true
                ? "Connecting. See  starling peers"
                : "Remembered for the next  starling run")
    }
}
