import FoundationEssentials
import Primitives
import Testing

@testable import Simulator

/// The papers' tables with few nodes: what holds for ten thousand holds here, only quicker.
@Suite(.serialized) struct TablesTests {
    static let seed: UInt64 = 20_070_625

    /// 200 nodes after a minute, three of which write.
    private func flock() -> Flock {
        let flock = Flock(nodes: 200, seed: Self.seed)
        flock.world.run(for: .seconds(60))
        flock.addAuthors(3)
        return flock
    }

    /// "the reliability of … HyParView is 100 %"; and Plumtree's "tree-based … payload", of which
    /// each node gets one copy once its tree is there.
    @Test func theFirstPostFloodsAndTheOthersComeOnce() {
        let flock = flock()
        #expect(flock.shape.parts == [200] && flock.shape.oneSided == 0)
        #expect((4.5...5).contains(flock.shape.degree))
        var next = flock.authors.makeIterator()
        let first = flock.post(3) { next.next() ?? 0 }
        #expect(first.missed == 0 && first.reached == 3 * 199)
        #expect((2...3).contains(first.redundancy), "\(first.redundancy)")
        let author = flock.authors[2]
        let later = flock.post(10, watch: .milliseconds(600)) { author }
        #expect(later.missed == 0)
        #expect(later.redundancy < 0.01, "\(later.redundancy)")
        #expect(later.lastHops.allSatisfy { (4...14).contains($0) }, "\(later.lastHops)")
        #expect(later.lastTimes.allSatisfy { (50...300).contains($0) }, "\(later.lastTimes)")
        // Nobody is nearer than a link, nor later than the last.
        #expect(later.times.quantile(0) >= 10)
        #expect(later.times.quantile(1) <= (later.lastTimes.max() ?? 0))
        #expect(flock.world.safety.breach == nil)
    }

    @Test func survivorsFindTogether() {
        let flock = flock()
        flock.fail(percent: 80)
        #expect(flock.alive.count == 40)
        flock.world.run(for: .seconds(15))
        #expect(flock.shape.parts == [40])
        let fresh = flock.addAuthors(2)
        let spread = flock.post(1, watch: .seconds(3)) { fresh[0] }
        #expect(spread.missed == 0 && spread.hoped == 39)
    }

    /// One seed, one report; another seed, another one.
    @Test func theSameSeedGivesTheSameReport() {
        func report(_ seed: UInt64) -> String {
            var tables = PaperTables(nodes: 60, seed: seed) { _ in }
            return tables.run([.broadcasts]).json
        }
        let one = report(5)
        #expect(one == report(5))
        #expect(one != report(6))
    }
}

/// What a report looks like to whoever reads it.
struct ReportTests {
    private var report: Report {
        var report = Report("A <title> & \"more\"")
        report.set("seed", 7)
        var section = Report.Section("One")
        section.add("met", 1, "ms", paper: "2", reference: "3", goal: .atMost(2))
        section.add("missed", 0.5, digits: 3, goal: .atLeast(1))
        report.add(section)
        report.add(
            Report.Plot(
                "plot", title: "a < b & c", x: .init("nodes", isLogarithmic: true),
                y: .init("share, %"),
                series: [
                    .init("one", [(10, 1), (100, 20), (10_000, 99.5)]), .init("two", [(10, 0)]),
                    .init("none", []),
                ]))
        return report
    }

    @Test func textSaysWhatIsMissed() {
        let lines = report.text.split(separator: "\n")
        #expect(lines.contains { $0.contains("met") && $0.contains("at most 2") })
        #expect(lines.contains { $0.contains("0.500") && $0.hasSuffix("MISSED") })
        #expect(!report.isGood)
    }

    @Test func jsonIsJSON() throws {
        struct Shape: Decodable {
            struct Section: Decodable { let figures: [Figure] }
            struct Figure: Decodable {
                let name: String
                let value: Double
                let met: Bool?
            }
            struct Plot: Decodable { let name: String }
            let title: String
            let settings: [String: String]
            let sections: [Section]
            let plots: [Plot]
        }
        let shape = try JSONDecoder().decode(Shape.self, from: Data(report.json.utf8))
        #expect(shape.title == "A <title> & \"more\"" && shape.settings == ["seed": "7"])
        #expect(shape.sections[0].figures.map(\.met) == [true, false])
        #expect(shape.plots.map(\.name) == ["plot"])
    }

    /// Every tag is closed in order, every attribute quoted, and nothing stands unescaped.
    @Test func plotsAreWellFormed() throws {
        let svg = report.plots[0].svg
        #expect(try Self.tags(svg).first == "svg")
        #expect(svg.contains("a &lt; b &amp; c"))
        // Points lie in the picture.
        let coordinates = svg.split(separator: "points=\"").dropFirst()
            .flatMap { $0.prefix { $0 != "\"" }.split { $0 == " " || $0 == "," } }
            .compactMap { Double($0) }
        #expect(coordinates.count == 8)
        #expect(coordinates.allSatisfy { (0...720).contains($0) })
    }

    private struct Malformed: Error { let at: String }

    /// The names of all elements of an XML document, which must be well-formed.
    private static func tags(_ text: String) throws -> [String] {
        var open: [String] = []
        var found: [String] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            let between = rest[..<start]
            let isPlain =
                !between.contains(">")
                && between.split(separator: "&", omittingEmptySubsequences: false).dropFirst()
                    .allSatisfy { part in ["amp;", "lt;", "gt;"].contains { part.hasPrefix($0) } }
            guard isPlain, let end = rest[start...].firstIndex(of: ">") else {
                throw Malformed(at: String(rest.prefix(80)))
            }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            let name = String(tag.drop { $0 == "/" }.prefix { $0 != " " && $0 != "/" })
            if tag.hasPrefix("/") {
                guard open.popLast() == name else { throw Malformed(at: String(tag)) }
                continue
            }
            guard tag.filter({ $0 == "\"" }).count == 2 * tag.filter({ $0 == "=" }).count else {
                throw Malformed(at: String(tag))
            }
            found.append(name)
            if !tag.hasSuffix("/") { open.append(name) }
        }
        guard open.isEmpty, rest.allSatisfy(\.isWhitespace) else { throw Malformed(at: "the end") }
        return found
    }
}
