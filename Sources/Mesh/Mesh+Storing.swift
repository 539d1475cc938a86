import MerkleLog
import Plumtree
import Primitives

/// Between the mesh and the disk: what is under way, and what follows when it is durable.
extension Mesh {
    /// Hands verified entries to the store.
    mutating func store(_ write: PendingWrite, _ found: Extension) {
        let token = newToken()
        writes[token] = write
        if let source = write.source { sessions[source]?.writesUnderWay += 1 }
        writeBytes += found.storedBytes
        logs.begin(found.head)
        let isOwn = if case .own = write { true } else { false }
        emit(.store(.extend(found, isOwn: isOwn), token))
    }

    mutating func store(_ proof: ForkProof) {
        let token = newToken()
        writes[token] = .fork(proof)
        emit(.store(.fork(proof), token))
    }

    mutating func storeForksAgain() {
        let proofs = unstoredForks
        unstoredForks = []
        // A stronger one may have been stored meanwhile, whose place it would take.
        for proof in proofs where logs[proof.log]?.forkRank == proof.rank { store(proof) }
    }

    mutating func stored(_ token: Token, _ change: UInt64) {
        guard let write = writes.removeValue(forKey: token) else { return }
        if let source = write.source { sessions[source]?.writesUnderWay -= 1 }
        switch write {
        case .fork(let proof):
            if let number = logs.number(of: proof.log) { logs.changed(number, change) }
        case .repair(let log, let index): repaired(log, index)
        case .own(let found, let before, let units):
            finish(found, change)
            ownStored(found, before: before, units)
        case .fetched(let found, let source, let stream, let batch):
            finish(found, change)
            fetchStored(found, source, stream, batch)
        case .pushed(let found, let source, let batch):
            finish(found, change)
            if let session = sessions[source] {
                owe(session, batch.log)
                settleMark(session)
            }
            spread(batch.log, batch, except: source)
        case .newest(let bytes): writeBytes -= bytes
        case .joined(let found):
            finish(found, change)
            spread(found.head.key, nil, except: nil)
        }
        resumeServing()
        if writeBytes <= Limits.storeInFlight { schedule() }
    }

    private mutating func finish(_ found: Extension, _ change: UInt64) {
        writeBytes -= found.storedBytes
        logs.finish(found.head, change: change)
        plumtree.forget(found.head.key, upTo: found.head.size)
        emit(.stored(found.head.key, from: found.from, to: found.head.size))
        joinNewest(found.head.key)
        checkCaughtUp(found.head.key)
    }

    private mutating func fetchStored(
        _ found: Extension, _ source: SessionID, _ stream: UInt64, _ batch: Batch?
    ) {
        let log = found.head.key
        if let session = sessions[source] {
            owe(session, log)
            if let at = session.fetches.firstIndex(where: { $0.stream == stream }) {
                session.fetches[at].deadline = now + Limits.streamStall
                giveCredit(session, stream)
            }
            settleMark(session)
        }
        // The first batch of a stream tells others that the log can be had here; the last, that all
        // can.
        let isFirst = found.from == 0 || found.head.size == found.head.checkpoint.size
        if isFirst || fetching[log] == nil { spread(log, batch, except: source) }
    }

    /// Streams of a log that is being fetched here wait for what comes in.
    mutating func resumeServing() {
        for session in sessions.all where !session.serving.isEmpty { serve(session) }
    }

    mutating func storeFailed(_ token: Token, _ failure: StoreFailure) {
        guard let write = writes.removeValue(forKey: token) else { return }
        if let source = write.source {
            sessions[source]?.writesUnderWay -= 1
            sessions[source]?.resume.isIncomplete = true
        }
        if failure != .closed { storageBlockedUntil = now + Limits.storageRetry }
        switch write {
        case .fork(let proof): unstoredForks.append(proof)
        case .joined(let found): abandon(found)
        case .newest(let bytes): writeBytes -= bytes
        case .repair(let log, let index): repairFailed(log, index)
        case .own(let found, _, let units):
            abandon(found)
            for unit in units {
                emit(.refused(unit.token, failure == .full ? .diskFull : .failed))
            }
            ownFailed(found.head.key, failure == .full ? .diskFull : .failed)
        case .fetched(let found, let source, let stream, _):
            abandon(found)
            if let session = sessions[source] { streamEnded(session, stream) }
            if failure != .closed { offerAgain(found.head, from: source) }
        case .pushed(let found, let source, _):
            abandon(found)
            if failure != .closed { offerAgain(found.head, from: source) }
        }
        resumeServing()
    }

    /// What was lost is asked for when there is room: of the source, and of whoever is known to
    /// hold it, since they will not send it twice.
    private mutating func offerAgain(_ head: LogHead, from source: SessionID) {
        let held = logs[head.key]?.durable?.size ?? 0
        let number = logs.number(of: head.key)
        for session in sessions.all where session.isReady {
            let claimed = number.flatMap { session.known[$0]?.confirmed } ?? 0
            let size = session.id == source ? max(claimed, head.checkpoint.size) : claimed
            if size > held { offer(session, head.key, size) }
        }
    }

    private mutating func abandon(_ found: Extension) {
        writeBytes -= found.storedBytes
        logs.fail(found.head.key)
    }
}

extension Extension {
    /// What the entries take in memory until they are durable, about.
    var storedBytes: Int { entries.reduce(0) { $0 + $1.encodedSizeBound + 96 } }
}

extension PendingWrite {
    /// The session that brought the entries.
    var source: SessionID? {
        switch self {
        case .fetched(_, let source, _, _), .pushed(_, let source, _): source
        case .own, .joined, .newest, .fork, .repair: nil
        }
    }
}
