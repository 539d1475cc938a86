import Crypto
import MerkleLog
package import Primitives

/// Who may come in: so that no single network takes the places of all others (THREATS rows 1, 8).
///
/// Three gates. When a connection comes, its prefix needs a token, and a half-open slot: a prefix
/// has a share of them, and when all are taken, the prefix that has most gives its oldest up to one
/// that has fewer; where none has more, a silent one makes room, or any. When the peer has proven
/// its key, its prefix may have only so many sessions, and strangers altogether so many; then it is
/// told so (`bye` 4). Peers with a reserved slot pass.
package struct Admission: Sendable {
    /// So that nobody can aim at the count of somebody else's prefix.
    private let secret: Bytes32
    private var counts: [Count?]

    private struct Count: Sendable {
        var prefix: NetworkGroup
        /// In billionths of a token.
        var tokens: UInt64
        var at: Instant
    }

    package init(secret: Bytes32) {
        self.secret = secret
        counts = Array(repeating: nil, count: Limits.Admission.buckets)
    }

    /// The prefix that an address counts for; nil for loopback, which counts for none.
    package static func prefix(of address: IPAddress) -> NetworkGroup? {
        address.isLoopback ? nil : NetworkGroup(address, bitsOfIPv6: 48)
    }

    /// How many times what others have such a prefix has.
    static func factor(of prefix: NetworkGroup) -> Int {
        prefix.prefix.scope == .global ? 1 : Limits.Admission.siteFactor
    }

    /// Takes a token of the prefix at `now`; false when there is none.
    package mutating func takeToken(_ prefix: NetworkGroup, at now: Instant) -> Bool {
        let factor = UInt64(Self.factor(of: prefix))
        let slot = place(of: prefix, at: now)
        var count =
            counts[slot]
            ?? Count(prefix: prefix, tokens: factor * Limits.Admission.burst * Self.token, at: now)
        count.tokens = Self.refilled(count, at: now)
        count.at = now
        defer { counts[slot] = count }
        guard count.tokens >= Self.token else { return false }
        count.tokens -= Self.token
        return true
    }

    private static let token: UInt64 = 1_000_000_000

    private static func refilled(_ count: Count, at now: Instant) -> UInt64 {
        let factor = UInt64(factor(of: count.prefix))
        let most = factor * Limits.Admission.burst * token
        // A minute fills every bucket: no product overflows.
        let passed = min((now - count.at).nanoseconds, 60 * token)
        return min(most, count.tokens + passed * factor * Limits.Admission.perSecond)
    }

    /// The slot of a prefix's count; a free one when it has none, else that of the fullest count of
    /// its set, which is forgotten.
    private mutating func place(of prefix: NetworkGroup, at now: Instant) -> Int {
        let ways = Limits.Admission.ways
        let start = Int(hash(prefix) % UInt64(Limits.Admission.buckets / ways)) * ways
        let set = start..<(start + ways)
        if let known = set.first(where: { counts[$0]?.prefix == prefix }) { return known }
        if let free = set.first(where: { counts[$0] == nil }) { return free }
        let fullest = set.max { a, b in fill(a, now) < fill(b, now) }
        let slot = fullest ?? start
        counts[slot] = nil
        return slot
    }

    /// Tokens at a slot as a share of what it may have.
    private func fill(_ slot: Int, _ now: Instant) -> UInt64 {
        guard let count = counts[slot] else { return 0 }
        return Self.refilled(count, at: now) / UInt64(Self.factor(of: count.prefix))
    }

    private func hash(_ group: NetworkGroup) -> UInt64 {
        SHA256.hash(secret.array + group.prefix.bytes).w0
    }
}

extension Mesh {
    /// Whether a connection from `prefix` may begin a handshake; makes room for it where that is
    /// fair.
    mutating func mayShake(_ prefix: NetworkGroup?) -> Bool {
        guard !isStopping, sessions.count < Limits.sessions else { return false }
        if let prefix, !admission.takeToken(prefix, at: now) { return false }
        let halfOpen = sessions.all.filter { $0.target == nil && !$0.isReady }
        let own = halfOpen.count { $0.prefix == prefix }
        if let prefix, own >= Limits.Admission.halfOpenOfPrefix * Admission.factor(of: prefix) {
            return false
        }
        if halfOpen.count < Limits.halfOpen { return true }
        guard let loser = givesWay(halfOpen, own) else { return false }
        end(loser, "others want to come in", atOnce: true)
        return true
    }

    /// Which half-open session ends for one whose prefix has `own`: the oldest of the prefix that
    /// has most, if it has more than the newcomer's would. Where nobody has, the flood comes from
    /// many networks: the oldest that has said nothing, since whoever dials speaks first; else any,
    /// so that a peer that is quick may be through before its turn comes.
    private mutating func givesWay(_ halfOpen: [Session], _ own: Int) -> Session? {
        let halfOpen = halfOpen.sorted { ($0.openedAt, $0.id) < ($1.openedAt, $1.id) }
        var (most, oldest) = (own + 1, Session?.none)
        for session in halfOpen {
            let count = halfOpen.count { $0.prefix == session.prefix }
            if count > most { (most, oldest) = (count, session) }
        }
        if let oldest { return oldest }
        guard own == 0 else { return nil }
        return halfOpen.first { !$0.hasSpoken } ?? halfOpen.randomElement(using: &random)
    }

    /// Whether a peer that came to us, and has proven its key, may stay.
    func mayStay(_ session: Session, _ node: LogKey) -> Bool {
        guard session.target == nil, !isWelcome(node) else { return true }
        let inbound = sessions.all.filter {
            $0.target == nil && $0.isReady && !isWelcome($0.peer)
        }
        if inbound.count >= Limits.Admission.inbound { return false }
        guard let prefix = session.prefix else { return true }
        let most = Limits.Admission.sessionsOfPrefix * Admission.factor(of: prefix)
        return inbound.count { $0.prefix == prefix } < most
    }

    /// Whether a peer has a slot whoever else is there: it was invited, or the owner joined it.
    func isWelcome(_ key: LogKey?) -> Bool {
        guard let key else { return false }
        return reservedPeers.contains(key)
            || targets.contains { $0.isKept && $0.address.key == key }
    }
}
