import Glibc
import Simulator

/// `attack KIND`: one kind of attack each, with what came of it as a table and as JSON.
enum Attack {
    static let usage = """
          attack sybils     1,000 names of one party against 50 honest nodes: cold boot, sudden
                            flash, slow takeover; from few network groups and from many
            --scenario S    only cold-boot, flash or slow-takeover
            --groups N      only so many network groups (4 and 1,000)
            --honest N      honest nodes (50)
            --sybils N      sybils (1,000)
            --reach N       honest nodes that each sybil holds on to (8)
            --hours N       of a takeover (2)
            --strangers     honest nodes know only addresses of others; no invites among them
          attack eclipse    starts of a node that 10,000 poisonous addresses were told to
            --trials N      starts (10,000)
            --no-anchors    without the peers that were there longest
          attack equivocator  an author who shows each half of a partition another history
            --count K       trials (20)
            --nodes M       honest nodes (50)
        each: --seed N (1), --json FILE
        """

    static func run(_ options: inout Options) throws(UsageError) -> Int32 {
        switch options.word() {
        case "sybils": try sybils(&options)
        case "eclipse": try eclipse(&options)
        case "equivocator": try EquivocatorTrials(&options).run()
        default: throw UsageError("attack takes sybils, eclipse or equivocator")
        }
    }

    // MARK: Sybils

    private static func sybils(_ options: inout Options) throws(UsageError) -> Int32 {
        var plan = SybilAttack.Plan()
        plan.seed = try options.seed()
        plan.honest = try options.count("--honest", 50, in: 2...10_000)
        plan.sybils = try options.count("--sybils", 1_000, in: 1...100_000)
        plan.reach = try options.count("--reach", 8)
        plan.hours = try options.number("--hours", 2, in: 1...1_000)
        plan.hasFriends = !options.flag("--strangers")
        var scenarios = SybilAttack.Scenario.allCases
        if let name = try options.text("--scenario") {
            guard let one = SybilAttack.Scenario(rawValue: name) else {
                throw UsageError("there is no scenario \(name)")
            }
            scenarios = [one]
        }
        let only = try options.count("--groups", 0)
        let groups = only > 0 ? [only] : [4, 1_000]
        let path = try options.text("--json")
        try options.finish()
        Terminal.line(
            """
            scenario       groups  arrived            ms p50   p99   honest share, percent, of: \
            view   own   reserved  inbound  table  surrounded
            """)
        var reports: [SybilAttack.Report] = []
        for scenario in scenarios {
            for count in groups {
                plan.scenario = scenario
                plan.groups = max(1, min(count, plan.sybils))
                let report = SybilAttack(plan).run()
                Terminal.line(row(report))
                reports.append(report)
            }
        }
        if let path { try write("[" + reports.map(json).joined(separator: ",\n") + "]\n", path) }
        return reports.allSatisfy(\.isGood) ? 0 : 1
    }

    private static func row(_ report: SybilAttack.Report) -> String {
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        func share(_ share: SybilAttack.Share) -> String { "\(share.percent)" }
        let places = [
            (share(report.view), 7), (share(report.own), 6), (share(report.reserved), 10),
            (share(report.inbound), 9), (share(report.table), 7),
        ]
        return pad(report.plan.scenario.rawValue, 15) + pad("\(report.plan.groups)", 8)
            + pad("\(report.arrived) of \(report.expected)", 19)
            + pad("\(report.latency(50))", 9) + pad("\(report.latency(99))", 33)
            + places.map { pad($0.0, $0.1) }.joined() + "\(report.surrounded)"
            + (report.failure.map { "  FAILED: \($0)" } ?? "")
    }

    private static func json(_ report: SybilAttack.Report) -> String {
        func share(_ name: String, _ share: SybilAttack.Share) -> String {
            "\"\(name)\": {\"all\": \(share.all), \"honest\": \(share.honest)}"
        }
        let plan = report.plan
        let parts = [
            "\"scenario\": \"\(plan.scenario.rawValue)\"", "\"seed\": \(plan.seed)",
            "\"honest\": \(plan.honest)", "\"sybils\": \(plan.sybils)",
            "\"groups\": \(plan.groups)", "\"reach\": \(plan.reach)",
            "\"friends\": \(plan.hasFriends)", "\"expected\": \(report.expected)",
            "\"arrived\": \(report.arrived)", "\"p50_ms\": \(report.latency(50))",
            "\"p99_ms\": \(report.latency(99))", share("view", report.view),
            share("own", report.own), share("reserved", report.reserved),
            share("inbound", report.inbound), share("table", report.table),
            "\"surrounded\": \(report.surrounded)", "\"virtual_s\": \(report.virtualSeconds)",
            "\"steps\": \(report.steps)", "\"good\": \(report.isGood)",
        ]
        return "{" + parts.joined(separator: ", ") + "}"
    }

    static func write(_ text: String, _ path: String) throws(UsageError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw UsageError("cannot write \(path)") }
        Terminal.write(text, to: descriptor)
        close(descriptor)
    }

    // MARK: Eclipse

    private static func eclipse(_ options: inout Options) throws(UsageError) -> Int32 {
        var plan = EclipseAttack.Plan()
        plan.seed = try options.seed()
        plan.trials = try options.count("--trials", 10_000, in: 1...10_000_000)
        plan.hasAnchors = !options.flag("--no-anchors")
        let path = try options.text("--json")
        try options.finish()
        let report = EclipseAttack(plan).run()
        func percent(_ part: Int, _ all: Int) -> String {
            let tenths = all == 0 ? 0 : 1_000 * part / all
            return "\(tenths / 10).\(tenths % 10) %"
        }
        Terminal.line(
            """
            \(report.trials) starts after \(plan.poison) poisonous addresses\
            \(plan.hasAnchors ? "" : ", without anchors")
            no honest neighbour after a minute: \(report.eclipsed) \
            (\(percent(report.eclipsed, report.trials))); of these, with an honest anchor that was \
            there: \(report.eclipsedBesideAnchor)
            no honest one among the own neighbours: \(report.ownEclipsed) \
            (\(percent(report.ownEclipsed, report.trials)))
            poison among the neighbours: \(percent(report.poisonNeighbours, report.neighbours)), \
            in the table: \(percent(report.poisonKnown, report.known))
            """)
        if let failure = report.failure { Terminal.line("FAILED: \(failure)") }
        if let path {
            try write(
                """
                {"trials": \(report.trials), "anchors": \(plan.hasAnchors), \
                "eclipsed": \(report.eclipsed), "besideAnchor": \(report.eclipsedBesideAnchor), \
                "ownEclipsed": \(report.ownEclipsed), "neighbours": \(report.neighbours), \
                "poisonNeighbours": \(report.poisonNeighbours), "known": \(report.known), \
                "poisonKnown": \(report.poisonKnown), "good": \(report.isGood)}

                """, path)
        }
        return report.isGood ? 0 : 1
    }
}
