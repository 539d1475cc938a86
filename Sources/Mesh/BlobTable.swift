package import Content
import Crypto
package import MerkleLog
package import Primitives

/// A blob that an entry names, and what it is worth to this node.
package struct BlobMention: Hashable, Sendable {
    package var blob: Blob
    /// How far the author is from the owners: 1 for those that are followed.
    package var hop: Int
    /// The entry's.
    package var time: UnixTime

    package init(blob: Blob, hop: Int, time: UnixTime) {
        self.blob = blob
        self.hop = hop
        self.time = time
    }
}

/// What happens to blobs outside of the network.
package enum BlobEvent: Sendable {
    /// Entries that came name these, which are not here.
    case mentioned([BlobMention])
    /// A reader waits for it, whatever its size.
    case want(Blob)
    /// It is here: who else holds it?
    case ask(Blob)
    /// It is here now, whole and durable.
    case held(Blob)
    /// Some of it is here, since it was damaged or the process ended: it is fetched whatever its
    /// size.
    case lacking(BlobMention)
    /// The answer to `.begin`: the list that is on the disk, or none, and which chunks are.
    case begun(Blob, hashes: [Hash], present: [Int])
    case written(Blob, index: Int)
    /// `.begin`, `.write` or `.finish` could not be done: it is not fetched.
    case failed(Blob, StoreFailure)
    /// The answer to `.find`: those that are here and that an entry names.
    case found(SessionID, [Blob])
    /// The answer to `.read`: no bytes when it is not here, or may not be given.
    case read(SessionID, BlobPiece)
}

/// What is to be done about blobs, in order.
package enum BlobEffect: Sendable {
    /// Look which of these are here and named by an entry, and answer `.found`.
    case find(SessionID, [Blob])
    /// Read one part of what is here and named by an entry, and answer `.read`.
    case read(SessionID, BlobRequest)
    /// Make room for a blob and keep its list; without one, only say what is here already.
    case begin(Blob, hashes: [Hash])
    /// Keep this chunk, which was checked.
    case write(Blob, index: Int, [UInt8])
    /// All chunks are written: make it durable under its own name, and answer `.held`.
    case finish(Blob)
}

/// What a blob is worth among those to be fetched: smaller is better.
struct BlobRank: Comparable {
    /// Someone is waiting.
    var isAwaited: Bool
    var hop: Int
    var time: UnixTime

    static func < (a: BlobRank, b: BlobRank) -> Bool {
        if a.isAwaited != b.isAwaited { return a.isAwaited }
        if a.hop != b.hop { return a.hop < b.hop }
        return a.time > b.time
    }
}

/// A blob that is to be fetched, and how far that is. Only the mesh that made it holds it.
final class BlobFetch {
    let blob: Blob
    var rank: BlobRank
    var phase = Phase.waiting
    /// Sessions whose peers say that they hold it, and those of them that let us wait.
    var holders: [SessionID] = []
    var stalled: [SessionID] = []
    /// Peers that sent wrong parts of it.
    var excluded: [LogKey] = []
    /// Sessions that held it no more, and were asked once again.
    var lacking: [SessionID] = []
    /// The list as it comes, all of one peer.
    var pages: [[Hash]?] = []
    var source: SessionID?
    var list: ChunkList?
    var chunks: [ChunkState] = []
    /// No chunk before this is missing.
    var firstMissing = 0
    /// Chunks asked for or being written, and those not yet written.
    var underWay = 0
    var left = 0

    init(_ blob: Blob, _ rank: BlobRank) {
        self.blob = blob
        self.rank = rank
    }

    enum Phase {
        /// Nobody is asked for it.
        case waiting
        /// The disk says what it has.
        case opening
        case listing
        /// The list is being written.
        case keeping
        case fetching
        /// The disk makes it durable.
        case finishing
    }

    enum ChunkState: UInt8 {
        case missing
        case asked
        case writing
        case written
    }

    /// Takes the list, and what of the chunks is here.
    func start(_ list: ChunkList, present: [Int]) {
        self.list = list
        pages = []
        source = nil
        chunks = Array(repeating: .missing, count: list.hashes.count)
        for index in present where chunks.indices.contains(index) { chunks[index] = .written }
        left = chunks.count { $0 != .written }
        firstMissing = 0
        underWay = 0
        phase = .fetching
    }

    /// Back to the beginning, without what takes memory: the disk has what came.
    func rest() {
        phase = .waiting
        pages = []
        source = nil
        list = nil
        chunks = []
        underWay = 0
    }

    func missed(_ index: Int) {
        guard chunks.indices.contains(index), chunks[index] == .asked else { return }
        chunks[index] = .missing
        firstMissing = min(firstMissing, index)
        underWay -= 1
    }

    /// The next chunks that nobody was asked for, one after the other.
    func nextRun(most: Int) -> Range<Int>? {
        while firstMissing < chunks.count, chunks[firstMissing] != .missing { firstMissing += 1 }
        guard firstMissing < chunks.count, most > 0 else { return nil }
        var end = firstMissing
        while end < chunks.count, end - firstMissing < most, chunks[end] == .missing { end += 1 }
        return firstMissing..<end
    }
}

