package import HyParView
package import MerkleLog
package import Primitives

/// A message as it passes, in the clear, for whoever watches a simulation.
package struct ObservedMessage {
    package enum Direction: Sendable {
        case said
        case heard
    }

    package let session: SessionID
    package let direction: Direction
    package let byDatagram: Bool
    /// The message's encoding, before it was sealed or after it was opened.
    package let bytes: [UInt8]

    /// The number of its type in `Protocol/messages.md`; nil when it is no message at all.
    package var type: UInt8? {
        guard bytes.count >= 2, bytes[0] >> 5 == 4 else { return nil }
        if bytes[1] < 24 { return bytes[1] }
        return bytes[1] == 24 && bytes.count >= 3 ? bytes[2] : nil
    }
}

extension Mesh {
    func observe(
        _ session: Session, _ direction: ObservedMessage.Direction, _ bytes: [UInt8],
        byDatagram: Bool = false
    ) {
        guard let observer else { return }
        observer(
            ObservedMessage(
                session: session.id, direction: direction, byDatagram: byDatagram, bytes: bytes))
    }

    /// Who is a neighbour, and by what right.
    package var activeView: [HyParView.Place] { overlay?.places ?? [] }

    /// Peers that have a session here, and dialled it.
    package var inboundPeers: [LogKey] {
        sessions.all.filter { $0.target == nil && $0.isReady }
            .compactMap(\.peer)
    }

    /// Says what no mesh would: for the liars of simulations.
    package mutating func say(
        _ message: [UInt8], in id: SessionID, byDatagram: Bool, at now: Instant,
        into out: inout [Effect]
    ) {
        guard let session = sessions[id], session.isReady else { return }
        self.now = now
        swap(&effects, &out)
        defer { swap(&effects, &out) }
        if byDatagram { sealDatagram(session, message) } else { seal(session, message) }
    }

    /// The first bound of `Limits` that is exceeded, in words; nil when all hold. Asked after every
    /// event of a simulation: memory stays bounded whatever peers do.
    package var exceededBound: String? {
        if sessions.count > Limits.sessions { return "\(sessions.count) sessions" }
        let weight = sessions.all.reduce(0) { $0 + $1.weight }
        if weight != peerBytes { return "\(peerBytes) bytes of peers, who weigh \(weight)" }
        if logs.count > Limits.logs { return "\(logs.count) logs" }
        // One message may come on top of what was under way when the bound was looked at.
        if writeBytes > Limits.storeInFlight + Limits.drafts + Limits.message * sessions.count {
            return "\(writeBytes) bytes of writes under way"
        }
        if newestBytes > Limits.Newest.total + Limits.Newest.bytes {
            return "\(newestBytes) bytes of newest entries"
        }
        if forkProofs.count > Limits.forkProofs { return "\(forkProofs.count) fork proofs" }
        if forksAtHand.count > Limits.forkProofs { return "\(forksAtHand.count) fork proofs" }
        if delayedForks.count > Limits.forkProofsDelayed { return "forks that wait" }
        if unlocated.count > Limits.forkProofs { return "\(unlocated.count) forks to locate" }
        if damage.count > Limits.damagedEntries { return "\(damage.count) damaged entries" }
        if targets.count > Limits.dialTargets { return "\(targets.count) addresses to dial" }
        // A hint may come on top; then those in no view are forgotten.
        if viewContacts.count > Limits.Overlay.contacts + Limits.Addresses.hintsPerEvent {
            return "\(viewContacts.count) peers' addresses beside the table"
        }
        if blobs.order.count > Limits.Blobs.wanted { return "\(blobs.order.count) blobs wanted" }
        let chunks = blobs.order.reduce(0) { $0 + $1.underWay }
        if chunks > Limits.Blobs.underWay { return "\(chunks) chunks under way" }
        for own in ownLogs where own.waitingBytes > Limits.drafts {
            return "\(own.waitingBytes) bytes of drafts"
        }
        for session in sessions.all {
            if let exceeded = session.exceededBound { return exceeded }
        }
        return nil
    }
}

extension Session {
    fileprivate var exceededBound: String? {
        if offers.count > Limits.offers { return "\(offers.count) offers" }
        if offered.count > Limits.offers { return "\(offered.count) offered sizes" }
        // A stream that locates a fork or repairs an entry may come on top.
        if fetches.count > Limits.streamsAsked + 1 {
            return "\(fetches.count) fetches"
        }
        if serving.count > Limits.streamsServed { return "\(serving.count) streams served" }
        if overdue.count > Limits.offers { return "\(overdue.count) overdue heads" }
        if haves.count > Limits.havesPerMessage { return "\(haves.count) haves" }
        if blobs.requests.count > Limits.Blobs.requests { return "\(blobs.requests.count) parts" }
        if blobs.partsOwed > Limits.Blobs.partsOwed { return "\(blobs.partsOwed) parts owed" }
        return nil
    }
}
