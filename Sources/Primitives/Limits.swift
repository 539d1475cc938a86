/// Every bound of the mesh, each with its reason; sizes on the wire are those of
/// `Protocol/limits.md`.
package enum Limits {
    // MARK: Frames and messages

    /// A Noise transport message is at most 65,535 bytes: 65,519 of plaintext, one of them the
    /// kind.
    package static let fragment = 65_518
    /// One message, put together from its fragments. Any single entry with its proof fits.
    package static let message = 262_144
    /// A datagram stays below the least path MTU of IPv6 (1,280) with its headers.
    package static let datagram = 1_200
    /// Receiver's id, counter and tag of a datagram.
    package static let datagramOverhead = 32
    /// Heads in one message: 512 of 140 bytes stay below two fragments.
    package static let headsPerMessage = 512
    package static let ownLogs = 64
    /// Of the logs that a peer says it writes, so many are remembered for its owner's eyes.
    package static let logsNamed = 16
    package static let havesPerMessage = 512
    /// Change numbers of a store: exact in JSON, never reached.
    package static let changes: UInt64 = (1 << 53) - 1

    /// Names that a store had in earlier runs, under which peers may resume. Guess: a month of
    /// daily starts.
    package static let storeNames = 32

    // MARK: Time

    /// From accept or connect to the peer's hello, whatever trickles in meanwhile.
    package static let handshakeDeadline = Instant.Span.seconds(5)
    /// From a frame's first byte to its last: an absolute deadline (THREATS row 9).
    package static let frameDeadline = Instant.Span.seconds(10)
    package static let pingInterval = Instant.Span.seconds(20)
    /// Without any frame for so long, the session has ended.
    package static let silence = Instant.Span.seconds(60)
    /// A stream of batches without progress for so long is given up, and asked of another.
    package static let streamStall = Instant.Span.seconds(30)
    /// Bytes that a stream must bring in that time where somebody else offers the log: 2 KiB a
    /// second. Guess: who brings less is hardly there, or holds the log up on purpose.
    package static let streamShare = 64 << 10
    /// A stream that the peer takes nothing from is closed after this: longer than it waits itself.
    package static let serveStall = Instant.Span.seconds(60)
    /// An unanswered datagram is followed up over TCP after this. Guess: several home round trips.
    package static let datagramRepair = Instant.Span.milliseconds(250)
    /// After so many in a row everything goes over TCP, until a ping is answered. Guess: with 40 of
    /// 100 lost, each way, one of 36 such rows is chance, and costs half a minute.
    package static let datagramsUnanswered = 8
    package static let datagramProbe = Instant.Span.seconds(30)
    /// A session that is with no neighbour and has nothing under way is closed after this.
    package static let idleSession = Instant.Span.seconds(30)
    package static let redialFirst = Instant.Span.seconds(1)
    package static let redialLast = Instant.Span.seconds(300)
    /// After the disk was full, nothing is fetched for so long.
    package static let storageRetry = Instant.Span.seconds(5)

    /// From an announcement to asking for what has not come. The payload takes the quickest way
    /// that the last ones found, so it comes before most announcements; one that is later than some
    /// links take is held up. Guess: with 300 to 600 nodes whose links move, 250 ms seemed to cost
    /// the slowest posts 120 ms more and to save 0.05 copies a node, but one seed says so.
    package static let graftPatience = Instant.Span.milliseconds(80)
    /// From asking one announcer to asking the next: a round trip on a bad line. Guess.
    package static let graftRetry = Instant.Span.milliseconds(1_000)
    /// An announcement that is this much earlier than the payload shows a faster link. Guess: more
    /// than the jitter of a home line.
    package static let graftAdvantage = Instant.Span.milliseconds(30)
    /// Trees that another neighbour is asked for when a link goes, the newest first: 66 KiB. A link
    /// brings a fifth of all, so those of 10,000 logs are kept whole.
    package static let tended = 2_048
    /// A link that has left the active view goes on with the trees for so long: until another
    /// neighbour was dialled, greeted and asked, on a bad line.
    package static let leaving = Instant.Span.seconds(3)
    /// An announcement that a peer has not matched by one of its own is repeated over TCP.
    package static let announceRepair = Instant.Span.seconds(1)
    /// From hearing of a change number to noting it: what was lost till then was repeated.
    package static let markInterval = Instant.Span.seconds(20)

    /// Between two peers that are asked where a log forks: at first, and at last. Guess: whoever
    /// saw both histories mostly finds it within a second.
    package static let forkSearchFirst = Instant.Span.seconds(5)
    package static let forkSearchLast = Instant.Span.seconds(600)
    /// Questions in one search. Guess: the 32 levels of a log, and some that the other side spends
    /// by going back.
    package static let forkSearchRounds = 48

    // MARK: Memory

    /// Logs of which something was announced and has not come. Each takes about 150 bytes.
    package static let missing = 16_384
    /// Peers whose change number is remembered: some 100 bytes each.
    package static let resumes = 4_096
    /// Posts are pushed whole up to this size; of larger ones the signed head goes first, and the
    /// rest is asked of one neighbour only. Guess: what a datagram holds, about.
    package static let pushWhole = 2_048

    /// Sessions at once, and half-open ones among them (THREATS row 8).
    package static let sessions = 256
    package static let halfOpen = 64
    /// Above this many unsent bytes nothing more is produced for a peer; it is told of heads later.
    package static let sendHighWater = 1 << 20
    /// Above this many unsent bytes no batch of a stream goes out, so that live posts wait behind
    /// little: some 4 s of a line of 1 Mbit/s. The transport tells when as much is left.
    package static let serveHighWater = 256 << 10
    /// A peer that lets this many bytes pile up (answers to its own requests) is dropped.
    package static let sendHardCap = 4 << 20
    /// Bytes handed to the store and not durable yet; above it, live pushes are left to be fetched.
    package static let storeInFlight = 32 << 20
    /// What all peers may take together before the strangers that take most are dropped: 128 MiB
    /// without a node at rest and `storeInFlight`, and half of the rest for what is not counted.
    package static let peerBytes = 40 << 20
    /// And so much more for each log held: ten neighbours that hold it as well.
    package static let peerBytesOfLog = 512
    /// Streams that one peer may have open here, and that we open there.
    package static let streamsServed = 8
    package static let streamsFetched = 4
    /// And so many more for logs of which only the newest entries lack: live posts that are too
    /// large to be pushed do not wait until a backlog is through.
    package static let streamsOfNews = 2
    package static let streamsAsked = streamsFetched + streamsOfNews
    /// Entries that may lack for that.
    package static let newsEntries: UInt64 = 16
    /// Offers that are passed over at a time, since they cannot be taken up now.
    package static let offersPassed = 64
    /// Batches under way in one stream.
    package static let streamCredit: UInt64 = 8
    package static let streamCreditMaximum: UInt64 = 16
    /// Bytes of entries that a batch is filled to: leaves room for proofs within a message.
    package static let batchBytes = 196_608
    /// Batches end at multiples of this where they can: the proofs there are stored ready.
    package static let batchAlignment: UInt64 = 256
    /// Logs known at once. Each costs about 1 KiB of memory.
    package static let logs = 200_000
    /// Up to so many, logs of strangers are taken, too: a quarter is left to those whom the owner
    /// follows, and theirs.
    package static let strangersLogs = 150_000
    /// Logs that one peer may offer and that wait to be fetched.
    package static let offers = 65_536
    /// Damaged entries that are remembered until they are put right.
    package static let damagedEntries = 1_024
    /// Bytes of a proof file: body and header in base64, and room for hashes and cosignatures.
    package static let proofFile = 524_288
    /// Key rotations of an identity that are followed: a longer chain is somebody's game.
    package static let rotations = 1_024
    /// Fork proofs kept in memory; others are read when a peer is to be told. Each takes at most 6
    /// KiB.
    package static let forkProofs = 1_024
    /// Proofs of one log, each better than the ones before, that are told at once; the next waits a
    /// second, and each one behind it twice as long. Guess: honest nodes need three.
    package static let forkProofsAtOnce = 8
    /// Better proofs that wait, of so many logs.
    package static let forkProofsDelayed = 256
    /// Addresses that are redialled.
    package static let dialTargets = 256
    /// Bytes of drafts that wait to be signed for one log.
    package static let drafts = 8 << 20
    /// Groups of own posts signed and not yet durable.
    package static let groupsInFlight = 6
    /// Counters behind the newest that a datagram may still have (THREATS row 6).
    package static let replayWindow = 2_048
}

