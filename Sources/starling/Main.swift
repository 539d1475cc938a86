import Glibc
import Node

/// The `starling` program: one command, its arguments, an exit code.
@main
struct Starling {
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        let words = Array(CommandLine.arguments.dropFirst())
        do throws(CommandError) {
            try Command.run(words)
        } catch {
            switch error {
            case .usage(let text, let command):
                Terminal.error("\(text)\nSee  starling \(command.map { $0 + " " } ?? "")--help")
                exit(2)
            case .node(let error, let isJSON):
                if isJSON {
                    Terminal.line(
                        JSON.text(
                            .object(
                                ("error", .string(error.code)), ("message", .string("\(error)")))))
                }
                Terminal.error("\(error)")
                if case .usage = error { exit(2) }
                exit(1)
            }
        }
    }
}

/// Why a command ends without having done its work.
enum CommandError: Error {
    /// The words make no sense: exit code 2.
    case usage(String, command: String?)
    /// It could not be done: exit code 1.
    case node(NodeError, isJSON: Bool)
}
