import Crypto
import HyParView
import MerkleLog
import Primitives
import Synchronization

@testable import Mesh

/// Some nodes on a network in memory, under virtual time: everything in order, all chance from one
/// seed.
final class TestNet {
    private(set) var now = Instant.seconds(1_000)
    private(set) var nodes: [TestNode] = []
    private(set) var random: SeededRandom
    private var queue = EventQueue()
    private var nextID: UInt64 = 1
    private var links: [SessionID: Link] = [:]
    private var raws: [SessionID: RawPeer] = [:]
    private var listeners: [LogKey: RawPeer] = [:]
    private let seed: UInt64

    /// Nil: every session is with a neighbour, and nobody is dialled but who was joined.
    var overlay: HyParView.Parameters?
    /// Datagrams that get lost, of a hundred.
    var lossPercent: UInt64 = 0
    var latency = Instant.Span.milliseconds(5)
    /// Up to so much more for a datagram, so that they overtake each other.
    var datagramJitter = Instant.Span.milliseconds(3)
    /// A node that no datagram reaches.
    var deafNode: Int?
    /// Pairs of nodes that cannot reach each other.
    var cuts: Set<[Int]> = []
    var entriesPerRead = 4_096
    /// Endpoints from which nothing ever comes back, as text.
    var blackHoles: Set<String> = []
    /// Every checkpoint that was durable anywhere, by log and size: two roots are an equivocation.
    private(set) var checkpoints: [Place: Hash] = [:]
    private(set) var equivocations: [Place] = []
    /// Folds every effect of every node, in order.
    private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var steps = 0
    private(set) var dials: [(at: Instant, from: Int, to: String)] = []
    /// Bytes that nodes sent over connections.
    private(set) var bytesSent = 0
    private(set) var datagrams: [(to: Endpoint, bytes: [UInt8])] = []

    struct Place: Hashable {
        var log: LogKey
        var size: UInt64
    }

    /// One end of a connection: whose it is, and the session at the other end.
    private struct Link {
        var node: Int
        var peer: SessionID
        var peerNode: Int
    }

