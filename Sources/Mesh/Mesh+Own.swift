package import Crypto
import MerkleLog
import Primitives

/// A log that this node writes, as the shell found it at the start.
package struct OwnLogStart: Sendable {
    package var key: SigningKey
    package var trust: Trust

    package init(key: SigningKey, trust: Trust) {
        self.key = key
        self.trust = trust
    }

    /// What is known of the store being up to date (invariant 3).
    package enum Trust: Sendable, Equatable {
        /// The fence says that nothing newer was released from here.
        case current
        /// The fence says that `size` entries were released, and the store has fewer.
        case behind(size: UInt64)
        /// There is no fence, or it is of another store: only peers can tell.
        case unknown
    }
}

/// Writing one's own log so that no two heads of one size are ever signed: DESIGN's invariants.
struct OwnLog: Sendable {
    let key: SigningKey
    var state: State
    /// What waits to be signed, in order.
    var waiting = Deque<(token: Token, drafts: [Draft])>()
    var waitingBytes = 0
    /// Groups that are signed and not durable yet.
    var groupsUnderWay = 0

    enum State: Sendable, Equatable {
        case writable
        /// Nothing is signed before a peer has said what it holds of this log (where the store has
        /// none of it, also that it holds nothing), and the store holds `least` entries again.
        case unconfirmed(least: UInt64)
        /// A signed head is larger than the store: it is being fetched.
        case behind(size: UInt64)
        case forked
    }
}

extension Mesh {
    mutating func adopt(_ start: OwnLogStart) {
        let key = start.key.publicKey
        guard !ownLogs.contains(where: { $0.key.publicKey == key }) else { return }
        let state: OwnLog.State =
            switch start.trust {
            case _ where logs[key]?.isFrozen == true: .forked
            case .current: .writable
            case .behind(let size): .unconfirmed(least: size)
            case .unknown: .unconfirmed(least: 0)
            }
        ownLogs.append(OwnLog(key: start.key, state: state))
    }

    mutating func announceOwnLogs() {
        for session in sessions.all where session.isReady { sendOwnLogs(session) }
    }

    /// The logs that this node writes, as many to a message as it may hold.
    mutating func sendOwnLogs(_ session: Session) {
        var keys = ownLogs.map { $0.key.publicKey }[...]
        repeat {
            send(session, .own(Array(keys.prefix(Limits.ownLogs))))
            keys = keys.dropFirst(Limits.ownLogs)
        } while !keys.isEmpty
    }

    // MARK: The own-head check (invariant 2)

    /// The peer names its own logs: it gets the highest checkpoints held of them.
    mutating func answerOwn(_ session: Session, _ keys: [LogKey]) {
        send(session, .ownHeads(keys.compactMap { logs[$0]?.pending?.checkpoint }))
        for key in keys where session.writes.count < Limits.logsNamed {
            if !session.writes.contains(key) { session.writes.append(key) }
        }
        inviteBrought(session, keys)
    }

    mutating func heardOwn(_ session: Session, _ heads: [Checkpoint]) {
        session.answeredOwn = true
        inviteAccepted(session)
        for head in heads {
            guard let own = ownLogs.firstIndex(where: { $0.key.publicKey == head.log }) else {
                continue
            }
            if !session.namedOwn.contains(head.log) { session.namedOwn.append(head.log) }
            heardOwn(session, own, head)
            guard session.isReady else { return }
            heard(session, [head])
        }
        for own in ownLogs.indices { checkCaughtUp(ownLogs[own].key.publicKey) }
    }

    /// The peer says to hold a log of which nobody has told how much was published: it tells.
    mutating func askForOwn(_ session: Session, _ log: LogKey) {
        guard let own = ownLogs.first(where: { $0.key.publicKey == log }),
            case .unconfirmed = own.state, !session.namedOwn.contains(log)
        else { return }
        send(session, .own([log]))
    }

    /// Somebody holds a checkpoint of a log that only this node writes.
    mutating func heardOwn(_ session: Session, _ own: Int, _ head: Checkpoint) {
        let key = ownLogs[own].key.publicKey
        let held = logs[key]?.size ?? 0
        guard head.size > held else { return }
        guard head.isVerified else {
            return farewell(session, .protocolError, "a head that nobody signed")
        }
        if case .forked = ownLogs[own].state { return }
        note(.ownLogBehind(key, held: held, published: head.size))
        refuse(own, state: .behind(size: max(head.size, ownLogs[own].leastSize)))
    }

    /// Signing may go on once everything that was published is here again.
    mutating func checkCaughtUp(_ key: LogKey) {
        guard let own = ownLogs.firstIndex(where: { $0.key.publicKey == key }) else { return }
        let held = logs[key]?.durable?.size ?? 0
        let complete = (logs[key]?.durable).map { $0.size == $0.checkpoint.size } ?? true
        switch ownLogs[own].state {
        case .writable, .forked: return
        case .behind(let size):
            guard complete && held >= size else { return }
        case .unconfirmed(let least):
            // Who holds nothing of the log cannot tell what was published of it.
            let answered = sessions.all.contains {
                held == 0 ? $0.answeredOwn : $0.namedOwn.contains(key)
            }
            guard complete && held >= least && (answered || least > 0) else { return }
        }
        ownLogs[own].state = .writable
        note(.ownLogConfirmed(key))
        sign(own)
    }

    /// Stops writing, and answers everything that waits.
    mutating func refuse(_ own: Int, state: OwnLog.State) {
        ownLogs[own].state = state
        let refusal = ownLogs[own].refusal
        while let unit = ownLogs[own].waiting.popFirst() {
            emit(.refused(unit.token, refusal ?? .failed))
        }
        ownLogs[own].waitingBytes = 0
    }

