import Content
import MerkleLog
import Primitives

/// Fetching blobs: the list first, then chunks, from everybody who has them.
extension Mesh {
    // MARK: Who is asked for what

    /// Asks for whatever may be asked for now.
    mutating func scheduleBlobs() {
        blobs.isDirty = false
        if isStopping || policy.isDiskLow || storageBlockedUntil != nil { return }
        var active = blobs.order.count { $0.phase != .waiting }
        var room =
            Limits.Blobs.underWay - blobs.order.reduce(0) { $0 + $1.underWay }
        for fetch in blobs.order {
            switch fetch.phase {
            case .waiting:
                // Whoever waits does not stand behind what nobody asked for.
                let most = Limits.Blobs.fetchedAtOnce * (fetch.rank.isAwaited ? 2 : 1)
                guard active < most, !usable(fetch).isEmpty else { continue }
                active += 1
                fetch.phase = .opening
                emit(.blob(.begin(fetch.blob, hashes: [])))
            case .listing: askForList(fetch)
            case .fetching: askForChunks(fetch, &room)
            case .opening, .keeping, .finishing: break
            }
        }
    }

    /// Sessions that may be asked for parts of it: those that let us wait, only when there are no
    /// others.
    private func usable(_ fetch: BlobFetch) -> [Session] {
        let all = fetch.holders.compactMap { sessions[$0] }.filter { session in
            guard session.isReady, let peer = session.peer else { return false }
            return !fetch.excluded.contains(peer)
        }
        let prompt = all.filter { !fetch.stalled.contains($0.id) }
        if !prompt.isEmpty { return prompt }
        fetch.stalled = []
        return all
    }

    private mutating func askForList(_ fetch: BlobFetch) {
        guard fetch.source == nil else { return }
        let free = usable(fetch).first {
            $0.blobs.requests.count + fetch.blob.pages <= Limits.Blobs.requests
        }
        guard let session = free else { return }
        fetch.source = session.id
        fetch.pages = Array(repeating: nil, count: fetch.blob.pages)
        request(session, fetch.blob, .hashes, 0..<fetch.blob.pages)
    }

    /// Each of those that hold it gets its share: the next chunks that nobody was asked for.
    private mutating func askForChunks(_ fetch: BlobFetch, _ room: inout Int) {
        for session in usable(fetch) {
            let free = Limits.Blobs.requests - session.blobs.requests.count
            guard let run = fetch.nextRun(most: min(free, room)) else { continue }
            for index in run { fetch.chunks[index] = .asked }
            fetch.underWay += run.count
            room -= run.count
            request(session, fetch.blob, .chunk, run)
        }
    }

    private mutating func request(
        _ session: Session, _ blob: Blob, _ part: BlobPart, _ range: Range<Int>
    ) {
        if session.blobs.requests.isEmpty { session.blobs.deadline = now + Limits.streamStall }
        for index in range {
            session.blobs.requests.append(.init(blob: blob, part: part, index: index))
        }
        send(
            session,
            .blobGet(
                BlobRequest(blob: blob, part: part, from: range.lowerBound, count: range.count)))
    }

    // MARK: What comes

    mutating func heardPiece(_ session: Session, _ piece: BlobPiece) {
        let at = session.blobs.requests.firstIndex {
            $0.blob == piece.blob && $0.part == piece.part && $0.index == piece.index
        }
        // Given up before it came.
        guard let at else { return }
        session.blobs.requests.remove(at: at)
        session.blobs.deadline =
            session.blobs.requests.isEmpty ? nil : now + Limits.streamStall
        blobs.isDirty = true
        guard let fetch = blobs[piece.blob] else { return }
        if piece.bytes.isEmpty { return lacks(session, fetch, piece) }
        fetch.stalled.removeAll { $0 == session.id }
        switch piece.part {
        case .hashes: heardPage(session, fetch, piece)
        case .chunk: heardChunk(session, fetch, piece)
        }
    }

    private mutating func heardPage(_ session: Session, _ fetch: BlobFetch, _ piece: BlobPiece) {
        guard fetch.phase == .listing, fetch.source == session.id,
            fetch.pages.indices.contains(piece.index)
        else { return }
        fetch.pages[piece.index] = ChunkList.hashes(in: piece.bytes)
        guard fetch.pages.allSatisfy({ $0 != nil }) else { return }
        let hashes = fetch.pages.flatMap { $0 ?? [] }
        fetch.pages = []
        fetch.source = nil
        guard let list = ChunkList(fetch.blob, hashes) else {
            return refuse(session, fetch, "hashes that are not the blob's")
        }
        fetch.phase = .keeping
        emit(.blob(.begin(fetch.blob, hashes: list.hashes)))
    }

