import Primitives
import Wire

/// A way to order a feed: how much each feature of a post weighs.
///
/// Weights are whole numbers, so that every machine comes to the same order.
package struct Recipe: Hashable, Sendable {
    package let name: String
    package let description: String?
    package let weights: [Weight]

    package struct Weight: Hashable, Sendable {
        /// The name of a feature. One that a program does not know counts nothing there.
        package let feature: String
        package let weight: Int64

        package init(feature: String, weight: Int64) throws(ContentError) {
            try Checks.size(feature, ContentLimits.feature, "the name of a feature")
            let isName = feature.utf8.allSatisfy {
                0x61...0x7a ~= $0 || Checks.isDigit($0) || $0 == UInt8(ascii: "-")
            }
            if !isName { throw .refused("the name of a feature is of a-z, 0-9 and hyphens") }
            try Checks.number(weight, ContentLimits.weight, "a weight")
            self.feature = feature
            self.weight = weight
        }
    }

    package init(
        name: String, description: String? = nil, weights: [Weight]
    ) throws(ContentError) {
        try Checks.size(name, ContentLimits.name, "the name of a recipe")
        if let description {
            try Checks.size(description, ContentLimits.description, "the description of a recipe")
        }
        try Checks.count(weights.count, ContentLimits.weights, "a recipe", of: "weights")
        for (one, next) in zip(weights, weights.dropFirst())
        where !one.feature.utf8.lexicographicallyPrecedes(next.feature.utf8) {
            throw .refused("a recipe has its features in ascending order, each once")
        }
        self.name = name
        self.description = description
        self.weights = weights
    }
}

extension Recipe {
    var encoded: [UInt8] {
        var writer = FieldWriter()
        writer.text(1, name)
        writer.text(2, description)
        writer.list(3, weights) { weight, encoder in
            encoder.array(2)
            encoder.text(weight.feature)
            encoder.int(weight.weight)
        }
        return writer.encoded
    }

    init(from reader: inout FieldReader) throws(ContentError) {
        var name: String?
        var description: String?
        var weights: [Weight] = []
        try reader.fields { (number, reader) throws(ContentError) in
            switch number {
            case 1: name = try reader.text(ContentLimits.name)
            case 2: description = try reader.text(ContentLimits.description)
            case 3:
                weights = try reader.list(ContentLimits.weights) { (reader) throws(ContentError) in
                    try reader.array(exactly: 2)
                    return try Weight(
                        feature: try reader.text(ContentLimits.feature),
                        weight: try reader.int(in: ContentLimits.weight))
                }
            default: try reader.skip()
            }
        }
        guard let name else { throw .refused("a recipe has a name") }
        try self.init(name: name, description: description, weights: weights)
    }
}
