import Node
import Primitives
import Wire

/// Posts signed and on the disk.
extension Figures {
    /// One after the other, each acknowledged before the next is sent.
    static func postOneByOne(_ bench: Bench) throws {
        let daemon = try Daemon(bench, "posting")
        defer { daemon.stop() }
        var number = 0
        let figure = try Measure.rate(
            repetitions: bench.repetitions, seconds: bench.options.isQuick ? 0.3 : 1.5, portion: 8
        ) { _ in
            number += 1
            _ = try daemon.request(
                "post", .object(("texts", .array([.string(Posts.text(number))]))))
        }
        bench.report.add(
            Row(
                "post", "posted one by one, each durable", figure, unit: "posts/s",
                ratios: [try bench.ratio(figure.best, to: .commit)],
                note: "control socket, signature, commit, fence: two syncs a post"))
    }

    /// `starling post --lines`, into a node that runs.
    static func postInBulk(_ bench: Bench) throws {
        let count = bench.size(200_000, quick: 10_000)
        var values: [Double] = []
        var processor = 0.0
        for number in 0..<bench.repetitions {
            let daemon = try Daemon(bench, "bulk\(number)")
            let before = daemon.child.cpuSeconds
            values.append(Double(count) / (try daemon.postLines(count)))
            processor = daemon.child.cpuSeconds - before
            daemon.stop()
            Files.removeTree(daemon.paths.data)
        }
        let figure = Figure(values)
        bench.report.add(
            Row(
                "bulk", "post --lines of \(Format.number(Double(count))) posts into a running node",
                figure, unit: "posts/s",
                ratios: [
                    try bench.ratio(figure.best, to: .sqlite1000),
                    try bench.ratio(figure.best, to: .sign),
                ],
                goal: .atLeast(150_000),
                note:
                    "from exec to exit; the node used \(microseconds(processor, count)) "
                    + "of processor a post"
            ))
        try postInProcess(bench, count)
    }

    /// The same without a socket: the command line opens the store itself when no node runs.
    private static func postInProcess(_ bench: Bench, _ count: Int) throws {
        var values: [Double] = []
        for number in 0..<bench.repetitions {
            let name = "inside\(number)"
            try Daemon(bench, name).stop()
            let path = bench.scratch.file(name)
            let daemon = try StoppedNode(bench, path)
            values.append(Double(count) / (try daemon.postLines(count)))
            Files.removeTree(path)
        }
        let figure = Figure(values)
        bench.report.add(
            Row(
                "bulk-offline", "the same where no node runs", figure, unit: "posts/s",
                ratios: [try bench.ratio(figure.best, to: .sqlite1000)]))
    }

    static func microseconds(_ seconds: Double, _ count: Int) -> String {
        "\(Format.number(seconds * 1e6 / Double(count))) µs"
    }
}

/// A data directory that no node runs on.
struct StoppedNode {
    let bench: Bench
    let data: String

    init(_ bench: Bench, _ data: String) throws {
        self.bench = bench
        self.data = data
    }

    func postLines(_ count: Int) throws -> Double {
        let file = bench.scratch.file("lines")
        try Posts.write(0..<count, to: file)
        defer { Files.removeTree(file) }
        return try Measure.seconds {
            let child = try Child(
                [Daemon.program, "post", "--data", data, "--lines", file],
                environment: Daemon.environment(bench))
            guard child.wait() == 0 else { throw BenchError.failed("post --lines failed") }
        }
    }
}
