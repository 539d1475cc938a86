import Primitives
import Wire

/// What a run came to: figures beside those that others have, for people (`text`), for programs
/// (`json`), and as plots.
package struct Report {
    package let title: String
    /// What the run was made of: seed, number of nodes.
    package private(set) var settings: [(name: String, value: String)] = []
    package private(set) var sections: [Section] = []
    package private(set) var plots: [Plot] = []

    package init(_ title: String) { self.title = title }

    package mutating func set(_ name: String, _ value: some CustomStringConvertible) {
        settings.append((name, "\(value)"))
    }

    package mutating func add(_ section: Section) { sections.append(section) }

    package mutating func add(_ plot: Plot) { plots.append(plot) }

    package struct Section {
        package let title: String
        package var figures: [Figure] = []

        package init(_ title: String) { self.title = title }

        package mutating func add(
            _ name: String, _ value: Double, _ unit: String = "", digits: Int = 2,
            paper: String = "", reference: String = "", goal: Goal? = nil
        ) {
            figures.append(
                Figure(
                    name: name, value: value, unit: unit, digits: digits, paper: paper,
                    reference: reference, goal: goal))
        }
    }

    package struct Figure {
        package let name: String
        package let value: Double
        package let unit: String
        /// Behind the point.
        package let digits: Int
        /// The same in the papers, and in an independent simulation.
        package let paper: String
        package let reference: String
        package let goal: Goal?

        var text: String {
            let number =
                digits == 0 ? "\(Int(value.rounded()))" : Format.decimal(value, digits: digits)
            return unit.isEmpty ? number : number + " " + unit
        }

        var verdict: String { goal.map { $0.isMet(by: value) ? "met" : "MISSED" } ?? "" }
    }

    package enum Goal {
        case atLeast(Double)
        case atMost(Double)

        func isMet(by value: Double) -> Bool {
            switch self {
            case .atLeast(let bound): value >= bound
            case .atMost(let bound): value <= bound
            }
        }

        var text: String {
            switch self {
            case .atLeast(let bound): "at least \(Format.number(bound))"
            case .atMost(let bound): "at most \(Format.number(bound))"
            }
        }
    }

    /// Whether every goal is met.
    package var isGood: Bool {
        sections.allSatisfy { section in
            section.figures.allSatisfy { $0.goal?.isMet(by: $0.value) ?? true }
        }
    }

    // MARK: Forms

    package var text: String {
        var cells: [[String]] = [["", "measured", "papers", "reference", "goal", ""]]
        for section in sections {
            cells.append([section.title])
            for figure in section.figures {
                cells.append([
                    "  " + figure.name, figure.text, figure.paper, figure.reference,
                    figure.goal?.text ?? "", figure.verdict,
                ])
            }
        }
        let rows = cells.filter { $0.count > 1 }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = cells.map { cells in
            cells.count == 1
                ? "\n" + cells[0]
                : cells.indices.map { column in
                    cells[column].padded(to: widths[column], left: column == 1)
                }.joined(separator: "  ").trimmedRight
        }
        let head = settings.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        return ([title, head, ""] + lines).joined(separator: "\n")
    }

    package var json: String {
        let sections = sections.map { section in
            JSONText.object([
                ("title", JSONText.string(section.title)),
                ("figures", JSONText.array(section.figures.map(\.json))),
            ])
        }
        return JSONText.object([
            ("title", JSONText.string(title)),
            ("settings", JSONText.object(settings.map { ($0.name, JSONText.string($0.value)) })),
            ("sections", JSONText.array(sections)),
            ("plots", JSONText.array(plots.map(\.json))),
        ])
    }
}

extension Report.Figure {
    fileprivate var json: String {
        JSONText.object([
            ("name", JSONText.string(name)), ("value", JSONText.number(value)),
            ("unit", JSONText.string(unit)), ("paper", JSONText.string(paper)),
            ("reference", JSONText.string(reference)),
            ("goal", JSONText.string(goal?.text ?? "")),
            ("met", goal.map { "\($0.isMet(by: value))" } ?? "null"),
        ])
    }
}