/// Bounds of a log's parts, from `Protocol/limits.md`.
package enum LogLimits {
    /// Entries in a log: indices fit 32 bits, so that (log number, index) is one SQLite row id.
    package static let size: UInt64 = (1 << 32) - 1
    /// Bytes of a body, salt included. Small enough that any one entry fits a message.
    package static let body = 65_536
    /// Random bytes before the content.
    package static let salt = 16
    /// Entries in one batch.
    package static let batchEntries = 4_096
    /// Hashes in a frontier: one for each bit of a size.
    package static let frontier = 32
    /// Hashes in a tail: at most two for each level.
    package static let tail = 64
    /// Bytes of a header at its longest.
    package static let header = 96
    /// Entries of a root log that have effect: as many as are kept when all else of a log is
    /// dropped. Guess: four a year for a lifetime, and a new root key begins anew.
    package static let statements: UInt64 = 256
}

/// Every bound of the transport, with its reason.
package struct TransportLimits: Sendable {
    /// TCP connections accepted at a time, before the descriptor limit is looked at. *Guess*: ten
    /// times a busy overlay.
    package var accepted = 512
    /// TCP connections opened to others at a time.
    package var outgoing = 128
    /// Unix-socket connections at a time: command-line tools of the same user.
    package var local = 32
    /// Descriptors left to the store, Unix sockets and name look-ups when the process may open only
    /// few.
    package var reservedDescriptors = 40
    /// Connections taken from one listener in one turn of the loop.
    package var acceptsPerTurn = 64
    /// Seconds for which the kernel keeps a connection to itself until something comes over it; 0:
    /// it is taken at once. For protocols in which whoever dials speaks first: silent connections
    /// then take no place, however many there are.
    package var firstBytes: Int32 = 0
    /// Bytes read from a connection at once: the most that `received` hands over. *Measured*: 64
    /// KiB is no faster.
    package var readSize = 16_384
    /// Reads from one connection in one turn, so that one fast peer does not hold up the others.
    package var readsPerTurn = 4
    /// Bytes waiting to be sent above which `send` refuses. A message begun below it is taken
    /// whole.
    package var sendQueue = 1 << 20
    /// Waiting bytes at which `drained` is reported, when there were more.
    package var lowWater = 256 << 10
    /// Bytes that the kernel takes from the queue and cannot send yet. *Measured*: as fast as
    /// without, where it would take 4 MiB for each peer that does not read, and a message sent now
    /// would wait behind them.
    package var kernelQueue = 128 << 10
    /// Bytes a peer must take, or empty the queue, within `stallTime`.
    package var stallProgress = 64 << 10
    /// How long a peer may leave its queue without that progress.
    package var stallTime = Instant.Span.seconds(30)
    /// How long a finished connection waits for the peer to close its side.
    package var lingerTime = Instant.Span.seconds(2)
    /// Bytes of a datagram, sent or received: larger ones are dropped. Ethernet's payload.
    package var datagram = 1500
    /// Datagrams moved by one system call.
    package var datagramBatch = 32
    /// Batches of datagrams read from one socket in one turn.
    package var datagramBatchesPerTurn = 4
    /// Names that are being looked up.
    package var resolutions = 64
    /// Threads that resolve names: two, so that one dead name server does not hold up the next
    /// name.
    package var resolverThreads = 2

    package init() {}
}

