import Crypto
package import MerkleLog
import Primitives

/// What a session is used for to find out where two histories part.
struct ForkSearching {
    let log: LogKey
    var search: ForkSearch
    /// What the peer holds from `search.from` on, while the same is read here.
    var theirs: LeafRun?
}

/// A forked log of which nobody has shown yet where exactly it forks.
struct UnlocatedFork {
    let log: LogKey
    /// When another peer is asked, and how long it is waited after that.
    var next: Instant
    var wait = Limits.forkSearchFirst
}

/// A better proof of a log that is known to be forked, and when it is taken.
struct DelayedFork {
    var proof: ForkProof
    let at: Instant
}

/// Forks (THREATS row 3): whoever sees both of a log's histories proves it, everybody is told
/// first and keeps the proof for ever, and all come to count the same entries.
///
/// Two heads show at once that a log has forked; where, is found by comparing frontiers with a peer
/// that holds the other history (`ForkSearch`). Each proof bounds how many entries are common, and
/// the least of all bounds holds, whatever the order in which proofs come. What is held behind it
/// stays as evidence, and is neither shown, counted nor passed on; what lies before it can still be
/// fetched. Nobody is blamed but the author.
extension Mesh {
    // MARK: Proofs

    mutating func heard(_ session: Session, _ proof: ForkProof) {
        // Of a log that is not held there is nothing to freeze, and nothing to pass on.
        guard let number = logs.number(of: proof.log) else { return }
        let told = session.known[number]?.forkRank ?? .max
        // Nobody keeps a proof who holds nothing of the log.
        confirm(session, proof.log, 1)
        session.known[number, default: Session.Known()].forkRank = min(told, proof.rank)
        guard proof.rank < logs.records[number].forkRank else {
            return tellOfFork(session, proof.log)
        }
        guard forked(proof) else {
            return farewell(session, .protocolError, "a fork proof that proves nothing")
        }
        // Either history of the proof may be another one than ours, before where they part.
        if let run = LeafRun(proof) {
            if run.from <= logs.records[number].size { search(session, proof.log, theirs: run) }
        } else {
            search(session, proof.log)
        }
    }

    /// Freezes the log, keeps the proof for ever, and tells everybody before anything else. False
    /// when the proof proves nothing; one that says no more than is known changes nothing.
    @discardableResult
    mutating func forked(_ proof: ForkProof) -> Bool {
        guard (try? proof.verify()) != nil else { return false }
        guard let number = logs.number(of: proof.log), proof.rank < logs.records[number].forkRank
        else { return true }
        if logs.records[number].forkCount < Limits.forkProofsAtOnce {
            take(proof, number)
        } else {
            delay(proof, Int(logs.records[number].forkCount) - Limits.forkProofsAtOnce)
        }
        return true
    }

    private mutating func take(_ proof: ForkProof, _ number: Int) {
        logs.freeze(number, proof)
        remember(proof)
        store(proof)
        note(.forkProven(proof.log, bound: proof.bound))
        forgetNewest(proof.log)
        for session in sessions.all where session.isReady { tellOfFork(session, proof) }
        if let own = ownLogs.firstIndex(where: { $0.key.publicKey == proof.log }) {
            refuse(own, state: .forked)
        }
        unlocated.removeAll { $0.log == proof.log }
        if proof.parting == nil { searchLater(proof.log) }
    }

    /// Whoever signed two histories of many lengths can prove that again and again, each time of
    /// fewer entries, and each proof is written, and told to everybody. So the further ones wait,
    /// twice as long each time, and only the best of those that wait is taken.
    private mutating func delay(_ proof: ForkProof, _ times: Int) {
        if let at = delayedForks.firstIndex(where: { $0.proof.log == proof.log }) {
            if proof.rank < delayedForks[at].proof.rank { delayedForks[at].proof = proof }
        } else if delayedForks.count < Limits.forkProofsDelayed {
            let wait = Instant.Span.seconds(1 << UInt64(min(times, 20)))
            delayedForks.append(
                DelayedFork(proof: proof, at: now + min(wait, Limits.forkSearchLast)))
        }
    }

    mutating func takeDelayedForks() {
        let due = delayedForks.filter { $0.at <= now }
        if due.isEmpty { return }
        delayedForks.removeAll { $0.at <= now }
        for delayed in due {
            guard let number = logs.number(of: delayed.proof.log),
                delayed.proof.rank < logs.records[number].forkRank
            else { continue }
            take(delayed.proof, number)
        }
    }

    /// The proofs that came last are at hand; all are in the store.
    mutating func remember(_ proof: ForkProof) {
        if forkProofs.updateValue(proof, forKey: proof.log) == nil {
            forksAtHand.append(proof.log)
        }
        while forkProofs.count > Limits.forkProofs, let oldest = forksAtHand.popFirst() {
            forkProofs[oldest] = nil
        }
    }

    /// The peer may not have heard that a log is forked, or not where: gets the proof, and what is
    /// held here of the entries that count.
    mutating func tellOfFork(_ session: Session, _ log: LogKey) {
        guard let number = logs.number(of: log), logs.records[number].isFrozen,
            (session.known[number]?.forkRank ?? .max) > logs.records[number].forkRank
        else { return }
        guard let proof = forkProofs[log] else { return emit(.readFork(session.id, log)) }
        tellOfFork(session, proof)
    }

