import Crypto
import MerkleLog
import Plumtree
import Primitives

/// Finding out what neighbours hold, and fetching and serving it in streams of batches.
///
/// Peers that met before begin with what changed since (`Mesh+Resume`), others with a sketch
/// (`Mesh+Reconcile`); all heads, in pages, are the last resort.
extension Mesh {
    // MARK: Heads out

    /// The next pages of heads, as long as the peer keeps up.
    mutating func sendHeads(_ session: Session) {
        while !session.headsDone && !session.isCongested {
            var page: [Checkpoint] = []
            // Of forked logs a head says too much. Whoever holds one itself offers it, and is told.
            var forked: [Message.Have] = []
            while session.headsCursor < logs.count,
                max(page.count, forked.count) < Limits.headsPerMessage
            {
                let record = logs.records[session.headsCursor]
                if let head = record.durable, session.wants.contains(record.key) {
                    if !record.isFrozen {
                        page.append(head.checkpoint)
                    } else if let have = have(record.key) {
                        forked.append(have)
                    }
                }
                session.headsCursor += 1
            }
            session.headsDone = session.headsCursor >= logs.count
            if !forked.isEmpty { sendCounted(session, .have(forked)) }
            sendCounted(session, .heads(page, done: session.headsDone))
            if session.headsDone && session.resume.cursor == nil { sendPendingMark(session) }
        }
    }

    mutating func announce(_ head: LogHead, to session: Session) {
        guard session.wants.contains(head.key) else { return }
        if head.isFrozen { return tellOfFork(session, head.key) }
        if session.isCongested {
            if session.isOverdue.insert(head.key).inserted { session.overdue.append(head.key) }
            if session.overdue.count > Limits.offers {
                // So much is new that all heads are told again.
                session.overdue = []
                session.isOverdue = []
                session.headsCursor = 0
                session.headsDone = false
            }
        } else {
            send(session, .heads([head.checkpoint], done: true))
        }
    }

    /// News that had to wait while the peer was slow: each log's newest head, once.
    mutating func sendOverdue(_ session: Session) {
        guard !session.overdue.isEmpty else { return }
        let waiting = session.overdue
        session.overdue = []
        session.isOverdue = []
        for log in waiting {
            if let head = logs[log]?.durable { announce(head, to: session) }
        }
    }

    // MARK: Heads in

    mutating func heard(_ session: Session, _ heads: [Checkpoint]) {
        for head in heads where session.isReady { heard(session, head) }
        schedule()
    }

    private mutating func heard(_ session: Session, _ head: Checkpoint) {
        confirm(session, head.log, head.size)
        if let own = ownLogs.firstIndex(where: { $0.key.publicKey == head.log }) {
            heardOwn(session, own, head)
            guard session.isReady else { return }
        }
        guard let record = logs[head.log] else { return offer(session, head) }
        if record.isFrozen { return heardOfForked(session, head.log, head.size) }
        if head.size > record.size { return offer(session, head) }
        if let mine = record.pending?.checkpoint, mine.size == head.size, mine.root != head.root {
            // Whoever holds a head has verified it: one that does not verify is the peer's own.
            guard head.isVerified else {
                return farewell(session, .protocolError, "a head that nobody signed")
            }
            forked(ForkProof(equalSizes: mine, head))
            return search(session, head.log)
        }
        // The peer follows up a push of its own: it wants to hear that we have it.
        if let durable = record.durable, durable.size >= head.size {
            owe(session, head.log)
        }
    }

    private mutating func offer(_ session: Session, _ head: Checkpoint) {
        offer(session, head.log, head.size)
        if session.offered[head.log]?.size == head.size {
            session.offered[head.log]?.root = head.root
        }
    }

    /// Notes that the peer says to hold `size` entries; `held` where it is known how many are here.
    mutating func offer(
        _ session: Session, _ log: LogKey, _ size: UInt64, held: UInt64? = nil
    ) {
        let held = held ?? logs[log]?.size ?? 0
        guard takes(log, held: held) else { return }
        guard session.offers.count < Limits.offers || session.offered[log] != nil else {
            // Told again when the peers meet again.
            session.resume.isIncomplete = true
            return
        }
        let offer = Session.Offer(size: size)
        if let before = session.offered.updateValue(offer, forKey: log) {
            if before.size >= size { session.offered[log] = before }
        } else {
            let isNews = held > 0 && size > held && size - held <= Limits.newsEntries
            session.offers.append(log, isNews: isNews)
        }
    }