    private mutating func heardChunk(_ session: Session, _ fetch: BlobFetch, _ piece: BlobPiece) {
        guard fetch.phase == .fetching, let list = fetch.list,
            fetch.chunks.indices.contains(piece.index), fetch.chunks[piece.index] == .asked
        else { return }
        guard list.holds(piece.bytes, at: piece.index) else {
            fetch.missed(piece.index)
            return refuse(session, fetch, "a chunk that is not the blob's")
        }
        count { $0.chunksReceived += 1 }
        fetch.chunks[piece.index] = .writing
        emit(.blob(.write(fetch.blob, index: piece.index, piece.bytes)))
    }

    /// Whoever holds a blob has checked it: what is wrong is the peer's own.
    private mutating func refuse(_ session: Session, _ fetch: BlobFetch, _ why: String) {
        count { $0.refusedParts += 1 }
        if let peer = session.peer {
            fetch.excluded.append(peer)
            fetch.excluded.removeFirst(max(0, fetch.excluded.count - Limits.Blobs.excluded))
            note(.badBlob(fetch.blob, from: peer))
        }
        farewell(session, .protocolError, why)
    }

    /// The peer has it no more. It is asked once more, so that it tells when it has.
    private mutating func lacks(_ session: Session, _ fetch: BlobFetch, _ piece: BlobPiece) {
        fetch.holders.removeAll { $0 == session.id }
        missed(.init(blob: piece.blob, part: piece.part, index: piece.index), session)
        giveBack(session, of: fetch.blob)
        if !fetch.lacking.contains(session.id) {
            fetch.lacking.append(session.id)
            session.blobs.toAsk.insert(fetch.blob)
        }
        if fetch.holders.isEmpty && fetch.underWay == 0 { fetch.rest() }
    }

    // MARK: What does not come

    /// Whoever takes too long is asked again when nobody else is left.
    mutating func dropStalledBlobs(_ session: Session) {
        guard let deadline = session.blobs.deadline, deadline <= now else { return }
        for request in session.blobs.requests {
            guard let fetch = blobs[request.blob], !fetch.stalled.contains(session.id) else {
                continue
            }
            fetch.stalled.append(session.id)
        }
        giveBack(session)
        blobs.isDirty = true
    }

    /// What this session was asked for may be asked of others.
    func giveBack(_ session: Session, of blob: Blob? = nil) {
        for request in session.blobs.requests where blob == nil || request.blob == blob {
            missed(request, session)
        }
        session.blobs.requests.removeAll { blob == nil || $0.blob == blob }
        if session.blobs.requests.isEmpty { session.blobs.deadline = nil }
    }

    /// The answers to what was asked for it are passed over.
    func giveBack(_ fetch: BlobFetch) {
        for session in sessions.all { giveBack(session, of: fetch.blob) }
    }

    private func missed(_ request: SessionBlobs.Requested, _ session: Session) {
        guard let fetch = blobs[request.blob] else { return }
        switch request.part {
        case .chunk: fetch.missed(request.index)
        case .hashes where fetch.source == session.id:
            fetch.source = nil
            fetch.pages = []
        case .hashes: break
        }
    }

    // MARK: The disk

    mutating func begun(_ blob: Blob, _ hashes: [Hash], _ present: [Int]) {
        guard let fetch = blobs[blob], fetch.phase == .opening || fetch.phase == .keeping else {
            return
        }
        blobs.isDirty = true
        if let list = ChunkList(blob, hashes) {
            fetch.start(list, present: present)
            if fetch.left == 0 { finish(fetch) }
        } else if let only = ChunkList(ofOneChunk: blob) {
            fetch.phase = .keeping
            emit(.blob(.begin(blob, hashes: only.hashes)))
        } else {
            fetch.phase = .listing
        }
    }

    mutating func chunkWritten(_ blob: Blob, _ index: Int) {
        guard let fetch = blobs[blob], fetch.chunks.indices.contains(index),
            fetch.chunks[index] == .writing
        else { return }
        fetch.chunks[index] = .written
        fetch.underWay -= 1
        fetch.left -= 1
        blobs.isDirty = true
        if fetch.left == 0 { finish(fetch) }
    }

    private mutating func finish(_ fetch: BlobFetch) {
        fetch.phase = .finishing
        emit(.blob(.finish(fetch.blob)))
    }
}
