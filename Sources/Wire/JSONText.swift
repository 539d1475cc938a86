/// JSON text (RFC 8259), built from its parts: for reports of programs.
package enum JSONText {
    package static func string(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case _ where scalar.value < 0x20: out += " "
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    package static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }

    package static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(string($0.0)): \($0.1)" }.joined(separator: ", ") + "}"
    }

    package static func array(_ items: [String]) -> String {
        "[" + items.joined(separator: ", ") + "]"
    }
}
