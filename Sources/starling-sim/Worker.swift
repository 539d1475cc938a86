import Glibc
import Simulator

extension Program {
    /// One seed, told in words.
    static func replay(_ options: inout Options) throws(UsageError) -> Int32 {
        guard let word = options.word() else { throw UsageError("replay needs a seed") }
        guard let seed = UInt64(word) else {
            throw UsageError("a seed is a whole number, not \(word)")
        }
        try options.finish()
        let outcome = Chaos(seed: seed) { Terminal.line($0) }.run()
        Terminal.line(Line(outcome).text)
        Terminal.line(outcome.failure.map { "FAILED: \($0)" } ?? "all is well")
        return outcome.failure == nil ? 0 : 1
    }
}

/// What a worker writes of one seed, and the sweep reads: tab-separated, the failure last.
struct Line {
    let seed: UInt64
    let digest: String
    let numbers: [UInt64]
    let failure: String?

    static let names = [
        "steps", "virtual s", "nodes", "liars", "posts", "crashes", "restores", "cuts", "forks",
        "unnoticed", "core", "missed", "bytes", "messages", "converged ms",
    ]

    init(_ outcome: Chaos.Outcome) {
        let tally = outcome.tally
        seed = outcome.seed
        digest = outcome.digest
        failure = outcome.failure
        numbers =
            [UInt64(outcome.steps), outcome.virtualSeconds]
            + [
                tally.nodes, tally.liars, tally.posts, tally.crashes, tally.restores, tally.cuts,
                tally.forks, tally.unnoticed, tally.core,
            ].map { UInt64($0) }
            + [tally.missed, tally.bytes, tally.messages, tally.converged]
    }

    init?(_ text: Substring) {
        let parts = text.split(separator: "\t", omittingEmptySubsequences: false)
        guard parts.count == Self.names.count + 3, let seed = UInt64(parts[0]),
            parts[2..<(parts.count - 1)].allSatisfy({ UInt64($0) != nil })
        else { return nil }
        self.seed = seed
        digest = String(parts[1])
        numbers = parts[2..<(parts.count - 1)].compactMap { UInt64($0) }
        failure = parts[parts.count - 1].isEmpty ? nil : String(parts[parts.count - 1])
    }

    var text: String {
        "\(seed)\t\(digest)\t" + numbers.map(String.init).joined(separator: "\t")
            + "\t\(failure ?? "")"
    }

    func number(_ name: String) -> UInt64 {
        Self.names.firstIndex(of: name).map { numbers[$0] } ?? 0
    }
}

/// Runs every so-manieth seed and writes a line for each: one process of a sweep.
struct Worker {
    let seeds: StrideTo<UInt64>

    init(_ options: inout Options) throws(UsageError) {
        let first = try options.seed()
        let end = try options.number("--end", first + 1)
        let step = try options.number("--step", 1, in: 1...1_000)
        seeds = stride(from: first, to: end, by: Int(step))
        try options.finish()
    }

    func run() -> Int32 {
        for seed in seeds { Terminal.line(Line(Chaos(seed: seed).run()).text) }
        return 0
    }
}
