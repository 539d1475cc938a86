import Crypto
package import MerkleLog
import Plumtree
import Primitives

/// Of a long log its newest entries come first, so that they can be read while those before them
/// are still on their way.
///
/// A batch verifies on its own, and so does what is kept here: one batch a log that ends with its
/// newest entry, in the store beside the log and not in it. Live posts behind it are added to it.
/// Nobody is told of it and nothing is served from it: what a node says to hold, it holds from the
/// first entry. When the entries before have come, those kept here follow them into the log, and
/// nothing was fetched twice.
extension Mesh {
    // MARK: Fetching

    /// Asks for what lacks of a log: its first entries, which say whose it is; the newest; and then
    /// those in between. Of a log that lacks few, all in order.
    mutating func fetch(
        _ session: Session, _ log: LogKey, held: UInt64, offered size: UInt64
    ) {
        if joinNewest(log) { return offer(session, log, size) }
        if lacksNewest(session, log, held, size) {
            if held == 0 {
                let opening = configuration.newestFirst.opening
                return fetch(session, log, from: 0, to: opening, offered: size)
            }
            let from = max(held, size - min(size, configuration.newestFirst.entries))
            return fetch(session, log, from: from, offered: size, purpose: .newest)
        }
        // Of a forked log what counts, though the peer may give more to find where it forks.
        let end = newest[log].flatMap { $0.from > held ? $0.from : nil } ?? logs[log]?.forkedAt
        fetch(session, log, from: held, to: end, offered: size)
    }

    private func lacksNewest(
        _ session: Session, _ log: LogKey, _ held: UInt64, _ size: UInt64
    ) -> Bool {
        let reached = max(held, newest[log]?.to ?? 0)
        return size > reached && size - reached > configuration.newestFirst.gap
            && newestBytes < Limits.Newest.total && size <= policy.quota(of: log)
            && session.mayGiveNewest(log)
            && !ownLogs.contains { $0.key.publicKey == log } && logs[log]?.isFrozen != true
    }

    /// What follows the end of a stream that was to bring a part only; false when it was not, or
    /// did not.
    mutating func goOn(_ session: Session, _ fetch: Session.Fetch) -> Bool {
        switch fetch.purpose {
        case .newest:
            if !fetch.hasDelivered { session.giveUpNewest(fetch.log) }
        case .entries:
            guard let end = fetch.to, logs[fetch.log]?.size ?? 0 >= end else { return false }
        case .search, .repair: return false
        }
        offer(session, fetch.log, fetch.size)
        return true
    }

    // MARK: Keeping

    /// The newest entries of a log have come.
    mutating func keepNewest(_ session: Session, _ batch: Batch) {
        let log = batch.log
        guard let record = logs[log], !record.isFrozen, let mine = record.pending?.checkpoint,
            takes(log, held: record.size), verified(session, batch, trusting: mine) != nil
        else {
            session.giveUpNewest(log)
            return
        }
        if mine.size == batch.checkpoint.size && mine.root != batch.checkpoint.root {
            forked(ForkProof(equalSizes: mine, batch.checkpoint))
            return search(session, log)
        }
        guard batch.keptBytes <= Limits.Newest.bytes, batch.from > record.size,
            batch.to == batch.checkpoint.size, batch.to > newest[log]?.to ?? 0
        else {
            session.giveUpNewest(log)
            return
        }
        setNewest(log, batch)
    }

    /// A live push that leaves a gap to what is held, and none to the newest entries kept.
    mutating func followNewest(_ session: Session, _ batch: Batch) {
        guard let known = newest[batch.log], known.to == batch.from, !policy.isDiskLow,
            storageBlockedUntil == nil, writeBytes <= Limits.storeInFlight,
            known.end == batch.frontier,
            verified(session, batch, trusting: known.checkpoint) != nil
        else { return }
        let joined = Batch(
            log: batch.log, frontier: known.frontier, entries: known.entries + batch.entries,
            checkpoint: batch.checkpoint, tail: batch.tail)
        setNewest(batch.log, joined.trimmed(to: Int(configuration.newestFirst.entries)))
    }

