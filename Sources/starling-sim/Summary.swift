import Wire

/// What all seeds of a sweep came to.
struct Summary {
    private let passed: Int
    private let failed: Int
    private let sums: [(name: String, value: UInt64)]
    /// Virtual milliseconds that the core took to agree, ascending.
    private let times: [UInt64]
    private let digest: UInt64

    init(_ lines: [Line], failed: Int) {
        let good = lines.filter { $0.failure == nil }
        passed = good.count
        self.failed = failed
        sums = Line.names.dropLast().enumerated().map { at, name in
            (name, lines.reduce(0) { $0 + $1.numbers[at] })
        }
        times = good.map { $0.number("converged ms") }.sorted()
        digest = lines.reduce(0xcbf2_9ce4_8422_2325) { sum, line in
            line.digest.utf8.reduce(sum) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
    }

    private func sum(_ name: String) -> UInt64 { sums.first { $0.name == name }?.value ?? 0 }

    private func time(_ percent: Int) -> UInt64 {
        times.isEmpty ? 0 : times[min(times.count - 1, times.count * percent / 100)]
    }

    private func perNode(_ name: String) -> UInt64 { sum(name) / max(1, sum("nodes")) }

    var text: String {
        """
        \(sum("nodes")) nodes, \(sum("liars")) of them liars; \(sum("posts")) posts, \
        \(sum("missed")) missed; \(sum("crashes")) crashes, \(sum("restores")) restores, \
        \(sum("cuts")) partitions
        \(sum("forks")) fork proofs held, \(sum("unnoticed")) forks unnoticed
        \(sum("steps")) events, \(sum("virtual s")) virtual seconds; a node sent \
        \(perNode("bytes")) bytes in \(perNode("messages")) pieces and datagrams
        converged after \(time(50)) ms (median), \(time(90)) ms (90 %), \(time(99)) ms (99 %), \
        \(time(100)) ms (last)
        all traces: \(String(digest, radix: 16))
        simulation: \(passed) passed, \(failed) failed
        """
    }

    /// For the report's JSON.
    var members: [(String, String)] {
        [
            ("passed", "\(passed)"), ("failed", "\(failed)"),
            ("digest", JSONText.string(String(digest, radix: 16))),
            ("sums", JSONText.object(sums.map { ($0.name, "\($0.value)") })),
            ("bytes a node", "\(perNode("bytes"))"), ("messages a node", "\(perNode("messages"))"),
            (
                "converged ms",
                JSONText.object([
                    ("median", "\(time(50))"), ("90 %", "\(time(90))"), ("99 %", "\(time(99))"),
                    ("last", "\(time(100))"),
                ])
            ),
        ]
    }
}
