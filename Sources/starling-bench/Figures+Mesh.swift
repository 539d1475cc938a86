import Glibc
import Node
import Primitives
import Wire

/// What goes between two nodes on loopback: encrypted, verified, durable on both sides.
extension Figures {
    /// The back catalogue: from the request to connect to the last entry durable.
    static func sync(_ bench: Bench) throws {
        let count = bench.size(300_000, quick: 20_000)
        let source = try bench.source("source", posts: count)
        let log = try source.log()
        let head = try source.head(of: log)
        // A node that has just begun makes its feed of all these posts: that is another figure.
        _ = try source.request("reindex")
        var values: [Double] = []
        var (sending, receiving) = (0.0, 0.0)
        for _ in 0..<bench.repetitions {
            _ = bench.scratch.fresh("reader")
            let reader = try Daemon(bench, "reader")
            defer { reader.stop() }
            let before = (source.child.cpuSeconds, reader.child.cpuSeconds)
            let start = Clock.now()
            try reader.join(source)
            try reader.wait(for: log, size: head.size)
            values.append(Double(count) / (Clock.now() - start))
            sending = source.child.cpuSeconds - before.0
            receiving = reader.child.cpuSeconds - before.1
            guard try reader.head(of: log) == head else {
                throw BenchError.failed("the reader holds something else")
            }
        }
        let figure = Figure(values)
        var ratios = [
            try bench.ratio(figure.best, to: .verify),
            try bench.ratio(figure.best, to: .sqlite1000),
        ]
        if let git = bench.report.figure("git") {
            ratios.append(Row.Ratio(figure.best / git, of: "git"))
        }
        bench.report.add(
            Row(
                "sync", "\(Format.number(Double(count))) posts from node to node", figure,
                unit: "posts/s", ratios: ratios, goal: .atLeast(5, ofRatio: true),
                note:
                    "processor a post: sender \(microseconds(sending, count)), "
                    + "receiver \(microseconds(receiving, count))"
            ))
    }

    /// Two nodes that have met, and two connections to each.
    private struct Pair {
        let author: Daemon
        let neighbour: Daemon
        let log: String

        init(_ bench: Bench, _ name: String) throws {
            author = try Daemon(bench, name + "-author")
            neighbour = try Daemon(bench, name + "-neighbour")
            log = try author.log()
            try neighbour.join(author)
            try neighbour.waitForNeighbour()
            try author.waitForNeighbour()
            try neighbour.wait(for: log, size: try author.head(of: log).size)
        }

        func stop() {
            author.stop()
            neighbour.stop()
        }
    }

    /// One post at a time: sent to the author's node, awaited at the neighbour's.
    static func latency(_ bench: Bench) throws {
        let count = bench.size(500, quick: 50)
        let pair = try Pair(bench, "latency")
        defer { pair.stop() }
        let (author, neighbour) = (try pair.author.connect(), try pair.neighbour.connect())
        var size = try pair.author.head(of: pair.log).size
        var arrived: [Double] = []
        var acknowledged: [Double] = []
        for number in 0..<(count + 20) {
            size += 1
            let waiting = try neighbour.send(
                "wait", .object(("log", .string(pair.log)), ("size", .int(size))))
            usleep(500)
            let start = Clock.now()
            let posting = try author.send(
                "post", .object(("texts", .array([.string(Posts.text(number))]))))
            try expect(author, posting)
            let own = Clock.now() - start
            try expect(neighbour, waiting)
            let there = Clock.now() - start
            if number >= 20 {
                acknowledged.append(own * 1e3)
                arrived.append(there * 1e3)
            }
        }
        let commit = 1e3 / (try bench.limit(.commit))
        let median = percentile(arrived, 0.5)
        bench.report.add(
            Row(
                "latency", "post to the neighbour's disk, median", Figure(median), unit: "ms",
                ratios: [Row.Ratio(median / commit, of: "commit")], goal: .below(0.5),
                note:
                    "over \(count) posts; posted and durable at the author's after "
                    + "\(Format.number(percentile(acknowledged, 0.5))) ms; a bare commit takes "
                    + "\(Format.number(commit)) ms: the author's side makes one and moves a fence, "
                    + "then the neighbour's makes one"
            ))
        bench.report.add(
            Row(
                "latency-p99", "the same, 99 of 100 are faster", Figure(percentile(arrived, 0.99)),
                unit: "ms"))
    }

    private static func expect(_ client: ControlClient, _ id: UInt64) throws {
        while true {
            let answer = try client.receive()
            guard answer.id == id else { continue }
            if case .failed(let error) = answer.reply { throw error }
            if case .done = answer.reply { return }
        }
    }

    static func percentile(_ values: [Double], _ share: Double) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    /// Requests as fast as the author's node takes them, until the neighbour holds every post.
    static func live(_ bench: Bench) throws {
        for group in [1, 10] {
            let count = bench.size(40_000, quick: 2_000)
            var values: [Double] = []
            for number in 0..<bench.repetitions {
                let pair = try Pair(bench, "live\(group)-\(number)")
                defer { pair.stop() }
                values.append(Double(count) / (try offer(pair, count, group)))
            }
            let figure = Figure(values)
            bench.report.add(
                Row(
                    group == 1 ? "live" : "live-\(group)",
                    group == 1
                        ? "live posts to a neighbour, one a request"
                        : "the same, \(group) a request",
                    figure, unit: "posts/s",
                    ratios: [try bench.ratio(figure.best, to: .commit)], goal: .atLeast(20_000),
                    note: "until the neighbour held all \(Format.number(Double(count))) posts"))
        }
    }

    /// Requests under way at once.
    private static let window = 256

    /// Seconds until the neighbour holds `count` more posts.
    private static func offer(_ pair: Pair, _ count: Int, _ group: Int) throws -> Double {
        let (author, neighbour) = (try pair.author.connect(), try pair.neighbour.connect())
        let size = try pair.author.head(of: pair.log).size + UInt64(count)
        let requests = stride(from: 0, to: count, by: group).map { first in
            Value.object(
                (
                    "texts",
                    .array((first..<min(first + group, count)).map { .string(Posts.text($0)) })
                ))
        }
        let waiting = try neighbour.send(
            "wait", .object(("log", .string(pair.log)), ("size", .int(size))))
        let seconds = try Measure.seconds {
            var next = 0
            var done = 0
            while done < requests.count {
                while next < requests.count, next - done < window {
                    _ = try author.send("post", requests[next])
                    next += 1
                }
                if case .failed(let error) = try author.receive().reply { throw error }
                done += 1
            }
            try expect(neighbour, waiting)
        }
        let heads = (try pair.author.head(of: pair.log), try pair.neighbour.head(of: pair.log))
        guard heads.0 == heads.1, heads.0.size == size else {
            throw BenchError.failed("posts were lost")
        }
        return seconds
    }
}
