import Primitives
import Wire

extension Report {
    /// Lines in a field of two axes, as SVG (1.1) without any text or colour that needs a light or
    /// a dark page.
    package struct Plot {
        /// What its file is called, without the ending.
        package let name: String
        package let title: String
        package let x: Axis
        package let y: Axis
        package let series: [Series]

        package init(_ name: String, title: String, x: Axis, y: Axis, series: [Series]) {
            self.name = name
            self.title = title
            self.x = x
            self.y = y
            self.series = series
        }

        package struct Axis: Sendable {
            package let label: String
            package let isLogarithmic: Bool

            package init(_ label: String, isLogarithmic: Bool = false) {
                self.label = label
                self.isLogarithmic = isLogarithmic
            }
        }

        package struct Series {
            package let name: String
            package let points: [(x: Double, y: Double)]

            package init(_ name: String, _ points: [(x: Double, y: Double)]) {
                self.name = name
                self.points = points
            }
        }
    }
}

extension Report.Plot {
    private static let width = 720.0
    private static let height = 420.0
    private static let left = 76.0
    private static let right = 24.0
    private static let top = 44.0
    private static let bottom = 56.0
    /// Readable on white and on black.
    private static let ink = "#808080"
    private static let colours = ["#0f85c9", "#d9680f", "#1f9e6e", "#a368c8", "#c9446a", "#8a8a1f"]

    /// A scale from values to the picture.
    private struct Scale {
        let low: Double
        let high: Double
        let isLogarithmic: Bool
        let from: Double
        let to: Double
        let ticks: [Double]

        init(_ values: [Double], _ axis: Axis, from: Double, to: Double) {
            isLogarithmic = axis.isLogarithmic
            (self.from, self.to) = (from, to)
            let most = values.max() ?? 1
            if axis.isLogarithmic {
                var (low, high) = (1.0, 10.0)
                let least = values.filter { $0 > 0 }.min() ?? 1
                while low > least { low /= 10 }
                while low * 10 <= least { low *= 10 }
                high = low * 10
                while high < most { high *= 10 }
                (self.low, self.high) = (low, high)
                var ticks: [Double] = []
                var tick = low
                while tick <= high * 1.001 {
                    ticks.append(tick)
                    tick *= 10
                }
                self.ticks = ticks
            } else {
                var step = 1e-6
                let shape = [2.0, 2.5, 2.0]
                var turn = 0
                while step * 6 < most {
                    step *= shape[turn % 3]
                    turn += 1
                }
                low = 0
                let count = max(1, Int((most / step).rounded(.up)))
                high = step * Double(count)
                ticks = (0...count).map { Double($0) * step }
            }
        }

        func place(_ value: Double) -> Double {
            let share: Double
            if isLogarithmic {
                share =
                    (Self.log10(max(value, low)) - Self.log10(low))
                    / (Self.log10(high) - Self.log10(low))
            } else {
                share = (value - low) / (high - low)
            }
            return from + (to - from) * share
        }

        /// By halving: four digits are enough for a picture, and need no C library.
        private static func log10(_ value: Double) -> Double {
            var (value, result, part) = (value, 0.0, 1.0)
            while value >= 10 {
                value /= 10
                result += 1
            }
            while value < 1 {
                value *= 10
                result -= 1
            }
            for _ in 0..<16 {
                value *= value
                part /= 2
                if value >= 10 {
                    value /= 10
                    result += part
                }
            }
            return result
        }
    }