extension Limits {
    /// Reconciliation of heads: `Protocol/reconciliation.md`.
    package enum Reconcile {
        /// Cells of one sketch: 240,000 bytes, so that it and the ids that it can tell each fit a
        /// message.
        package static let cells = 24_000
        /// The fewest: some logs stand in 16 cells.
        package static let fewestCells = 16
        package static func isWidth(_ count: Int) -> Bool {
            count >= fewestCells && count <= cells
        }
        /// Asks of one comparison, before heads are told in pages. The first is enough in 99 of
        /// 100.
        package static let attempts = 4
        /// Up to so many logs, pages are sent at once: a sketch would save nothing.
        package static let few = 16
        /// Cells of the sketch that a periodic check asks for: about 13 differences, *measured*.
        package static let probeCells = 64
        /// Logs named in one message: 41 bytes each, so that it fits.
        package static let names = 4_096
        /// Asks answered at once, and then one each interval: two comparisons and their probes. An
        /// ask costs up to 10 ms of work at 100,000 logs.
        package static let askBurst = 10
        package static let askInterval = Instant.Span.seconds(15)
        /// An ask unanswered for so long, or none from a peer that should ask: pages are sent.
        package static let patience = Instant.Span.seconds(15)
        /// Between comparisons of a session that lasts, with a quarter of jitter. Guess: what live
        /// pushing lost is found by then, at 100 bytes.
        package static let again = Instant.Span.seconds(300)
    }
}

