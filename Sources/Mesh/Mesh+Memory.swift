import Primitives

/// What peers take of this node's memory, all together, and who gives way when it is too much.
///
/// Each bound of `Limits` is for one session. A thousand strangers that take what one may take each
/// would still be too many (THREATS rows 9, 10): so it is counted, roughly, for all.
extension Mesh {
    /// Counts anew what a session takes.
    mutating func weigh(_ session: Session) {
        guard sessions[session.id] === session else { return }
        let weight = session.estimatedBytes
        peerBytes += weight - session.weight
        session.weight = weight
    }

    /// Ends the heaviest sessions of strangers until what is left may stay. Whoever was invited or
    /// joined is bound by its own limits only; not who was dialled since others told of it.
    mutating func shedWeight() {
        let most = Limits.peerBytes + logs.count * Limits.peerBytesOfLog
        guard peerBytes > most else { return }
        for session in sessions.all { weigh(session) }
        while peerBytes > most, let heaviest = heaviestStranger() {
            end(heaviest, "this node has little memory left, and it takes most", atOnce: true)
        }
    }

    private func heaviestStranger() -> Session? {
        var found: Session?
        for session in sessions.all {
            if session.weight > found?.weight ?? 0, !isWelcome(session.peer) { found = session }
        }
        return found
    }
}

extension Session {
    /// Roughly: *measured* entries of the collections, the tables' free places included.
    fileprivate var estimatedBytes: Int {
        4_096 + unsent + frames.capacity + assembler.count + offers.count * 200
            + wants.members.count * 64 + overdue.count * 100 + known.count * 48
            + withoutNewest.count * 80 + stalls.count * 100
            + (blobs.awaited.count + blobs.toAsk.count) * 80
            + (blobs.owed.count + blobs.asked.count) * 72
    }
}