    init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
    }

    // MARK: Nodes

    @discardableResult
    func addNode(
        heads: TestStore = TestStore(), own: [OwnLogStart] = [], at address: IPAddress? = nil
    ) -> Int {
        let index = nodes.count
        let node = TestNode(index: index, seed: seed, store: heads, overlay: overlay)
        node.endpoint = address.map { Endpoint($0, port: 4_000) }
        nodes.append(node)
        node.start(own)
        return index
    }

    /// `count` nodes, each in a chain with the next.
    func chain(_ count: Int) {
        for _ in 0..<count { addNode() }
        for index in 1..<count { join(index, to: index - 1) }
    }

    func join(_ from: Int, to: Int) { feed(from, .addPeer(nodes[to].address)) }

    /// A log that `node` may write.
    func author(_ number: UInt8, at node: Int, _ trust: OwnLogStart.Trust = .current) -> LogKey {
        let key = signingKey(number)
        nodes[node].own.removeAll { $0.publicKey == key.publicKey }
        nodes[node].own.append(key)
        feed(node, .adopt(OwnLogStart(key: key, trust: trust)))
        return key.publicKey
    }

    @discardableResult
    func post(_ log: LogKey, at node: Int, _ count: Int = 1, text: String = "hello") -> Token {
        let number = nodes[node].posts
        nodes[node].posts += count
        let drafts = (0..<count).map { at in
            Draft(
                time: nodes[node].wallClock(now),
                body: [UInt8](repeating: 7, count: 16) + Array("\(text) \(number + at)".utf8))
        }
        let token = newID()
        feed(node, .publish(log, drafts, token))
        return token
    }

    /// The process ends: what is not durable is gone, and so is every connection.
    func crash(_ index: Int) {
        nodes[index].isUp = false
        nodes[index].writes = Deque()
        for (id, link) in links.sorted(by: { $0.key < $1.key }) where link.node == index {
            breakLink(id)
        }
    }

    /// Starts again from what is durable; `trust` is what the fence tells unless it is given.
    func restart(_ index: Int, trust: OwnLogStart.Trust? = nil) {
        let node = nodes[index]
        node.generation += 1
        node.start(
            node.own.map { key in
                let fence = node.store.fences[key.publicKey]
                let held = node.store.size(of: key.publicKey)
                let known: OwnLogStart.Trust =
                    fence == nil || fence == held ? .current : .behind(size: fence ?? 0)
                return OwnLogStart(key: key, trust: trust ?? known)
            })
    }

    // MARK: Links

    private func newID() -> UInt64 {
        defer { nextID += 1 }
        return nextID
    }

    private func isCut(_ a: Int, _ b: Int) -> Bool { cuts.contains([min(a, b), max(a, b)]) }

    /// Nothing gets through between the two from now on, and what is open breaks.
    func cut(_ a: Int, _ b: Int) {
        cuts.insert([min(a, b), max(a, b)])
        for (id, link) in links.sorted(by: { $0.key < $1.key })
        where link.node == a && link.peerNode == b {
            breakLink(id)
        }
    }

    func heal(_ a: Int, _ b: Int) { cuts.remove([min(a, b), max(a, b)]) }

    private func breakLink(_ id: SessionID) {
        guard let link = links.removeValue(forKey: id) else { return }
        if links.removeValue(forKey: link.peer) != nil {
            feedLater(link.peerNode, .closed(link.peer), after: latency)
        }
        if let raw = raws.removeValue(forKey: link.peer) { raw.isClosed = true }
        if nodes[link.node].isUp { feedLater(link.node, .closed(id), after: latency) }
    }

    private func dial(_ from: Int, _ address: PeerAddress, _ endpoint: Int, _ token: Token) {
        let place = address.endpoints[endpoint]
        dials.append((now, from, place))
        if let raw = listeners.removeValue(forKey: address.key) {
            let (mine, theirs) = (newID(), newID())
            raw.session = theirs
            raws[theirs] = raw
            links[mine] = Link(node: from, peer: theirs, peerNode: -1)
            raw.nodeSession = mine
            raw.node = from
            return feed(from, .connected(mine, dial: token, remote: nil))
        }
        if blackHoles.contains(place) { return }
        // At an IP address stands whoever has it; a name leads to the key.
        let there = nodes.firstIndex { $0.endpoint?.description == place }
        let named = nodes.firstIndex { $0.key.publicKey == address.key }
        guard let to = there ?? (place.first?.isLetter == true ? named : nil), nodes[to].isUp,
            !isCut(from, to)
        else {
            return feedLater(from, .dialFailed(token), after: .milliseconds(20))
        }
        let (mine, theirs) = (newID(), newID())
        links[mine] = Link(node: from, peer: theirs, peerNode: to)
        links[theirs] = Link(node: to, peer: mine, peerNode: from)
        let source = nodes[from].endpoint.map { Endpoint($0.address, port: 50_000) }
        feedLater(to, .accepted(theirs, from: source), after: latency)
        let remote = nodes[to].endpoint ?? nodes[to].datagramAddress
        feedLater(from, .connected(mine, dial: token, remote: remote), after: latency)
    }

    /// Connects a scripted peer to `node`; the peer speaks when it likes.
    func connect(_ raw: RawPeer, to node: Int, from: Endpoint? = nil) {
        let (mine, theirs) = (newID(), newID())
        raw.session = mine
        raws[mine] = raw
        links[theirs] = Link(node: node, peer: mine, peerNode: -1)
        raw.nodeSession = theirs
        raw.node = node
        feed(node, .accepted(theirs, from: from))
    }

    /// Has `node` dial a scripted peer; what the peer says is heard once the dial is through.
    func listen(_ raw: RawPeer, for node: Int) {
        listeners[raw.key.publicKey] = raw
        feed(node, .addPeer(PeerAddress(key: raw.key.publicKey, endpoints: ["raw:1"])))
        run(for: .milliseconds(1))
    }

    func close(_ raw: RawPeer) {
        raws[raw.session] = nil
        links[raw.nodeSession] = nil
        if !raw.isClosed { feed(raw.node, .closed(raw.nodeSession)) }
        raw.isClosed = true
    }

    /// Bytes of a scripted peer, at once.
    func say(_ raw: RawPeer, _ bytes: [UInt8]) {
        if !raw.isClosed { feed(raw.node, .received(raw.nodeSession, bytes)) }
    }

    /// A datagram from anywhere.
    func throwDatagram(_ bytes: [UInt8], at node: Int) {
        feed(node, .datagram(bytes, from: Endpoint(IPAddress(high: 9, low: 99), port: 9)))
    }

    // MARK: Time

    func run(for span: Instant.Span) { run(until: now + span) }

    /// Runs until `condition` holds; false when it does not within `span`.
    @discardableResult
    func run(within span: Instant.Span, until condition: () -> Bool) -> Bool {
        let end = now + span
        while !condition() {
            if !step(before: end) { return condition() }
        }
        return true
    }

    func run(until end: Instant) {
        while step(before: end) {}
        now = max(now, end)
    }

    private func step(before end: Instant) -> Bool {
        steps += 1
        precondition(steps < 3_000_000, "a storm: seed \(seed)")
        var due: (at: Instant, node: Int)?
        for node in nodes where node.isUp {
            guard let at = node.mesh.nextDeadline else { continue }
            if at < due?.at ?? end { due = (at, node.index) }
        }
        if let first = queue.first, first < end, first <= due?.at ?? end, let next = queue.pop() {
            now = max(now, next.at)
            let node = nodes[next.node]
            if node.isUp && next.generation == node.generation { next.action() }
            return true
        }
        guard let due else { return false }
        now = max(now, due.at)
        feed(due.node, .tick)
        if let next = nodes[due.node].mesh.nextDeadline {
            precondition(next > now, "a deadline that does not pass: seed \(seed)")
        }
        return true
    }

    func feedLater(_ node: Int, _ event: Event, after span: Instant.Span) {
        later(node, after: span) { [unowned self] in feed(node, event) }
    }

    private func later(_ node: Int, after span: Instant.Span, _ action: @escaping () -> Void) {
        queue.push(
            EventQueue.Item(
                at: now + span, node: node, generation: nodes[node].generation, action: action))
    }

    // MARK: Effects

    func feed(_ index: Int, _ event: Event) {
        let node = nodes[index]
        guard node.isUp else { return }
        if case .received(let id, _) = event, links[id] == nil { return }
        var effects: [Effect] = []
        node.mesh.handle(event, at: now, wallClock: node.wallClock(now), into: &effects)
        for effect in effects { carryOut(node, effect) }
    }

    private func carryOut(_ node: TestNode, _ effect: Effect) {
        fold(node.index)
        switch effect {
        case .dial(let address, let endpoint, let token):
            precondition(address.endpoints.indices.contains(endpoint), "endpoint \(endpoint)")
            dial(node.index, address, endpoint, token)
        case .send(let id, let bytes): send(node, id, bytes)
        case .close(let id, let atOnce): close(node, id, atOnce)
        case .sendDatagram(let bytes, let address): sendDatagram(node, bytes, to: address)
        case .store(let write, let token): store(node, write, token)
        case .read(let id, let stream, let request):
            node.reads += 1
            let batch = node.store.read(request, most: entriesPerRead)
            feedLater(
                node.index, .read(id, stream: stream, batch), after: .milliseconds(node.readDelay))
        case .readFork(let id, let log):
            let proof = node.store.forks[log]
            if let proof { feedLater(node.index, .forkRead(id, proof), after: latency) }
        case .published(let token, _, let from, let leaves):
            node.published[token] = from..<(from + UInt64(leaves.count))
        case .refused(let token, let why): node.refused[token] = why
        case .note(let notice): node.notices.append(notice)
        case .stored: break
        case .blob(let effect): carryOut(node, effect)
        case .rememberAddresses(let bytes): node.remembered = bytes
        case .inviteUsed(let peer, let secret, let log): node.guests.append((peer, secret, log))
        case .inviteSpent(let peer): node.hosts.append(peer)
        }
    }

    private func send(_ node: TestNode, _ id: SessionID, _ bytes: [UInt8]) {
        fold(bytes)
        bytesSent += bytes.count
        guard let link = links[id] else { return }
        if let raw = raws[link.peer] {
            raw.take(bytes)
            if raw.isReading { feedLater(node.index, .drained(id, unsent: 0), after: latency) }
            return
        }
        later(node.index, after: latency) { [unowned self] in
            feed(node.index, .drained(id, unsent: 0))
        }
        feedLater(link.peerNode, .received(link.peer, bytes), after: latency)
    }

    private func close(_ node: TestNode, _ id: SessionID, _ atOnce: Bool) {
        guard let link = links.removeValue(forKey: id) else { return }
        if let raw = raws.removeValue(forKey: link.peer) { raw.isClosed = true }
        guard link.peerNode >= 0 else { return }
        later(link.peerNode, after: latency) { [unowned self] in
            guard links.removeValue(forKey: link.peer) != nil else { return }
            feed(link.peerNode, .closed(link.peer))
        }
    }

    private func sendDatagram(_ node: TestNode, _ bytes: [UInt8], to endpoint: Endpoint) {
        fold(bytes)
        datagrams.append((endpoint, bytes))
        let to = nodes.firstIndex { ($0.endpoint ?? $0.datagramAddress) == endpoint }
        if random.next() % 100 < lossPercent || deafNode != nil && deafNode == to { return }
        guard let to else { return }
        let extra = random.next() % (datagramJitter.nanoseconds + 1)
        feedLater(
            to, .datagram(bytes, from: node.endpoint ?? node.datagramAddress),
            after: Instant.Span(nanoseconds: latency.nanoseconds + extra))
    }

    private func store(_ node: TestNode, _ write: Write, _ token: Token) {
        node.writes.append((write, token))
        node.mostWrites = max(node.mostWrites, node.writes.count)
        if node.writes.count == 1 { storeNext(node) }
    }

    /// The disk takes one write after the other, each in its time.
    private func storeNext(_ node: TestNode) {
        later(node.index, after: node.storeDelay) { [unowned self] in
            guard let (write, token) = node.writes.popFirst() else { return }
            if !node.writes.isEmpty { storeNext(node) }
            if node.isFull { return feed(node.index, .storeFailed(token, .full)) }
            guard node.store.apply(write) else {
                return feed(node.index, .storeFailed(token, .failed))
            }
            if case .extend(let found, _) = write { record(found.head.checkpoint) }
            let isChange =
                switch write {
                case .resume, .newest: false
                case .extend, .fork, .replace: true
                }
            feed(node.index, .stored(token, change: isChange ? node.store.change : 0))
            if case .extend(let found, _) = write { nameBlobs(node, found) }
        }
    }

    private func record(_ checkpoint: Checkpoint) {
        let place = Place(log: checkpoint.log, size: checkpoint.size)
        if let root = checkpoints[place], root != checkpoint.root { equivocations.append(place) }
        checkpoints[place] = checkpoint.root
    }

    private func fold(_ number: Int) {
        digest = (digest ^ UInt64(number) ^ now.nanoseconds) &* 0x100_0000_01b3
    }

    private func fold(_ bytes: [UInt8]) {
        digest = (digest ^ SHA256.hash(bytes).w0) &* 0x100_0000_01b3
    }
}