    mutating func tellOfFork(_ session: Session, _ proof: ForkProof) {
        guard let number = logs.number(of: proof.log),
            (session.known[number]?.forkRank ?? .max) > proof.rank
        else { return }
        session.known[number, default: Session.Known()].forkRank = proof.rank
        send(session, .fork(proof))
        if session.wants.contains(proof.log), (logs.records[number].durable?.counted ?? 0) > 0 {
            owe(session, proof.log)
        }
    }

    /// The peer says that it holds `size` entries of a forked log.
    mutating func heardOfForked(_ session: Session, _ log: LogKey, _ size: UInt64) {
        guard let number = logs.number(of: log), let bound = logs.records[number].forkedAt else {
            return
        }
        let record = logs.records[number]
        confirm(session, log, min(size, bound))
        tellOfFork(session, log)
        if min(size, bound) > record.size { offer(session, log, min(size, bound)) }
    }

    /// What shows that logs are forked, in order of their keys; of very many, some.
    package var forks: [ForkProof] { forkProofs.values.sorted { $0.log < $1.log } }

    // MARK: Searching

    /// Begins to look, together with a peer, for where the two histories part; `theirs` where a
    /// part of the other history is here already.
    mutating func search(_ session: Session, _ log: LogKey, theirs: LeafRun? = nil) {
        guard session.isReady, let number = logs.number(of: log),
            let mine = logs.records[number].durable, mine.size > 0
        else { return }
        let known = session.known[number]?.confirmed ?? 0
        let from = theirs?.from ?? min(mine.size, max(known, 1)) - 1
        let isBusy = sessions.all.contains { $0.search?.log == log }
        guard !isBusy, session.search == nil, from <= mine.size,
            !session.fetches.contains(where: { $0.log == log }),
            session.fetches.count <= Limits.streamsAsked
        else { return searchLater(log) }
        session.search = ForkSearching(log: log, search: ForkSearch(from: from))
        if let theirs { return searched(session, theirs) }
        askForSearch(session)
    }

    private mutating func askForSearch(_ session: Session) {
        guard let searching = session.search,
            session.fetches.count <= Limits.streamsAsked
        else {
            session.search = nil
            return
        }
        let from = searching.search.from
        fetch(session, searching.log, from: from, offered: from + 1, purpose: .search)
    }

    /// A batch of a stream that was opened for a search.
    mutating func searched(_ session: Session, _ batch: Batch) {
        guard session.search?.log == batch.log else { return }
        guard (try? batch.verify(trusting: logs[batch.log]?.durable?.checkpoint)) != nil else {
            session.search = nil
            return farewell(session, .protocolError, "a batch that does not verify")
        }
        searched(session, LeafRun(batch))
    }

    /// A part of the other history: reads the same part of the one here.
    private mutating func searched(_ session: Session, _ theirs: LeafRun) {
        guard let searching = session.search, let head = logs[searching.log]?.durable,
            theirs.from == searching.search.from, theirs.from <= head.size
        else { return session.search = nil }
        if theirs.from == head.size { return compare(session, LeafRun(endOf: head), theirs) }
        session.search?.theirs = theirs
        emit(
            .read(
                session.id, stream: 0,
                ReadRequest(head: head, from: theirs.from, maxBytes: Limits.batchBytes)))
    }

    /// What a search read here; nil when it cannot be read.
    mutating func readForSearch(_ session: Session, _ batch: Batch?) {
        guard let theirs = session.search?.theirs else { return }
        guard let batch else { return session.search = nil }
        session.search?.theirs = nil
        compare(session, LeafRun(batch), theirs)
    }

    private mutating func compare(_ session: Session, _ mine: LeafRun, _ theirs: LeafRun) {
        guard let outcome = session.search?.search.compare(mine, theirs) else { return }
        goOn(session, outcome)
    }

    /// The peer holds nothing where it was asked.
    mutating func searchMissed(_ session: Session, _ size: UInt64) {
        guard let outcome = session.search?.search.goBack(to: size) else { return }
        goOn(session, outcome)
    }

    private mutating func goOn(_ session: Session, _ outcome: ForkSearch.Outcome) {
        switch outcome {
        case .goOn: askForSearch(session)
        case .nothing: session.search = nil
        case .found(let proof):
            session.search = nil
            forked(proof)
        }
    }

    // MARK: Searching again

    /// Asks another peer when some time has passed: whoever was to be asked is busy or gone, or
    /// holds the same history.
    mutating func searchLater(_ log: LogKey) {
        guard unlocated.count < Limits.forkProofs, !unlocated.contains(where: { $0.log == log })
        else { return }
        unlocated.append(UnlocatedFork(log: log, next: now + Limits.forkSearchFirst))
        nextSearch = min(nextSearch ?? now + Limits.forkSearchFirst, now + Limits.forkSearchFirst)
    }

    mutating func searchAgain() {
        guard let due = nextSearch, due <= now else { return }
        let ready = sessions.all.filter { $0.isReady && $0.search == nil }
        var asked: [(session: Session, log: LogKey)] = []
        for at in unlocated.indices where unlocated[at].next <= now {
            let wait = unlocated[at].wait
            unlocated[at].next = now + wait
            let longer = Instant.Span(nanoseconds: wait.nanoseconds * 2)
            unlocated[at].wait = min(longer, Limits.forkSearchLast)
            if !ready.isEmpty {
                asked.append((ready[Int(random.next() % UInt64(ready.count))], unlocated[at].log))
            }
        }
        nextSearch = unlocated.map(\.next).min()
        for (session, log) in asked where session.isReady { search(session, log) }
    }
}
