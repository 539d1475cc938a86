import Crypto
import Glibc
import Primitives

/// What is asked for on the command line, and the order of the work.
enum Program {
    static func run(_ words: [String]) {
        signal(SIGPIPE, SIG_IGN)
        let options: Options
        do {
            options = try Options(words)
        } catch {
            Terminal.error("\(error)\nSee  scripts/bench --help")
            exit(2)
        }
        if options.wantsHelp { return Terminal.line(Options.help) }
        Sodium.start()
        Children.endThemOnSignals()
        do {
            let bench = try Bench(options)
            defer { bench.close() }
            try bench.run()
        } catch {
            Children.endAll()
            Terminal.error("\(error)")
            exit(1)
        }
    }
}

struct Options {
    var isQuick = false
    /// Empty: everything.
    var only: [String] = []
    var json: String?
    /// Where stores are made: a real disk, since syncs are measured.
    var directory = "/var/tmp"
    var keepsFiles = false
    var wantsHelp = false

    init(_ words: [String]) throws {
        var rest = words[...]
        func value(_ name: String) throws -> String {
            guard let next = rest.popFirst() else {
                throw BenchError.usage("\(name) needs a value")
            }
            return next
        }
        while let word = rest.popFirst() {
            switch word {
            case "--quick": isQuick = true
            case "--json": json = try value(word)
            case "--directory": directory = try value(word)
            case "--keep": keepsFiles = true
            case "--help", "-h": wantsHelp = true
            case "--only":
                only.append(try value(word))
                while let next = rest.first, !next.hasPrefix("-") {
                    only.append(next)
                    rest.removeFirst()
                }
            default: throw BenchError.usage("bench does not know \(word)")
            }
        }
        for name in only where !Bench.groups.contains(where: { $0.name == name }) {
            throw BenchError.usage("there is no figure called \(name)")
        }
    }

    static var help: String {
        let width = Bench.groups.map(\.name.count).max() ?? 0
        let names = Bench.groups.map {
            "  \($0.name.padded(to: width))  \($0.summary)"
        }
        return """
            Usage: scripts/bench [--quick] [--only NAME…] [--json FILE] [--directory DIR] [--keep]

            Builds for release, measures this machine's raw limits and what Starling makes of them,
            and prints each figure with its share of the limit and the goal it has.

              --quick          small sizes, one repetition: some seconds, for a smoke test
              --only NAME…     these figures, and the limits they are compared with
              --json FILE      the same as JSON ("-": standard output)
              --directory DIR  where stores are made; a real disk (default /var/tmp)
              --keep           leave the stores there

            Figures:
            \(names.joined(separator: "\n"))
            """
    }
}

/// Why something was not measured.
enum BenchError: Error, CustomStringConvertible {
    case usage(String)
    case system(String, Int32)
    case failed(String)

    var description: String {
        switch self {
        case .usage(let text), .failed(let text): text
        case .system(let what, let code): "\(what): \(unsafe String(cString: strerror(code)))"
        }
    }
}

enum Terminal {
    static func line(_ text: String) { print(text) }

    static func error(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        _ = unsafe write(2, bytes, bytes.count)
    }

    /// What is being measured, when a terminal watches.
    static func progress(_ text: String) {
        if isatty(2) == 1 { error("… \(text)") }
    }
}
