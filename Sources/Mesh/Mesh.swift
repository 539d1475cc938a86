package import Crypto
package import HyParView
package import MerkleLog
package import Plumtree
package import Primitives
import Wire

/// One node's protocol, whole and pure: events in, effects out; no socket, no clock, no store.
///
/// A node holds logs, each under a checkpoint that its author signed. It tells every neighbour
/// which heads it holds when they meet (`Mesh+Sync`), fetches what is longer there in batches that
/// verify by themselves, and hands what is new to the neighbours that lack it (`Mesh+Live`), by
/// datagram when it is small and they have everything before it, else over the session. Whatever
/// was lost on the way is found again by comparing heads: pushing is only for speed.
///
/// Its own logs it signs itself (`Mesh+Own`), and never before it knows that nothing newer was
/// published: see the invariants there. Nothing goes out that is not durable: `.store` goes to the
/// shell, and what follows from it happens when `.stored` comes back.
///
/// Who is a neighbour, HyParView says (`Mesh+Overlay`), and over which neighbours' links a log's
/// posts are pushed, Plumtree (`Mesh+Broadcast`). Other sessions only compare and fetch.
///
/// **The law of the shell:** call `handle` with every event, carry out all effects in order, and
/// call it with `.tick` when `nextDeadline` has come.
package struct Mesh {
    private(set) var configuration: MeshConfiguration
    /// The node key's other form, for handshakes.
    let agreementKey: AgreementKey
    var random: SeededRandom
    var now = Instant(nanoseconds: 0)
    var wallClock = UnixTime(milliseconds: 0)
    var effects: [Effect] = []

    var logs: LogTable
    var sessions = SessionTable()
    /// Which links live posts are pushed over.
    var plumtree: Plumtree
    /// Names this store to peers, who remember what they know of it.
    let storeID: UInt64
    /// What it was called before.
    let earlierNames: [StoreHistory.EarlierName]
    /// Of the round that a sketch was made for last: 8 bytes a log, for all sessions together.
    var sketchItems: SketchItems?
    /// What is known of peers' stores, and whose mark is oldest.
    var noted: [LogKey: ResumeMark] = [:]
    var markOrder = Deque<LogKey>()
    /// The sum of all sessions' `weight`.
    var peerBytes = 0
    var datagramSessions: [UInt64: SessionID] = [:]
    /// Ready sessions by the peer's key.
    var sessionOfPeer: [LogKey: SessionID] = [:]
    var targets: [DialTarget] = []
    var outbound = Outbound()
    /// Who is a neighbour; nil when every session is with one.
    var overlay: HyParView?
    var overlayEvents = Deque<HyParView.Event>()
    var isOverlayAtWork = false
    /// The overlay is to hear of the address table at the next event.
    var wantsHint = false
    /// Where other nodes are.
    package internal(set) var addresses: AddressTable
    var viewContacts = ViewContacts()
    var admission: Admission
    var quarantined = Quarantined()
    var invites: [OpenInvite] = []
    /// Peers with a slot of their own, the newest last.
    package internal(set) var reservedPeers: [LogKey] = []

    var ownLogs: [OwnLog] = []
    /// Logs that some session is being asked for.
    var fetching: [LogKey: SessionID] = [:]
    /// The newest entries of logs whose earlier ones are still to come, and what they take.
    var newest: [LogKey: Batch] = [:]
    var newestBytes = 0
    /// Writes handed to the shell, by token.
    var writes: [Token: PendingWrite] = [:]
    var writeBytes = 0
    var nextToken: Token = 1
    /// The strongest proof of each forked log.
    var forkProofs: [LogKey: ForkProof] = [:]
    /// Their logs, the longest at hand first.
    var forksAtHand = Deque<LogKey>()
    /// Logs of which it is not known where they fork, and when the next is looked into.
    var unlocated: [UnlocatedFork] = []
    var nextSearch: Instant?
    /// Better proofs of forked logs that wait for their time.
    var delayedForks: [DelayedFork] = []
    /// Fork proofs that the store refused: tried again when there may be room.
    var unstoredForks: [ForkProof] = []
    /// Entries that the store cannot read back.
    var damage: [DamagedEntry] = []
    /// Media: what is to be fetched, and who holds what.
    var blobs = BlobTable()
    /// Nothing is fetched before this: the disk was full.
    var storageBlockedUntil: Instant?
    var isStopping = false
    /// What is fetched and kept of others.
    var policy = LogPolicy()
    /// Sessions that are owed a `have` at the end of this event.
    var owing: [SessionID] = []
    package private(set) var counters = MeshCounters()
    /// Sees every message in the clear: for simulations and tests; nil in a node.
    package var observer: ((ObservedMessage) -> Void)?
    /// What is said instead of a message: for the liars of simulations; nil in a node.
    package var bend: ((SessionID, [UInt8]) -> [[UInt8]])?

    /// `heads`, `forks` and `newest` are what the store holds, `own` the logs that this node
    /// writes, `addresses` what the last run remembered.
    package init(
        configuration: MeshConfiguration, heads: [LogHead], own: [OwnLogStart],
        forks: [ForkProof] = [], newest: [Batch] = [], history: StoreHistory = StoreHistory(),
        addresses: AddressTable? = nil, seed: UInt64
    ) {
        self.configuration = configuration
        agreementKey = configuration.nodeKey.x25519()
        self.addresses = addresses ?? AddressTable(secret: configuration.entropy())
        admission = Admission(secret: configuration.entropy())
        logs = LogTable(heads: heads, changes: history.changes(for: heads))
        storeID = history.store
        earlierNames = history.earlier
        plumtree = Plumtree(configuration.broadcast)
        random = SeededRandom(seed: seed)
        overlay = configuration.overlay.map {
            HyParView(me: configuration.nodeKey.publicKey, parameters: $0, seed: seed ^ 0x5eed)
        }
        for mark in history.marks { remember(mark) }
        for proof in forks {
            remember(proof)
            if let number = logs.number(of: proof.log) { logs.freeze(number, proof) }
            if proof.parting == nil { searchLater(proof.log) }
        }
        rememberNewest(newest)
        for start in own { adopt(start) }
        startDialling()
    }

    /// Takes one event at `now` and appends what is to be done about it to `out`.
    ///
    /// `wallClock` is the time of day, for the hello and for nothing that decides.
    package mutating func handle(
        _ event: Event, at now: Instant, wallClock: UnixTime, into out: inout [Effect]
    ) {
        self.now = now
        self.wallClock = wallClock
        swap(&effects, &out)
        defer { swap(&effects, &out) }
        if wantsHint { hintOverlay() }
        switch event {
        case .accepted(let id, let from): accepted(id, from)
        case .connected(let id, let dial, let remote): connected(id, dial, remote)
        case .dialFailed(let dial): dialFailed(dial)
        case .received(let id, let bytes): received(id, bytes)
        case .drained(let id, let unsent): drained(id, unsent)
        case .closed(let id): closed(id)
        case .datagram(let bytes, let from): datagram(bytes, from)
        case .stored(let token, let change): stored(token, change)
        case .storeFailed(let token, let failure): storeFailed(token, failure)
        case .read(let id, let stream, let batch): served(id, stream, batch)
        case .forkRead(let id, let proof):
            if let session = sessions[id], session.isReady { tellOfFork(session, proof) }
        case .publish(let log, let drafts, let token): publish(log, drafts, token)
        case .adopt(let start):
            adopt(start)
            announceOwnLogs()
        case .disown(let log):
            ownLogs.removeAll { $0.key.publicKey == log && $0.groupsUnderWay == 0 }
        case .damaged(let log, let index): damaged(log, index)
        case .addPeer(let address, let isReserved, let secret):
            addPeer(address, isReserved: isReserved, secret: secret)
        case .dropPeer(let key): dropPeer(key)
        case .openInvite(let secret, let until): openInvite(secret, until)
        case .hint(let contacts, let source): hinted(contacts, from: source)
        case .reserve(let key, let isOn): reserve(key, isOn)
        case .want(let wanted, let quotas, let isWider): want(wanted, quotas, isWider: isWider)
        case .quarantine(let keys, let addresses): quarantine(keys, addresses)
        case .diskIsLow(let isLow): diskIsLow(isLow)
        case .blob(let event): handle(event)
        case .tick: tick()
        case .stop: stop()
        }
        flushHaves()
        goOnWithBlobs()
        shedWeight()
        noteAddressChanges()
    }

    /// When `.tick` is due; nil when nothing waits for time to pass.
    package var nextDeadline: Instant? {
        var earliest: Instant?
        func note(_ instant: Instant?) {
            guard let instant else { return }
            earliest = min(earliest ?? instant, instant)
        }
        for session in sessions.all {
            note(session.nextDeadline)
            note(nextMark(session))
            note(idleDeadline(session))
        }
        note(overlayDeadline)
        if wantsHint { note(now) }
        note(plumtree.nextDeadline)
        note(nextDialDeadline)
        note(storageBlockedUntil)
        note(nextSearch)
        for fork in delayedForks { note(fork.at) }
        for entry in damage { note(entry.askAgain) }
        return earliest
    }

    /// The port that this node listens on, which its hellos name from now on.
    package mutating func setListenPort(_ port: UInt16?) { configuration.listenPort = port }

    /// How many peers this node dials by itself from now on; none before it listens.
    package mutating func setOutbound(_ count: Int) {
        configuration.outbound = count
        startDialling()
    }

    /// Where this node is itself, and what it listens on: nothing there is dialled because somebody
    /// said so.
    package mutating func setOwn(addresses: [IPAddress], ports: [UInt16]) {
        outbound.ownAddresses = addresses
        outbound.ownPorts = ports
    }

    /// Whether anything is held of a log, or on its way to the disk.
    package func holds(_ log: LogKey) -> Bool { logs[log] != nil }

    /// What `ownState` says of a log whose key is not here.
    package static let noKey = "no key"
    /// What it says of a log that may be written.
    package static let writable = "writable"

    /// In a word, whether a log of this node can be written.
    package func ownState(of log: LogKey) -> String {
        guard let own = ownLogs.first(where: { $0.key.publicKey == log }) else { return Self.noKey }
        return switch own.state {
        case .writable: Self.writable
        case .unconfirmed: "unconfirmed"
        case .behind: "behind"
        case .forked: "forked"
        }
    }

    /// Whether datagrams get through to a peer.
    package func datagramsWork(with peer: LogKey) -> Bool {
        sessionOfPeer[peer].flatMap { sessions[$0]?.datagrams.works } ?? false
    }

    mutating func emit(_ effect: Effect) { effects.append(effect) }

    mutating func note(_ notice: Notice) { effects.append(.note(notice)) }

    mutating func count(_ change: (inout MeshCounters) -> Void) { change(&counters) }

    mutating func newToken() -> Token {
        defer { nextToken += 1 }
        return nextToken
    }

    private mutating func tick() {
        if let until = storageBlockedUntil, until <= now {
            storageBlockedUntil = nil
            storeForksAgain()
            blobs.isDirty = true
        }
        for id in sessions.ids {
            if let session = sessions[id] { checkDeadlines(session) }
        }
        dialDue()
        overlayTick()
        forgetAsked()
        graftMissing()
        searchAgain()
        takeDelayedForks()
        schedule()
    }

    private mutating func stop() {
        isStopping = true
        saveAddresses()
        for id in sessions.ids {
            guard let session = sessions[id] else { continue }
            farewell(session, .shuttingDown, "shutting down")
        }
    }
}

