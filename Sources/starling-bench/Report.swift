import Primitives
import Wire

/// One line of the table.
struct Row {
    let name: String
    let what: String
    let figure: Figure
    let unit: String
    let isLimit: Bool
    var ratios: [Ratio] = []
    var goal: Goal?
    var note = ""

    init(
        _ name: String, _ what: String, _ figure: Figure, unit: String, isLimit: Bool = false,
        ratios: [Ratio] = [], goal: Goal? = nil, note: String = ""
    ) {
        self.name = name
        self.what = what
        self.figure = figure
        self.unit = unit
        self.isLimit = isLimit
        self.ratios = ratios
        self.goal = goal
        self.note = note
    }

    /// A figure as a share of another one of the same run.
    struct Ratio {
        let value: Double
        let of: String

        init(_ value: Double, of name: String) {
            self.value = value
            of = name
        }
    }

    /// What the figure, or its first ratio, should be.
    struct Goal {
        let bound: Double
        let isMinimum: Bool
        /// The goal is of the first ratio rather than of the figure.
        let ofRatio: Bool

        static func atLeast(_ bound: Double, ofRatio: Bool = false) -> Goal {
            Goal(bound: bound, isMinimum: true, ofRatio: ofRatio)
        }

        static func below(_ bound: Double, ofRatio: Bool = false) -> Goal {
            Goal(bound: bound, isMinimum: false, ofRatio: ofRatio)
        }
    }

    var isMet: Bool? {
        guard let goal else { return nil }
        let value = goal.ofRatio ? ratios.first?.value ?? 0 : figure.best
        return goal.isMinimum ? value >= goal.bound : value <= goal.bound
    }

    var goalText: String {
        guard let goal else { return "" }
        let sign = goal.isMinimum ? "≥" : "≤"
        guard goal.ofRatio else { return "\(sign) \(Format.number(goal.bound)) \(unit)" }
        return "\(sign) \(Format.number(goal.bound))× \(ratios.first?.of ?? "")"
    }
}

/// The whole table, as text for people and as JSON for programs.
struct Report {
    let isQuick: Bool
    private var rows: [Row] = []
    private var failures: [(name: String, why: String)] = []

    /// The machine, and how busy it was with other work when the run began.
    private let machine = Machine.description

    init(isQuick: Bool) { self.isQuick = isQuick }

    var hasFailures: Bool { !failures.isEmpty }

    mutating func add(_ row: Row) { rows.append(row) }

    mutating func failed(_ name: String, _ why: String) { failures.append((name, why)) }

    /// The best figure of a row measured before, to compare with.
    func figure(_ name: String) -> Double? { rows.first { $0.name == name }?.figure.best }

    /// Limits first, then what was made of them.
    private var ordered: [Row] { rows.filter(\.isLimit) + rows.filter { !$0.isLimit } }

    var text: String {
        var table: [[String]] = [["name", "what", "figure", "unit", "spread", "of", "goal", "met"]]
        for row in ordered {
            table.append([
                row.name, row.what, Format.number(row.figure.best), row.unit, row.figure.spreadText,
                row.ratios.map { "\(Format.number($0.value))× \($0.of)" }.joined(separator: ", "),
                row.goalText, row.isMet.map { $0 ? "yes" : "NO" } ?? "",
            ])
        }
        let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        var lines = table.map { cells in
            cells.indices.map { column in
                column == 2
                    ? cells[column].padded(to: widths[column], left: true)
                    : cells[column].padded(to: widths[column])
            }.joined(separator: "  ").trimmedRight
        }
        lines.insert(
            widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
        lines.append("")
        lines += ordered.filter { !$0.note.isEmpty }.map { "\($0.name): \($0.note)" }
        lines += failures.map { "\($0.name): NOT MEASURED: \($0.why)" }
        lines.append(
            "Best of several repetitions; spread is how far the worst of them lies from it. "
                + "× is the share of"
        )
        lines.append("a limit or a peer measured in this same run. Machine: \(machine).")
        if isQuick {
            lines.append("A quick run: small sizes, one repetition; no measure of the goals.")
        }
        return lines.joined(separator: "\n")
    }

    var json: String {
        let rows = ordered.map { row in
            JSONText.object([
                ("name", JSONText.string(row.name)), ("what", JSONText.string(row.what)),
                ("kind", JSONText.string(row.isLimit ? "limit" : "figure")),
                ("figure", JSONText.number(row.figure.best)), ("unit", JSONText.string(row.unit)),
                ("worst", JSONText.number(row.figure.worst)),
                ("repetitions", "\(row.figure.repetitions)"),
                (
                    "ratios",
                    JSONText.object(row.ratios.map { ($0.of, JSONText.number($0.value)) })
                ),
                ("goal", row.goal == nil ? "null" : JSONText.string(row.goalText)),
                ("met", row.isMet.map { "\($0)" } ?? "null"), ("note", JSONText.string(row.note)),
            ])
        }
        return JSONText.object([
            ("quick", "\(isQuick)"), ("machine", JSONText.string(machine)),
            ("rows", "[\n" + rows.joined(separator: ",\n") + "\n]"),
            (
                "failures",
                JSONText.object(failures.map { ($0.name, JSONText.string($0.why)) })
            ),
        ])
    }
}
