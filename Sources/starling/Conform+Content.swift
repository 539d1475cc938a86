import Content
import Crypto
import MerkleLog
import Primitives
import Wire

/// What a body says, field by field, with the names of `Protocol/content.md`.
extension Conform {
    static let contentOperations: [String: Operation] = [
        "content-decode": { fields throws(ConformError) in
            let body = try fields.bytes("body")
            let content: Content
            do throws(ContentError) { content = try Content(body: body) } catch {
                throw ConformError(error)
            }
            var answer: [String: JSON] = [
                "kind": .string(content.kind), "data": .hex(Array(body[LogLimits.salt...])),
            ]
            if let fields = Self.fields(of: content) { answer["fields"] = .object(fields) }
            return answer
        }
    ]

    /// Nil for a kind that is not known.
    private static func fields(of content: Content) -> [String: JSON]? {
        switch content {
        case .note(let note): return fields(of: note)
        case .profile(let profile): return fields(of: profile)
        case .follow(let identity, let isOn), .mute(let identity, let isOn),
            .block(let identity, let isOn):
            return ["identity": .hex(identity), "on": .bool(isOn)]
        case .reaction(let reaction):
            return [
                "entry": json(reaction.entry), "emoji": .string(reaction.emoji),
                "on": .bool(reaction.isOn),
            ]
        case .repost(let entry, let isOn): return ["entry": json(entry), "on": .bool(isOn)]
        case .vote(let vote):
            return [
                "poll": json(vote.poll), "options": .array(vote.options.map { json(Int64($0)) }),
            ]
        case .retraction(let entry): return ["entry": json(entry)]
        case .edit(let edit):
            return ["entry": json(edit.original), "note": .object(fields(of: edit.note))]
        case .labels(let labels): return fields(of: labels)
        case .recipe(let recipe): return fields(of: recipe)
        case .identity(let statement): return fields(of: statement)
        case .other: return nil
        }
    }

    private static func fields(of note: Note) -> [String: JSON] {
        var out: [String: JSON] = [:]
        if !note.text.isEmpty { out["text"] = .string(note.text) }
        out["reply_to"] = note.reply.map { json($0.to) }
        out["thread_root"] = note.reply?.root.map(json)
        out["quote"] = note.quote.map(json)
        if !note.mentions.isEmpty {
            out["mentions"] = .array(
                note.mentions.map {
                    .array([
                        json(Int64($0.range.lowerBound)), json(Int64($0.range.count)),
                        .hex($0.identity),
                    ])
                })
        }
        if !note.tags.isEmpty { out["tags"] = .array(note.tags.map { .string($0) }) }
        out["warning"] = note.warning.map { .string($0) }
        out["language"] = note.language.map { .string($0) }
        if !note.attachments.isEmpty { out["attachments"] = .array(note.attachments.map(json)) }
        if let poll = note.poll {
            var fields: [String: JSON] = [
                "options": .array(poll.options.map { .string($0) }),
                "closing": .integer(poll.closing.milliseconds),
            ]
            if poll.isMultiple { fields["multiple"] = .bool(true) }
            out["poll"] = .object(fields)
        }
        if let found = note.imported {
            out["imported"] = .array([
                .string(found.source), .integer(found.time.milliseconds), .string(found.url),
            ])
        }
        return out
    }

    private static func fields(of profile: Profile) -> [String: JSON] {
        var out: [String: JSON] = ["name": .string(profile.name)]
        out["bio"] = profile.bio.map { .string($0) }
        out["avatar"] = profile.avatar.map(json)
        out["header"] = profile.header.map(json)
        if !profile.links.isEmpty {
            out["links"] = .array(
                profile.links.map { .array([.string($0.label), .string($0.uri)]) })
        }
        if !profile.tips.isEmpty { out["tips"] = .array(profile.tips.map { .string($0) }) }
        if !profile.pinned.isEmpty { out["pinned"] = .array(profile.pinned.map(json)) }
        return out
    }

    private static func fields(of labels: Labels) -> [String: JSON] {
        let entries = labels.entries.map { entry in
            let subject: JSON =
                switch entry.subject {
                case .identity(let key): .hex(key)
                case .post(let reference): json(reference)
                }
            return JSON.array([subject, .string(entry.label), .string(entry.reason)])
        }
        var out: [String: JSON] = ["name": .string(labels.name), "entries": .array(entries)]
        out["description"] = labels.description.map { .string($0) }
        return out
    }

    private static func fields(of recipe: Recipe) -> [String: JSON] {
        var out: [String: JSON] = [
            "name": .string(recipe.name),
            "weights": .array(
                recipe.weights.map { .array([.string($0.feature), json($0.weight)]) }),
        ]
        out["description"] = recipe.description.map { .string($0) }
        return out
    }

    private static func fields(of statement: IdentityStatement) -> [String: JSON] {
        switch statement {
        case .identity(let hash, let predecessor):
            var out = ["next_root": JSON.hex(hash)]
            out["predecessor"] = predecessor.map(json)
            return out
        case .device(let identity, let predecessor):
            var out = ["identity": JSON.hex(identity)]
            out["predecessor"] = predecessor.map(json)
            return out
        case .addDevice(let key): return ["device": .hex(key)]
        case .revokeDevice(let key, let from): return ["device": .hex(key), "from": .integer(from)]
        }
    }

    private static func json(_ attachment: Attachment) -> JSON {
        var out: [String: JSON] = [
            "blob": .array([.hex(attachment.blob.root), .integer(attachment.blob.size)]),
            "media_type": .string(attachment.mediaType),
        ]
        out["alternative"] = attachment.alternative.map { .string($0) }
        out["width"] = attachment.dimensions.map { .integer($0.width) }
        out["height"] = attachment.dimensions.map { .integer($0.height) }
        out["duration"] = attachment.duration.map { .integer($0) }
        out["blurhash"] = attachment.blurhash.map { .string($0) }
        out["focus"] = attachment.focus.map { .array([json($0.x), json($0.y)]) }
        return .object(out)
    }

    private static func json(_ reference: Reference) -> JSON {
        .array([.hex(reference.log), .integer(reference.index), .hex(reference.address)])
    }

    private static func json(_ predecessor: IdentityStatement.Predecessor) -> JSON {
        .array([.hex(predecessor.log), .integer(predecessor.size), .hex(predecessor.root)])
    }

    private static func json(_ number: Int64) -> JSON {
        number < 0 ? .negative(number) : .integer(UInt64(number))
    }
}
