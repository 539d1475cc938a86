import Node
import Wire

/// One of the program's commands: what it takes, what its help says, what it does.
struct Command: Sendable {
    let name: String
    /// Its form, behind `starling`.
    let usage: String
    let summary: String
    /// What `--help` says besides.
    let details: String
    var words: ClosedRange<Int> = 0...0
    var flags: Set<String> = []
    var options: Set<String> = []
    let body: @Sendable (Context) throws(NodeError) -> Void

    /// What a command gets to work with.
    struct Context {
        let arguments: Arguments
        let paths: Paths
        let isJSON: Bool

        /// Prints the value as one line of JSON, or as `lines` says it.
        func show(_ value: Value, _ lines: () -> Void) {
            if isJSON { Terminal.line(JSON.text(value)) } else { lines() }
        }

        /// Does `body` with the running node, or with the store opened for it.
        func withNode(_ body: (NodeHandle) throws(NodeError) -> Void) throws(NodeError) {
            let node = try NodeHandle(paths)
            defer { node.close() }
            try body(node)
        }

        /// The parameters that name the identity to act as.
        func parameters(_ pairs: (String, Value?)...) -> Value {
            .map(
                (pairs + [("as", arguments.value("--as").map { .string($0) })]).compactMap { pair in
                    pair.1.map { Value.Pair(.text(pair.0), $0) }
                })
        }
    }

    static let all: [Command] = [
        .run, .initialise, .post, .timeline, .search, .show, .log, .follow, .unfollow, .status,
        .peers,
        .invite, .join, .forget, .network, .prove, .verify, .poll, .explain, .importPast,
        .exportAll, .check,
        .reindex, .device, .web, .password, .policy, .quarantine,
        .conform,
    ]

    static func run(_ words: [String]) throws(CommandError) {
        guard let first = words.first, first != "--help", first != "-h", first != "help" else {
            return Terminal.text(Help.overview(of: words.count > 1 ? words[1] : nil))
        }
        if first == "--version" || first == "version" {
            return Terminal.line("starling \(Node.version)")
        }
        guard let command = all.first(where: { $0.name == first }) else {
            throw .usage("there is no command \"\(first)\"", command: nil)
        }
        let arguments = try Arguments(Array(words.dropFirst()), of: command)
        if arguments.has("--help") { return Terminal.text(Help.text(of: command)) }
        let context = Context(
            arguments: arguments, paths: Paths(data: arguments.value("--data")),
            isJSON: arguments.has("--json"))
        do throws(NodeError) { try command.body(context) } catch {
            throw .node(error, isJSON: context.isJSON)
        }
    }
}

/// What `--help` prints.
enum Help {
    static func overview(of name: String?) -> String {
        if let name, let command = Command.all.first(where: { $0.name == name }) {
            return text(of: command)
        }
        let width = Command.all.map(\.name.count).max() ?? 0
        let lines = Command.all.map {
            "  " + $0.name + String(repeating: " ", count: width + 2 - $0.name.count) + $0.summary
        }
        return """
            Starling: a square that no one owns. Your node signs what you write and passes it on.

            Usage: starling COMMAND [ARGUMENTS]

            \(lines.joined(separator: "\n"))

            starling COMMAND --help says more. Every command takes --data DIR (where the node keeps
            its data), --as NAME (which of its identities) and --json (one line for programs).
            Exit codes: 0 done, 1 not done (standard error says why), 2 wrong usage.

            """
    }

    static func text(of command: Command) -> String {
        """
        Usage: starling \(command.usage)

        \(command.summary)

        \(command.details)

          --data DIR   where the node keeps its data (default: $XDG_DATA_HOME/starling,
                       else ~/.local/share/starling)
          --as NAME    which identity to act as, where the node has several
          --json       answer with one line of JSON
          --help       this text

        """
    }
}
