import Glibc

/// The command line.
enum Program {
    static let usage = """
        Usage: starling-sim COMMAND [OPTION…]

        \(Sweep.usage)
          replay N    one seed of chaos, with every event and message in words
        \(TablesCommand.usage)
        \(ScaleCommand.usage)
        \(Attack.usage)

        Exit status: 0 when all is well, 1 when a run failed, 2 for a command that makes no sense.
        """

    static func run(_ arguments: [String]) -> Int32 {
        var words = arguments[...]
        guard let command = words.popFirst() else { return complain("no command") }
        if words.contains("--help") || words.contains("-h") {
            print(usage)
            return 0
        }
        do throws(UsageError) {
            var options = Options(words)
            switch command {
            case "chaos":
                var sweep = try Sweep(&options)
                return sweep.run()
            case "attack": return try Attack.run(&options)
            case "chaos-worker": return try Worker(&options).run()
            case "replay": return try replay(&options)
            case "tables": return try TablesCommand(&options).run()
            case "scale": return try ScaleCommand(&options).run()
            case "help", "--help", "-h":
                print(usage)
                return 0
            default: throw UsageError("no command \(command)")
            }
        } catch {
            return complain(error.text)
        }
    }

    private static func complain(_ text: String) -> Int32 {
        Terminal.error("starling-sim: \(text)\n`starling-sim help` says what there is.")
        return 2
    }

    /// How this program was called, for its own processes and for the lines that replay a run.
    static var path: String { CommandLine.arguments.first ?? "starling-sim" }
}

/// A command line that makes no sense.
struct UsageError: Error {
    let text: String

    init(_ text: String) { self.text = text }
}

/// Options in any order, each asked for by name.
struct Options {
    private var words: [String]

    init(_ words: ArraySlice<String>) { self.words = Array(words) }

    mutating func flag(_ name: String) -> Bool {
        guard let at = words.firstIndex(of: name) else { return false }
        words.remove(at: at)
        return true
    }

    mutating func text(_ name: String) throws(UsageError) -> String? {
        guard let at = words.firstIndex(of: name) else { return nil }
        guard at + 1 < words.count else { throw UsageError("\(name) needs a value") }
        words.remove(at: at)
        return words.remove(at: at)
    }

    mutating func number(
        _ name: String, _ normal: UInt64, in range: ClosedRange<UInt64> = 0...UInt64.max
    ) throws(UsageError) -> UInt64 {
        guard let text = try text(name) else { return normal }
        guard let number = UInt64(text) else {
            throw UsageError("\(name) needs a whole number, not \(text)")
        }
        guard range.contains(number) else {
            throw UsageError("\(name) goes from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    mutating func count(
        _ name: String, _ normal: Int, in range: ClosedRange<UInt64> = 0...1_000_000
    ) throws(UsageError) -> Int {
        Int(try number(name, UInt64(normal), in: range))
    }

    /// The first seed: others follow it.
    mutating func seed() throws(UsageError) -> UInt64 {
        try number("--seed", 1, in: 0...1 << 60)
    }

    mutating func word() -> String? { words.isEmpty ? nil : words.removeFirst() }

    func finish() throws(UsageError) {
        if let word = words.first { throw UsageError("what is \(word)?") }
    }
}

enum Terminal {
    static func line(_ text: String) { write(text + "\n", to: 1) }

    static func error(_ text: String) { write(text + "\n", to: 2) }

    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// False, and said, when the file cannot be written.
    static func write(_ text: String, toFile path: String) -> Bool {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard file >= 0 else {
            error("starling-sim: cannot write \(path)")
            return false
        }
        write(text, to: file)
        return close(file) == 0
    }

    /// Seconds on the kernel's monotonic clock.
    static func seconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