    // MARK: Publishing

    mutating func publish(_ log: LogKey, _ drafts: [Draft], _ token: Token) {
        guard let own = ownLogs.firstIndex(where: { $0.key.publicKey == log }) else {
            return emit(.refused(token, .unknownLog))
        }
        if let refusal = ownLogs[own].refusal { return emit(.refused(token, refusal)) }
        let bytes = drafts.bodyBytes
        let fits = drafts.allSatisfy {
            $0.body.count > LogLimits.salt && $0.body.count <= LogLimits.body
                && $0.time <= UnixTime.latest
        }
        guard fits, !drafts.isEmpty, drafts.count <= LogLimits.batchEntries,
            bytes <= Limits.batchBytes
        else { return emit(.refused(token, .tooLarge)) }
        guard ownLogs[own].waitingBytes + bytes <= Limits.drafts else {
            return emit(.refused(token, .tooManyWaiting))
        }
        ownLogs[own].waiting.append((token, drafts))
        ownLogs[own].waitingBytes += bytes
        sign(own)
    }

    /// A second group goes under way only when it is a full one, so that a single post is durable
    /// at once and many share a commit.
    private func canSign(_ own: Int) -> Bool {
        let log = ownLogs[own]
        guard log.state == .writable, !log.waiting.isEmpty,
            logs[log.key.publicKey]?.isFailing != true
        else { return false }
        return log.groupsUnderWay == 0
            || log.groupsUnderWay < Limits.groupsInFlight
                && log.waitingBytes >= Limits.batchBytes / 2
    }

    /// Signs what waits as groups: one signature and one commit for all that came meanwhile.
    mutating func sign(_ own: Int) {
        while canSign(own) {
            let key = ownLogs[own].key
            let before = logs[key.publicKey]?.pending?.frontier ?? Frontier()
            var group = Group(log: key.publicKey, frontier: before)
            while let next = ownLogs[own].waiting.first, group.hasRoom(for: next.drafts) {
                _ = ownLogs[own].waiting.popFirst()
                ownLogs[own].waitingBytes -= next.drafts.bodyBytes
                group.append(next.token, next.drafts)
            }
            let checkpoint = Checkpoint(
                signing: group.frontier.size, root: group.frontier.root, with: key)
            let head = LogHead(
                key: key.publicKey, frontier: group.frontier, checkpoint: checkpoint, tail: [])
            let found = Extension(
                from: before.size, entries: group.entries, leaves: group.leaves,
                nodes: group.nodes, head: head)
            ownLogs[own].groupsUnderWay += 1
            store(.own(found, before: before, group.units), found)
        }
    }

    /// Durable, and the fence moved: now, and not before, it is released (invariant 1).
    mutating func ownStored(
        _ found: Extension, before: Frontier, _ units: [PublishedUnit]
    ) {
        let log = found.head.key
        for unit in units {
            emit(.published(unit.token, log: log, from: unit.from, leaves: unit.leaves))
        }
        let batch = Batch(
            log: log, frontier: before, entries: found.entries, checkpoint: found.head.checkpoint,
            tail: [])
        spread(log, batch, except: nil)
        guard let own = ownLogs.firstIndex(where: { $0.key.publicKey == log }) else { return }
        ownLogs[own].groupsUnderWay -= 1
        sign(own)
    }

    /// The group was rolled back. It was never released, and what waits is answered.
    mutating func ownFailed(_ log: LogKey, _ refusal: Refusal) {
        guard let own = ownLogs.firstIndex(where: { $0.key.publicKey == log }) else { return }
        ownLogs[own].groupsUnderWay -= 1
        while let unit = ownLogs[own].waiting.popFirst() { emit(.refused(unit.token, refusal)) }
        ownLogs[own].waitingBytes = 0
    }
}

extension OwnLog {
    /// Why nothing is signed now; nil when it is.
    var refusal: Refusal? {
        switch state {
        case .writable: nil
        case .unconfirmed(let least): least > 0 ? .behind(least) : .unconfirmed
        case .behind(let size): .behind(size)
        case .forked: .forked
        }
    }

    /// What the store must hold again at the least.
    var leastSize: UInt64 {
        switch state {
        case .unconfirmed(let least): least
        case .behind(let size): size
        case .writable, .forked: 0
        }
    }
}

/// Posts that are signed together.
private struct Group {
    let log: LogKey
    var frontier: Frontier
    var entries: [Entry] = []
    var leaves: [Hash] = []
    var nodes: [Extension.StoredNode] = []
    var units: [PublishedUnit] = []
    var bytes = 0

    init(log: LogKey, frontier: Frontier) {
        self.log = log
        self.frontier = frontier
    }

    /// Whether the group stays one batch with these; an empty one takes anything.
    func hasRoom(for drafts: [Draft]) -> Bool {
        units.isEmpty
            || bytes + drafts.bodyBytes <= Limits.batchBytes
                && entries.count + drafts.count <= LogLimits.batchEntries
    }

    mutating func append(_ token: Token, _ drafts: [Draft]) {
        let from = frontier.size
        let first = leaves.count
        for draft in drafts {
            let entry = Entry(time: draft.time, body: .present(draft.body))
            let leaf = EntryHeader(log: log, index: frontier.size, entry: entry).leafHash
            entries.append(entry)
            leaves.append(leaf)
            frontier.append(leaf, storing: &nodes)
        }
        bytes += drafts.bodyBytes
        units.append(PublishedUnit(token: token, from: from, leaves: Array(leaves[first...])))
    }
}

extension [Draft] {
    fileprivate var bodyBytes: Int { reduce(0) { $0 + $1.body.count } }
}
