import Crypto
import MerkleLog
import Primitives

/// One connection with a peer, from the first handshake byte to the end.
///
/// A class, since the mesh looks a session up once and then changes it in many places; only the
/// mesh that made it holds it, on its own thread.
final class Session {
    let id: SessionID
    /// The number of the `DialTarget` that made it; nil when the peer came to us.
    let target: Int?
    let openedAt: Instant
    var phase: Phase
    /// Its first message has shown that the peer knows this node's key.
    var hasSpoken = false
    /// The peer's end of the connection: never proof of anything but where it is now.
    var remote: Endpoint?
    /// The network that it came from and counts for; nil for one that we dialled, and for loopback.
    var prefix: NetworkGroup?
    /// The peer's node key: known from the start when we dialled, else from the hello.
    var peer: LogKey?
    var agent = ""

    var frames = FrameReader()
    /// The message under way.
    var assembler = MessageAssembler()
    var lastHeard: Instant
    var lastSaid: Instant
    /// Bytes given to the network and not known to have left.
    var unsent = 0
    /// What it was last counted with (`Mesh+Memory`).
    var weight = 0

    // MARK: Sync

    /// Which logs the peer wants of us.
    var wants = PeerWants()

    /// What the peer is known to hold, by log number.
    var known: [Int: Known] = [:]
    /// The next log whose head goes out in pages; past the table's end when all have.
    var headsCursor = 0
    /// False while all heads are being told.
    var headsDone = true
    /// What of the change numbers is told and heard here.
    var resume = Resuming()
    /// Which heads differ, with a peer that was not met before.
    var reconciling = Reconciling()
    /// Since when nobody needs the session, unless something is under way.
    var idleSince: Instant?
    /// Live posts go to neighbours only.
    var standing = Standing.none
    var isNeighbour: Bool { standing == .neighbour }
    /// Logs whose news could not be sent while the peer was slow, in order, each once.
    var overdue: [LogKey] = []
    var isOverdue: Set<LogKey> = []
    /// Larger sizes than ours that the peer offers, in order, each once.
    var offers = OfferQueue()
    var offered: [LogKey: Offer] = [:]
    /// How often the peer gave nothing of a log, since it gave something.
    var stalls: [LogKey: Int] = [:]
    var fetches: [Fetch] = []
    var serving: [Serve] = []
    /// Logs whose newest entries the peer did not give: they are asked for in order.
    var withoutNewest: Set<LogKey> = []
    /// The highest number of a stream that the peer opened: none is used twice.
    var lastServed: UInt64 = 0
    var nextStream: UInt64 = 1
    /// Logs of which the peer is owed a `have`.
    var haves: [LogKey] = []
    /// Where a log forks is being found out with the peer.
    var search: ForkSearching?
    /// The secret of the invite that the peer came with, until it has named a log of its own.
    var invite: [UInt8]?
    /// Whether the peer has answered for our own logs in this session.
    var answeredOwn = false
    /// Those of which it named a head.
    var namedOwn: [LogKey] = []
    /// The first of the logs that the peer says it writes.
    var writes: [LogKey] = []
    /// What has passed so far, for the owner.
    var traffic = Traffic()

    /// Logs pushed by datagram, and when to follow up unless the peer has confirmed them; by time.
    var repairs = Deque<Repair>()
    /// The same for logs that were only announced.
    var reminders = Deque<Repair>()
    /// Media that the peer has, or wants.
    var blobs = SessionBlobs()
    /// Writes of what this peer sent that are not durable yet.
    var writesUnderWay = 0

    let datagrams: DatagramChannel
    /// The X25519 key that the handshake proved.
    var remoteStatic: Bytes32?

    init(
        id: SessionID, target: Int?, peer: LogKey?, handshake: NoiseHandshake, datagramID: UInt64,
        now: Instant
    ) {
        self.id = id
        self.target = target
        self.peer = peer
        openedAt = now
        lastHeard = now
        lastSaid = now
        phase = .handshaking(handshake)
        datagrams = DatagramChannel(receivingID: datagramID)
    }

    /// The peer's place in the active view.
    enum Standing: Equatable {
        case none
        case neighbour
        /// It was there: what the trees brought and got over this session goes on until then.
        case leaving(until: Instant)
    }