    /// Notes what the peer holds of a log; a claim that only decides what it is sent.
    mutating func confirm(_ session: Session, _ log: LogKey, _ size: UInt64) {
        guard let number = logs.number(of: log) else { return }
        var known = session.known[number] ?? Session.Known()
        // As long as it held nothing, it kept no proof that it was told.
        if known.confirmed == 0 && size > 0 { known.forkRank = nil }
        known.confirmed = max(known.confirmed, size)
        known.sent = max(known.sent, known.confirmed)
        session.known[number] = known
    }

    // MARK: Fetching

    /// Asks for what is offered and lacking: each log of one session at a time.
    mutating func schedule() {
        if policy.isDiskLow || storageBlockedUntil != nil || writeBytes > Limits.storeInFlight
            || isStopping
        {
            return
        }
        defer { settleMarks() }
        if !damage.isEmpty { askForDamaged() }
        for session in sessions.all where session.isReady {
            // What has just been written has streams that a backlog does not take.
            fetchOffered(session, news: true, most: Limits.streamsAsked)
            fetchOffered(session, news: false, most: Limits.streamsFetched)
        }
    }

    /// Opens streams for one kind of what the peer offers, as long as there are fewer than `most`.
    private mutating func fetchOffered(_ session: Session, news isNews: Bool, most: Int) {
        var passed = 0
        while session.fetches.count < most,
            passed < min(session.offers.count(ofNews: isNews), Limits.offersPassed)
        {
            guard let log = session.offers.popFirst(ofNews: isNews) else { break }
            let offer = session.offered[log] ?? Session.Offer(size: 0)
            let record = logs[log]
            let size = min(offer.size, record?.forkedAt ?? offer.size)
            if (record?.durable?.size ?? 0) >= size
                || (record == nil && !hasRoom(for: log))
                || !takes(log, held: record?.size ?? 0)
            {
                session.offered[log] = nil
                compare(session, offer, record)
            } else if fetching[log] != nil || record?.isFailing == true
                // On its way to the disk, which may refuse it.
                || (record?.size ?? 0) >= size
                || hasStalledMore(session, log) || isAboutToJoin(log)
                || session.fetches.contains(where: { $0.log == log })
            {
                session.offers.append(log, isNews: isNews)
                passed += 1
            } else {
                session.offered[log] = nil
                fetch(session, log, held: record?.size ?? 0, offered: size)
            }
        }
    }

    /// Whether somebody else offers the log who has let us wait less often. Peers that hold as
    /// little as we do offer what their checkpoint says, and wait for each other.
    private func hasStalledMore(_ session: Session, _ log: LogKey) -> Bool {
        guard let stalls = session.stalls[log] else { return false }
        return sessions.all.contains {
            $0.isReady && $0.offered[log] != nil && $0.stalls[log] ?? 0 < stalls
        }
    }

    /// What was offered came another way. Should the peer have another history of that length, our
    /// head shows it.
    private mutating func compare(
        _ session: Session, _ offer: Session.Offer, _ record: LogTable.Record?
    ) {
        guard let head = record?.durable, !head.isFrozen, let root = offer.root,
            head.checkpoint.size == offer.size, head.checkpoint.root != root
        else { return }
        announce(head, to: session)
    }

    mutating func fetch(
        _ session: Session, _ log: LogKey, from: UInt64, to stop: UInt64? = nil,
        offered size: UInt64, purpose: Session.Purpose = .entries
    ) {
        let stream = session.nextStream
        session.nextStream += 1
        if stream > UInt64(UInt32.max) { return end(session, "streams used up", atOnce: false) }
        let credit = purpose == .entries ? Limits.streamCredit : 1
        session.fetches.append(
            Session.Fetch(
                stream: stream, log: log, next: from, size: size,
                deadline: now + Limits.streamStall, startedAt: now, credit: credit,
                judgedAt: now + Limits.streamStall, to: stop, purpose: purpose))
        if purpose == .entries || purpose == .newest { fetching[log] = session.id }
        if purpose == .entries, let number = logs.number(of: log) {
            plumtree.graft(session.id, number)
        }
        send(session, .get(stream: stream, log: log, from: from, to: stop, credit: credit))
    }