extension Limits {
    /// The newest entries of long logs, which are fetched before those in between.
    package enum Newest {
        /// Entries that must be lacking for it: fewer come in one or two batches anyway. Guess.
        package static let gap: UInt64 = 512
        /// Entries at the start of a log that come before all else: who it belongs to.
        package static let opening: UInt64 = 16
        /// Entries asked for, and kept while live posts follow them: a screen of posts.
        package static let entries: UInt64 = 32
        /// Bytes of one log's newest entries, and of all logs' together: what some hundred authors
        /// take. Beyond it, logs come in order.
        package static let bytes = 64 << 10
        package static let total = 4 << 20
    }
}

extension Limits {
    /// The overlay: `Protocol/overlay.md`. "Paper" is HyParView's, its values for 10,000 nodes.
    package enum Overlay {
        // MARK: Sizes

        /// Neighbours without those in reserved slots: fan-out 4 and one more (paper §5.1).
        package static let active = 5
        /// Of them, at least so many that this node chose itself: half, rounded down.
        package static let own = 2
        /// Peers that can replace a neighbour (paper §5.1).
        package static let passive = 30
        /// Passive entries that came over one link, once the view is full: a third. Walks come over
        /// five links, so a fair share is six. Guess.
        package static let passiveOfLink = 10
        /// Peers that asked for a place in vain, which shuffles name, and for how long: about as
        /// long as one looks for a neighbour. Guess.
        package static let seekers = 8
        package static let seekerTime = Instant.Span.seconds(120)
        /// Peers once heard of, for probes and as the last resort. 0.95^256 = 0.000002 is the
        /// chance that none is left when 95 of 100 nodes fail.
        package static let memory = 256
        /// Peers whose addresses are kept beside the address table before those in no view any
        /// more are forgotten: what the views and the memory hold, and half of that.
        package static let contacts = 512
        /// Invited peers with a slot of their own.
        package static let reserved = 128

        // MARK: Walks

        /// Hops of ForwardJoin (ARWL) and, a guess, of Shuffle; and how many are left when it
        /// leaves the new node in a passive view (PRWL) (paper §5.1).
        package static let activeWalk = 6
        package static let passiveWalk = 3
        /// Neighbours (k_a) and passive entries (k_p) in a Shuffle (paper §5.1).
        package static let shuffleActive = 3
        package static let shufflePassive = 4
        /// Time to live that a message can carry at most: more than any walk has.
        package static let timeToLive = 15
        /// Shuffles under way that the way back is remembered of: a second's worth of the rate that
        /// five links may have is one; this holds 20 s of them and some bursts.
        package static let walks = 64
        /// For so long. Guess: twelve hops of a bad line.
        package static let walkTime = Instant.Span.seconds(20)

        // MARK: Time

        /// The paper gives no period. Guess: 12 messages of 600 bytes in that time cost 250 bytes
        /// a second.
        package static let shuffle = Instant.Span.seconds(30)
        /// The first shuffles after a join come as quickly as this, to fill the passive view.
        package static let firstShuffle = Instant.Span.seconds(2)
        package static let firstShuffles = 6
        /// Until a node's first probe for islands. Each moves links, which trees must follow, so
        /// the time doubles with each that shows that all is well. Guess: an island of ten nodes
        /// is found within three minutes at the first pace, within half an hour at the slowest.
        package static let probe = Instant.Span.seconds(1_800)
        /// The same after most neighbours were lost at once, which is how islands come about.
        package static let urgentProbe = Instant.Span.seconds(300)
        package static let slowestProbe = Instant.Span.seconds(28_800)
        /// Peers that one probe calls until one is there. 0.95^64 = 0.04 is the chance that none
        /// is where 95 of 100 nodes have failed.
        package static let probeCalls = 64
        /// A link that is not up by then is not coming.
        package static let connect = Instant.Span.seconds(10)
        /// A Neighbor request unanswered for so long counts as refused.
        package static let reply = Instant.Span.seconds(5)

        // MARK: What peers can make us do

        /// Shuffles taken from one link at once, and then one each interval: five times what a
        /// network of equal nodes sends (6 hops each 30 s, over 5 links).
        package static let shuffleBurst = 16
        package static let shuffleInterval = Instant.Span.seconds(5)
        /// ForwardJoins taken from one link at once, and then one each interval.
        package static let forwardBurst = 32
        package static let forwardInterval = Instant.Span.seconds(1)
        /// Joins that are passed on at once, and then one each interval, which is what neighbours
        /// take; others are only accepted.
        package static let joinBurst = 32
        package static let joinInterval = Instant.Span.seconds(1)
        /// Requests with high priority of a node without neighbours at once, and then one each
        /// interval: where more nodes need one than others can take (most cannot be called), they
        /// must not evict each other without end. Guess.
        package static let urgentBurst = 8
        package static let urgentInterval = Instant.Span.seconds(15)
        /// The same of a node that has too few own neighbours.
        package static let wishBurst = 6
        package static let wishInterval = Instant.Span.seconds(120)
        /// Links asked for to repair a view that is not empty: enough for the passive view and the
        /// memory at once, and then one each interval.
        package static let repairBurst = 300
        package static let repairInterval = Instant.Span.seconds(6)
        /// Links that ForwardJoins are opening at a time.
        package static let forwardDials = 4
        /// Contacts that are being joined through at a time.
        package static let joins = 8
        /// Peers in one Shuffle or its reply: twice what the paper's constants need.
        package static let nodesPerMessage = 16
        /// Peers taken from one hint.
        package static let hints = 64
        /// Refusals after which a node with most of its neighbours waits for the next shuffle.
        package static let refusals = 4
        /// Peers of one round that could not be reached, after which it asks as if most neighbours
        /// were gone: more than half of a passive view.
        package static let failures = 16
        /// Waits between repairs of a node that reaches nobody: doubled up to so many shuffles.
        package static let rest = 16
    }