    enum Phase {
        case handshaking(NoiseHandshake)
        /// Keys are agreed; the peer's hello is still to come.
        case greeting(NoiseSession)
        case ready(NoiseSession)
        case closed
    }

    /// The keys, once they are agreed.
    var noise: NoiseSession? {
        switch phase {
        case .greeting(let noise), .ready(let noise): noise
        case .handshaking, .closed: nil
        }
    }

    var isReady: Bool {
        if case .ready = phase { return true }
        return false
    }

    /// Whether more may be produced for this peer.
    var isCongested: Bool { unsent > Limits.sendHighWater }

    /// Whether another batch of a stream may go out: one at a time, and never so much that a live
    /// post waits long behind it.
    var hasRoomToServe: Bool {
        unsent <= Limits.serveHighWater && !serving.contains { $0.isReading }
    }

    /// Sizes of one log at the peer.
    struct Known {
        /// The peer has said so, or sent it to us.
        var confirmed: UInt64 = 0
        /// Confirmed, or sent to it.
        var sent: UInt64 = 0
        /// The rank of the best fork proof that the peer knows; nil when it knows none.
        var forkRank: UInt64?
        /// The size at which the peer said to have another history, and was sent our head for it.
        var doubted: UInt64?
    }

    /// What the peer says that it holds of a log.
    struct Offer {
        var size: UInt64
        /// The root of its checkpoint of that size, where it told one.
        var root: Hash?
    }

    /// Logs of which the peer offers more: what has just been written before what was long ago.
    struct OfferQueue {
        private var news = Deque<LogKey>()
        private var backlog = Deque<LogKey>()

        var count: Int { news.count + backlog.count }
        var isEmpty: Bool { count == 0 }

        mutating func append(_ log: LogKey, isNews: Bool) {
            if isNews { news.append(log) } else { backlog.append(log) }
        }

        func count(ofNews isNews: Bool) -> Int { isNews ? news.count : backlog.count }

        mutating func popFirst(ofNews isNews: Bool) -> LogKey? {
            isNews ? news.popFirst() : backlog.popFirst()
        }
    }

    /// A push by datagram that is not confirmed.
    struct Repair {
        var number: Int
        var size: UInt64
        var at: Instant
    }

    /// A stream of batches that we asked for.
    struct Fetch {
        var stream: UInt64
        var log: LogKey
        /// Where the next batch begins.
        var next: UInt64
        /// What the peer offered.
        var size: UInt64
        /// When it is given up unless something new arrives.
        var deadline: Instant
        var startedAt: Instant
        /// Batches that the peer may still send.
        var credit: UInt64
        /// When it must have brought its share, or whoever else offers the log is asked.
        var judgedAt: Instant
        /// Bytes that came since it was last judged.
        var came = 0
        /// Where it ends though the peer has more.
        var to: UInt64?
        var hasDelivered = false
        var purpose = Purpose.entries
    }

    /// Why a stream was opened.
    enum Purpose: Sendable, Equatable {
        /// To hold what the peer holds.
        case entries
        /// To have the newest ones before those in between.
        case newest
        /// To find where a log forks.
        case search
        /// To put one damaged entry right, the first of the stream.
        case repair
    }

    /// A stream of batches that the peer asked for.
    struct Serve {
        var stream: UInt64
        var log: LogKey
        var next: UInt64
        var to: UInt64?
        var credit: UInt64
        /// When it is closed unless the peer takes something: slots are few.
        var deadline: Instant
        var isReading = false
    }
}

extension Session.Fetch {
    /// Why a batch is none of this stream, `[MSG-11]`, `[MSG-12]`; nil when it is.
    func misfit(_ batch: Batch) -> String? {
        if batch.log != log { return "a batch of another log" }
        if batch.from != next { return "a batch that does not begin where the one before ended" }
        return credit == 0 ? "a batch without credit" : nil
    }

    /// Counts a batch, before anything of it is checked.
    mutating func take(_ batch: Batch) {
        next = batch.to
        credit -= 1
        if purpose != .entries { hasDelivered = true }
        came += batch.entries.reduce(0) { $0 + $1.encodedSizeBound }
    }
}