/// One node of the net: its mesh, its disk, and what became of its owner's requests.
final class TestNode {
    let index: Int
    let key: SigningKey
    let overlay: HyParView.Parameters?
    var own: [SigningKey] = []
    var mesh: Mesh
    var store: TestStore
    var blobs = TestBlobs()
    var isUp = true
    var generation = 0
    var posts = 0
    var writes = Deque<(Write, Token)>()
    var mostWrites = 0
    var storeDelay = Instant.Span.milliseconds(2)
    var readDelay: UInt64 = 1
    var reads = 0
    var isFull = false
    var published: [Token: Range<UInt64>] = [:]
    var refused: [Token: Refusal] = [:]
    var notices: [Notice] = []
    /// Where it listens, when it has an address of its own.
    var endpoint: Endpoint?
    /// What the mesh asked to remember of addresses.
    var remembered: [UInt8]?
    /// Who came with a secret, and which log they named.
    var guests: [(peer: LogKey, secret: [UInt8], log: LogKey?)] = []
    /// Who has heard the secret of an invite.
    var hosts: [LogKey] = []
    private let seed: UInt64

    init(index: Int, seed: UInt64, store: TestStore, overlay: HyParView.Parameters?) {
        self.index = index
        self.overlay = overlay
        self.seed = seed
        self.store = store
        self.store.id = seed &+ UInt64(index) + 1
        key = signingKey(UInt8(200 + index))
        mesh = Self.mesh(overlay, key, store, [], seed: seed, index: index, generation: 0, nil)
    }

