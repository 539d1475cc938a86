package import MerkleLog
import Wire

/// Another version of a note. Its reply, quote, poll and import say nothing: those of the first
/// version stay.
package struct Edit: Hashable, Sendable {
    /// The first version, of the same identity.
    package let original: Reference
    package let note: Note

    package init(of original: Reference, note: Note) throws(ContentError) {
        self.original = original
        self.note = note
        try Checks.fits(encoded, kind: Content.editKind)
    }
}

extension Edit {
    var encoded: [UInt8] {
        var writer = FieldWriter()
        writer.reference(1, original)
        writer.field(2) { $0.raw(note.encoded) }
        return writer.encoded
    }

    init(from reader: inout FieldReader) throws(ContentError) {
        var original: Reference?
        var note: Note?
        try reader.fields { (number, reader) throws(ContentError) in
            switch number {
            case 1: original = try reader.reference()
            case 2: note = try Note(from: &reader)
            default: try reader.skip()
            }
        }
        guard let original, let note else {
            throw .refused("an edit has the note that it changes, and what it says now")
        }
        try self.init(of: original, note: note)
    }
}