    /// What a node remembers of where others are (`AddressTable`).
    ///
    /// The shape is that of Bitcoin Core's addrman (1,024 and 256 buckets of 64; 64 and 8 buckets a
    /// group), made smaller: a mesh of people's nodes, at about 100 bytes an address.
    package enum Addresses {
        /// Buckets for what was only heard of.
        package static let newBuckets = 192
        package static let newSlots = 16
        /// Buckets for what was reached.
        package static let triedBuckets = 64
        package static let triedSlots = 16
        /// Buckets that one source group can fill among the new ones: 128 of 3,072 places, 4 %.
        package static let bucketsOfSource = 8
        /// Buckets that one network group can fill among the tried ones: 32 addresses of 1,024.
        package static let bucketsOfGroup = 2
        /// Endpoints of one peer, reached or heard of; as many go into a contact.
        package static let endpoints = 4
        /// A hint is dropped after this many dials in vain; one that worked once, after more.
        package static let failuresOfNew: UInt8 = 3
        package static let failuresOfTried: UInt8 = 10
        /// After a dial in vain an address rests: doubled with each further one. *Guess*.
        package static let restFirst = Instant.Span.seconds(30)
        package static let restLast = Instant.Span.seconds(3_600)
        /// Peers that are dialled first at the next start.
        package static let anchors = 4
        /// Bytes of the table on disk at most: 4,096 addresses of at most 110 bytes, and the rest.
        package static let encoded = 512 << 10
        /// Changes of the table are written at most so often; what is lost is only hints.
        package static let savePause = Instant.Span.seconds(300)
        /// The first peers of a node are worth more: they are written sooner.
        package static let savePauseFirst = Instant.Span.seconds(10)
        /// Peers that a node keeps dialled on its own: the self-dialled half of an active view of
        /// five, and one more.
        package static let outbound = 4
        /// Peers of one network group among them, unless there is nobody else.
        package static let outboundOfGroup = 2
        /// Dials from the table under way at once, and how soon one follows the other.
        package static let dialsUnderWay = 2
        package static let dialPause = Instant.Span.milliseconds(500)
        /// When nobody in the table could be dialled, it is looked through again after this.
        package static let dialRest = Instant.Span.seconds(30)
        /// The next endpoint of a peer is tried after this, without waiting for the one before to
        /// fail: RFC 8305 §5 has 250 ms, which would open two connections to most far peers here.
        package static let dialStagger = Instant.Span.milliseconds(2_500)
        /// Contacts taken from one hint.
        package static let hintsPerEvent = 64
        /// Places in an address or an invite that people pass on, and bytes of its text.
        package static let places = 8
        package static let text = 1_024
    }