/// What a node is told once, at its start.
package struct MeshConfiguration: Sendable {
    /// The node's own key: its address, never an author's.
    package var nodeKey: SigningKey
    /// The overlay's constants; nil for a static mesh, where every session is with a neighbour.
    package var overlay: HyParView.Parameters? = HyParView.Parameters()
    /// How posts spread.
    package var broadcast = Plumtree.Parameters()
    /// Secret of a private mesh; nil in the public one.
    package var networkSecret: PresharedKey?
    package var listenPort: UInt16?
    package var agent: String
    /// Peers that are kept dialled out of the address table; 0 leaves that to somebody else.
    package var outbound = Limits.Addresses.outbound
    /// Which logs' newest entries are fetched before those in between.
    package var newestFirst = NewestFirst()
    /// Fresh secret bytes for ephemeral keys: the system's in a node, the seed's in a simulation.
    package var entropy: @Sendable () -> Bytes32

    package init(
        nodeKey: SigningKey, networkSecret: PresharedKey?, listenPort: UInt16?, agent: String,
        entropy: @escaping @Sendable () -> Bytes32
    ) {
        self.nodeKey = nodeKey
        self.networkSecret = networkSecret
        self.listenPort = listenPort
        self.agent = agent
        self.entropy = entropy
    }
}

