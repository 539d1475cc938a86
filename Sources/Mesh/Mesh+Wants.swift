import Crypto
package import MerkleLog
import Primitives

/// Which logs a node fetches and keeps. Its own are always among them.
package enum Wanted: Sendable, Equatable {
    case everything
    /// Ascending, each once, at most `Limits.Wants.logs`.
    case only([LogKey])
}

/// How many entries of a log are taken: what is behind them is left where it is.
package struct EntryQuotas: Sendable, Equatable {
    package var logs: [LogKey: UInt64]
    /// For logs that are not named.
    package var others: UInt64

    package init(logs: [LogKey: UInt64] = [:], others: UInt64 = LogLimits.size) {
        self.logs = logs
        self.others = others
    }
}

/// Why entries were left where they are.
package struct Refusals: Sendable, Equatable {
    /// Logs that are not wanted, and logs that have as many entries as they may have; each counted
    /// once, up to `Limits.Wants.refusedCounted`.
    package var unwanted = 0
    package var overQuota = 0
}

/// The owner's policy, as far as the mesh carries it out.
struct LogPolicy: Sendable {
    var isEverything = true
    var list: [LogKey] = []
    var members: Set<LogKey> = []
    var quotas = EntryQuotas()
    /// The disk is nearly full: nothing of others is fetched.
    var isDiskLow = false
    var refusals = Refusals()
    private var refused: Set<LogKey> = []

    func wants(_ log: LogKey) -> Bool { isEverything || members.contains(log) }

    func quota(of log: LogKey) -> UInt64 { quotas.logs[log] ?? quotas.others }

    /// Counts a log of which something was refused.
    mutating func refuse(_ log: LogKey, byQuota: Bool) {
        guard refused.count < Limits.Wants.refusedCounted, refused.insert(log).inserted else {
            return
        }
        if byQuota { refusals.overQuota += 1 } else { refusals.unwanted += 1 }
    }

    /// Takes another policy; what was refused under the one before is counted no more.
    mutating func set(_ wanted: Wanted, _ quotas: EntryQuotas) {
        self.quotas = quotas
        refused = []
        refusals = Refusals()
        switch wanted {
        case .everything: (isEverything, list, members) = (true, [], [])
        case .only(let logs):
            isEverything = false
            list = Array(logs.prefix(Limits.Wants.logs))
            members = Set(list)
        }
    }
}

/// What a peer wants of us.
struct PeerWants: Sendable {
    var isEverything = true
    var members: Set<LogKey> = []
    /// How often it was told all heads again.
    var retellings = 0

    func contains(_ log: LogKey) -> Bool { isEverything || members.contains(log) }
}

/// Only wanted logs travel: each side tells the other which it wants, and neither pushes nor
/// announces what the other does not.
///
/// Nothing of this outlives a session, so nobody is remembered for what it did not want once. A
/// node that comes to want more forgets what it knew of its peers' changes: of a log that it did
/// not want then, it was told nothing.
extension Mesh {
    // MARK: Ours

    /// The owner's policy has come to something else. `isWider`: it wants logs that it did not want
    /// when what is noted of peers' stores was noted.
    mutating func want(_ wanted: Wanted, _ quotas: EntryQuotas, isWider: Bool) {
        let before = policy
        policy.set(wanted, quotas)
        if isWider { forgetMarks() }
        forgetUnwantedNewest()
        for message in wantChanges(from: before) {
            let encoded = message.encoded()
            for session in sessions.all where session.isReady { send(session, encoded: encoded) }
        }
        goOn(before)
        schedule()
    }

    /// Entries held of a log, counting those on their way to the disk.
    package func size(of log: LogKey) -> UInt64 { logs[log]?.size ?? 0 }

    /// Logs that ended at their quota, and may have more now: of whoever is connected and has more.
    private mutating func goOn(_ before: LogPolicy) {
        for number in logs.records.indices {
            let (log, size) = (logs.records[number].key, logs.records[number].size)
            guard size >= before.quota(of: log), size < policy.quota(of: log) else { continue }
            for session in sessions.all {
                guard let known = session.known[number]?.confirmed, known > size else { continue }
                offer(session, log, known)
            }
        }
    }

    /// What tells a peer that knows the policy before of the one now.
    private func wantChanges(from before: LogPolicy) -> [Message] {
        if policy.isEverything { return before.isEverything ? [] : [.want(.everything, [])] }
        if before.isEverything { return wantMessages() }
        let added = policy.list.filter { !before.members.contains($0) }
        let gone = before.list.filter { !policy.members.contains($0) }
        // What goes first: a peer keeps no more than so many at a time.
        return pages(gone, .notThese, .notThese) + pages(added, .also, .also)
    }