    /// Who may come in, by the network it comes from (`Admission`; THREATS rows 1, 8, 24).
    ///
    /// A prefix is /16 of IPv4 or /48 of IPv6; within a site, one address. Loopback is the owner's
    /// own machine, and has no bounds but the common ones.
    package enum Admission {
        /// Handshakes that a prefix may begin: a burst, and then so many a second. Each costs this
        /// node at most four X25519, about 0.1 ms.
        package static let burst: UInt64 = 32
        package static let perSecond: UInt64 = 8
        /// Prefixes whose tokens are counted: in sets of four, so that a flood from many displaces
        /// some counts and not all.
        package static let buckets = 1_024
        package static let ways = 4
        /// Half-open sessions of one prefix, of `halfOpen` in all.
        package static let halfOpenOfPrefix = 16
        /// Sessions that one prefix may have opened here.
        package static let sessionsOfPrefix = 16
        /// Sessions that strangers may have opened here: `sessions` without the half-open ones, and
        /// 32 for those that this node dialled or invited.
        package static let inbound = 160
        /// An address within a site may stand for many machines behind a translator.
        package static let siteFactor = 4
        /// Peers with a slot of their own: those whom the owner invited, or who invited the owner.
        package static let reserved = 128
    }

    /// Peers whose input came right before crashes (THREATS row 17).
    package enum Quarantine {
        /// Crashes after which a peer is refused: one may be anybody's.
        package static let crashes = 2
        /// For so long, in milliseconds: a day. *Guess*: an owner looks in, or a mended program
        /// is installed.
        package static let time: UInt64 = 24 * 3_600 * 1_000
        /// A crash is forgotten after a week.
        package static let memory: UInt64 = 7 * 24 * 3_600 * 1_000
        /// What was handed over so long before a crash is no suspect. *Guess*: work that a message
        /// leads to ends with the next commit.
        package static let reach = Instant.Span.seconds(10)
        /// Suspects that are remembered.
        package static let suspects = 64
    }

