import HyParView
import Primitives

/// Overlay machines alone, in virtual time: links of 10 to 50 ms that keep order, and peers that
/// crash. What owners do otherwise is left out: a link that neither side needs closes after 1 s.
///
/// A value: a copy goes on by itself, from the same state.
struct VirtualOverlay {
    struct Node {
        var machine: HyParView
        var isAlive = true
        /// Behind a router that lets no call in.
        var isHidden = false
        /// Nodes of different groups cannot reach each other.
        var group = 0
        /// Open links, and their numbers.
        var links: [Int: Int] = [:]
        var nextTick: Instant?
    }

    private enum Kind {
        /// Somebody opens a link; it is open at the other side now.
        case call
        case opened(Int)
        case refused
        case message(HyParView.Message, Int)
        case closed(Int)
        case idle(Int)
        case tick
    }

    private struct Event {
        let at: Instant
        let order: UInt64
        let to: Int
        let from: Int
        let kind: Kind

        var isTick: Bool { if case .tick = kind { true } else { false } }

        func isBefore(_ other: Event) -> Bool {
            at != other.at ? at < other.at : order < other.order
        }
    }

    /// What a broadcast over the active views came to.
    struct Flood {
        var reached = 0
        var messages = 0
        var lastHop = 0

        /// The papers' relative message redundancy: copies too many for each node that got one.
        var redundancy: Double { Double(messages) / Double(max(1, reached - 1)) - 1 }
    }

    private(set) var nodes: [Node] = []
    private(set) var now = Instant(nanoseconds: 0)
    var random: SeededRandom
    /// No timer runs: for what happens without one.
    var areTimersStopped = false
    /// Whether a dead host answers that it takes no link, or says nothing.
    var isRefusing = true
    private(set) var calls = 0
    private(set) var sent: [String: Int] = [:]
    private var heap: [Event] = []
    private var order: UInt64 = 0
    private var linkCount = 0
    private var inFlight = 0
    private var effects: [HyParView.Effect] = []
    private let parameters: HyParView.Parameters

    init(seed: UInt64, parameters: HyParView.Parameters = HyParView.Parameters()) {
        random = SeededRandom(seed: seed)
        self.parameters = parameters
    }

    static func key(_ index: Int) -> Bytes32 {
        var mix = SeededRandom(seed: UInt64(index))
        return Bytes32(mix.next(), mix.next(), mix.next(), UInt64(index))
    }

    static func index(_ key: Bytes32) -> Int { Int(key.w3) }

    // MARK: What the test does

    /// A new node, alone.
    mutating func addNode() -> Int {
        let index = nodes.count
        nodes.append(
            Node(
                machine: HyParView(
                    me: Self.key(index), parameters: parameters, seed: random.next())))
        return index
    }

    /// `count` nodes, each joining through one that is there, `interval` apart.
    ///
    /// Of a hundred nodes, `hidden` cannot be called.
    mutating func join(
        _ count: Int, interval: Instant.Span = .milliseconds(100), hidden: Int = 0
    ) {
        for _ in 0..<count {
            let node = addNode()
            if node > 0 {
                let open = nodes.indices.filter { $0 < node && !nodes[$0].isHidden }
                let contact = open[Int.random(in: 0..<open.count, using: &random)]
                nodes[node].isHidden = Int.random(in: 0..<100, using: &random) < hidden
                handle(node, .join(Self.key(contact)))
            }
            run(for: interval)
        }
    }

    mutating func handle(_ node: Int, _ event: HyParView.Event) {
        nodes[node].machine.handle(event, at: now, into: &effects)
        let list = effects
        effects.removeAll(keepingCapacity: true)
        for effect in list { carryOut(effect, of: node) }
        schedule(node)
    }

    mutating func run(for span: Instant.Span) {
        let end = now + span
        while let event = heap.first, event.at <= end { step(event) }
        now = end
    }

    /// Until nobody waits for anything, without any timer.
    mutating func settle() {
        areTimersStopped = true
        while inFlight > 0, let event = heap.first { step(event) }
        areTimersStopped = false
        for node in nodes.indices where nodes[node].isAlive { schedule(node) }
    }

    mutating func crash(_ node: Int) {
        nodes[node].isAlive = false
        for peer in nodes[node].links.keys.sorted() { hangUp(node, peer, tells: false) }
    }

    /// Cuts the nodes apart by `group`.
    mutating func divide(_ group: (Int) -> Int) {
        for node in nodes.indices { nodes[node].group = group(node) }
        for node in nodes.indices {
            for peer in nodes[node].links.keys.sorted()
            where nodes[peer].group != nodes[node].group {
                hangUp(node, peer, tells: true)
            }
        }
    }

    // MARK: What the test sees

    var alive: [Int] { nodes.indices.filter { nodes[$0].isAlive } }

    func neighbours(_ node: Int) -> [Int] { nodes[node].machine.active.map { Self.index($0) } }

    func flood(from sender: Int) -> Flood {
        var flood = Flood()
        var hops = Array(repeating: -1, count: nodes.count)
        var queue = [sender]
        hops[sender] = 0
        var next = 0
        while next < queue.count {
            let node = queue[next]
            next += 1
            let peers = neighbours(node).filter { nodes[$0].isAlive }
            // Not back to where it came from.
            flood.messages += peers.count - (node == sender ? 0 : 1)
            for peer in peers where hops[peer] < 0 {
                hops[peer] = hops[node] + 1
                queue.append(peer)
            }
        }
        flood.reached = queue.count
        flood.lastHop = hops.max() ?? 0
        return flood
    }