    package var svg: String {
        let points = series.flatMap(\.points)
        let across = Scale(
            points.map(\.x), x, from: Self.left, to: Self.width - Self.right)
        let up = Scale(points.map(\.y), y, from: Self.height - Self.bottom, to: Self.top)
        var out = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \
            \(Int(Self.height))" font-family="sans-serif" font-size="13" fill="\(Self.ink)">

            """
        out += Self.text(title, Self.width / 2, 20, anchor: "middle", size: 15)
        for tick in across.ticks {
            let at = across.place(tick)
            out += Self.line(at, Self.top, at, Self.height - Self.bottom, opacity: 0.25)
            out += Self.text(
                Format.number(tick).trimmedZeros, at, Self.height - Self.bottom + 18,
                anchor: "middle")
        }
        for tick in up.ticks {
            let at = up.place(tick)
            out += Self.line(Self.left, at, Self.width - Self.right, at, opacity: 0.25)
            out += Self.text(Format.number(tick).trimmedZeros, Self.left - 8, at + 4, anchor: "end")
        }
        out += Self.text(
            x.label, (Self.left + Self.width - Self.right) / 2, Self.height - 14,
            anchor: "middle")
        let middle = (Self.top + Self.height - Self.bottom) / 2
        out += Self.text(
            y.label, 18, middle, anchor: "middle",
            more: " transform=\"rotate(-90 18 \(Self.number(middle)))\"")
        for (number, one) in series.enumerated() { out += draw(one, number, across, up) }
        return out + "</svg>\n"
    }

    private func draw(_ one: Series, _ number: Int, _ across: Scale, _ up: Scale) -> String {
        let colour = Self.colours[number % Self.colours.count]
        let path = one.points.map {
            Self.number(across.place($0.x)) + "," + Self.number(up.place($0.y))
        }
        var out =
            "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" points=\""
            + path.joined(separator: " ") + "\"/>\n"
        if one.points.count <= 12 {
            for point in one.points {
                let (x, y) = (Self.number(across.place(point.x)), Self.number(up.place(point.y)))
                out += "<circle r=\"4\" fill=\"\(colour)\" cx=\"\(x)\" cy=\"\(y)\"/>\n"
            }
        }
        guard series.count > 1 else { return out }
        let row =
            (endsHigh(up) ? Self.height - Self.bottom - 18 * Double(series.count) : Self.top + 18)
            + 18 * Double(number)
        let key = Self.width - Self.right - 12
        out +=
            "<rect x=\"\(Self.number(key - 8))\" y=\"\(Self.number(row - 9))\" width=\"12\""
            + " height=\"4\" transform=\"translate(0 3)\" fill=\"\(colour)\"/>\n"
        return out + Self.text(one.name, key - 14, row, anchor: "end")
    }

    /// Whether the lines end in the corner at the top, so that their names stand at the bottom.
    private func endsHigh(_ up: Scale) -> Bool {
        let ends = series.compactMap { $0.points.last.map { up.place($0.y) } }
        return ends.mean < (Self.top + Self.height - Self.bottom) / 2
    }

    private static func number(_ value: Double) -> String { Format.decimal(value, digits: 1) }

    private static func text(
        _ text: String, _ x: Double, _ y: Double, anchor: String, size: Int? = nil,
        more: String = ""
    ) -> String {
        let size = size.map { " font-size=\"\($0)\"" } ?? ""
        return
            "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\"\(size)\(more)>"
            + escaped(text) + "</text>\n"
    }

    private static func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, opacity: Double
    ) -> String {
        "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\""
            + " stroke=\"\(ink)\" stroke-opacity=\"\(opacity)\"/>\n"
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            default: out.append(character)
            }
        }
        return out
    }

    var json: String {
        let lines = series.map { one in
            JSONText.object([
                ("name", JSONText.string(one.name)),
                (
                    "points",
                    JSONText.array(
                        one.points.map { JSONText.array(["\($0.x)", "\($0.y)"]) })
                ),
            ])
        }
        return JSONText.object([
            ("name", JSONText.string(name)), ("title", JSONText.string(title)),
            ("x", JSONText.string(x.label)), ("y", JSONText.string(y.label)),
            ("series", JSONText.array(lines)),
        ])
    }
}

extension String {
    /// Without the zeros behind a point that say nothing.
    fileprivate var trimmedZeros: String {
        guard contains(".") else { return self }
        var text = self
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text
    }
}