    /// What tells a peer that knows nothing: nothing where all is wanted, since that is presumed.
    private func wantMessages() -> [Message] {
        if policy.isEverything { return [] }
        return policy.list.isEmpty ? [.want(.only, [])] : pages(policy.list, .only, .also)
    }

    private func pages(_ logs: [LogKey], _ first: WantChange, _ next: WantChange) -> [Message] {
        stride(from: 0, to: logs.count, by: Limits.Wants.perMessage).map { start in
            let end = min(start + Limits.Wants.perMessage, logs.count)
            return .want(start == 0 ? first : next, Array(logs[start..<end]))
        }
    }

    /// Right after `hello`, before `since`, so that the peer's heads are those that are wanted.
    mutating func sendWants(_ session: Session) {
        for message in wantMessages() { send(session, message) }
    }

    /// Peers are taken for strangers when they meet again, and tell all heads that are wanted.
    private mutating func forgetMarks() {
        while let peer = markOrder.popFirst() {
            noted[peer] = nil
            emit(.store(.resume(ResumeMark(peer: peer, store: 0, change: 0)), newToken()))
        }
        for session in sessions.all { session.resume.isIncomplete = true }
    }

    /// Whether more of a log is taken than the `held` entries.
    mutating func takes(_ log: LogKey, held: UInt64) -> Bool {
        if ownLogs.contains(where: { $0.key.publicKey == log }) { return true }
        guard policy.wants(log) else {
            policy.refuse(log, byQuota: false)
            return false
        }
        if held < policy.quota(of: log) { return true }
        policy.refuse(log, byQuota: true)
        return false
    }

    /// Whether one more log may be known: strangers' leave room for those of people nearby.
    func hasRoom(for log: LogKey) -> Bool {
        let isNamed = policy.quotas.logs[log] != nil
        return logs.count < (isNamed ? Limits.logs : Limits.strangersLogs)
    }

    /// What was left where it is since the policy changed last.
    package var refusals: Refusals { policy.refusals }

    /// Whether a log is held as far as anybody who is connected holds it.
    package func isCurrent(_ log: LogKey) -> Bool {
        guard let number = logs.number(of: log) else { return false }
        let record = logs.records[number]
        guard let head = record.durable else { return false }
        if let bound = record.forkedAt { return head.size >= bound }
        guard head.size == head.checkpoint.size, fetching[log] == nil else { return false }
        return sessions.all.allSatisfy {
            ($0.offered[log]?.size ?? 0) <= head.size
                && ($0.known[number]?.confirmed ?? 0) <= head.size
        }
    }

    mutating func diskIsLow(_ isLow: Bool) {
        policy.isDiskLow = isLow
        schedule()
    }

    // MARK: Theirs

    mutating func heardWant(_ session: Session, _ change: WantChange, _ logs: [LogKey]) {
        switch change {
        case .everything:
            guard !session.wants.isEverything else { return }
            session.wants.isEverything = true
            session.wants.members = []
            retell(session)
        case .only:
            let before = session.wants
            session.wants.isEverything = false
            session.wants.members = Set(logs)
            tell(session, logs.filter { !before.contains($0) })
        case .also:
            guard !session.wants.isEverything else { return }
            let added = logs.filter { session.wants.members.insert($0).inserted }
            guard session.wants.members.count <= Limits.Wants.logs else {
                return farewell(session, .protocolError, "more logs wanted than may be named")
            }
            tell(session, added)
        case .notThese:
            for log in logs { session.wants.members.remove(log) }
        }
    }

    /// All heads once more; a peer that changes its mind for ever is told so often and no more.
    private mutating func retell(_ session: Session) {
        guard session.resume.peerStore != nil,
            session.wants.retellings < Limits.Wants.retellings
        else { return }
        session.wants.retellings += 1
        session.headsCursor = 0
        session.headsDone = false
        sendHeads(session)
    }

    /// The heads of what the peer has come to want. Before its `since` there is nothing to tell:
    /// what follows that is chosen by what it wants then.
    private mutating func tell(_ session: Session, _ list: [LogKey]) {
        guard session.resume.peerStore != nil else { return }
        var page: [Checkpoint] = []
        for log in list {
            guard let number = logs.number(of: log) else { continue }
            let record = logs.records[number]
            guard let head = record.durable, session.isReady else { continue }
            if record.isFrozen {
                tellOfFork(session, log)
            } else if (session.known[number]?.confirmed ?? 0) < head.size {
                if session.isCongested {
                    announce(head, to: session)
                } else {
                    page.append(head.checkpoint)
                }
            }
            if page.count == Limits.headsPerMessage {
                send(session, .heads(page, done: true))
                page = []
            }
        }
        if !page.isEmpty { send(session, .heads(page, done: true)) }
    }
}
