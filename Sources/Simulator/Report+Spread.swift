import Primitives

/// The figures that every broadcast and every overlay is told by.
extension Report.Section {
    /// What the papers and the reference say of a broadcast, and what is asked of it.
    package struct Expected {
        package var reached: (paper: String, reference: String, goal: Report.Goal?) = ("", "", nil)
        package var redundancy: (paper: String, reference: String, goal: Report.Goal?) =
            ("", "", nil)
        package var lastHop: (paper: String, reference: String, goal: Report.Goal?) = ("", "", nil)
        package var lastTime: (paper: String, reference: String, goal: Report.Goal?) =
            ("", "", nil)

        package init() {}
    }

    package mutating func add(_ spread: Spread, expected: Expected = Expected()) {
        func add(
            _ name: String, _ value: Double, _ unit: String, digits: Int = 2,
            _ expected: (paper: String, reference: String, goal: Report.Goal?)
        ) {
            self.add(
                name, value, unit, digits: digits, paper: expected.paper,
                reference: expected.reference, goal: expected.goal)
        }
        let none: (paper: String, reference: String, goal: Report.Goal?) = ("", "", nil)
        add("posts", Double(spread.posts), "", digits: 0, none)
        add("nodes reached", spread.share * 100, "%", expected.reached)
        add("missed posts", Double(spread.missed), "", digits: 0, none)
        add("redundancy", spread.redundancy, "", digits: 3, expected.redundancy)
        add("last delivery, links", spread.lastHops.mean, "", digits: 1, expected.lastHop)
        add("last delivery, average", spread.lastTimes.mean, "ms", digits: 0, expected.lastTime)
        add("last delivery, slowest post", spread.lastTimes.max() ?? 0, "ms", digits: 0, none)
        for part in [50, 90, 99] {
            let time = spread.times.quantile(Double(part) / 100)
            add("\(part) % of deliveries within", time, "ms", digits: 0, none)
        }
        let deliveries = Double(max(1, spread.reached))
        add(
            "bytes a delivery", Double(spread.work.traffic.bytesSent) / deliveries, "", digits: 0,
            none)
        add(
            "grafts and prunes a delivery",
            Double(spread.work.grafts + spread.work.prunes) / deliveries, "", digits: 3, none)
    }

    package mutating func add(_ shape: Flock.Shape, partsGoal: Report.Goal? = nil) {
        add("neighbours of a node", shape.degree)
        add("one-sided neighbours", Double(shape.oneSided), digits: 0)
        add("connected parts", Double(shape.parts.count), digits: 0, goal: partsGoal)
    }
}

extension Report.Plot.Series {
    /// How large a share of all deliveries has come, against the time since the post.
    package init(_ name: String, _ spread: Spread) {
        var sum = 0
        var points: [(x: Double, y: Double)] = []
        for (time, count) in spread.times.counts.enumerated() where count > 0 {
            sum += count
            points.append((Double(time), 100 * Double(sum) / Double(max(1, spread.hoped))))
        }
        self.init(name, points)
    }
}

extension [Double] {
    package var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }
}