    func start(_ own: [OwnLogStart]) {
        isUp = true
        mesh = Self.mesh(
            overlay, key, store, own, seed: seed, index: index, generation: generation, remembered)
    }

    private static func mesh(
        _ overlay: HyParView.Parameters?, _ key: SigningKey, _ store: TestStore,
        _ own: [OwnLogStart], seed: UInt64, index: Int,
        generation: Int, _ remembered: [UInt8]?
    ) -> Mesh {
        let counter = Mutex<UInt64>(0)
        let prefix = Array("\(seed) \(index) \(generation) ".utf8)
        var configuration = MeshConfiguration(
            nodeKey: key, networkSecret: nil, listenPort: 4_000, agent: "test",
            entropy: {
                let number = counter.withLock {
                    $0 += 1
                    return $0
                }
                return SHA256.hash(prefix + Array("\(number)".utf8))
            })
        configuration.overlay = overlay
        return Mesh(
            configuration: configuration, heads: store.heads, own: own,
            forks: store.forks.values.sorted { $0.log < $1.log }, newest: store.newest,
            history: store.history,
            addresses: remembered.flatMap { try? AddressTable(decoding: $0) },
            seed: seed &+ UInt64(index))
    }

    var address: PeerAddress {
        PeerAddress(key: key.publicKey, endpoints: ["node\(index):1", "node\(index):2"])
    }

