import Crypto
import MerkleLog
import Primitives
import Store
import Wire

/// Invites that are open, peers with a slot of their own, and whom to follow when they are known.
///
/// Lies in the store as one setting: CBOR
///
///     [1, [[secret, until, identity or null, guest or null]…], [reserved node key…],
///      [[key, is an identity, by or null, until]…]]
struct Guests: Hashable, Sendable {
    var open: [Open] = []
    var reserved: [LogKey] = []
    var follows: [Follow] = []

    struct Open: Hashable, Sendable {
        var secret: [UInt8]
        var until: UnixTime
        /// Who invites; nil when the node had no identity then.
        var identity: LogKey?
        /// The node that came with it and has named no log yet.
        var guest: LogKey?
    }

    /// Somebody to follow as soon as it is known who that is.
    struct Follow: Hashable, Sendable {
        /// An identity, or a log whose identity has yet to arrive.
        var key: LogKey
        var isIdentity: Bool
        /// Who follows; nil stands for the first identity of this node.
        var by: LogKey?
        var until: UnixTime
    }

    static let setting = "guests"

    /// Forgets what has expired by `now`, and what is too much.
    mutating func prune(_ now: UnixTime) {
        open.removeAll { $0.until <= now }
        follows.removeAll { $0.until <= now }
        follows = follows.suffix(Limits.Invites.open)
        reserved = reserved.suffix(Limits.Admission.reserved)
    }

    mutating func reserve(_ key: LogKey) {
        reserved.removeAll { $0 == key }
        reserved.append(key)
    }

    var encoded: [UInt8] {
        var encoder = CBOREncoder()
        encoder.array(4)
        encoder.uint(1)
        encoder.array(open.count)
        for invite in open {
            encoder.array(4)
            encoder.bytes(invite.secret)
            encoder.uint(invite.until.milliseconds)
            encoder.key(invite.identity)
            encoder.key(invite.guest)
        }
        encoder.array(reserved.count)
        for key in reserved { encoder.bytes(key) }
        encoder.array(follows.count)
        for follow in follows {
            encoder.array(4)
            encoder.bytes(follow.key)
            encoder.bool(follow.isIdentity)
            encoder.key(follow.by)
            encoder.uint(follow.until.milliseconds)
        }
        return encoder.bytes
    }

    init() {}

    init(decoding bytes: [UInt8]) throws(WireError) {
        var decoder = CBORDecoder(bytes)
        try decoder.array(exactly: 4)
        guard try decoder.uint() == 1 else { throw .malformed }
        for _ in 0..<(try decoder.array(max: Limits.Invites.open)) {
            try decoder.array(exactly: 4)
            let secret = try decoder.byteString(exactly: Limits.Invites.secret)
            let until = UnixTime(milliseconds: try decoder.uint(max: UnixTime.latest.milliseconds))
            let identity = try decoder.key()
            open.append(
                Open(
                    secret: secret, until: until, identity: identity, guest: try decoder.key()))
        }
        for _ in 0..<(try decoder.array(max: Limits.Admission.reserved)) {
            reserved.append(try decoder.bytes32())
        }
        for _ in 0..<(try decoder.array(max: Limits.Invites.open)) {
            try decoder.array(exactly: 4)
            let key = try decoder.bytes32()
            let isIdentity = try decoder.bool()
            let by = try decoder.key()
            let until = UnixTime(milliseconds: try decoder.uint(max: UnixTime.latest.milliseconds))
            follows.append(Follow(key: key, isIdentity: isIdentity, by: by, until: until))
        }
        try decoder.finish()
    }

    /// What the last run kept; nothing when it kept nothing or cannot be read, which is said.
    static func read(_ reader: StoreReader, _ journal: Journal) -> Guests {
        do {
            guard let bytes = try reader.setting(setting) else { return Guests() }
            return try Guests(decoding: bytes)
        } catch {
            journal.say("open invites cannot be read (\(error)): make new ones")
            return Guests()
        }
    }
}

extension CBOREncoder {
    fileprivate mutating func key(_ key: LogKey?) {
        if let key { bytes(key) } else { null() }
    }
}

extension CBORDecoder {
    fileprivate mutating func key() throws(WireError) -> LogKey? {
        try nullIfPresent() ? nil : try bytes32()
    }
}
