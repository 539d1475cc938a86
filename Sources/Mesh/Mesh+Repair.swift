import MerkleLog
import Primitives

/// An entry that the store holds and cannot read back as it was written.
struct DamagedEntry: Sendable {
    let log: LogKey
    let index: UInt64
    /// Sessions that were asked already, and when they may be asked again: their copy may have been
    /// damaged, too, and put right since.
    var asked: [SessionID] = []
    var askAgain: Instant?
    /// It is on its way.
    var isUnderWay = false
    /// It has come, and is being written.
    var isWritten = false
}

/// Putting damaged entries right (invariant 5): each is asked of a peer that holds it, verified
/// under its author's signature, and written over what is damaged.
extension Mesh {
    mutating func damaged(_ log: LogKey, _ index: UInt64) {
        guard let record = logs[log], index < min(record.size, record.forkedAt ?? record.size),
            damage.count < Limits.damagedEntries,
            !damage.contains(where: { $0.log == log && $0.index == index })
        else { return }
        damage.append(DamagedEntry(log: log, index: index))
        askForDamaged()
    }

    /// Those that could not help may be able to by now.
    mutating func forgetAsked() {
        for at in damage.indices {
            guard let again = damage[at].askAgain, again <= now else { continue }
            damage[at].asked = []
            damage[at].askAgain = nil
        }
    }

    /// Asks for what is damaged, of peers that were not asked yet.
    mutating func askForDamaged() {
        for at in damage.indices where !damage[at].isUnderWay && !damage[at].isWritten {
            let (log, index) = (damage[at].log, damage[at].index)
            guard let number = logs.number(of: log) else { continue }
            // Peers that resume say nothing of what both hold: they are asked after those who have.
            let askable = sessions.all.filter { mayHelp($0, damage[at]) }
            let holder = askable.first { ($0.known[number]?.sent ?? 0) > index } ?? askable.first
            guard let session = holder else {
                if !damage[at].asked.isEmpty && damage[at].askAgain == nil {
                    damage[at].askAgain = now + Limits.streamStall
                }
                continue
            }
            damage[at].asked.append(session.id)
            damage[at].isUnderWay = true
            fetch(
                session, log, from: index, to: index + 1, offered: index + 1, purpose: .repair)
        }
    }

    private func mayHelp(_ session: Session, _ entry: DamagedEntry) -> Bool {
        // A second stream of one log would take the place of the first.
        session.isReady && !entry.asked.contains(session.id)
            && session.fetches.count < Limits.streamsFetched
            && !session.fetches.contains { $0.log == entry.log }
    }

    /// The batch of a stream that was opened for a damaged entry.
    mutating func repair(_ session: Session, _ batch: Batch) {
        // The peer counts all of this as told, and does not tell it again.
        if batch.to > logs[batch.log]?.size ?? 0 { offer(session, batch.log, batch.to) }
        guard let at = damage.firstIndex(where: { $0.log == batch.log && $0.index == batch.from })
        else { return }
        guard let mine = logs[batch.log]?.durable, batch.from < mine.counted,
            let entry = batch.entries.first
        else { return }
        guard (try? batch.verify(trusting: mine.checkpoint)) != nil else {
            return farewell(session, .protocolError, "a batch that does not verify")
        }
        damage[at].isWritten = true
        let token = newToken()
        writes[token] = .repair(batch.log, batch.from)
        emit(.store(.replace(batch.log, index: batch.from, entry), token))
    }

    /// The stream ended, well or not: what is still damaged may be asked of others.
    mutating func repairEnded(_ log: LogKey) {
        for at in damage.indices where damage[at].log == log { damage[at].isUnderWay = false }
        askForDamaged()
    }

    mutating func repaired(_ log: LogKey, _ index: UInt64) {
        damage.removeAll { $0.log == log && $0.index == index }
        note(.repaired(log, index: index))
        // Streams that met the damage have ended, and their readers do not ask again by themselves.
        guard let number = logs.number(of: log), let head = logs.records[number].durable else {
            return
        }
        for session in sessions.all where session.isReady {
            if session.known[number]?.confirmed ?? 0 < head.size { announce(head, to: session) }
        }
    }

    /// The disk refused it: it is asked for again.
    mutating func repairFailed(_ log: LogKey, _ index: UInt64) {
        for at in damage.indices where damage[at].log == log && damage[at].index == index {
            damage[at] = DamagedEntry(log: log, index: index)
        }
    }
}
