import Glibc
import Simulator

/// Where a report goes: to standard output, and as JSON and plots where that was asked for.
struct Reporting {
    private let json: String?
    private let plots: String?

    init(_ options: inout Options) throws(UsageError) {
        json = try options.text("--json")
        plots = try options.text("--plots")
    }

    /// The exit status: 1 when a goal is missed or something cannot be written.
    func tell(_ report: Report) -> Int32 {
        Terminal.line(report.text)
        var isWritten = true
        if let json { isWritten = Terminal.write(report.json + "\n", toFile: json) }
        if let plots {
            _ = unsafe mkdir(plots, 0o777)
            for plot in report.plots {
                isWritten =
                    Terminal.write(plot.svg, toFile: "\(plots)/\(plot.name).svg") && isWritten
            }
        }
        return report.isGood && isWritten ? 0 : 1
    }
}

/// `starling-sim tables`.
struct TablesCommand {
    static let usage = """
          tables      the tables of the HyParView and Plumtree papers, with whole nodes
            --nodes N   how many (10000)
            --seed N    (1)
            --only P    "broadcasts" or "failures"
            --json FILE, --plots DIR    the report for programs, and as pictures (SVG)
        """

    private let nodes: Int
    private let seed: UInt64
    private var parts = PaperTables.Part.allCases
    private let reporting: Reporting

    init(_ options: inout Options) throws(UsageError) {
        nodes = try options.count("--nodes", 10_000, in: 10...100_000)
        seed = try options.seed()
        if let text = try options.text("--only") {
            guard let part = PaperTables.Part(rawValue: text) else {
                throw UsageError("no table is called \(text)")
            }
            parts = [part]
        }
        reporting = try Reporting(&options)
        try options.finish()
    }

    func run() -> Int32 {
        let began = Terminal.seconds()
        var tables = PaperTables(nodes: nodes, seed: seed) {
            Terminal.error("\(Int(Terminal.seconds() - began)) s: \($0)")
        }
        return reporting.tell(tables.run(parts))
    }
}

/// `starling-sim scale`.
struct ScaleCommand {
    static let usage = """
          scale       how fast time passes, and what a post costs a node, by number of nodes
            --most N    the largest of 10, 100, 1000 and 10000 nodes (10000)
            --seed N    (1)
            --json FILE, --plots DIR    as for tables
        """

    private let most: Int
    private let seed: UInt64
    private let reporting: Reporting

    init(_ options: inout Options) throws(UsageError) {
        most = try options.count("--most", 10_000, in: 10...10_000)
        seed = try options.seed()
        reporting = try Reporting(&options)
        try options.finish()
    }

    func run() -> Int32 {
        let began = Terminal.seconds()
        var scale = ScaleRuns(
            sizes: [10, 100, 1_000, 10_000].filter { $0 <= most }, seed: seed,
            processor: { Terminal.processorSeconds() },
            progress: { Terminal.error("\(Int(Terminal.seconds() - began)) s: \($0)") })
        return reporting.tell(scale.run())
    }
}

extension Terminal {
    /// Seconds of a processor that this process has had.
    static func processorSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
