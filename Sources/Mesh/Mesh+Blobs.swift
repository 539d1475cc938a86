package import Content
import MerkleLog
import Primitives

/// Media: who holds which blob, and what of it is fetched, `Protocol/blobs.md`.
///
/// A blob is asked about when an entry that came names it, or a reader wants it; peers that hold it
/// whole say so, then or later. It is fetched from all of them at once, each chunk of one, and
/// each is checked alone against the list of hashes that came first. Fetching is `Mesh+BlobFetch`,
/// giving `Mesh+BlobServe`.
extension Mesh {
    // MARK: Out of the node

    mutating func handle(_ event: BlobEvent) {
        switch event {
        case .mentioned(let mentions): for mention in mentions { mentioned(mention) }
        case .want(let blob):
            let rank = BlobRank(isAwaited: true, hop: 0, time: wallClock)
            if !addBlob(blob, rank) { askAll(blob) }
        case .ask(let blob):
            blobs.watch(blob)
            askAll(blob)
        case .held(let blob): blobIsHere(blob)
        case .lacking(let mention): addBlob(mention)
        case .begun(let blob, let hashes, let present): begun(blob, hashes, present)
        case .written(let blob, let index): chunkWritten(blob, index)
        case .failed(let blob, _): if let fetch = blobs[blob] { dropBlob(fetch) }
        case .found(let id, let found): blobsFound(id, found)
        case .read(let id, let piece): blobRead(id, piece)
        }
    }

    /// How many peers that are connected say that they hold a blob.
    package func holders(of blob: Blob) -> Int { blobs.holders(of: blob) }

    /// How many chunks of a blob are here while it is fetched; nil when it is not being fetched.
    package func blobProgress(_ blob: Blob) -> (here: Int, all: Int)? {
        guard let fetch = blobs[blob] else { return nil }
        let here = fetch.list == nil ? 0 : fetch.blob.chunks - fetch.left
        return (here, fetch.blob.chunks)
    }

    /// Blobs that are to be fetched.
    package var blobsWanted: Int { blobs.order.count }

    /// Large ones wait until a reader asks for them.
    private mutating func mentioned(_ mention: BlobMention) {
        if mention.blob.size <= Limits.Blobs.unasked { addBlob(mention) }
    }

    private mutating func addBlob(_ mention: BlobMention) {
        // A time from the future is no reason to be first.
        let time = min(mention.time, wallClock)
        _ = addBlob(mention.blob, BlobRank(isAwaited: false, hop: mention.hop, time: time))
    }

    /// False when it was there already, or is worth less than all that is.
    private mutating func addBlob(_ blob: Blob, _ rank: BlobRank) -> Bool {
        let (added, dropped) = blobs.add(blob, rank)
        if let dropped { giveBack(dropped) }
        blobs.isDirty = true
        guard added != nil else { return false }
        askAll(blob)
        return true
    }

    private mutating func blobIsHere(_ blob: Blob) {
        let holders = blobs[blob]?.holders ?? []
        if let fetch = blobs[blob] { dropBlob(fetch) }
        blobs.watch(blob, holders: holders)
        for session in sessions.all where session.isReady {
            if session.blobs.awaited.remove(blob) {
                send(session, .blobHave(answer: false, [blob]))
            }
        }
    }

    /// It is not to be fetched any more.
    mutating func dropBlob(_ fetch: BlobFetch) {
        blobs.remove(fetch)
        blobs.isDirty = true
        giveBack(fetch)
    }

    // MARK: Asking

    private func askAll(_ blob: Blob) {
        for session in sessions.all where session.isReady {
            if !blobs.isHeld(blob, by: session.id) { session.blobs.toAsk.insert(blob) }
        }
    }

    /// A session has become ready: the peer is asked about all that is wanted.
    func askAboutBlobs(_ session: Session) {
        for fetch in blobs.order { session.blobs.toAsk.insert(fetch.blob) }
        for blob in blobs.watchedBlobs.suffix(Limits.Blobs.named) {
            session.blobs.toAsk.insert(blob)
        }
    }

    /// Sends what is to be asked, one question at a time, and asks for parts: at the end of each
    /// event.
    mutating func goOnWithBlobs() {
        for session in sessions.all where !session.blobs.toAsk.isEmpty { ask(session) }
        if blobs.isDirty { scheduleBlobs() }
    }

    private mutating func ask(_ session: Session) {
        guard session.isReady, !session.blobs.isAsking, !session.isCongested else { return }
        var list: [Blob] = []
        while list.count < Limits.Blobs.named, let blob = session.blobs.toAsk.popFirst() {
            // It may have fallen out meanwhile.
            if blobs.concerns(blob) { list.append(blob) }
        }
        guard !list.isEmpty else { return }
        session.blobs.isAsking = true
        send(session, .blobAsk(list))
    }

    mutating func heardHave(_ session: Session, _ isAnswer: Bool, _ list: [Blob]) {
        if isAnswer {
            guard session.blobs.isAsking else {
                return farewell(session, .protocolError, "an answer to no question about media")
            }
            session.blobs.isAsking = false
        }
        for blob in list { blobs.note(blob, heldBy: session.id) }
    }

    /// A session has ended: what it was asked for is asked of others.
    mutating func blobsLost(_ session: Session) {
        giveBack(session)
        blobs.forget(session.id)
        for fetch in blobs.order where fetch.phase == .listing || fetch.phase == .fetching {
            // Its place goes to one that somebody has.
            if fetch.holders.isEmpty && fetch.underWay == 0 { fetch.rest() }
        }
        blobs.isDirty = true
    }
}
