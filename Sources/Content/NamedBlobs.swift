package import MerkleLog
import Primitives
import Wire

/// Which blobs an entry names: a note's and an edit's attachments, a profile's two pictures.
package enum NamedBlobs {
    /// Each once, in the order of the entry; none of a body that is not here or that nobody can
    /// read.
    package static func of(_ entry: Entry) -> [Blob] {
        guard case .present(let body) = entry.body, mayName(body),
            let content = try? Content(body: body)
        else { return [] }
        var out: [Blob] = []
        for attachment in attachments(content) where !out.contains(attachment.blob) {
            out.append(attachment.blob)
        }
        return out
    }

    private static func attachments(_ content: Content) -> [Attachment] {
        switch content {
        case .note(let note): note.attachments
        case .edit(let edit): edit.note.attachments
        case .profile(let profile): [profile.avatar, profile.header].compactMap { $0 }
        default: []
        }
    }

    /// Whether it is worth reading the body whole: a look at its kind and keys. Nearly every body
    /// is a note of a few words, and bulk import reads 200,000 of them a second.
    private static func mayName(_ body: [UInt8]) -> Bool {
        guard body.count > LogLimits.salt else { return false }
        var decoder = CBORDecoder(body, in: LogLimits.salt..<body.count)
        guard (try? decoder.array(exactly: 2)) != nil,
            let kind = try? decoder.text(max: ContentLimits.kind)
        else { return false }
        switch kind {
        case Content.noteKind: return hasAttachments(&decoder)
        case Content.editKind, Content.profileKind: return true
        default: return false
        }
    }

    private static func hasAttachments(_ decoder: inout CBORDecoder) -> Bool {
        guard let count = try? decoder.map(max: LogLimits.body) else { return false }
        for _ in 0..<count {
            guard let first = try? decoder.peek(), first >> 5 == 0,
                let number = try? decoder.uint(), number < 9
            else { return (try? decoder.peek()).map { $0 >> 5 == 4 } ?? false }
            guard (try? decoder.skip(depth: 2)) != nil else { return false }
        }
        return false
    }
}