/// What a node did since it started, for the owner and for benchmarks.
package struct MeshCounters: Sendable {
    package var postsReceived: UInt64 = 0
    package var postsPushed: UInt64 = 0
    /// With all peers, encryption included.
    package var bytesReceived: UInt64 = 0
    package var bytesSent: UInt64 = 0
    package var datagramsSent: UInt64 = 0
    package var datagramsReceived: UInt64 = 0
    /// Entries that came whole though they were held.
    package var duplicates: UInt64 = 0
    package var grafts: UInt64 = 0
    /// Bytes sent to find out which heads differ, encryption included.
    package var reconcileBytes: UInt64 = 0
    package var prunes: UInt64 = 0
    package var signaturesChecked: UInt64 = 0
    package var refusedBatches: UInt64 = 0
    package var chunksSent: UInt64 = 0
    package var chunksReceived: UInt64 = 0
    /// Parts of media that were not what they should be.
    package var refusedParts: UInt64 = 0
}

/// A write that the shell is making durable.
enum PendingWrite {
    /// From another node: how it came decides who is told.
    /// `batch` is kept while it is small enough to be pushed on.
    case fetched(Extension, source: SessionID, stream: UInt64, batch: Batch?)
    case pushed(Extension, source: SessionID, batch: Batch)
    case own(Extension, before: Frontier, [PublishedUnit])
    /// The newest entries, behind all that came before them.
    case joined(Extension)
    /// So many bytes of newest entries, kept beside their log.
    case newest(Int)
    case fork(ForkProof)
    case repair(LogKey, UInt64)
}

/// One `.publish` within a group that was signed together.
struct PublishedUnit {
    var token: Token
    var from: UInt64
    var leaves: [Hash]
}
