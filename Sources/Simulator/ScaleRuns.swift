import Primitives

/// What a post costs each node, in flocks of growing size, and how quickly virtual time passes.
///
/// The processor's time is somebody else's to tell, since nothing here reads a clock.
package struct ScaleRuns {
    private let sizes: [Int]
    private let seed: UInt64
    private let processor: () -> Double
    private let progress: (String) -> Void
    private var report = Report("Scale")

    /// `processor` tells how many seconds of a processor this process has had.
    package init(
        sizes: [Int], seed: UInt64, processor: @escaping () -> Double,
        progress: @escaping (String) -> Void
    ) {
        self.sizes = sizes
        self.seed = seed
        self.processor = processor
        self.progress = progress
        report.set("seed", seed)
    }

    package mutating func run() -> Report {
        speed()
        let costs = sizes.map { cost(nodes: $0) }
        func plot(_ name: String, _ title: String, _ value: (Cost) -> Double) -> Report.Plot {
            Report.Plot(
                name, title: title, x: .init("nodes", isLogarithmic: true), y: .init(title),
                series: [.init("cost", costs.map { (Double($0.nodes), value($0)) })])
        }
        report.add(plot("cost-processor", "µs of a processor, a node and post") { $0.microseconds })
        report.add(plot("cost-messages", "messages, a node and post") { $0.messages })
        report.add(plot("cost-bytes", "bytes, a node and post") { $0.bytes })
        return report
    }

    // MARK: Speed

    /// Twenty nodes for a virtual hour, one of them posting each minute.
    private mutating func speed() {
        let flock = Flock(nodes: 20, seed: seed)
        flock.world.run(for: .seconds(60))
        flock.addAuthors(20)
        progress("20 nodes for an hour")
        let (minutes, before) = (60, flock.work)
        let began = processor()
        let spread = flock.post(minutes, watch: .seconds(60)) { flock.anyAuthor() }
        let took = processor() - began
        let seconds = Double(60 * minutes)
        var section = Report.Section("20 nodes for an hour, a post each minute")
        section.add(
            "virtual seconds for one of a processor", seconds / took, digits: 0,
            goal: .atLeast(1_000))
        section.add("missed posts", Double(spread.missed), digits: 0, goal: .atMost(0))
        let bytes = Double((flock.work - before).traffic.bytesSent)
        section.add("bytes a node and second, with all upkeep", bytes / seconds / 20, digits: 0)
        report.add(section)
    }

    // MARK: Cost

    private struct Cost {
        var nodes = 0
        var microseconds = 0.0
        var messages = 0.0
        var bytes = 0.0
    }

    /// What posts cost beyond what as long a silence does.
    private mutating func cost(nodes: Int) -> Cost {
        progress("\(nodes) nodes")
        let flock = Flock(nodes: nodes, seed: seed) { [progress] in progress("\($0) have begun") }
        flock.world.run(for: .seconds(60))
        let author = flock.addAuthors(1)[0]
        _ = flock.post(2) { author }
        // Few nodes need more posts for a measurable time.
        let posts = max(10, 20_000 / nodes)
        let span = Instant.Span.milliseconds(500)
        let silence = measure(flock) {
            for _ in 0..<posts { flock.world.run(for: span) }
        }
        var missed = 0
        let talk = measure(flock) { missed = flock.post(posts, watch: span) { author }.missed }
        let deliveries = Double(posts * nodes)
        var cost = Cost()
        cost.nodes = nodes
        cost.microseconds = (talk.seconds - silence.seconds) * 1e6 / deliveries
        let (more, less) = (talk.work.traffic, silence.work.traffic)
        cost.messages =
            (Double(more.streamPieces + more.datagrams)
                - Double(less.streamPieces + less.datagrams)) / deliveries
        cost.bytes = (Double(more.bytesSent) - Double(less.bytesSent)) / deliveries
        var section = Report.Section("\(nodes) nodes, a post of one of them, each node's share")
        section.add("posts", Double(posts), digits: 0)
        section.add("missed posts", Double(missed), digits: 0, goal: .atMost(0))
        section.add("processor", cost.microseconds, "µs", digits: 0)
        section.add("messages", cost.messages)
        section.add("bytes", cost.bytes, digits: 0)
        section.add(
            "processor of a silent node and second",
            silence.seconds * 1e6 / (Double(posts) * 0.5 * Double(nodes)), "µs", digits: 0)
        section.add(flock.shape, partsGoal: .atMost(1))
        report.add(section)
        return cost
    }

    private func measure(
        _ flock: Flock, _ body: () -> Void
    ) -> (seconds: Double, work: Flock.Work) {
        let (work, began) = (flock.work, processor())
        body()
        return (processor() - began, flock.work - work)
    }
}
