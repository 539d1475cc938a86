package import Crypto
import Primitives
package import Wire

/// What root logs say, and what the first entry of a device log says: `Protocol/identity.md`.
package enum IdentityStatement: Hashable, Sendable {
    /// First entry of a root log: the hash of the next root key, and the root log it succeeds.
    case identity(nextRoot: Hash, predecessor: Predecessor?)
    case addDevice(LogKey)
    /// Entries of the device's log from this index on are not the identity's.
    case revokeDevice(LogKey, from: UInt64)
    /// First entry of a device log: the identity it belongs to, and the log it goes on from.
    case device(identity: PublicKey, predecessor: Predecessor?)

    /// The state of an earlier log that a new one names.
    package struct Predecessor: Hashable, Sendable {
        package var log: LogKey
        package var size: UInt64
        package var root: Hash

        package init(log: LogKey, size: UInt64, root: Hash) {
            self.log = log
            self.size = size
            self.root = root
        }
    }

    package static let identityKind = "identity"
    package static let addDeviceKind = "add-device"
    package static let revokeDeviceKind = "revoke-device"
    package static let deviceKind = "device"
    package static let kinds = [identityKind, addDeviceKind, revokeDeviceKind, deviceKind]

    /// What a root key commits to: SHA-256 of the next root's public key.
    package static func commitment(to nextRoot: PublicKey) -> Hash { SHA256.hash(nextRoot.array) }

    package var statement: Statement {
        var encoder = CBOREncoder()
        switch self {
        case .identity(let hash, let predecessor), .device(let hash, let predecessor):
            encoder.map(predecessor == nil ? 1 : 2)
            encoder.uint(1)
            encoder.bytes(hash)
            if let predecessor {
                encoder.uint(2)
                predecessor.encode(into: &encoder)
            }
        case .addDevice(let key):
            encoder.map(1)
            encoder.uint(1)
            encoder.bytes(key)
        case .revokeDevice(let key, let from):
            encoder.map(2)
            encoder.uint(1)
            encoder.bytes(key)
            encoder.uint(2)
            encoder.uint(from)
        }
        return Statement(kind: kind, fields: encoder.bytes)
    }

    private var kind: String {
        switch self {
        case .identity: Self.identityKind
        case .addDevice: Self.addDeviceKind
        case .revokeDevice: Self.revokeDeviceKind
        case .device: Self.deviceKind
        }
    }

    /// Nil for other kinds; throws for fields that are missing or of another type.
    package init?(_ statement: Statement) throws(WireError) {
        guard Self.kinds.contains(statement.kind) else { return nil }
        let fields = try Fields(statement)
        guard let subject = fields.subject else { throw .malformed }
        switch statement.kind {
        case Self.identityKind:
            self = .identity(nextRoot: subject, predecessor: fields.predecessor)
        case Self.deviceKind: self = .device(identity: subject, predecessor: fields.predecessor)
        case Self.addDeviceKind: self = .addDevice(subject)
        case Self.revokeDeviceKind:
            guard let from = fields.number else { throw .malformed }
            self = .revokeDevice(subject, from: from)
        default: return nil
        }
    }

    private struct Fields {
        var subject: Hash?
        var number: UInt64?
        var predecessor: Predecessor?

        init(_ statement: Statement) throws(WireError) {
            var found: (subject: Hash?, number: UInt64?, predecessor: Predecessor?)
            try statement.readFields { (number, decoder) throws(WireError) in
                switch number {
                case 1: found.subject = try decoder.bytes32()
                case 2 where statement.kind == revokeDeviceKind:
                    found.number = try decoder.uint(max: LogLimits.size - 1)
                case 2 where statement.kind == identityKind || statement.kind == deviceKind:
                    found.predecessor = try Predecessor(from: &decoder)
                default: _ = try decoder.skip()
                }
            }
            (subject, number, predecessor) = found
        }
    }
}

extension IdentityStatement.Predecessor {
    func encode(into encoder: inout CBOREncoder) {
        encoder.array(3)
        encoder.bytes(log)
        encoder.uint(size)
        encoder.bytes(root)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        try decoder.array(exactly: 3)
        log = try decoder.bytes32()
        size = try decoder.uint(max: LogLimits.size)
        if size < 1 { throw .malformed }
        root = try decoder.bytes32()
    }
}
