import Crypto
import MerkleLog
import Plumtree
import Primitives

/// What happens now goes to the neighbours at once: by datagram when it is small and the peer has
/// everything before it, else over the session, else as news of a head that the peer may fetch.
extension Mesh {
    // MARK: Out

    /// Tells the neighbours what is durable now: whole over the links of the log's tree, by name
    /// over the others (Plumtree). `batch` is nil where it is too much to push.
    mutating func spread(_ log: LogKey, _ batch: Batch?, except source: SessionID?) {
        guard let number = logs.number(of: log), let head = logs.records[number].durable else {
            return
        }
        if head.isFrozen { return spreadForked(log, number, except: source) }
        var encoded: [UInt8]?
        for session in sessions.all where session.id != source {
            guard session.isReady, session.standing != .none, session.wants.contains(log) else {
                continue
            }
            let known = session.known[number] ?? Session.Known()
            if known.sent >= head.size || known.confirmed >= head.checkpoint.size { continue }
            // A stream without an end brings it.
            let stream = session.serving.first { $0.log == log }
            if let stream, stream.to == nil { continue }
            guard plumtree.isEager(session.id, number) else {
                if session.isNeighbour { remind(session, number, head.size) }
                continue
            }
            // Who is not known to lack what is before it will ask if it does.
            guard let batch, batch.to == head.size, batch.isSmall, !session.isCongested,
                known.sent == 0 || known.sent == batch.from || stream != nil
            else {
                announce(head, to: session)
                continue
            }
            let bytes = encoded ?? Message.batch(stream: 0, batch).encoded()
            encoded = bytes
            push(session, number, batch, bytes)
        }
    }

    /// Of what counts in a forked log, neighbours that lack it are told.
    private mutating func spreadForked(_ log: LogKey, _ number: Int, except source: SessionID?) {
        let counted = logs.records[number].durable?.counted ?? 0
        for session in sessions.all where session.id != source && counted > 0 {
            guard session.isReady, session.wants.contains(log),
                (session.known[number]?.confirmed ?? 0) < counted
            else { continue }
            owe(session, log)
        }
    }

    private mutating func push(
        _ session: Session, _ number: Int, _ batch: Batch, _ encoded: [UInt8]
    ) {
        let known = session.known[number] ?? Session.Known()
        session.known[number, default: Session.Known()].sent = batch.to
        said(session, posts: batch.entries.count)
        if known.confirmed == known.sent && session.datagrams.fits(encoded.count) {
            session.repairs.append(
                Session.Repair(number: number, size: batch.to, at: now + Limits.datagramRepair))
            sendDatagram(session, encoded: encoded)
        } else {
            send(session, encoded: encoded)
        }
    }

    /// Follows a datagram up over the session when the peer has not confirmed what it carried.
    mutating func repairDatagrams(_ session: Session) {
        while let repair = session.repairs.first, repair.at <= now {
            _ = session.repairs.popFirst()
            guard let known = session.known[repair.number], known.confirmed < repair.size else {
                // Confirmed in time: it arrived by itself. What the session had to bring does not
                // count.
                session.datagrams.unanswered = 0
                continue
            }
            session.datagrams.unanswered += 1
            if session.datagrams.unanswered >= Limits.datagramsUnanswered { datagramsFail(session) }
            if let head = logs.records[repair.number].durable { announce(head, to: session) }
        }
    }

    // MARK: In

    mutating func pushed(_ session: Session, _ batch: Batch, _ byDatagram: Bool) {
        heard(session, posts: batch.entries.count)
        let record = logs[batch.log]
        let held = record?.size ?? 0
        if batch.to <= held {
            confirm(session, batch.log, batch.to)
            count { $0.duplicates += UInt64(batch.entries.count) }
            if record?.durable != nil { owe(session, batch.log) }
            // Its author may have told us another story of the same length.
            if record?.pending?.checkpoint != batch.checkpoint {
                heard(session, [batch.checkpoint])
            }
            return duplicate(session, batch.log)
        }
        if record?.isFrozen == true { return heardOfForked(session, batch.log, batch.to) }
        guard takes(batch.log, held: held) else { return confirm(session, batch.log, batch.to) }
        let isNew = record == nil
        guard batch.from <= held, storageBlockedUntil == nil, !policy.isDiskLow,
            record?.isFailing != true,
            writeBytes <= Limits.storeInFlight, !isNew || hasRoom(for: batch.log)
        else {
            // Not now: it is fetched when its turn comes.
            followNewest(session, batch)
            guard session.isReady else { return }
            return heard(session, [batch.checkpoint])
        }
        guard ownLogs.allSatisfy({ $0.key.publicKey != batch.log }) else {
            return heard(session, [batch.checkpoint])
        }
        guard let found = accept(session, batch) else { return }
        store(.pushed(found, source: session.id, batch: batch), found)
        confirm(session, batch.log, batch.to)
        arrived(session, batch)
    }

