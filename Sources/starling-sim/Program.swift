import Glibc
import Simulator

enum Program {
    static func run(_ arguments: [String]) -> Int32 {
        let first = UInt64(arguments.first ?? "1") ?? 1
        let count = UInt64(arguments.dropFirst().first ?? "1") ?? 1
        let isTraced = arguments.contains("--trace")
        var failures = 0
        for seed in first..<(first + count) {
            let chaos = Chaos(seed: seed, trace: isTraced ? { print($0) } : nil)
            let outcome = chaos.run()
            if let failure = outcome.failure { failures += 1; print(seed, failure) }
            if count < 20 { print(outcome) }
        }
        return failures == 0 ? 0 : 1
    }
}
