package import Crypto
package import MerkleLog
import Primitives
import Wire

/// What somebody calls people and posts. It says something only to whoever chose to read it.
package struct Labels: Hashable, Sendable {
    package let name: String
    package let description: String?
    package let entries: [Entry]

    package enum Subject: Hashable, Sendable {
        case identity(PublicKey)
        case post(Reference)
    }

    package struct Entry: Hashable, Sendable {
        package let subject: Subject
        package let label: String
        package let reason: String

        package init(
            subject: Subject, label: String, reason: String = ""
        ) throws(ContentError) {
            try Checks.size(label, ContentLimits.label, "a label")
            try Checks.size(reason, ContentLimits.reason, "the reason of a label")
            self.subject = subject
            self.label = label
            self.reason = reason
        }
    }

    package init(
        name: String, description: String? = nil, entries: [Entry]
    ) throws(ContentError) {
        try Checks.size(name, ContentLimits.name, "the name of a list")
        if let description {
            try Checks.size(description, ContentLimits.description, "the description of a list")
        }
        try Checks.count(entries.count, ContentLimits.labels, "a list of labels", of: "entries")
        try Checks.distinct(entries.map(\.place), "a list of labels")
        self.name = name
        self.description = description
        self.entries = entries
        try Checks.fits(encoded, kind: Content.labelsKind)
    }
}

extension Labels {
    var encoded: [UInt8] {
        var writer = FieldWriter()
        writer.text(1, name)
        writer.text(2, description)
        writer.field(3) { encoder in
            encoder.array(entries.count)
            for entry in entries {
                encoder.array(3)
                encoder.raw(entry.place)
                encoder.text(entry.reason)
            }
        }
        return writer.encoded
    }

    init(from reader: inout FieldReader) throws(ContentError) {
        var name: String?
        var description: String?
        var entries: [Entry]?
        try reader.fields { (number, reader) throws(ContentError) in
            switch number {
            case 1: name = try reader.text(ContentLimits.name)
            case 2: description = try reader.text(ContentLimits.description)
            case 3:
                entries = try reader.list(ContentLimits.labels) { (reader) throws(ContentError) in
                    try Entry(from: &reader)
                }
            default: try reader.skip()
            }
        }
        guard let name, let entries else {
            throw .refused("a list of labels has a name and entries")
        }
        try self.init(name: name, description: description, entries: entries)
    }
}

extension Labels.Entry {
    /// Subject and label as they are written, which no other entry of the list has.
    fileprivate var place: [UInt8] {
        var encoder = CBOREncoder()
        switch subject {
        case .identity(let key): encoder.bytes(key)
        case .post(let reference): reference.encode(into: &encoder)
        }
        encoder.text(label)
        return encoder.bytes
    }

    fileprivate init(from reader: inout FieldReader) throws(ContentError) {
        try reader.array(exactly: 3)
        let subject: Labels.Subject =
            try reader.isAtArray()
            ? .post(try reader.reference()) : .identity(try reader.bytes32())
        try self.init(
            subject: subject, label: try reader.text(ContentLimits.label),
            reason: try reader.text(ContentLimits.reason))
    }
}
