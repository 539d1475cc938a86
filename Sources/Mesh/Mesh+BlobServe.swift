import Content
import MerkleLog
import Primitives

/// Giving blobs to peers: a part at a time, behind everything that people wait for.
extension Mesh {
    /// One question at a time: looking costs the disk something.
    mutating func heardAsk(_ session: Session, _ list: [Blob]) {
        guard session.blobs.asked.isEmpty else {
            return farewell(session, .protocolError, "a question about media before the answer")
        }
        session.blobs.asked = list
        emit(.blob(.find(session.id, list)))
    }

    mutating func blobsFound(_ id: SessionID, _ found: [Blob]) {
        guard let session = sessions[id], session.isReady, !session.blobs.asked.isEmpty else {
            return
        }
        let here = Set(found)
        for blob in session.blobs.asked where !here.contains(blob) {
            session.blobs.awaited.insert(blob)
        }
        let list = session.blobs.asked.filter { here.contains($0) }
        session.blobs.asked = []
        // Whoever holds it says so by not asking; what is here may be damaged, though.
        send(session, .blobHave(answer: true, list))
        weigh(session)
    }

    mutating func heardGet(_ session: Session, _ request: BlobRequest) {
        guard session.blobs.partsOwed + request.count <= Limits.Blobs.partsOwed else {
            return farewell(session, .protocolError, "more parts of media than may be waited for")
        }
        session.blobs.partsOwed += request.count
        session.blobs.owed.append(request)
        serveBlobs(session)
    }

    /// Reads the next part for a peer that keeps up. Batches go first, and as little is let pile up
    /// as with them, so that a live post waits behind a part or two.
    mutating func serveBlobs(_ session: Session) {
        guard session.isReady, !session.blobs.isReading, session.hasRoomToServe,
            var request = session.blobs.owed.popFirst()
        else { return }
        session.blobs.isReading = true
        var one = request
        one.count = 1
        request.from += 1
        request.count -= 1
        if request.count > 0 { session.blobs.owed.prepend(request) }
        emit(.blob(.read(session.id, one)))
    }

    /// The part that was read.
    mutating func blobRead(_ id: SessionID, _ piece: BlobPiece) {
        guard let session = sessions[id], session.isReady, session.blobs.isReading else { return }
        session.blobs.isReading = false
        session.blobs.partsOwed -= 1
        if !piece.bytes.isEmpty && piece.part == .chunk { count { $0.chunksSent += 1 } }
        send(session, .blobPiece(piece))
        serveBlobs(session)
    }
}