    /// A batch of a stream that we opened.
    mutating func fetched(_ session: Session, _ stream: UInt64, _ batch: Batch) {
        guard let at = session.fetches.firstIndex(where: { $0.stream == stream }) else {
            return  // Given up before it came.
        }
        if let why = session.fetches[at].misfit(batch) {
            return farewell(session, .protocolError, why)
        }
        session.fetches[at].take(batch)
        heard(session, posts: batch.entries.count)
        if session.fetches[at].purpose == .repair {
            repair(session, batch)
            return streamEnded(session, stream)
        }
        if session.fetches[at].purpose == .search {
            streamEnded(session, stream)
            return searched(session, batch)
        }
        if session.fetches[at].purpose == .newest {
            keepNewest(session, batch)
            return streamEnded(session, stream)
        }
        let held = logs[batch.log]?.pending?.frontier ?? Frontier()
        guard batch.to > held.size else {
            // Came another way meanwhile.
            count { $0.duplicates += UInt64(batch.entries.count) }
            session.fetches[at].deadline = now + Limits.streamStall
            return giveCredit(session, stream)
        }
        if logs[batch.log]?.isFailing == true { return streamEnded(session, stream) }
        // The disk is behind: what comes now is asked for again when it has caught up.
        guard writeBytes <= Limits.storeInFlight else {
            offer(session, batch.log, session.fetches[at].size)
            return streamEnded(session, stream)
        }
        // What was under way when it was asked for may have been lost: then it is offered again.
        guard batch.from <= held.size else { return streamEnded(session, stream) }
        guard takes(batch.log, held: held.size) else {
            // Remembered, should more be taken later.
            confirm(session, batch.log, session.fetches[at].size)
            return streamEnded(session, stream)
        }
        guard let found = accept(session, batch) else { return streamEnded(session, stream) }
        if let at = session.fetches.firstIndex(where: { $0.stream == stream }) {
            session.fetches[at].deadline = now + Limits.streamStall
            session.fetches[at].hasDelivered = true
        }
        session.stalls[batch.log] = nil
        let isNew = logs[batch.log] == nil
        let kept = batch.isSmall ? batch : nil
        store(.fetched(found, source: session.id, stream: stream, batch: kept), found)
        if let number = logs.number(of: batch.log) {
            if isNew { plumtree.fetched(session.id, number) }
            plumtree.came(number, over: session.id)
        }
        confirm(session, batch.log, batch.to)
    }

    /// The peer may send one more batch.
    mutating func giveCredit(_ session: Session, _ stream: UInt64) {
        guard let at = session.fetches.firstIndex(where: { $0.stream == stream }) else { return }
        session.fetches[at].credit += 1
        send(session, .credit(stream: stream, more: 1))
    }

    /// Verifies a batch against what is held; ends the session when it does not hold.
    mutating func accept(_ session: Session, _ batch: Batch) -> Extension? {
        let record = logs[batch.log]
        if let bound = record?.forkedAt {
            // Either history leads to what is common.
            if batch.to > bound {
                tellOfFork(session, batch.log)
                return nil
            }
        } else if let known = record?.pending?.checkpoint, known.size > batch.checkpoint.size {
            // An older signed head never takes the place of a newer one (THREATS row 4).
            return nil
        }
        let trusted = record?.pending?.checkpoint
        if trusted != batch.checkpoint { count { $0.signaturesChecked += 1 } }
        do {
            return try batch.verify(
                trusting: trusted, held: record?.pending?.frontier ?? Frontier())
        } catch {
            count { $0.refusedBatches += 1 }
            if error == .wrongFrontier, let mine = record?.pending {
                contradicted(session, batch, mine)
                return nil
            }
            if let peer = session.peer { note(.badBatch(batch.log, from: peer, why: error)) }
            farewell(session, .protocolError, "\(error)")
            return nil
        }
    }

    /// The author signed both what is held and the batch, so the peer is not to blame: proves the
    /// fork, at once where the batch shows it, and finds where it is together with the peer.
    private mutating func contradicted(_ session: Session, _ batch: Batch, _ mine: LogHead) {
        if mine.checkpoint.size == batch.checkpoint.size {
            forked(ForkProof(equalSizes: mine.checkpoint, batch.checkpoint))
        } else if let proof = batch.forkProof(against: mine) {
            forked(proof)
        }
        let isAsked = { (fetch: Session.Fetch) in
            fetch.log == batch.log && fetch.purpose == .entries
        }
        if let fetch = session.fetches.first(where: isAsked) { streamEnded(session, fetch.stream) }
        search(session, batch.log, theirs: LeafRun(batch))
    }