    private mutating func verified(
        _ session: Session, _ batch: Batch, trusting known: Checkpoint
    ) -> Extension? {
        if batch.checkpoint != known { count { $0.signaturesChecked += 1 } }
        do { return try batch.verify(trusting: known) } catch {
            count { $0.refusedBatches += 1 }
            if let peer = session.peer { note(.badBatch(batch.log, from: peer, why: error)) }
            farewell(session, .protocolError, "\(error)")
            return nil
        }
    }

    private mutating func setNewest(_ log: LogKey, _ batch: Batch?) {
        newestBytes -= newest[log]?.keptBytes ?? 0
        newestBytes += batch?.keptBytes ?? 0
        newest[log] = batch
        let (token, bytes) = (newToken(), batch?.keptBytes ?? 512)
        writes[token] = .newest(bytes)
        writeBytes += bytes
        emit(.store(.newest(log, batch), token))
    }

    mutating func forgetNewest(_ log: LogKey) {
        if newest[log] != nil { setNewest(log, nil) }
    }

    /// What is wanted no more.
    mutating func forgetUnwantedNewest() {
        for log in newest.keys.sorted() where !policy.wants(log) { setNewest(log, nil) }
    }

    /// What the store kept of the last run.
    mutating func rememberNewest(_ batches: [Batch]) {
        for batch in batches where newestBytes < Limits.Newest.total {
            guard let record = logs[batch.log], !record.isFrozen, batch.to > record.size,
                (try? batch.verify(trusting: batch.checkpoint)) != nil
            else { continue }
            newestBytes += batch.keptBytes
            newest[batch.log] = batch
        }
    }

    // MARK: Joining

    /// Where the entries before the newest ones are held, the newest ones follow them into the log;
    /// true when that is under way.
    @discardableResult
    mutating func joinNewest(_ log: LogKey) -> Bool {
        guard let batch = newest[log], let record = logs[log], record.writesUnderWay == 0,
            let head = record.durable, batch.from <= head.size
        else { return false }
        guard batch.to > head.size, head.checkpoint.size <= batch.checkpoint.size,
            let found = try? batch.verify(trusting: batch.checkpoint, held: head.frontier)
        else {
            // They are held, or what is held goes on differently: then a peer's batch shows how.
            setNewest(log, nil)
            return false
        }
        store(.joined(found), found)
        return true
    }

    /// What comes before the newest entries is on its way to the disk, and they follow it there.
    func isAboutToJoin(_ log: LogKey) -> Bool {
        guard let batch = newest[log], let record = logs[log] else { return false }
        return batch.from <= record.size && batch.to > record.size && record.writesUnderWay > 0
    }

    /// Entries of a log that can be read although some before them have not come.
    package func newestEntries(of log: LogKey) -> Range<UInt64>? {
        newest[log].map { $0.from..<$0.to }
    }
}

/// How much must be lacking of a log for its newest entries to come first, and how many those are.
package struct NewestFirst: Sendable {
    package var gap = Limits.Newest.gap
    package var opening = Limits.Newest.opening
    package var entries = Limits.Newest.entries

    package init() {}
}

extension Session {
    /// Its newest entries are asked for no more: the log comes in order.
    func giveUpNewest(_ log: LogKey) {
        if withoutNewest.count < Limits.offers { withoutNewest.insert(log) }
    }

    fileprivate func mayGiveNewest(_ log: LogKey) -> Bool {
        withoutNewest.count < Limits.offers && !withoutNewest.contains(log)
    }
}

extension Batch {
    /// Bytes that it takes in memory and in the store, about.
    var keptBytes: Int { entries.reduce(512) { $0 + $1.encodedSizeBound } }

    /// The frontier behind its last entry.
    fileprivate var end: Frontier {
        entries.reduce(into: frontier) { grown, entry in
            grown.append(EntryHeader(log: log, index: grown.size, entry: entry).leafHash)
        }
    }

    /// Without its first entries, where it has more than are kept.
    fileprivate func trimmed(to count: Int) -> Batch {
        var out = self
        while out.entries.count > 1,
            out.entries.count > count || out.keptBytes > Limits.Newest.bytes
        {
            let entry = out.entries.removeFirst()
            out.frontier.append(EntryHeader(log: log, index: out.from, entry: entry).leafHash)
        }
        return out
    }
}
