import Content
import Crypto
import MerkleLog
import Primitives

/// One entry, and nothing else, made into its rows.
enum Projector {
    /// Nil for what the feed does not ask for: identities' own statements (`People` has them),
    /// kinds that this program does not know, bodies that were dropped or that nobody can read.
    static func project(
        _ entry: Entry, _ address: Hash, log: LogKey, number: Int64, index: UInt64
    ) -> Projected? {
        guard case .present(let body) = entry.body, let content = try? Content(body: body) else {
            return nil
        }
        let frame = Frame(entry: entry, address: address, number: number, index: index)
        switch content {
        case .note(let note): return frame.note(note)
        case .edit(let edit):
            return frame.projected(.edit, target: edit.original)
        case .repost(let target, let isOn):
            return frame.projected(.repost, isOn ? [] : .off, target: target, about: target.log)
        case .reaction(let reaction):
            var found = frame.projected(
                .reaction, reaction.isOn ? [] : .off, target: reaction.entry,
                about: reaction.entry.log)
            found.act.word = reaction.emoji
            return found
        case .vote(let vote):
            return frame.projected(.vote, Act.Flags(voting: vote.options), target: vote.poll)
        case .retraction(let target): return frame.projected(.retraction, target: target)
        case .follow(let identity, let isOn):
            var found = frame.projected(.follow, isOn ? [] : .off)
            found.about = [Mark.of(identity)]
            return found
        case .labels: return frame.projected(.labels)
        case .recipe: return frame.projected(.recipe)
        case .profile, .mute, .block, .identity, .other: return nil
        }
    }

    /// What all rows of one entry have in common.
    private struct Frame {
        let entry: Entry
        let address: Hash
        let number: Int64
        let index: UInt64

        func projected(
            _ kind: Act.Kind, _ flags: Act.Flags = [], target: Reference? = nil,
            about: LogKey? = nil
        ) -> Projected {
            Projected(
                act: Act(
                    id: SortID.of(entry.time, address), log: number, index: index,
                    ref: Mark.of(address), kind: kind, flags: flags,
                    target: target.map { Mark.of($0.address) }),
                about: about.map { [Mark.of($0)] } ?? [])
        }

        func note(_ note: Note) -> Projected {
            var flags: Act.Flags = []
            if !note.attachments.isEmpty { flags.insert(.hasMedia) }
            if note.poll != nil { flags.insert(.hasPoll) }
            if note.warning != nil { flags.insert(.hasWarning) }
            var found = projected(.note, flags, target: note.quote)
            if let imported = note.imported {
                // What was written long ago never sorts as new.
                found.act.flags.insert(.isImported)
                found.act.id = SortID.of(min(entry.time, imported.time), address)
            }
            found.act.parent = note.reply.map { Mark.of($0.to.address) }
            found.act.root = note.reply?.root.map { Mark.of($0.address) }
            found.tags = Self.distinct(note.tags.map(SearchText.tag))
            var about = note.mentions.map { Mark.of($0.identity) }
            if let reply = note.reply { about.append(Mark.of(reply.to.log)) }
            if let quote = note.quote { about.append(Mark.of(quote.log)) }
            found.about = Self.distinct(about)
            return found
        }

        private static func distinct<Value: Hashable & Comparable>(_ values: [Value]) -> [Value] {
            values.count > 1 ? Array(Set(values)).sorted() : values
        }
    }
}

extension SearchText {
    /// A tag as it is looked for: whatever its case.
    static func tag(_ spelling: String) -> String { spelling.lowercased() }

    /// What is found of an entry; nil for one without words.
    static func of(_ entry: Entry) -> String? {
        guard case .present(let body) = entry.body, let content = try? Content(body: body) else {
            return nil
        }
        switch content {
        case .note(let note): return of(note)
        case .edit(let edit): return of(edit.note)
        default: return nil
        }
    }

    /// What is found of a note: its text, its warning, and what its pictures show.
    static func of(_ note: Note) -> String {
        let parts = [note.warning, note.text] + note.attachments.map(\.alternative)
        return spaced(parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "\n"))
    }
}