    /// The peer has no more of it: what it holds is known now, whatever its checkpoint made of it.
    mutating func heardEnd(_ session: Session, _ stream: UInt64, _ size: UInt64) {
        if let fetch = session.fetches.first(where: { $0.stream == stream }),
            fetch.purpose == .entries, size > 0, size < fetch.size,
            let number = logs.number(of: fetch.log)
        {
            session.known[number, default: Session.Known()].confirmed = size
            session.known[number, default: Session.Known()].sent = size
            if let head = logs.records[number].durable, head.size > size {
                announce(head, to: session)
            }
        }
        // What came to the peer while it sent a part.
        if let at = session.fetches.firstIndex(where: { $0.stream == stream && $0.to != nil }) {
            session.fetches[at].size = max(session.fetches[at].size, size)
        }
        let isSearch = session.fetches.contains { $0.stream == stream && $0.purpose == .search }
        streamEnded(session, stream)
        if isSearch { searchMissed(session, size) }
    }

    mutating func streamEnded(_ session: Session, _ stream: UInt64) {
        guard let at = session.fetches.firstIndex(where: { $0.stream == stream }) else { return }
        let fetch = session.fetches.remove(at: at)
        release(session, fetch)
        // The peer said that it holds more than it gave.
        if fetch.purpose != .search, !goOn(session, fetch),
            logs[fetch.log]?.size ?? 0 < fetch.size
        {
            session.resume.isIncomplete = true
        }
        schedule()
        resumeServing()
    }

    /// The log may be asked of anybody again.
    private mutating func release(_ session: Session, _ fetch: Session.Fetch) {
        switch fetch.purpose {
        case .repair: return repairEnded(fetch.log)
        case .search: return
        case .entries, .newest: break
        }
        if fetching[fetch.log] == session.id { fetching[fetch.log] = nil }
        passOnPart(fetch)
    }

    /// A stream that ended before its checkpoint: whoever has the rest may be gone, and what came
    /// is to be had here.
    mutating func passOnPart(_ fetch: Session.Fetch) {
        guard fetch.hasDelivered, let head = logs[fetch.log]?.durable, !head.isFrozen,
            head.size < head.checkpoint.size
        else { return }
        spread(fetch.log, nil, except: nil)
    }

    /// Whether a stream brings so little that somebody else who offers the log is to be asked. That
    /// is no fault: a line may be slow.
    private func isTrickling(_ session: Session, _ fetch: Session.Fetch) -> Bool {
        guard fetch.purpose == .entries, fetch.judgedAt <= now, fetch.came < Limits.streamShare
        else { return false }
        let stalls = session.stalls[fetch.log] ?? 0
        return sessions.all.contains {
            $0 !== session && $0.isReady && $0.offered[fetch.log] != nil
                && $0.stalls[fetch.log] ?? 0 <= stalls
        }
    }

    /// What stalled is asked of others first, and then of the same peer again.
    mutating func dropStalledFetches(_ session: Session) {
        var stalled: [Session.Fetch] = []
        while let at = session.fetches.firstIndex(where: {
            $0.deadline <= now || isTrickling(session, $0)
        }) {
            let fetch = session.fetches.remove(at: at)
            release(session, fetch)
            stalled.append(fetch)
            session.stalls[fetch.log, default: 0] += 1
            if fetch.purpose == .search { session.search = nil }
            session.resume.isIncomplete = true
        }
        for at in session.fetches.indices where session.fetches[at].judgedAt <= now {
            session.fetches[at].judgedAt = now + Limits.streamStall
            session.fetches[at].came = 0
        }
        if stalled.isEmpty { return }
        schedule()
        for fetch in stalled where fetch.purpose == .newest {
            session.giveUpNewest(fetch.log)
        }
        for fetch in stalled where fetch.purpose == .entries || fetch.purpose == .newest {
            offer(session, fetch.log, fetch.size)
            // What it offered it may lack itself: its checkpoint reaches further than its entries.
            if !fetch.hasDelivered, let head = logs[fetch.log]?.durable, head.size >= fetch.size {
                announce(head, to: session)
            }
        }
        schedule()
        resumeServing()
    }

    // MARK: Serving

    mutating func openStream(
        _ session: Session, _ stream: UInt64, _ log: LogKey, _ from: UInt64, _ to: UInt64?,
        _ credit: UInt64
    ) {
        guard stream > session.lastServed else {
            return farewell(session, .protocolError, "a stream opened twice")
        }
        session.lastServed = stream
        // The peer says what it holds, whatever its head or our pushes made of that. It asks for
        // more (Graft).
        if let number = logs.number(of: log), from <= logs.records[number].size {
            plumtree.graft(session.id, number)
            session.known[number, default: Session.Known()].confirmed = from
            session.known[number, default: Session.Known()].sent = from
        } else if let number = logs.number(of: log) {
            // It holds more than it takes us to hold.
            heardClaim(session, number, from)
            schedule()
        }
        // To whoever holds nothing yet the proof says nothing: it comes behind the entries, also
        // where it was told before.
        if let number = logs.number(of: log), from == 0 {
            session.known[number]?.forkRank = nil
        } else if logs[log]?.isFrozen == true {
            tellOfFork(session, log)
        }
        // Asked for again: the earlier stream was given up.
        session.serving.removeAll { $0.log == log }
        guard session.serving.count < Limits.streamsServed else {
            return send(session, .end(stream: stream, size: 0))
        }
        session.serving.append(
            Session.Serve(
                stream: stream, log: log, next: from, to: to, credit: credit,
                deadline: now + Limits.serveStall))
        serve(session)
    }