    /// The peer holds these durably (IHave).
    mutating func heard(_ session: Session, _ haves: [Message.Have]) {
        for have in haves where session.isReady { heardHave(session, have) }
        schedule()
    }

    /// Notes that the peer is to be told what is durable here; told at the end of this event.
    mutating func owe(_ session: Session, _ log: LogKey) {
        guard session.haves.count < Limits.havesPerMessage, !session.haves.contains(log) else {
            return
        }
        session.haves.append(log)
        owing.append(session.id)
    }

    /// What is durable here of a log.
    func have(_ log: LogKey) -> Message.Have? {
        guard let head = logs[log]?.durable, head.counted > 0 else { return nil }
        return Message.Have(log: log, size: head.counted, root: head.isFrozen ? 0 : head.rootMark)
    }

    mutating func flushHaves() {
        guard !owing.isEmpty else { return }
        let ids = owing
        owing = []
        for id in ids {
            guard let session = sessions[id], session.isReady, !session.haves.isEmpty else {
                continue
            }
            let message = Message.have(session.haves.compactMap { have($0) })
            session.haves = []
            let bytes = message.encoded()
            if session.datagrams.fits(bytes.count) {
                sendDatagram(session, encoded: bytes)
            } else {
                send(session, encoded: bytes)
            }
        }
    }

    // MARK: Datagrams

    mutating func datagram(_ bytes: [UInt8], _ from: Endpoint) {
        guard let id = DatagramChannel.id(of: bytes), let sessionID = datagramSessions[id],
            let session = sessions[sessionID], session.isReady, let noise = session.noise,
            let encoded = session.datagrams.open(bytes, with: noise)
        else { return }
        count { $0.datagramsReceived += 1 }
        heard(session, bytes: bytes.count)
        // The port may be another one than was dialled, the address not: who has the keys could
        // have everything sent to somebody else.
        if (session.remote?.address ?? from.address) == from.address {
            session.datagrams.address = from
        }
        observe(session, .heard, encoded, byDatagram: true)
        guard let message = try? Message(decoding: encoded) else {
            return farewell(session, .protocolError, "a datagram that does not decode")
        }
        switch message {
        case .ping, .pong, .batch(0, _), .have: take(session, message, byDatagram: true)
        case .unknown: break
        default: farewell(session, .protocolError, "a message that may not come by datagram")
        }
    }

    mutating func sendDatagram(_ session: Session, _ message: Message) {
        sendDatagram(session, encoded: message.encoded())
    }

    private mutating func sendDatagram(_ session: Session, encoded: [UInt8]) {
        guard let bend else { return sealDatagram(session, encoded) }
        for message in bend(session.id, encoded) { sealDatagram(session, message) }
    }

    mutating func sealDatagram(_ session: Session, _ encoded: [UInt8]) {
        guard let noise = session.noise, let address = session.datagrams.address,
            let datagram = session.datagrams.seal(encoded, with: noise)
        else { return }
        count { $0.datagramsSent += 1 }
        said(session, bytes: datagram.count)
        observe(session, .said, encoded, byDatagram: true)
        emit(.sendDatagram(datagram, to: address))
    }

    mutating func datagramAnswered(_ session: Session, _ nonce: UInt64) {
        // Of a ping that was not sent, a pong says nothing of the way there.
        guard session.datagrams.pings.contains(nonce) else { return }
        session.datagrams.pings = []
        session.datagrams.works = true
        session.datagrams.unanswered = 0
        session.datagrams.nextProbe = now + Limits.datagramProbe
    }

    /// Asks whether datagrams arrive: quickly at first, then from time to time.
    mutating func probeDatagrams(_ session: Session) {
        guard let due = session.datagrams.nextProbe, due <= now else { return }
        session.datagrams.unanswered += 1
        if session.datagrams.unanswered >= Limits.datagramsUnanswered { datagramsFail(session) }
        let soon = session.datagrams.unanswered < Limits.datagramsUnanswered
        session.datagrams.nextProbe =
            now + (soon ? Limits.datagramRepair : Limits.datagramProbe)
        let nonce = random.next()
        session.datagrams.pinged(nonce)
        sendDatagram(session, .ping(nonce))
    }

    /// Back to the session until a ping is answered again.
    private func datagramsFail(_ session: Session) {
        session.datagrams.works = false
    }
}

extension LogHead {
    /// The beginning of the root of what is held: tells two histories of one size apart.
    var rootMark: UInt64 { (size == checkpoint.size ? checkpoint.root : frontier.root).w0 }
}
