import Crypto
package import MerkleLog
import Plumtree
import Primitives

/// What a node knows of a peer's store: everything up to a change number.
package struct ResumeMark: Hashable, Sendable {
    package var peer: LogKey
    /// Names the peer's store; another name means that its numbers begin anew.
    package var store: UInt64
    package var change: UInt64

    package init(peer: LogKey, store: UInt64, change: UInt64) {
        self.peer = peer
        self.store = store
        self.change = change
    }
}

/// What the store remembers between runs, besides heads.
package struct StoreHistory: Sendable {
    /// Names the store to peers: another at each start, so that whatever was put back in between,
    /// no number stands for two changes under one name.
    package var store: UInt64
    /// The names of earlier runs, oldest first, and the last change of each.
    package var earlier: [EarlierName]
    /// The change number of each log.
    package var changes: [LogKey: UInt64]
    /// Oldest first.
    package var marks: [ResumeMark]

    /// What a store was called before, and up to which change.
    package struct EarlierName: Hashable, Sendable {
        package var name: UInt64
        package var upTo: UInt64

        package init(name: UInt64, upTo: UInt64) {
            self.name = name
            self.upTo = upTo
        }
    }

    package init(
        store: UInt64 = 0, earlier: [EarlierName] = [], changes: [LogKey: UInt64] = [:],
        marks: [ResumeMark] = []
    ) {
        self.store = store
        self.earlier = earlier
        self.changes = changes
        self.marks = marks
    }

    func changes(for heads: [LogHead]) -> [UInt64] { heads.map { changes[$0.key] ?? 0 } }
}

/// What of the change numbers was told and heard in a session.
struct Resuming {
    /// The peer's store, as its `since` named it.
    var peerStore: UInt64?
    /// Changes after this are still to be told; nil when none is asked for.
    var cursor: UInt64?
    /// Told when all heads, or all changes, have gone out.
    var pending: UInt64?
    /// The mark sent last, what the next one will say, and when it was decided.
    var told: UInt64 = 0
    var next: UInt64 = 0
    var decided: Instant?
    /// A mark of the peer's that waits until what it covers is on the disk.
    var heard: UInt64?
    /// The peer has said that it does not know the mark of its store that is noted here.
    var isRefused = false
    /// Something that the peer told could not be kept: no mark is noted any more.
    var isIncomplete = false
}

/// Peers that met before tell each other what changed since, and nothing else: as in CouchDB, each
/// store numbers its changes, and a peer remembers up to which number it knows everything.
///
/// A mark is only noted when all that it covers is durable here, so that losing one costs a longer
/// list, never a post. The work is that of the changes alone, however many logs there are.
extension Mesh {
    /// What is known of the peer's store, right after `hello`.
    mutating func sendSince(_ session: Session) {
        let mark = session.peer.flatMap { noted[$0] }
        send(
            session,
            .since(mine: storeID, yours: mark?.store ?? 0, change: mark?.change ?? 0))
    }

    mutating func heardSince(
        _ session: Session, _ theirs: UInt64, _ mine: UInt64, _ change: UInt64
    ) {
        guard session.resume.peerStore == nil else {
            return farewell(session, .protocolError, "a second since")
        }
        session.resume.peerStore = theirs
        session.resume.pending = logs.lastChange
        session.resume.next = logs.lastChange
        session.resume.decided = now
        let isKnownThere = change > 0 && change <= lastChange(under: mine)
        let isKnownHere = (session.peer.flatMap { noted[$0] }?.change ?? 0) > 0
        if isKnownThere {
            session.resume.cursor = change
            sendChanges(session)
        } else if change > 0 {
            send(session, .mark(store: storeID, change: 0))
        }
        if isKnownThere && isKnownHere { reconcileLater(session) } else { reconcile(session) }
    }

    /// Up to which change a name of this store counts: what came after it was put back to an older
    /// state has another name.
    private func lastChange(under name: UInt64) -> UInt64 {
        if name == 0 { return 0 }
        if name == storeID { return logs.lastChange }
        return earlierNames.last { $0.name == name }?.upTo ?? 0
    }