    /// Sizes of the parts that are connected, the largest first.
    var islands: [Int] {
        var seen = Array(repeating: false, count: nodes.count)
        var sizes: [Int] = []
        for start in alive where !seen[start] {
            var queue = [start]
            seen[start] = true
            var next = 0
            while next < queue.count {
                for peer in neighbours(queue[next]) where nodes[peer].isAlive && !seen[peer] {
                    seen[peer] = true
                    queue.append(peer)
                }
                next += 1
            }
            sizes.append(queue.count)
        }
        return sizes.sorted(by: >)
    }

    /// Pairs of which one has the other in its active view, and not the other way round.
    var asymmetric: Int {
        alive.reduce(0) { sum, node in
            sum + neighbours(node).count { !neighbours($0).contains(node) || !nodes[$0].isAlive }
        }
    }

    /// How many nodes have 0, 1, 2 … of what `size` counts.
    func distribution(_ size: (HyParView) -> Int) -> [Int] {
        var counts: [Int] = []
        for node in alive {
            let size = size(nodes[node].machine)
            while counts.count <= size { counts.append(0) }
            counts[size] += 1
        }
        return counts
    }

    func mean(_ size: (HyParView) -> Int) -> Double {
        Double(alive.reduce(0) { $0 + size(nodes[$1].machine) }) / Double(alive.count)
    }

    // MARK: What owners do

    private mutating func carryOut(_ effect: HyParView.Effect, of node: Int) {
        switch effect {
        case .connect(let key):
            calls += 1
            post(.call, to: Self.index(key), from: node)
        case .send(let message, let key):
            let peer = Self.index(key)
            guard let link = nodes[node].links[peer] else { return }
            sent[message.name, default: 0] += 1
            post(.message(message, link), to: peer, from: node)
        case .release(let key):
            let peer = Self.index(key)
            guard let link = nodes[node].links[peer] else { return }
            push(.idle(link), at: now + .seconds(1), to: node, from: peer)
        case .neighborUp, .neighborDown: break
        }
    }

    private mutating func step(_ event: Event) {
        pop()
        now = max(now, event.at)
        if !event.isTick { inFlight -= 1 }
        let (node, peer) = (event.to, event.from)
        guard nodes[node].isAlive else {
            if case .call = event.kind, isRefusing { post(.refused, to: peer, from: node) }
            return
        }
        switch event.kind {
        case .call: called(node, by: peer)
        case .opened(let link):
            nodes[node].links[peer] = link
            handle(node, .linkUp(Self.key(peer)))
        case .refused:
            // Unless the peer called meanwhile.
            if nodes[node].links[peer] == nil { handle(node, .linkDown(Self.key(peer))) }
        case .message(let message, let link):
            if nodes[node].links[peer] == link {
                handle(node, .received(message, from: Self.key(peer)))
            }
        case .closed(let link):
            if nodes[node].links[peer] == link { closed(node, peer) }
        case .idle(let link):
            let isNeeded =
                nodes[node].machine.needs(Self.key(peer))
                || nodes[peer].machine.needs(Self.key(node))
            if nodes[node].links[peer] == link && !isNeeded { hangUp(node, peer, tells: true) }
        case .tick:
            if nodes[node].nextTick == event.at { nodes[node].nextTick = nil }
            if areTimersStopped { return }
            if let due = nodes[node].machine.nextDeadline, due <= now { handle(node, .tick) }
            schedule(node)
        }
    }

    private mutating func called(_ node: Int, by peer: Int) {
        guard nodes[node].group == nodes[peer].group, !nodes[node].isHidden else {
            if isRefusing { post(.refused, to: peer, from: node) }
            return
        }
        // Both called at once: the first link stays.
        if nodes[node].links[peer] != nil || nodes[peer].links[node] != nil { return }
        linkCount += 1
        let link = linkCount
        nodes[node].links[peer] = link
        post(.opened(link), to: peer, from: node)
        handle(node, .linkUp(Self.key(peer)))
    }

    private mutating func hangUp(_ node: Int, _ peer: Int, tells: Bool) {
        guard let link = nodes[node].links[peer] else { return }
        post(.closed(link), to: peer, from: node)
        if tells { closed(node, peer) } else { nodes[node].links[peer] = nil }
    }

    private mutating func closed(_ node: Int, _ peer: Int) {
        nodes[node].links[peer] = nil
        handle(node, .linkDown(Self.key(peer)))
    }

    // MARK: Time

    private func latency(_ a: Int, _ b: Int) -> Instant.Span {
        var mix = SeededRandom(seed: UInt64(min(a, b)) << 32 | UInt64(max(a, b)))
        return .milliseconds(10 + mix.next() % 41)
    }

    private mutating func post(_ kind: Kind, to node: Int, from peer: Int) {
        push(kind, at: now + latency(node, peer), to: node, from: peer)
    }

    private mutating func schedule(_ node: Int) {
        guard !areTimersStopped, let due = nodes[node].machine.nextDeadline else { return }
        let at = max(due, now)
        if let next = nodes[node].nextTick, next <= at { return }
        nodes[node].nextTick = at
        push(.tick, at: at, to: node, from: node)
    }

    private mutating func push(_ kind: Kind, at time: Instant, to node: Int, from peer: Int) {
        order += 1
        let event = Event(at: time, order: order, to: node, from: peer, kind: kind)
        if !event.isTick { inFlight += 1 }
        heap.append(event)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func pop() {
        let last = heap.removeLast()
        if heap.isEmpty { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

extension HyParView.Message {
    var name: String {
        switch self {
        case .join: "join"
        case .forwardJoin: "forward-join"
        case .neighbor: "neighbor"
        case .neighborReply: "neighbor-reply"
        case .disconnect: "disconnect"
        case .shuffle: "shuffle"
        case .shuffleReply: "shuffle-reply"
        }
    }
}
