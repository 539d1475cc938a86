package import Primitives

/// Membership by two partial views: J. Leitão, J. Pereira, L. Rodrigues, "HyParView: a membership
/// protocol for reliable gossip-based broadcast", DSN 2007.
///
/// The *active view* is small and symmetric: open links to neighbours, over which everything is
/// flooded. The *passive view* is larger and holds whom to ask when a neighbour is lost. A node
/// joins through any other (Join), which sends its key on random walks (ForwardJoin); whoever
/// loses a neighbour asks passive ones in turn (Neighbor); and nodes exchange parts of their views
/// from time to time (Shuffle).
///
/// What differs from the paper, and why. Each is named again where it happens.
/// - **Own choice.** A neighbour that this node asked, out of its own views, is its *own*; one that
///   asked, or that a ForwardJoin named, is not. The last two of five slots are for own ones, and
///   nobody else's request evicts an own one: so whoever calls often cannot surround a node. Two
///   of five and not three, since each link is the choice of one end: all nodes together cannot
///   have more than half.
/// - **Repair at once.** Who is evicted (Disconnect) looks for another neighbour at once, not at
///   the next cycle: waiting left closed islands, which the protocol never mends.
/// - **Seekers.** Shuffles name one peer that was refused a place, so that those that lack a
///   neighbour hear of each other.
/// - **Memory and probes.** A node remembers 256 peers that it once heard of. They are asked when
///   the passive view has nobody left, and now and then one is made a neighbour on trial, which
///   joins two islands if it was in another one.
/// - **ShuffleReply goes back along the walk**, since the paper's temporary connection would cost a
///   handshake for each.
/// - **Bounds on what a neighbour can do**: rates of Shuffle, ForwardJoin and Join, and how much of
///   the passive view can come over one link.
/// - **Anchors**: whoever was a neighbour for long in an earlier run is asked before all others, so
///   that addresses which were slipped into the table meanwhile do not take its place.
/// - **Reserved slots** for invited peers, beside the active view's five.
///
/// Pure: it opens no link and reads no clock. The owner carries out the effects in order, reports
/// what became of them, and sends a `.tick` at `nextDeadline`. Peers are keys; where they are is
/// the owner's business.
package struct HyParView: Sendable {
    // MARK: What goes in and comes out

    /// What happens to the overlay.
    package enum Event: Sendable {
        /// The owner wants to join through this peer, whose view may be anything.
        case join(Bytes32)
        case received(Message, from: Bytes32)
        /// There is a link to the peer, whoever opened it.
        case linkUp(Bytes32)
        /// The link has closed, or the one asked for by `.connect` could not be opened. Not while
        /// there is another link to the peer.
        case linkDown(Bytes32)
        /// Peers learnt from elsewhere: the local network, a table of addresses.
        case hint([Bytes32])
        /// Peers that were neighbours for long in an earlier run, the best first: a node that has
        /// room asks them before all others.
        case anchors([Bytes32])
        /// An invited peer has a slot of its own, or no longer.
        case reserve(Bytes32, Bool)
        case tick
    }

    /// What the owner is to do.
    package enum Effect: Equatable, Sendable {
        /// Open a link; answered by `.linkUp` or `.linkDown`.
        case connect(Bytes32)
        case send(Message, to: Bytes32)
        /// The overlay needs the link, or the opening of it, no more.
        case release(Bytes32)
        case neighborUp(Bytes32)
        case neighborDown(Bytes32)
    }

    /// What overlays say to each other, over a link.
    package enum Message: Equatable, Sendable {
        case join
        /// `ttl` counts down from ARWL.
        case forwardJoin(new: Bytes32, ttl: Int)
        /// `high`: the sender cannot do without.
        case neighbor(high: Bool)
        case neighborReply(accepted: Bool)
        case disconnect
        /// The nonce names the walk on this one link.
        case shuffle(nonce: UInt64, origin: Bytes32, ttl: Int, nodes: [Bytes32])
        case shuffleReply(nonce: UInt64, nodes: [Bytes32])
    }

    package struct Parameters: Sendable {
        /// Neighbours without reserved ones.
        package var active = Limits.Overlay.active
        /// Slots that only own neighbours take.
        package var own = Limits.Overlay.own
        package var passive = Limits.Overlay.passive
        package var memory = Limits.Overlay.memory
        package var activeWalk = Limits.Overlay.activeWalk
        package var passiveWalk = Limits.Overlay.passiveWalk
        package var shuffleActive = Limits.Overlay.shuffleActive
        package var shufflePassive = Limits.Overlay.shufflePassive
        package var shuffle = Limits.Overlay.shuffle
        /// Zero: no probes. For comparison only.
        package var probe = Limits.Overlay.probe

        package init() {}
    }

    // MARK: State

    /// How somebody became a neighbour.
    enum Origin: Sendable {
        /// This node asked, by a choice of its own.
        case own
        /// The peer asked.
        case asked
        /// A ForwardJoin ended here: neither side's choice.
        case walked
    }

    struct Neighbour: Sendable {
        let peer: Bytes32
        var origin: Origin
        var isReserved: Bool
    }

    /// An open link, and what its peer may still send over it.
    struct Link: Sendable {
        var shuffles: TokenBucket
        var forwards: TokenBucket
    }

    let me: Bytes32
    let parameters: Parameters
    var random: SeededRandom
    var now = Instant(nanoseconds: 0)
    var out: [Effect] = []

    var neighbours: [Neighbour] = []
    var passiveView: PassiveView
    var memory: PeerMemory
    var reserved: [Bytes32] = []
    var links: [Bytes32: Link] = [:]
    var joins: TokenBucket
    /// Requests that others must give way to: of a node without any neighbour, and of one with too
    /// few own ones.
    var urgent: TokenBucket
    var wishes: TokenBucket
    var repairs: TokenBucket

    /// Who was refused a place, the latest last, and until when it is told of.
    var seekers: [(peer: Bytes32, until: Instant)] = []

    /// Requests under way: few at a time.
    var attempts: [Attempt] = []
    /// Peers that are asked before all others, each once.
    var anchors: [Bytes32] = []
    /// Who was asked in this round of repair.
    var tried: Set<Bytes32> = []
    var refusals = 0
    /// How many of them could not be reached.
    var failures = 0
    /// Shuffle periods until a node that reached nobody tries again, and how many the next time.
    var rest = 0
    var nextRest = 1

    /// Shuffles of this node and of others that passed here, oldest first.
    var walks: [Walk] = []
    var nextShuffle: Instant?
    var nextProbe: Instant?
    /// Between probes at the moment.
    var probeInterval: Instant.Span
    /// Peers that this probe may still call.
    var probesLeft = 0
    /// Shuffles that are still sent at the quick pace of the beginning.
    var quickShuffles = 0
    /// The first neighbour has come just now.
    var isNewcomer = false

    /// `seed` must be secret: who knows it can predict whom this node asks.
    package init(me: Bytes32, parameters: Parameters = Parameters(), seed: UInt64) {
        self.me = me
        self.parameters = parameters
        random = SeededRandom(seed: seed)
        passiveView = PassiveView(capacity: parameters.passive)
        memory = PeerMemory(capacity: parameters.memory, key: random.next())
        probeInterval = parameters.probe
        joins = TokenBucket(
            burst: Limits.Overlay.joinBurst, interval: Limits.Overlay.joinInterval)
        urgent = TokenBucket(
            burst: Limits.Overlay.urgentBurst, interval: Limits.Overlay.urgentInterval)
        wishes = TokenBucket(
            burst: Limits.Overlay.wishBurst, interval: Limits.Overlay.wishInterval)
        repairs = TokenBucket(
            burst: Limits.Overlay.repairBurst, interval: Limits.Overlay.repairInterval)
    }

    /// The neighbours, those in reserved slots among them.
    package var active: [Bytes32] { neighbours.map(\.peer) }

    /// The places in the active view, and how they were come by.
    package struct Place: Sendable {
        package let peer: Bytes32
        /// This node asked for it.
        package let isOwn: Bool
        package let isReserved: Bool
    }

    package var places: [Place] {
        neighbours.map {
            Place(peer: $0.peer, isOwn: $0.origin == .own, isReserved: $0.isReserved)
        }
    }

    package var passive: [Bytes32] { passiveView.entries.map(\.peer) }

    /// Neighbours that this node chose itself.
    package var own: [Bytes32] {
        neighbours.filter { $0.origin == .own && !$0.isReserved }.map(\.peer)
    }

    /// Whether the link to the peer is a neighbour's, or a request goes over it.
    package func needs(_ peer: Bytes32) -> Bool { isActive(peer) || attempt(for: peer) != nil }

    /// Whether the peer may be called or named to others some time.
    package func holds(_ peer: Bytes32) -> Bool {
        needs(peer) || passiveView.contains(peer) || seekers.contains { $0.peer == peer }
            || memory.contains(peer)
    }

    /// Whether a request of this node is under way.
    package var isBusy: Bool { !attempts.isEmpty }

    // MARK: Events

    package mutating func handle(
        _ event: Event, at now: Instant, into effects: inout [Effect]
    ) {
        swap(&out, &effects)
        defer { swap(&out, &effects) }
        self.now = max(self.now, now)
        startTimers()
        switch event {
        case .join(let contact): join(contact)
        case .received(let message, let from):
            if links[from] != nil { received(message, from) }
        case .linkUp(let peer): linkUp(peer)
        case .linkDown(let peer): linkDown(peer)
        case .hint(let peers):
            for peer in peers.prefix(Limits.Overlay.hints) { hinted(peer) }
        case .anchors(let peers):
            anchors = Array(peers.prefix(Limits.Overlay.hints))
            for peer in anchors { hinted(peer) }
        case .reserve(let peer, let isOn): reserve(peer, isOn)
        case .tick: tick()
        }
        if isNewcomer { greet() }
        repair()
    }

    private mutating func received(_ message: Message, _ from: Bytes32) {
        switch message {
        case .join: joined(from)
        case .forwardJoin(let new, let ttl): forwardedJoin(new, ttl, from)
        case .neighbor(let high): asked(from, high: high)
        case .neighborReply(let accepted): answered(from, accepted)
        case .disconnect: disconnected(from)
        case .shuffle(let nonce, let origin, let ttl, let nodes):
            shuffled(from, nonce, origin, ttl, nodes)
        case .shuffleReply(let nonce, let nodes): shuffleAnswered(from, nonce, nodes)
        }
    }

    private mutating func linkUp(_ peer: Bytes32) {
        guard peer != me, links[peer] == nil else { return }
        links[peer] = Link(
            shuffles: TokenBucket(
                burst: Limits.Overlay.shuffleBurst, interval: Limits.Overlay.shuffleInterval),
            forwards: TokenBucket(
                burst: Limits.Overlay.forwardBurst, interval: Limits.Overlay.forwardInterval))
        if let index = attempt(for: peer) {
            if attempts[index].isConnecting { ask(index) }
        } else if reserved.contains(peer) {
            attempt(peer, .reserved)
        }
    }

    private mutating func linkDown(_ peer: Bytes32) {
        links[peer] = nil
        if let index = attempt(for: peer) { failed(index) }
        // "nodes are removed from the active view when they fail", and a failed one does not go
        // into the passive view.
        if remove(peer) {
            newRound()
            hurryProbe()
        }
    }

    private mutating func hinted(_ peer: Bytes32) {
        guard peer != me else { return }
        memory.note(peer)
        if !isActive(peer), !passiveView.contains(peer), !reserved.contains(peer) {
            passiveView.addIfRoom(peer)
        }
    }

    // MARK: Time

    /// When a `.tick` is due; nil before the first event.
    package var nextDeadline: Instant? {
        var next = min(nextShuffle ?? .never, nextProbe ?? .never)
        for attempt in attempts { next = min(next, attempt.deadline) }
        return next == .never ? nil : next
    }

    private mutating func startTimers() {
        if nextShuffle == nil { nextShuffle = now + jittered(parameters.shuffle) }
        if nextProbe == nil, parameters.probe.nanoseconds > 0 {
            nextProbe = now + jittered(probeInterval)
        }
    }

    private mutating func tick() {
        while let index = attempts.firstIndex(where: { $0.deadline <= now }) { timedOut(index) }
        if let due = nextShuffle, due <= now {
            shuffleDue()
            let isQuick = quickShuffles > 0
            if isQuick { quickShuffles -= 1 }
            nextShuffle =
                now + jittered(isQuick ? Limits.Overlay.firstShuffle : parameters.shuffle)
        }
        if let due = nextProbe, due <= now {
            probesLeft = Limits.Overlay.probeCalls
            probe()
            nextProbe = now + jittered(probeInterval)
        }
    }

    /// From half to one and a half of the span, so that nodes do not fall into step.
    mutating func jittered(_ span: Instant.Span) -> Instant.Span {
        let half = span.nanoseconds / 2
        return Instant.Span(nanoseconds: half + UInt64.random(in: 0...half * 2, using: &random))
    }

    // MARK: Small things

    mutating func emit(_ effect: Effect) { out.append(effect) }

    mutating func send(_ message: Message, to peer: Bytes32) {
        if links[peer] != nil { out.append(.send(message, to: peer)) }
    }

    func isActive(_ peer: Bytes32) -> Bool { neighbours.contains { $0.peer == peer } }

    /// One of `peers` by chance; nil when there is none.
    mutating func pick(_ peers: [Bytes32]) -> Bytes32? {
        peers.isEmpty ? nil : peers[Int.random(in: 0..<peers.count, using: &random)]
    }

    /// Up to `count` of `peers` by chance, in any order.
    mutating func sample(_ peers: [Bytes32], _ count: Int) -> [Bytes32] {
        var peers = peers
        for index in 0..<min(count, peers.count) {
            peers.swapAt(index, Int.random(in: index..<peers.count, using: &random))
        }
        return Array(peers.prefix(count))
    }
}

extension Instant {
    static let never = Instant(nanoseconds: .max)
}
