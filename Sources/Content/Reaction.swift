package import MerkleLog
import Primitives

/// An emoji that somebody sets under an entry, or takes back.
package struct Reaction: Hashable, Sendable {
    package let entry: Reference
    package let emoji: String
    package let isOn: Bool

    package init(to entry: Reference, emoji: String, isOn: Bool = true) throws(ContentError) {
        try Checks.size(emoji, ContentLimits.emoji, "a reaction")
        try Checks.oneWord(emoji, "a reaction")
        self.entry = entry
        self.emoji = emoji
        self.isOn = isOn
    }
}

extension Reaction {
    var encoded: [UInt8] {
        var writer = FieldWriter()
        writer.reference(1, entry)
        writer.text(2, emoji)
        writer.bool(3, isOn)
        return writer.encoded
    }

    init(from reader: inout FieldReader) throws(ContentError) {
        var entry: Reference?
        var emoji: String?
        var isOn: Bool?
        try reader.fields { (number, reader) throws(ContentError) in
            switch number {
            case 1: entry = try reader.reference()
            case 2: emoji = try reader.text(ContentLimits.emoji)
            case 3: isOn = try reader.bool()
            default: try reader.skip()
            }
        }
        guard let entry, let emoji, let isOn else {
            throw .refused("a reaction has an entry, an emoji, and says whether it is set")
        }
        try self.init(to: entry, emoji: emoji, isOn: isOn)
    }
}
