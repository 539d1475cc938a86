package import Crypto
package import MerkleLog
import Primitives
import Wire

/// What people's entries say: the kinds of `Protocol/content.md`, and those of identities.
///
/// Whatever else a body says is `.other`: kept, passed on, and shown as what it is.
package enum Content: Hashable, Sendable {
    case note(Note)
    case profile(Profile)
    /// The author reads this identity from now on, or no longer.
    case follow(identity: PublicKey, isOn: Bool)
    /// The author hides this identity's posts from themselves, and lets others know.
    case mute(identity: PublicKey, isOn: Bool)
    /// The author wants nothing to do with this identity, and lets others know.
    case block(identity: PublicKey, isOn: Bool)
    case reaction(Reaction)
    /// The author shows somebody's post to their own readers, or no longer.
    case repost(of: Reference, isOn: Bool)
    case vote(Vote)
    /// The author takes back an entry of the same identity.
    case retraction(of: Reference)
    case edit(Edit)
    case labels(Labels)
    case recipe(Recipe)
    /// Identity statements at the start of device logs and in root logs.
    case identity(IdentityStatement)
    case other(Statement)

    package static let noteKind = "note"
    package static let profileKind = "profile"
    package static let followKind = "follow"
    package static let muteKind = "mute"
    package static let blockKind = "block"
    package static let reactionKind = "reaction"
    package static let repostKind = "repost"
    package static let voteKind = "vote"
    package static let retractionKind = "retraction"
    package static let editKind = "edit"
    package static let labelsKind = "labels"
    package static let recipeKind = "recipe"

    /// The kinds of `Protocol/content.md`, in its order.
    package static let kinds = [
        noteKind, profileKind, followKind, muteKind, blockKind, reactionKind, repostKind, voteKind,
        retractionKind, editKind, labelsKind, recipeKind,
    ]

    package var kind: String {
        switch self {
        case .note: Self.noteKind
        case .profile: Self.profileKind
        case .follow: Self.followKind
        case .mute: Self.muteKind
        case .block: Self.blockKind
        case .reaction: Self.reactionKind
        case .repost: Self.repostKind
        case .vote: Self.voteKind
        case .retraction: Self.retractionKind
        case .edit: Self.editKind
        case .labels: Self.labelsKind
        case .recipe: Self.recipeKind
        case .identity(let statement): statement.statement.kind
        case .other(let statement): statement.kind
        }
    }

    package var statement: Statement {
        switch self {
        case .identity(let statement): statement.statement
        case .other(let statement): statement
        default: Statement(kind: kind, fields: fields)
        }
    }

    /// The encoded fields of a kind of `Protocol/content.md`.
    private var fields: [UInt8] {
        switch self {
        case .note(let note): return note.encoded
        case .profile(let profile): return profile.encoded
        case .reaction(let reaction): return reaction.encoded
        case .vote(let vote): return vote.encoded
        case .edit(let edit): return edit.encoded
        case .labels(let labels): return labels.encoded
        case .recipe(let recipe): return recipe.encoded
        case .follow(let identity, let isOn), .mute(let identity, let isOn),
            .block(let identity, let isOn):
            var writer = FieldWriter()
            writer.bytes32(1, identity)
            writer.bool(2, isOn)
            return writer.encoded
        case .repost(let entry, let isOn):
            var writer = FieldWriter()
            writer.reference(1, entry)
            writer.bool(2, isOn)
            return writer.encoded
        case .retraction(let entry):
            var writer = FieldWriter()
            writer.reference(1, entry)
            return writer.encoded
        case .identity(let statement): return statement.statement.fields
        case .other(let statement): return statement.fields
        }
    }

    /// Salt and content as one body. `salt` is 16 random bytes.
    package func body(salt: [UInt8]) -> [UInt8] { statement.body(salt: salt) }

    /// Reads a body. Throws for what nobody can read: no statement, or one of a known kind that
    /// breaks a rule of its kind.
    package init(body: [UInt8]) throws(ContentError) {
        if body.count > LogLimits.body { throw .malformed(.tooLarge) }
        let statement: Statement
        do throws(WireError) { statement = try Statement(body: body) } catch {
            throw .malformed(error)
        }
        try self.init(statement)
    }

    package init(_ statement: Statement) throws(ContentError) {
        do throws(WireError) {
            if let identity = try IdentityStatement(statement) {
                self = .identity(identity)
                return
            }
        } catch {
            throw .malformed(error)
        }
        var reader = FieldReader(statement.fields)
        guard let found = try Self.read(statement.kind, &reader) else {
            self = .other(statement)
            return
        }
        try reader.finish()
        self = found
    }

    /// Nil for a kind that is not known.
    private static func read(
        _ kind: String, _ reader: inout FieldReader
    ) throws(ContentError) -> Content? {
        switch kind {
        case noteKind: return .note(try Note(from: &reader))
        case profileKind: return .profile(try Profile(from: &reader))
        case followKind, muteKind, blockKind:
            let (identity, isOn) = try stance(&reader)
            switch kind {
            case followKind: return .follow(identity: identity, isOn: isOn)
            case muteKind: return .mute(identity: identity, isOn: isOn)
            default: return .block(identity: identity, isOn: isOn)
            }
        case reactionKind: return .reaction(try Reaction(from: &reader))
        case repostKind:
            guard case (let entry, let isOn?) = try target(&reader, isSwitch: true) else {
                throw .refused("a repost says whether it is set")
            }
            return .repost(of: entry, isOn: isOn)
        case voteKind: return .vote(try Vote(from: &reader))
        case retractionKind: return .retraction(of: try target(&reader, isSwitch: false).entry)
        case editKind: return .edit(try Edit(from: &reader))
        case labelsKind: return .labels(try Labels(from: &reader))
        case recipeKind: return .recipe(try Recipe(from: &reader))
        default: return nil
        }
    }

    /// An identity, and whether something holds of it.
    private static func stance(
        _ reader: inout FieldReader
    ) throws(ContentError) -> (PublicKey, Bool) {
        var identity: PublicKey?
        var isOn: Bool?
        try reader.fields { (number, reader) throws(ContentError) in
            switch number {
            case 1: identity = try reader.bytes32()
            case 2: isOn = try reader.bool()
            default: try reader.skip()
            }
        }
        guard let identity, let isOn else {
            throw .refused("a follow, mute or block has an identity, and says whether it is set")
        }
        return (identity, isOn)
    }

    /// An entry, and for a switch whether it is set.
    private static func target(
        _ reader: inout FieldReader, isSwitch: Bool
    ) throws(ContentError) -> (entry: Reference, isOn: Bool?) {
        var entry: Reference?
        var isOn: Bool?
        try reader.fields { (number, reader) throws(ContentError) in
            switch number {
            case 1: entry = try reader.reference()
            case 2 where isSwitch: isOn = try reader.bool()
            default: try reader.skip()
            }
        }
        guard let entry else { throw .refused("a repost or retraction names an entry") }
        return (entry, isOn)
    }
}