    /// Where datagrams to this node go.
    var datagramAddress: Endpoint {
        Endpoint(IPAddress(high: 0, low: UInt64(index)), port: 4_000)
    }

    func wallClock(_ now: Instant) -> UnixTime {
        UnixTime(milliseconds: 1_700_000_000_000 + now.nanoseconds / 1_000_000)
    }

    func size(_ log: LogKey) -> UInt64 { store.size(of: log) }

    var readySessions: Int { mesh.sessions.all.count { $0.isReady } }
}

extension Instant {
    static func seconds(_ n: UInt64) -> Instant { Instant(nanoseconds: n * 1_000_000_000) }
}

func signingKey(_ number: UInt8) -> SigningKey {
    SigningKey(seed: SecretBytes([UInt8](repeating: number, count: 32)))
}

/// What is to happen, by time and then by order of asking.
struct EventQueue {
    struct Item {
        var at: Instant
        var node: Int
        var generation: Int
        var action: () -> Void
    }

    private var heap: [(Instant, Int, Item)] = []
    private var count = 0

    var first: Instant? { heap.first?.0 }

    mutating func push(_ item: Item) {
        heap.append((item.at, count, item))
        count += 1
        var at = heap.count - 1
        while at > 0, precedes(at, (at - 1) / 2) {
            heap.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    mutating func pop() -> Item? {
        guard let last = heap.popLast() else { return nil }
        guard let top = heap.first else { return last.2 }
        heap[0] = last
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < heap.count {
                if precedes(child, least) { least = child }
            }
            if least == at { return top.2 }
            heap.swapAt(at, least)
            at = least
        }
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        (heap[a].0, heap[a].1) < (heap[b].0, heap[b].1)
    }
}
