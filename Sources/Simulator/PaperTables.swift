import Primitives

/// The tables of the two papers, made with whole nodes: HyParView (DSN 2007) §5, Plumtree (SRDS
/// 2007) §4.
///
/// The papers' figures are of 10,000 nodes with five neighbours each; "reference" is a simulation
/// that others wrote, of machines without sessions, logs or disks.
package struct PaperTables {
    private let count: Int
    private let seed: UInt64
    private let progress: (String) -> Void
    private var report = Report("The papers' tables, with whole nodes")

    /// From the last join until anything is measured: twenty periods of the shuffle, so that links
    /// move only as they always do. *Measured*, 1,500 nodes that all join within 15 s: in the
    /// minute after, 5,000 links are moved; in the fifth, 80; in the tenth, 2. Five minutes after
    /// the last join trees still break often: 10,000 nodes, the last delivery 8 ms later.
    private static let settling = Instant.Span.seconds(600)
    /// After failures: less than a shuffle's period, so that repair alone has done it.
    private static let repair = Instant.Span.seconds(15)
    /// By then no island may be left: the rarest memory has been asked through.
    private static let mending = Instant.Span.seconds(300)
    /// A post is watched for so long: several times what it needs.
    private static let watch = Instant.Span.milliseconds(1_000)
    /// Nodes that are watched through ten minutes: more would take an hour.
    private static let silent = 1_000

    package init(nodes: Int, seed: UInt64, progress: @escaping (String) -> Void) {
        count = nodes
        self.seed = seed
        self.progress = progress
        report.set("nodes", nodes)
        report.set("seed", seed)
    }

    /// Which of the tables.
    package enum Part: String, CaseIterable, Sendable {
        case broadcasts
        case failures
    }

    package mutating func run(_ parts: [Part] = Part.allCases) -> Report {
        if parts.contains(.broadcasts) { broadcasts() }
        if parts.contains(.failures) { failures() }
        return report
    }

    private mutating func failures() {
        let failures = [80, 90, 95].map { survivors(percent: $0) }
        report.add(
            Report.Plot(
                "survivors", title: "All that fail do so at once, one repair pass",
                x: .init("nodes that failed, %"), y: .init("survivors reached, %"),
                series: [.init("reached", failures.map { (Double($0.percent), $0.reached) })]))
    }

    private func grow(_ salt: UInt64, nodes: Int? = nil) -> Flock {
        let flock = Flock(nodes: nodes ?? count, seed: seed &+ salt) { [progress] in
            progress("\($0) nodes have begun")
        }
        flock.world.run(for: Self.settling)
        return flock
    }

    // MARK: Broadcast

    private mutating func broadcasts() {
        let flock = grow(0)
        report.set("link", "10 to 50 ms")
        var section = Report.Section("The overlay, \(flock.alive.count) nodes after ten minutes")
        section.add(flock.shape, partsGoal: .atMost(1))
        report.add(section)
        let flood = flooding(flock)
        let one = oneSender(flock)
        let random = randomSenders(flock)
        var end = Report.Section("The overlay in the end")
        end.add(flock.shape, partsGoal: .atMost(1))
        report.add(end)
        report.set("digest", flock.world.digest.text)
        let quiet = afterSilence()
        report.add(
            Report.Plot(
                "deliveries", title: "Deliveries to \(flock.alive.count) nodes",
                x: .init("ms after the post"), y: .init("nodes reached, %"),
                series: [
                    .init("first post of a log (flood)", flood),
                    .init("one sender", one), .init("random senders", random),
                    .init("after ten minutes of silence", quiet),
                ]))
        report.add(
            Report.Plot(
                "hops", title: "Links between a post's author and the nodes",
                x: .init("links"), y: .init("nodes, %"),
                series: [
                    .hops("first post of a log (flood)", flood), .hops("random senders", random),
                ]))
    }

    /// A log's first entry goes over every link: nothing is known yet of its tree.
    private mutating func flooding(_ flock: Flock) -> Spread {
        let world = flock.world
        let delay = world.weather.delay
        func floods(_ count: Int) -> Spread {
            let fresh = flock.addAuthors(count)
            var next = fresh.makeIterator()
            return flock.post(fresh.count, watch: Self.watch) { next.next() ?? fresh[0] }
        }
        progress("flooding")
        // In step, as the papers' rounds are: the same delay everywhere, and disks that take none.
        world.weather.delay = .milliseconds(30) ... .milliseconds(30)
        world.weather.commit = .milliseconds(0) ... .milliseconds(0)
        let rounds = floods(5)
        (world.weather.delay, world.weather.commit) = (delay, Weather().commit)
        var expected = Report.Section.Expected()
        expected.reached = ("100 %", "all", .atLeast(100))
        expected.redundancy = ("3", "3.0", nil)
        expected.lastHop = ("", "8.3", nil)
        var section = Report.Section("Flooding over the active views, every link 30 ms")
        section.add(rounds, expected: expected)
        report.add(section)
        let flood = floods(5)
        section = Report.Section("Flooding, links of 10 to 50 ms, disks of 1 ms")
        section.add(flood)
        report.add(section)
        return flood
    }

    /// Twice: as nodes are, which pass on what they hold on the disk; and with disks that take no
    /// time, since the reference has none. Each of five senders alone: how far the last node is
    /// depends on where the sender stands. *Measured*, 10,000 nodes: the five floods before take
    /// 251 ms, the slowest of them 262.
    private mutating func oneSender(_ flock: Flock) -> Spread {
        progress("one sender")
        let senders = flock.authors.suffix(5)
        let world = flock.world
        func posts(_ title: String, lastTime goal: Double?) -> Spread {
            var turns = senders.flatMap { [$0, $0, $0, $0] }.makeIterator()
            let spread = flock.post(4 * senders.count, watch: Self.watch) {
                turns.next() ?? flock.anyAuthor()
            }
            var expected = Report.Section.Expected()
            expected.reached = ("100 %", "all", .atLeast(100))
            expected.redundancy = ("0", "0.00", .atMost(0.05))
            expected.lastTime = ("", "237-242 ms", goal.map { .atMost($0) })
            var section = Report.Section(title)
            section.add(spread, expected: expected)
            report.add(section)
            return spread
        }
        world.weather.commit = .milliseconds(0) ... .milliseconds(0)
        _ = posts("Plumtree, five senders, each alone; disks that take no time", lastTime: 242)
        world.weather.commit = Weather().commit
        return posts("Plumtree, five senders, each alone", lastTime: nil)
    }

    private mutating func randomSenders(_ flock: Flock) -> Spread {
        progress("random senders")
        let fresh = flock.addAuthors(min(50, max(1, flock.alive.count / 4)))
        var next = fresh.makeIterator()
        let first = flock.post(fresh.count, watch: .milliseconds(500)) { next.next() ?? fresh[0] }
        let later = flock.post(50, watch: Self.watch) { flock.anyAuthor() }
        var expected = Report.Section.Expected()
        expected.reached = ("100 %", "all", .atLeast(100))
        expected.redundancy = ("", "0.19-0.25", .atMost(0.05))
        expected.lastTime = ("", "614-646 ms", .atMost(300))
        var section = Report.Section(
            "Plumtree, random ones of \(flock.authors.count) senders whose logs are known")
        section.add(later, expected: expected)
        report.add(section)
        section = Report.Section("The first entries of \(fresh.count) of these logs")
        section.add(first)
        let sum =
            first.redundancy * Double(first.posts) + later.redundancy * Double(later.posts)
        section.add(
            "redundancy of them and the \(later.posts) posts together",
            sum / Double(first.posts + later.posts), digits: 3)
        report.add(section)
        return later
    }

    /// What the goals do not ask: nobody posts for ten minutes, in which a fifth of all nodes
    /// probes for islands and so moves links.
    private mutating func afterSilence() -> Spread {
        let flock = grow(1, nodes: min(count, Self.silent))
        progress("ten minutes of silence")
        let writers = flock.addAuthors(min(20, max(1, flock.alive.count / 4)))
        var next = writers.makeIterator()
        _ = flock.post(writers.count, watch: .milliseconds(500)) { next.next() ?? writers[0] }
        flock.world.run(for: .seconds(600))
        next = writers.makeIterator()
        let spread = flock.post(writers.count, watch: Self.watch) { next.next() ?? writers[0] }
        var section = Report.Section(
            "\(flock.alive.count) nodes after ten minutes of silence, while links moved")
        section.add(spread)
        report.add(section)
        return spread
    }

    // MARK: Failures

    /// Waits until the flock is in one part; how long that took.
    private static func mended(_ flock: Flock) -> (seconds: Double, parts: Int) {
        let start = flock.world.now
        while flock.shape.parts.count > 1, flock.world.now < start + mending {
            flock.world.run(for: .seconds(5))
        }
        return (Double((flock.world.now - start).milliseconds) / 1_000, flock.shape.parts.count)
    }

    private mutating func survivors(percent: Int) -> (percent: Int, reached: Double) {
        let flock = grow(UInt64(percent))
        progress("\(percent) % fail")
        flock.fail(percent: percent)
        flock.world.run(for: Self.repair)
        let shape = flock.shape
        let fresh = flock.addAuthors(10)
        var next = (fresh + fresh).makeIterator()
        let spread = flock.post(2 * fresh.count, watch: .seconds(3)) { next.next() ?? fresh[0] }
        var expected = Report.Section.Expected()
        expected.reached =
            switch percent {
            case 80: ("recovers", "100 %", .atLeast(100))
            case 90: ("recovers", "94-99 %", .atLeast(99.9))
            default: ("", "80-90 %", .atLeast(95))
            }
        var section = Report.Section(
            "\(percent) % fail at once: the \(flock.alive.count) others after "
                + "\(Self.repair.milliseconds / 1_000) s of repair")
        section.add(shape)
        section.add(spread, expected: expected)
        let mended = Self.mended(flock)
        section.add(
            "in one part after so many seconds more", mended.seconds, digits: 0,
            goal: .atMost(Double(Self.mending.milliseconds / 1_000)))
        section.add(
            "connected parts in the end", Double(mended.parts), digits: 0, goal: .atMost(1))
        report.add(section)
        return (percent, spread.share * 100)
    }
}

extension Report.Plot.Series {
    /// How many of the nodes are so many links away.
    fileprivate static func hops(_ name: String, _ spread: Spread) -> Self {
        let counts = spread.hops.counts
        return Self(
            name,
            counts.indices.map {
                (Double($0), 100 * Double(counts[$0]) / Double(max(1, spread.hops.count)))
            })
    }
}