    mutating func creditStream(_ session: Session, _ stream: UInt64, _ more: UInt64) {
        guard let at = session.serving.firstIndex(where: { $0.stream == stream }) else { return }
        let credit = session.serving[at].credit + more
        guard credit <= Limits.streamCreditMaximum else {
            return farewell(session, .protocolError, "more credit than a stream may have")
        }
        session.serving[at].credit = credit
        session.serving[at].deadline = now + Limits.serveStall
        serve(session)
    }

    /// Closes streams that the peer takes nothing from; news of the head lets it ask again.
    mutating func closeStalledStreams(_ session: Session) {
        while let at = session.serving.firstIndex(where: { $0.deadline <= now }) {
            let stream = session.serving.remove(at: at)
            let head = logs[stream.log]?.durable
            send(session, .end(stream: stream.stream, size: head?.size ?? 0))
            if let head, stream.next < head.size { announce(head, to: session) }
        }
    }

    /// Goes on with every stream that has credit, as long as the peer keeps up.
    mutating func serve(_ session: Session) {
        var at = 0
        while at < session.serving.count, session.isReady {
            let stream = session.serving[at]
            let stop = stream.to ?? .max
            if stream.isReading {
                at += 1
                continue
            }
            // An end needs no credit: while a stream is open, live posts are left to it.
            let record = logs[stream.log]
            let whole = servedUpTo(record)
            let end = min(whole, stop)
            guard let head = record?.durable, stream.next < end || stream.next == head.size,
                stream.next < stop
            else {
                session.serving.remove(at: at)
                endServed(session, stream, whole)
                continue
            }
            if stream.next == head.size {
                // What is still being fetched or written here goes on to the peer as it comes.
                let isWriting = record.map { $0.size > head.size } ?? false
                if isWriting || head.checkpoint.size > head.size && fetching[stream.log] != nil {
                    at += 1
                    continue
                }
                session.serving.remove(at: at)
                endServed(session, stream, whole)
                continue
            }
            if stream.credit == 0 || !session.hasRoomToServe {
                at += 1
                continue
            }
            session.serving[at].isReading = true
            emit(
                .read(
                    session.id, stream: stream.stream,
                    ReadRequest(
                        head: head, from: stream.next, to: end, maxBytes: Limits.batchBytes)))
            at += 1
        }
    }

    /// What is behind the place where a log forks is not passed on. As long as the place is not
    /// known, whoever holds the other history gets ours to find it.
    private func servedUpTo(_ record: LogTable.Record?) -> UInt64 {
        guard let record, let head = record.durable else { return 0 }
        return record.isFrozen && !record.isForkLocated ? head.size : head.counted
    }

    private mutating func endServed(_ session: Session, _ stream: Session.Serve, _ size: UInt64) {
        if logs[stream.log]?.isFrozen == true { tellOfFork(session, stream.log) }
        send(session, .end(stream: stream.stream, size: size))
    }

    /// The batch that a stream waited for.
    mutating func served(_ id: SessionID, _ stream: UInt64, _ batch: Batch?) {
        if stream == 0, let session = sessions[id] { return readForSearch(session, batch) }
        guard let session = sessions[id], session.isReady,
            let at = session.serving.firstIndex(where: { $0.stream == stream && $0.isReading })
        else { return }
        session.serving[at].isReading = false
        session.serving[at].deadline = now + Limits.serveStall
        guard let batch else {
            session.serving.remove(at: at)
            return send(session, .end(stream: stream, size: 0))
        }
        session.serving[at].next = batch.to
        session.serving[at].credit -= 1
        if let number = logs.number(of: batch.log) {
            var known = session.known[number] ?? Session.Known()
            known.sent = max(known.sent, batch.to)
            session.known[number] = known
        }
        said(session, posts: batch.entries.count)
        send(session, .batch(stream: stream, batch))
        serve(session)
        serveBlobs(session)
    }
}