    /// Invites with a one-time secret.
    package enum Invites {
        /// Random bytes of a secret: not to be guessed over the network.
        package static let secret = 16
        /// Invites that one node has open: more would be a public address.
        package static let open = 64
        /// How long an invite is good, in milliseconds: a week has a friend's weekend in it.
        package static let lifetime: UInt64 = 7 * 24 * 3_600 * 1_000
    }

    /// Beacons in the local network.
    package enum Discovery {
        /// Bytes of a beacon: 60 are needed.
        package static let beacon = 128
        /// Between two beacons, with up to a quarter of jitter.
        package static let interval = Instant.Span.seconds(30)
        /// Beacons of one address that are read in a time (a machine may have several nodes), and
        /// of all addresses: a large office.
        package static let beaconPause = Instant.Span.seconds(5)
        package static let ofSource = 8
        package static let ofAll = 512
        /// Nodes that were heard last, for the owner to choose from. Guess: more than a list shows.
        package static let nearby = 64
        /// Who was not heard for so long has gone: four beacons.
        package static let gone = Instant.Span.seconds(120)
        /// Interfaces of this machine that beacons go out by.
        package static let interfaces = 16
        /// Beside the node's own default port, since many nodes of one machine share this one.
        package static let port: UInt16 = 4_647
    }
}

/// What the node keeps of others when the disk is not endless: `Protocol/limits.md` has none of
/// these, since each node chooses.
extension Limits {
    package enum Storage {
        /// The default budget: half of what is free at the first start, and no more than this.
        package static let defaultBudget: UInt64 = 10 << 30
        /// Below this the write-ahead log and a few hundred posts would take all of it.
        package static let leastBudget: UInt64 = 4 << 20
        package static let mostBudget: UInt64 = 1 << 60
        /// Of the budget, a sixteenth is kept free for own posts, and no more than this: some
        /// hundred thousand posts.
        package static let reserve: UInt64 = 256 << 20
        /// What the write-ahead log may take, for budgets from 48 MiB up; a quarter of others.
        package static let writeAhead: UInt64 = 12 << 20
        /// How much more than needed is dropped at once: looking at every log costs more than
        /// dropping a few bodies, and own posts wait for both. Guess.
        package static let slack: UInt64 = 8 << 20
        /// Bytes of bodies dropped in one commit.
        package static let dropsPerCommit: UInt64 = 1 << 20
        /// What an entry without its body takes, with its share of tree and index. Measured: 108
        /// bytes where bodies were dropped.
        package static let header: UInt64 = 112
        /// The disk's own low-water mark: a fiftieth of it, within these.
        package static let leastFree: UInt64 = 4 << 20
        package static let mostFree: UInt64 = 256 << 20
        /// Statements (who somebody is, whom they follow) are kept when all else of a log is
        /// dropped: the first so many, which are all that count of a root log, up to this many
        /// bytes each. Honest ones take some 150.
        package static let keptStatements = Int64(LogLimits.statements)
        package static let keptStatementBytes = 1_024

        /// Hops that are told apart; whoever is further away is a stranger.
        package static let hops = 3
        /// Of one author's follows, so many count: one account cannot bring in a million others.
        package static let followsCounted = 2_048
        /// Logs that are fetched because a post of theirs was missing in a thread. Guess: more than
        /// one reads in an evening.
        package static let asked = 256
        /// Of one identity's devices, so many count.
        package static let devicesCounted = 64
        /// From a follow to what it changes: many at once cost one computation.
        package static let settling = Instant.Span.milliseconds(500)
        /// How often the disk is looked at while nothing is written.
        package static let look = Instant.Span.seconds(5)
    }

    package enum Wants {
        /// Logs that a node may name in a session; whoever wants more wants everything.
        package static let logs = 65_536
        /// Logs named in one message: 70 KiB.
        package static let perMessage = 2_048
        /// How often in a session a peer may go back to wanting everything and be told all heads.
        package static let retellings = 16
        /// Refused logs that are told apart when they are counted.
        package static let refusedCounted = 16_384
    }
}
