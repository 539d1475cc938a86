import ClientAPI
import Glibc
import Node
import Wire

/// Who may use the client API.
extension Command {
    static let password = Command(
        name: "password", usage: "password [--stdin] [--keep-sessions]",
        summary: "Set the password by which you let apps into this node.",
        details: """
            The first start of a node makes one and writes it to first-password.txt in the data
            directory; that file goes when you set your own. All apps have to be let in anew with
            it. A node that runs takes it at once.

              --stdin          read it from standard input, one line, instead of asking twice
              --keep-sessions  let apps that are in stay in
            """,
        flags: ["--stdin", "--keep-sessions"]
    ) { context throws(NodeError) in
        let password = try context.arguments.has("--stdin") ? given() : asked()
        let keeps = context.arguments.has("--keep-sessions")
        try OwnerPassword.set(password, context.paths, keepsSessions: keeps)
        context.show(.object(("changed", .bool(true)), ("sessions", .bool(keeps)))) {
            Terminal.line(
                "The password is set."
                    + (keeps ? "" : " Apps that were let in before have to be let in anew."))
        }
    }

    static let web = Command(
        name: "web", usage: "web [--as NAME]",
        summary: "Print a link that opens your node's page and lets you in.",
        details: """
            Open the link in a browser on this machine. It lets you in as yourself, without the
            password: once, and for a quarter of an hour. What stands behind the # is the code;
            whoever opens it first is let in, so show it to nobody.

            From another machine, open the address that your node has there (see --web-name in
            starling run --help), and give the password.
            """
    ) { context throws(NodeError) in
        guard ControlClient(context.paths) != nil else {
            throw .control("the node is not running: start it with  starling run")
        }
        try context.withNode { node throws(NodeError) in
            let reply = try node.request("web", context.parameters())
            context.show(reply) { Terminal.line(reply["link"]?.text ?? "") }
        }
    }

    private static func given() throws(NodeError) -> String {
        let text = try Files.read("-", limit: 4_096)
        let line = text.prefix { !$0.isNewline }
        guard text.dropFirst(line.count).allSatisfy(\.isNewline) else {
            throw .badRequest("a password is one line")
        }
        return String(line)
    }

    private static func asked() throws(NodeError) -> String {
        guard let first = Terminal.secret("New password: "),
            let second = Terminal.secret("Once more: ")
        else { throw .badRequest("nobody is at a terminal: give the password with --stdin") }
        guard first.utf8.elementsEqual(second.utf8) else {
            throw .badRequest("the two are not the same: nothing was changed")
        }
        return first
    }
}
