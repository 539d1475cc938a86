/// Numbers and cells for people.
package enum Format {
    /// Three significant digits, and thousands apart.
    package static func number(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        let size = abs(value)
        if size >= 1_000 { return grouped(Int(value.rounded())) }
        if size >= 100 { return "\(Int(value.rounded()))" }
        return decimal(value, digits: size >= 10 ? 1 : size >= 1 ? 2 : 3)
    }

    package static func decimal(_ value: Double, digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = Int((abs(value) * scale).rounded())
        let (units, rest) = whole.quotientAndRemainder(dividingBy: Int(scale))
        let tail = String(rest)
        let zeros = String(repeating: "0", count: max(0, digits - tail.count))
        return (value < 0 ? "-" : "") + "\(units).\(zeros)\(tail)"
    }

    private static func grouped(_ value: Int) -> String {
        var digits = String(abs(value))
        var parts: [String] = []
        while digits.count > 3 {
            parts.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + parts).joined(separator: ",")
    }
}

extension String {
    /// With spaces to at least `width` characters.
    package func padded(to width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - count))
        return left ? space + self : self + space
    }

    package var trimmedRight: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