    /// The heads that changed, as long as the peer keeps up.
    mutating func sendChanges(_ session: Session) {
        while let cursor = session.resume.cursor, session.isReady, !session.isCongested {
            let (numbers, upTo) = logs.changes(after: cursor, limit: Limits.headsPerMessage)
            var page: [Checkpoint] = []
            for number in numbers {
                let record = logs.records[number]
                if !session.wants.contains(record.key) { continue }
                if record.isFrozen {
                    tellOfFork(session, record.key)
                } else if let head = record.durable,
                    (session.known[number]?.confirmed ?? 0) < head.size
                {
                    page.append(head.checkpoint)
                }
            }
            let isLast = upTo >= logs.lastChange
            session.resume.cursor = isLast ? nil : upTo
            if !page.isEmpty { send(session, .heads(page, done: isLast)) }
            if isLast { sendPendingMark(session) }
        }
    }

    /// All that was to be told has been: says up to which change.
    mutating func sendPendingMark(_ session: Session) {
        guard let change = session.resume.pending, session.isReady else { return }
        session.resume.pending = nil
        if change > 0 { tell(session, change) }
    }

    private mutating func tell(_ session: Session, _ change: UInt64) {
        session.resume.told = change
        send(session, .mark(store: storeID, change: change))
    }

    /// When the next mark of a session is due: only where something changed.
    func nextMark(_ session: Session) -> Instant? {
        guard session.isNeighbour, let decided = session.resume.decided,
            logs.lastChange > session.resume.told
        else { return nil }
        return decided + Limits.markInterval
    }

    /// From time to time: what had changed by the time of the mark before has been told by now,
    /// and what was lost of it repeated.
    mutating func sendMark(_ session: Session) {
        guard let due = nextMark(session), due <= now else { return }
        let isBehind =
            session.isCongested || !session.headsDone || session.resume.cursor != nil
            || session.resume.pending != nil || !session.overdue.isEmpty
        if !isBehind {
            if session.resume.next > session.resume.told { tell(session, session.resume.next) }
            session.resume.next = logs.lastChange
        }
        session.resume.decided = now
    }

    mutating func heardMark(_ session: Session, _ store: UInt64, _ change: UInt64) {
        guard store == session.resume.peerStore else {
            return farewell(session, .protocolError, "a mark of another store")
        }
        if change == 0 { return refused(session) }
        session.resume.heard = change
        settleMark(session)
    }

    /// What the peer told under the name that is noted here it cannot tell the changes since of:
    /// the two compare heads.
    private mutating func refused(_ session: Session) {
        guard !session.resume.isRefused else { return }
        session.resume.isRefused = true
        if !session.reconciling.isUnderWay { reconcile(session) }
    }

    /// Notes a mark once everything that the peer told is on the disk.
    mutating func settleMark(_ session: Session) {
        guard let change = session.resume.heard, !session.resume.isIncomplete,
            session.offers.isEmpty, session.fetches.isEmpty, session.writesUnderWay == 0,
            !plumtree.isWaiting, let store = session.resume.peerStore, let peer = session.peer
        else { return }
        session.resume.heard = nil
        let mark = ResumeMark(peer: peer, store: store, change: change)
        guard store != 0, storeID != 0, noted[peer] != mark else { return }
        remember(mark)
        // Nothing waits for it: a mark that is lost costs a longer list.
        emit(.store(.resume(mark), newToken()))
    }

    mutating func settleMarks() {
        for session in sessions.all where session.resume.heard != nil { settleMark(session) }
    }

    mutating func remember(_ mark: ResumeMark) {
        if noted.updateValue(mark, forKey: mark.peer) != nil { return }
        markOrder.append(mark.peer)
        if markOrder.count > Limits.resumes, let oldest = markOrder.popFirst() {
            noted[oldest] = nil
        }
    }
}
