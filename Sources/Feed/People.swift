package import Content
import Crypto
package import MerkleLog
package import Primitives
package import Store

/// Who is who: which identity a log belongs to, how they want to be called, and whom an owner
/// follows.
///
/// A projection of the few entries that are not posts. It is rebuilt from the store's marks at the
/// start, and updated as such entries arrive.
package final class People {
    /// What one log says of itself.
    private struct LogFacts {
        /// The identity that the log's first entry names, and the time of that entry.
        var claimed: LogKey?
        var since: UnixTime?
        var profile: Word<Profile>?
        /// Statements of a root log, by index.
        var statements: [(index: UInt64, statement: IdentityStatement)] = []
        var follows = Follows()
        /// The last entry that was taken of what a fork may cut off.
        var last: UInt64?

        mutating func take(_ word: Word<Profile>) {
            last = max(last ?? 0, word.index)
            if word.index >= profile?.index ?? 0 { profile = word }
        }

        mutating func take(_ word: Word<Follow>) -> Follows.Change? {
            last = max(last ?? 0, word.index)
            return follows.take(word)
        }

        /// Takes a statement, which may be told again.
        mutating func take(_ statement: IdentityStatement, at index: UInt64) {
            let at = statements.firstIndex { $0.index >= index } ?? statements.endIndex
            if at < statements.endIndex, statements[at].index == index { return }
            statements.insert((index: index, statement: statement), at: at)
        }

        /// The identity that the first entry names, which counts.
        mutating func claim(_ identity: LogKey) {
            last = last ?? 0
            claimed = identity
        }
    }

    /// What an entry says, and where: of an author's words on one thing only the latest counts,
    /// in one log by index, across logs by time and log: `[CONT-19]`.
    struct Word<Said> {
        var said: Said
        var log: LogKey
        var index: UInt64
        var time: UnixTime

        /// Whether this is a later word than one of another log.
        func isAfter(_ other: Word) -> Bool { (time, log) > (other.time, other.log) }
    }

    private var facts: [LogKey: LogFacts] = [:]
    /// How much of each forked log counts.
    private var bounds: [LogKey: UInt64] = [:]
    /// Root logs that name a predecessor, by that predecessor.
    private var successorsByLog: [LogKey: [LogKey]] = [:]
    /// Logs of whose words on following an identity one counts.
    private var followersByIdentity: [LogKey: [LogKey]] = [:]
    /// Keys by what the feed knows them by, as far as anybody may ask for them.
    private var keysByMark: [Int64: LogKey] = [:]
    private var histories: [LogKey: IdentityHistory] = [:]

    /// Counts what changed: whoever keeps something made of it looks whether it is still so.
    package private(set) var version: UInt64 = 0

    private let reader: StoreReader

    package init(reader: StoreReader) { self.reader = reader }

    /// Reads every marked entry of the store, whose logs have these heads.
    package func load(_ heads: [LogHead]) throws(StoreError) {
        for head in heads { bounds[head.key] = head.forkedAt }
        for mark in try reader.marks() {
            guard let entry = try reader.entry(of: mark.log, at: mark.index) else { continue }
            take(mark.log, mark.index, entry)
        }
    }

    /// A log has forked: what it says behind its first `bound` entries is said by nobody. A root
    /// log's successor may still name one of the histories.
    package func fork(_ log: LogKey, at bound: UInt64) throws(StoreError) {
        let bound = min(bound, bounds[log] ?? bound)
        bounds[log] = bound
        histories = [:]
        version += 1
        guard let last = facts[log]?.last, last >= bound else { return }
        forget(log)
        for mark in try reader.marks(of: log) where mark.index < bound {
            guard let entry = try reader.entry(of: log, at: mark.index) else { continue }
            take(log, mark.index, entry)
        }
    }

    private func counts(_ log: LogKey, _ index: UInt64) -> Bool { index < bounds[log] ?? .max }

    /// Takes an entry that is stored now. Posts change nothing here.
    package func take(_ log: LogKey, _ index: UInt64, _ entry: Entry) {
        guard case .present(let body) = entry.body, let content = try? Content(body: body) else {
            return
        }
        switch content {
        case .note, .mute, .block, .reaction, .repost, .vote, .retraction, .edit, .labels, .recipe,
            .other:
            return
        case .profile(let profile):
            guard counts(log, index) else { return }
            version += 1
            note(log)
            facts[log, default: LogFacts()].take(
                Word(said: profile, log: log, index: index, time: entry.time))
        case .follow(let identity, let isOn):
            guard counts(log, index) else { return }
            let follow = Follow(identity: identity, isOn: isOn)
            take(Word(said: follow, log: log, index: index, time: entry.time))
        case .identity(let statement):
            // `[IDENT-13]`: later ones have no effect.
            guard index < LogLimits.statements else { return }
            version += 1
            histories = [:]
            note(log)
            facts[log, default: LogFacts()].take(statement, at: index)
            if index == 0 { takeFirst(statement, log, entry.time) }
        }
    }

    /// The first entry of a log says whose it is, or which root log it succeeds.
    private func takeFirst(_ statement: IdentityStatement, _ log: LogKey, _ time: UnixTime) {
        facts[log, default: LogFacts()].since = time
        switch statement {
        case .device(let identity, _):
            if counts(log, 0) { facts[log, default: LogFacts()].claim(identity) }
        case .identity(_, let predecessor?):
            if successorsByLog[predecessor.log]?.contains(log) != true {
                successorsByLog[predecessor.log, default: []].append(log)
            }
        case .identity, .addDevice, .revokeDevice: break
        }
    }

    /// Entries may be told again, and old ones after newer ones.
    private func take(_ word: Word<Follow>) {
        note(word.log)
        guard let change = facts[word.log, default: LogFacts()].take(word) else { return }
        version += 1
        if change.isNew {
            note(word.said.identity)
            followersByIdentity[word.said.identity, default: []].append(word.log)
        }
        if let past = change.letGo { unlist(word.log, past) }
    }

    /// Forgets what a log said that a fork may cut off.
    private func forget(_ log: LogKey) {
        for word in facts[log]?.follows.words ?? [] { unlist(log, word.said.identity) }
        facts[log]?.claimed = nil
        facts[log]?.profile = nil
        facts[log]?.follows = Follows()
        facts[log]?.last = nil
    }

    /// What a log said on following an identity counts no more.
    private func unlist(_ log: LogKey, _ identity: LogKey) {
        followersByIdentity[identity]?.removeAll { $0 == log }
        guard followersByIdentity[identity]?.isEmpty == true else { return }
        followersByIdentity[identity] = nil
        let mark = Mark.of(identity)
        if facts[identity] == nil, keysByMark[mark] == identity { keysByMark[mark] = nil }
    }

    private func note(_ key: LogKey) { keysByMark[Mark.of(key)] = key }

    // MARK: Questions

    /// The key that `mark` stands for: of a log that says who it is, or of somebody whom one
    /// follows.
    package func key(marked mark: Int64) -> LogKey? { keysByMark[mark] }

    /// The identity of a log at `index`: what its first entry claims and the identity's root log
    /// confirms; nil when either side does not say so.
    package func identity(of log: LogKey, at index: UInt64) -> LogKey? {
        guard counts(log, index) else { return nil }
        guard let claimed = facts[log]?.claimed else { return isRoot(log) ? log : nil }
        guard let device = history(of: claimed)?.device(log), device.covers(index) else {
            return nil
        }
        return claimed
    }

    private func isRoot(_ log: LogKey) -> Bool {
        guard case .identity? = facts[log]?.statements.first(at: 0) else { return false }
        return counts(log, 0)
    }

    /// What the root logs of `identity` say; nil when its first one is not here.
    package func history(of identity: LogKey) -> IdentityHistory? {
        if let known = histories[identity] { return known }
        let found = IdentityHistory.resolve(identity, in: self)
        histories[identity] = found
        return found
    }

    /// The devices of an identity that count, in the order in which they were added.
    package func devices(of identity: LogKey) -> [LogKey] {
        (history(of: identity)?.devices ?? []).map(\.log)
            .filter { facts[$0]?.claimed == identity }
    }

    /// The entry of the root log that adds `device`, for a proof; nil when it is not in the first
    /// root log.
    package func addition(of device: LogKey, by identity: LogKey) -> UInt64? {
        facts[identity]?.statements.first {
            $0.statement == .addDevice(device) && counts(identity, $0.index)
        }?.index
    }

    /// How an identity, or a log, wants to be called: the latest word of its devices.
    /// Whose log one says that it is: nobody has confirmed it.
    package func claimed(by log: LogKey) -> LogKey? { facts[log]?.claimed }

    package func name(of identity: LogKey) -> String? { profile(of: identity)?.name }

    /// When an identity, or a log, says that it began.
    package func since(_ identity: LogKey) -> UnixTime? { facts[identity]?.since }

    /// How an identity, or a log, shows itself: the latest word of its devices.
    package func profile(of identity: LogKey) -> Profile? {
        let words = devices(of: identity).compactMap { device -> Word<Profile>? in
            guard let word = facts[device]?.profile, says(word, identity) else { return nil }
            return word
        }
        if let latest = words.max(by: { $1.isAfter($0) }) { return latest.said }
        return facts[identity]?.profile?.said
    }

    /// Whether a word of a log is the identity's: one behind a revocation is nobody's.
    private func says<Said>(_ word: Word<Said>, _ identity: LogKey) -> Bool {
        self.identity(of: word.log, at: word.index) == identity
    }

    /// Whom the identity follows: the latest word of its devices on each.
    package func follows(of identity: LogKey) -> [LogKey] {
        let words = devices(of: identity).flatMap { facts[$0]?.follows.words ?? [] }
            .filter { says($0, identity) }
        var latest: [LogKey: Word<Follow>] = [:]
        for word in words where latest[word.said.identity]?.isAfter(word) != true {
            latest[word.said.identity] = word
        }
        return words.filter { $0.said.isOn && latest[$0.said.identity]?.log == $0.log }
            .map(\.said.identity)
    }

    /// Who follows the identity, in the order in which they first spoke of it.
    package func followers(of identity: LogKey) -> [LogKey] {
        var seen: Set<LogKey> = []
        return (followersByIdentity[identity] ?? []).compactMap { log in
            guard let follower = self.identity(of: log, at: 0), seen.insert(follower).inserted,
                isFollowing(follower, identity)
            else { return nil }
            return follower
        }
    }

    /// Whether `follower` follows `identity`.
    package func isFollowing(_ follower: LogKey, _ identity: LogKey) -> Bool {
        var latest: Word<Follow>?
        for device in devices(of: follower) {
            guard let word = facts[device]?.follows.word(on: identity), says(word, follower) else {
                continue
            }
            if latest?.isAfter(word) != true { latest = word }
        }
        return latest?.said.isOn == true
    }

    /// Identities with this name; several may have the same one.
    package func identities(named name: String) -> [LogKey] {
        facts.keys.filter { isRoot($0) && self.name(of: $0) == name }.sorted()
    }

    /// Identities that fit, in order of their keys.
    package func identities(where fits: (LogKey) -> Bool) -> [LogKey] {
        facts.keys.filter { isRoot($0) && fits($0) }.sorted()
    }

    /// Every identity whose root log is here.
    package var count: Int { facts.keys.count { isRoot($0) && successorsByLog[$0] == nil } }
}

extension People: RootLogs {
    package func statements(
        of log: LogKey
    ) -> [(index: UInt64, statement: IdentityStatement)]? { facts[log]?.statements }

    package func successors(of log: LogKey) -> [LogKey] { successorsByLog[log] ?? [] }

    package func forkedAt(_ log: LogKey) -> UInt64? { bounds[log] }

    package func root(of log: LogKey, at size: UInt64) -> Hash? {
        guard let head = try? reader.head(of: log), size >= 1, size <= head.size,
            let hashes = try? reader.hashes(of: log), let view = LogView(head: head, reader: hashes)
        else { return nil }
        return try? view.frontier(at: size).root
    }
}
