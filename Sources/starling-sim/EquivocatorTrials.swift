import Simulator

/// `attack equivocator`: each line a trial with another seed.
struct EquivocatorTrials {
    private let first: UInt64
    private let count: UInt64
    private let nodes: Int
    private let path: String?

    init(_ options: inout Options) throws(UsageError) {
        first = try options.seed()
        count = try options.number("--count", 20, in: 1...10_000_000)
        nodes = try options.count("--nodes", 50, in: 4...10_000)
        path = try options.text("--json")
        try options.finish()
    }

    func run() throws(UsageError) -> Int32 {
        Terminal.line(
            "\(nodes) honest nodes in two halves, each shown another history; times in ms")
        Terminal.line("seed  common  behind   round  first proof  all proven  rounds  all located")
        var failed = 0
        var worst = 0.0
        var slowest: UInt64 = 0
        var outcomes: [String] = []
        for seed in first..<(first + count) {
            let outcome = EquivocatorAttack(seed: seed, honest: nodes).run()
            Terminal.line(row(outcome))
            outcomes.append(json(outcome))
            if outcome.failure != nil { failed += 1 }
            worst = max(worst, outcome.rounds)
            slowest = max(slowest, outcome.located)
        }
        Terminal.line(
            "\(count) trials, \(failed) failed; proven to all after at most \(tenths(worst)) rounds"
                + ", located by all after at most \(slowest) ms")
        if let path {
            try Attack.write("[" + outcomes.joined(separator: ",\n") + "]\n", path)
        }
        return failed == 0 ? 0 : 1
    }

    private func json(_ outcome: EquivocatorAttack.Outcome) -> String {
        """
        {"seed": \(outcome.seed), "honest": \(nodes), "common": \(outcome.common), \
        "behind": [\(outcome.behind.0), \(outcome.behind.1)], "round_ms": \(outcome.round), \
        "first_ms": \(outcome.first), "proven_ms": \(outcome.proven), \
        "located_ms": \(outcome.located), "digest": "\(outcome.digest)", \
        "good": \(outcome.failure == nil)}
        """
    }

    private func row(_ outcome: EquivocatorAttack.Outcome) -> String {
        func cell(_ value: some CustomStringConvertible, _ width: Int) -> String {
            let text = "\(value)"
            return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        return cell(outcome.seed, 4) + cell(outcome.common, 8)
            + cell("\(outcome.behind.0)+\(outcome.behind.1)", 8) + cell(outcome.round, 8)
            + cell(outcome.first, 13) + cell(outcome.proven, 12)
            + cell(tenths(outcome.rounds), 8) + cell(outcome.located, 13)
            + (outcome.failure.map { "  FAILED: \($0)" } ?? "")
    }

    private func tenths(_ value: Double) -> String {
        let whole = Int((value * 10).rounded())
        return "\(whole / 10).\(whole % 10)"
    }
}