/// All blobs that the mesh has to do with.
struct BlobTable {
    /// What is to be fetched, the best first.
    private(set) var order: [BlobFetch] = []
    /// By root and size: whoever names a root with another size names another blob, and must not
    /// stand in the way of the right one.
    private var byName: [Blob: BlobFetch] = [:]
    /// What is here, and who else says to hold it.
    /// Sessions by blob.
    private var watched: [Blob: [SessionID]] = [:]
    private var watchOrder = Deque<Blob>()
    /// Something changed that lets parts be asked for.
    var isDirty = false

    subscript(_ blob: Blob) -> BlobFetch? { byName[blob] }

    /// Whether it is to be fetched, or noted who holds it.
    func concerns(_ blob: Blob) -> Bool { byName[blob] != nil || watched[blob] != nil }

    var watchedBlobs: [Blob] { (0..<watchOrder.count).map { watchOrder[$0] } }

    /// Adds what is to be fetched; what falls out for it, if anything. Nil of both when it is
    /// itself worth less than all that is here.
    mutating func add(_ blob: Blob, _ rank: BlobRank) -> (added: BlobFetch?, dropped: BlobFetch?) {
        if let known = byName[blob] {
            guard rank < known.rank else { return (nil, nil) }
            order.removeAll { $0 === known }
            known.rank = rank
            insert(known)
            return (nil, nil)
        }
        var dropped: BlobFetch?
        if order.count >= Limits.Blobs.wanted {
            guard let last = order.last, rank < last.rank else { return (nil, nil) }
            remove(last)
            dropped = last
        }
        let fetch = BlobFetch(blob, rank)
        fetch.holders = watched[blob] ?? []
        byName[blob] = fetch
        insert(fetch)
        return (fetch, dropped)
    }

    private mutating func insert(_ fetch: BlobFetch) {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if fetch.rank < order[middle].rank { high = middle } else { low = middle + 1 }
        }
        order.insert(fetch, at: low)
    }

    mutating func remove(_ fetch: BlobFetch) {
        byName[fetch.blob] = nil
        order.removeAll { $0 === fetch }
    }

    /// From now on it is noted who holds it.
    mutating func watch(_ blob: Blob, holders: [SessionID] = []) {
        guard watched[blob] == nil else { return }
        watched[blob] = holders
        watchOrder.append(blob)
        if watchOrder.count > Limits.Blobs.watched, let oldest = watchOrder.popFirst() {
            watched[oldest] = nil
        }
    }

    mutating func note(_ blob: Blob, heldBy session: SessionID) {
        if let fetch = self[blob], !fetch.holders.contains(session) {
            fetch.holders.append(session)
            isDirty = true
        }
        if watched[blob]?.contains(session) == false { watched[blob]?.append(session) }
    }

    /// A session has ended.
    mutating func forget(_ session: SessionID) {
        for fetch in order {
            fetch.holders.removeAll { $0 == session }
            fetch.stalled.removeAll { $0 == session }
            fetch.lacking.removeAll { $0 == session }
        }
        for at in 0..<watchOrder.count {
            watched[watchOrder[at]]?.removeAll { $0 == session }
        }
    }

    func isHeld(_ blob: Blob, by session: SessionID) -> Bool {
        self[blob]?.holders.contains(session) ?? watched[blob]?.contains(session) ?? false
    }

    func holders(of blob: Blob) -> Int {
        max(byName[blob]?.holders.count ?? 0, watched[blob]?.count ?? 0)
    }
}

/// What of media goes on in one session.
struct SessionBlobs {
    // MARK: Ours

    /// Blobs that the peer is to be asked about, and whether an answer is awaited.
    var toAsk = BoundedBlobs(limit: 2 * Limits.Blobs.wanted)
    var isAsking = false
    /// Parts that the peer was asked for, and when they are given up.
    var requests: [Requested] = []
    var deadline: Instant?

    // MARK: Theirs

    /// What the peer asked about and was not here.
    var awaited = BoundedBlobs(limit: Limits.Blobs.awaited)
    /// The peer's question is being looked up.
    var asked: [Blob] = []
    /// Parts that the peer waits for.
    var owed = Deque<BlobRequest>()
    var partsOwed = 0
    var isReading = false

    struct Requested {
        var blob: Blob
        var part: BlobPart
        var index: Int
    }

    var isBusy: Bool { !requests.isEmpty || partsOwed > 0 || !asked.isEmpty }
}

/// Some blobs, each once, in the order in which they came; the oldest fall out.
struct BoundedBlobs {
    private var order = Deque<Blob>()
    private var members: Set<Blob> = []
    let limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { order.count }
    var isEmpty: Bool { members.isEmpty }

    mutating func insert(_ blob: Blob) {
        guard members.insert(blob).inserted else { return }
        order.append(blob)
        if order.count > limit, let oldest = order.popFirst() { members.remove(oldest) }
    }

    /// Whether it was there.
    mutating func remove(_ blob: Blob) -> Bool {
        guard members.remove(blob) != nil else { return false }
        if members.isEmpty { order.removeAll() }
        return true
    }

    mutating func popFirst() -> Blob? {
        while let blob = order.popFirst() {
            if members.remove(blob) != nil { return blob }
        }
        return nil
    }
}
