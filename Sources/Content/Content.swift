package import Crypto
package import MerkleLog
package import Wire

/// What people's entries say: the kinds of `Protocol/entry.md` that this version writes and reads.
///
/// Whatever else a body says is `.other`: kept, passed on, and shown as what it is.
package enum Content: Hashable, Sendable {
    /// A post.
    case note(text: String)
    /// How the author wants to be called.
    case profile(name: String)
    /// The author reads this identity from now on, or no longer.
    case follow(identity: PublicKey, isOn: Bool)
    /// Identity statements at the start of device logs and in root logs.
    case identity(IdentityStatement)
    case other(Statement)

    /// Bytes of UTF-8 in a note: leaves room in a body for everything that may stand beside it.
    package static let noteLimit = 60_000
    package static let nameLimit = 64

    package static let noteKind = "note"
    package static let profileKind = "profile"
    package static let followKind = "follow"

    package var statement: Statement {
        var encoder = CBOREncoder()
        switch self {
        case .note(let text):
            encoder.map(1)
            encoder.uint(1)
            encoder.text(text)
            return Statement(kind: Self.noteKind, fields: encoder.bytes)
        case .profile(let name):
            encoder.map(1)
            encoder.uint(1)
            encoder.text(name)
            return Statement(kind: Self.profileKind, fields: encoder.bytes)
        case .follow(let identity, let isOn):
            encoder.map(2)
            encoder.uint(1)
            encoder.bytes(identity)
            encoder.uint(2)
            encoder.bool(isOn)
            return Statement(kind: Self.followKind, fields: encoder.bytes)
        case .identity(let statement): return statement.statement
        case .other(let statement): return statement
        }
    }

    /// Salt and content as one body. `salt` is 16 random bytes.
    package func body(salt: [UInt8]) -> [UInt8] { statement.body(salt: salt) }

    /// Reads a body. Throws for what nobody can read: no statement, or one of a known kind whose
    /// fields are missing or of another type.
    package init(body: [UInt8]) throws(WireError) {
        try self.init(Statement(body: body))
    }

    package init(_ statement: Statement) throws(WireError) {
        if let identity = try IdentityStatement(statement) {
            self = .identity(identity)
        } else {
            self = try Self.read(statement)
        }
    }

    private static func read(_ statement: Statement) throws(WireError) -> Content {
        var text: String?
        var key: PublicKey?
        var flag: Bool?
        switch statement.kind {
        case noteKind, profileKind:
            let limit = statement.kind == noteKind ? noteLimit : nameLimit
            try statement.readFields { (number, decoder) throws(WireError) in
                if number == 1 {
                    text = try decoder.text(max: limit)
                } else {
                    _ = try decoder.skip()
                }
            }
            guard let text, !text.isEmpty else { throw .malformed }
            return statement.kind == noteKind ? .note(text: text) : .profile(name: text)
        case followKind:
            try statement.readFields { (number, decoder) throws(WireError) in
                switch number {
                case 1: key = try decoder.bytes32()
                case 2: flag = try decoder.bool()
                default: _ = try decoder.skip()
                }
            }
            guard let key, let flag else { throw .malformed }
            return .follow(identity: key, isOn: flag)
        default: return .other(statement)
        }
    }
}
