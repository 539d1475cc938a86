import Primitives

/// The passive view: Shuffle and its reply (paper §4.4).
extension HyParView {
    /// A Shuffle that went out on a link, this node's own or another's on its way.
    struct Walk: Sendable {
        /// Its name on the link that it went out on.
        let nonce: UInt64
        let next: Bytes32
        /// Where it came from, and its name there; nil for this node's own.
        let back: (peer: Bytes32, nonce: UInt64)?
        /// What this node told of its passive view.
        let sent: [Bytes32]
        let deadline: Instant
    }

    /// Adds a peer to the passive view, if it is a stranger.
    mutating func remember(_ peer: Bytes32, source: Bytes32?) {
        var nothing: [Bytes32] = []
        remember([peer], source: source, sent: &nothing)
    }

    /// "naturally, they exclude their own identifier and nodes that are part of the active or
    /// passive views".
    private mutating func remember(_ peers: [Bytes32], source: Bytes32?, sent: inout [Bytes32]) {
        for peer in peers {
            if peer == me || isActive(peer) || passiveView.contains(peer)
                || reserved.contains(peer)
            {
                continue
            }
            passiveView.add(peer, source: source, sent: &sent, &random)
        }
    }

    /// So many of the passive view. Deviation: one that was refused a place lately takes the place
    /// of one of them. Those that lack a neighbour are those that few have heard of, and who lacks
    /// one, too, should hear of them.
    private mutating func passiveSample(_ count: Int, except peer: Bytes32) -> [Bytes32] {
        seekers = seekers.filter { $0.until > now && !isActive($0.peer) }
        let list = passiveView.entries.map(\.peer).filter { $0 != peer }
        guard let seeker = pick(seekers.map(\.peer).filter { $0 != peer }) else {
            return sample(list, count)
        }
        return sample(list.filter { $0 != seeker }, count - 1) + [seeker]
    }

    /// The peer asked for a place, and there was none.
    mutating func noteSeeker(_ peer: Bytes32) {
        seekers.removeAll { $0.peer == peer }
        if seekers.count >= Limits.Overlay.seekers { seekers.removeFirst() }
        seekers.append((peer, until: now + Limits.Overlay.seekerTime))
    }

    mutating func shuffleDue() {
        renewRound()
        askReserved()
        shuffle()
    }

    /// Invited peers that have a link and are no neighbours, since they evicted this node.
    private mutating func askReserved() {
        for peer in reserved where links[peer] != nil && !isActive(peer) {
            attempt(peer, .reserved)
        }
    }

    /// "The node p that initiates the exchange creates an exchange list with the following
    /// contents: p's own identifier, k_a nodes from its active view and k_p nodes from its passive
    /// view … It then sends the list in a Shuffle request to a random neighbor of its active view."
    private mutating func shuffle() {
        if let next = pick(neighbours.map(\.peer)) { shuffle(with: next, parameters.activeWalk) }
    }

    /// Deviation: whoever is new in the overlay knows nobody yet, and its first neighbour may soon
    /// evict it. So it shuffles with that neighbour itself, at once.
    mutating func greet() {
        isNewcomer = false
        if let first = neighbours.first { shuffle(with: first.peer, 1) }
    }

    private mutating func shuffle(with next: Bytes32, _ ttl: Int) {
        let others = neighbours.map(\.peer).filter { $0 != next }
        let passive = passiveSample(parameters.shufflePassive, except: next)
        let nodes = sample(others, parameters.shuffleActive) + passive
        let nonce = remember(walkTo: next, back: nil, sent: passive)
        send(.shuffle(nonce: nonce, origin: me, ttl: ttl, nodes: nodes), to: next)
    }

    private mutating func remember(
        walkTo next: Bytes32, back: (peer: Bytes32, nonce: UInt64)?, sent: [Bytes32]
    ) -> UInt64 {
        walks.removeAll { $0.deadline <= now }
        if walks.count >= Limits.Overlay.walks { walks.removeFirst() }
        let nonce = random.next()
        walks.append(
            Walk(
                nonce: nonce, next: next, back: back, sent: sent,
                deadline: now + Limits.Overlay.walkTime))
        return nonce
    }

    /// "A node q that receives a Shuffle request will first decrease its time to live. If the time
    /// to live of the message is greater than zero and the number of nodes in q's active view is
    /// greater than 1, the node will select a random node from its active view, different from the
    /// one he received this shuffle message from, and simply forwards the Shuffle request.
    /// Otherwise, node q accepts the Shuffle request and send back … a ShuffleReply message that
    /// includes a number of nodes selected at random from q's passive view equal to the number of
    /// nodes received in the Shuffle request."
    ///
    /// Deviation: always as many as a full request has, since a newcomer has nobody to name.
    mutating func shuffled(
        _ from: Bytes32, _ nonce: UInt64, _ origin: Bytes32, _ ttl: Int, _ nodes: [Bytes32]
    ) {
        guard isActive(from) else { return correct(from) }
        guard links[from]?.shuffles.take(now) == true else { return }
        let nodes = Array(nodes.prefix(parameters.shuffleActive + parameters.shufflePassive))
        hear(nodes + [origin])
        let ttl = min(max(ttl, 0), parameters.activeWalk) - 1
        let others = neighbours.map(\.peer).filter { $0 != from }
        if ttl > 0, let next = pick(others) {
            // Each hop gives the walk a name of its own, so that one that comes by twice finds its
            // way back, and nobody can guess another's.
            let name = remember(walkTo: next, back: (from, nonce), sent: [])
            return send(.shuffle(nonce: name, origin: origin, ttl: ttl, nodes: nodes), to: next)
        }
        if origin == me { return }
        var sent = passiveSample(
            parameters.shuffleActive + parameters.shufflePassive + 1, except: origin)
        send(.shuffleReply(nonce: nonce, nodes: sent), to: from)
        remember(nodes + [origin], source: from, sent: &sent)
    }

    /// Deviation: the reply comes back the way that the request went.
    mutating func shuffleAnswered(_ from: Bytes32, _ nonce: UInt64, _ nodes: [Bytes32]) {
        guard let index = walks.firstIndex(where: { $0.nonce == nonce && $0.next == from }) else {
            return
        }
        let walk = walks.remove(at: index)
        if walk.deadline <= now { return }
        let most = parameters.shuffleActive + parameters.shufflePassive + 1
        let nodes = Array(nodes.prefix(most))
        hear(nodes)
        if let back = walk.back {
            return send(.shuffleReply(nonce: back.nonce, nodes: nodes), to: back.peer)
        }
        var sent = walk.sent
        remember(nodes, source: from, sent: &sent)
    }

    /// Whatever passes by is remembered for probes.
    private mutating func hear(_ peers: [Bytes32]) {
        for peer in peers where peer != me { memory.note(peer) }
    }
}
