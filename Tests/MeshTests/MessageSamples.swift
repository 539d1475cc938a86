import Content
import Crypto
import MerkleLog
import Primitives
import Reconciliation

@testable import Mesh

/// Good messages: every kind that there is, and each form that its bytes can have.
enum MessageSamples {
    static let all: [Message] =
        first + OverlayMessageTests.messages + forms + wants + sketches + media

    private static let log = HostileLog(5, count: 9)
    private static var key: LogKey { log.key.publicKey }

    private static var hello: Message.Hello {
        Message.Hello(
            version: 1, node: key, datagramID: 0x0102_0304_0506_0708,
            time: UnixTime(milliseconds: 1_700_000_000_000), agent: "raw", port: 4_000)
    }

    /// At places 7 and 8 stand whole batches, for whoever picks one.
    private static var first: [Message] {
        [
            .hello(hello), .ping(9), .pong(1 << 40), .heads([log.checkpoint(9)], done: true),
            .own([key, .zero]), .ownHeads([log.checkpoint(3)]),
            .get(stream: 70_000, log: key, from: 3, to: nil, credit: 16),
            .batch(stream: 0, log.batch(2, 5)), .batch(stream: 4, log.batch(0, 9)),
            .end(stream: 1, size: 300), .have([Message.Have(log: key, size: 5, root: 7)]),
            .bye(Message.Farewell.shuttingDown.rawValue, "good night"), .fork(log.fork()),
            .credit(stream: 5, more: 16), .prune([key]), .graft([.zero]),
            .since(mine: 1, yours: .max, change: 9), .mark(store: 7, change: 1), .unknown(4_000),
        ]
    }

    // MARK: Other forms of these

    private static var forms: [Message] {
        var guest = hello
        guest.port = nil
        guest.invite = [UInt8](repeating: 3, count: Limits.Invites.secret)
        return [.hello(guest), .batch(stream: 6, withoutBodies), .fork(located)]
    }

    /// Entries whose bodies were dropped: a length and a hash stand for each.
    private static var withoutBodies: Batch {
        var batch = log.batch(1, 4)
        for at in batch.entries.indices {
            guard case .present(let body) = batch.entries[at].body else { continue }
            batch.entries[at].body = .absent(
                length: UInt32(body.count), hash: SHA256.hash(body))
        }
        return batch
    }

    /// Two histories that have four entries in common, and where they part.
    private static var located: ForkProof {
        var other = log.frontier(4)
        for leaf in log.leaves[5..<8] { other.append(leaf) }
        return ForkProof(
            a: log.checkpoint(6), b: Checkpoint(signing: 7, root: other.root, with: log.key),
            frontier: log.frontier(4).hashes, tail: Array(log.leaves[6..<8]),
            parting: ForkProof.Parting(
                index: 4, leafA: log.leaves[4], leafB: log.leaves[5], tailA: [log.leaves[5]]))
    }

    // MARK: What is wanted, and what differs

    private static var wants: [Message] {
        [
            .want(.everything, []), .want(.only, [key, .zero]), .want(.also, [key]),
            .want(.notThese, [.zero]),
        ]
    }

    private static var sketches: [Message] {
        let hashes = SketchKey(session: .zero, round: 7)
        let items = (UInt32(1)...9).map { SketchItem(id: $0 * 1_000, value: $0 << 16 | 5) }
        let total = SketchCell(summing: items, key: hashes)
        let cells = Sketch(items, count: Limits.Reconcile.fewestCells, key: hashes)
        func ask(_ cells: UInt64, _ estimator: DifferenceEstimator?) -> Message {
            .sketchAsk(
                Message.SketchAsk(
                    round: 7, logs: 9, total: total, cells: cells, estimator: estimator))
        }
        let names = Message.Names(
            round: 7,
            lacking: [
                Message.Names.ShortClaim(id: 0, size: 5),
                Message.Names.ShortClaim(id: 70_000, size: 1 << 20),
            ],
            asked: [3, 1 << 31],
            names: [
                Message.Names.Claim(log: key, size: 9), Message.Names.Claim(log: .zero, size: 1),
            ])
        return [
            ask(0, DifferenceEstimator(items, key: hashes)), ask(64, nil), ask(0, nil),
            .sketch(round: 7, .cells(cells)), .sketch(round: 7, .equal),
            .sketch(round: 8, .pages), .names(names), .names(Message.Names(round: 1)),
        ]
    }

    // MARK: Media

    /// A picture of one chunk, and a film whose list of chunks has two parts.
    private static var media: [Message] {
        guard let picture = try? Blob(root: log.leaves[0], size: 100),
            let film = try? Blob(root: log.leaves[1], size: 400 << 20)
        else { preconditionFailure("sizes that no file has") }
        func get(_ part: BlobPart, from: Int, _ count: Int) -> Message {
            .blobGet(BlobRequest(blob: film, part: part, from: from, count: count))
        }
        func piece(_ blob: Blob, _ part: BlobPart, _ index: Int, bytes count: Int) -> Message {
            let bytes = [UInt8](repeating: 7, count: count)
            return .blobPiece(BlobPiece(blob: blob, part: part, index: index, bytes: bytes))
        }
        return [
            .blobAsk([picture, film]), .blobHave(answer: true, []),
            .blobHave(answer: false, [film]), get(.hashes, from: 1, 1),
            get(.chunk, from: film.chunks - 16, 16), piece(picture, .hashes, 0, bytes: 32),
            piece(picture, .chunk, 0, bytes: 100), piece(film, .hashes, 1, bytes: 0),
        ]
    }
}
