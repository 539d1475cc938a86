import Crypto
import Mesh
package import Primitives

/// One end of a stream. A connection has two, which go one by one: each learns of the other's end
/// when something of that reaches it.
struct StreamEnd {
    let id: SessionID
    let peer: SessionID
    let node: Int
    let peerNode: Int
    /// When the last piece that was sent here arrives: pieces keep their order.
    var arrival: Instant
    /// What waits for a partition to end, in order.
    var backlog: [[UInt8]] = []
    var backlogBytes = 0
    /// Counts the stalls, so that an end of patience that is over means nothing.
    var stall: UInt32 = 0
    var isStalled = false
    var isDraining = false
    /// The dial that it belongs to, until its owner is told that it is open.
    var dial: Token?

    /// A slot that is free.
    static let none = StreamEnd(
        id: 0, peer: 0, node: 0, peerNode: 0, arrival: Instant(nanoseconds: 0))
}

/// Streams that keep order and lose nothing until they break, and datagrams that promise nothing.
extension World {
    /// The slot of an end stands in the low bits of its id; the rest is never used twice.
    private func slot(_ id: SessionID) -> Int { Int(id & 0xff_ffff) }

    private func isOpen(_ id: SessionID) -> Bool {
        slot(id) < ends.count && ends[slot(id)].id == id
    }

    private func newID() -> SessionID {
        serial += 1
        let slot = freeEnds.popLast() ?? ends.count
        precondition(slot <= 0xff_ffff, "\(slot) streams")
        if slot == ends.count { ends.append(.none) }
        return serial << 24 | UInt64(slot)
    }

    private func open(_ id: SessionID, peer: SessionID, node: Int, peerNode: Int) {
        ends[slot(id)] = StreamEnd(
            id: id, peer: peer, node: node, peerNode: peerNode, arrival: now)
        nodes[node].streams.append(id)
    }

    /// Forgets an end, of which nobody else is told.
    private func forget(_ id: SessionID) {
        guard isOpen(id) else { return }
        nodes[ends[slot(id)].node].streams.removeAll { $0 == id }
        ends[slot(id)] = .none
        freeEnds.append(slot(id))
    }

    /// The node at the other end of an open stream.
    func peer(of id: SessionID) -> Int? { isOpen(id) ? ends[slot(id)].peerNode : nil }

    /// Which node said what the event is made of; nil when none did.
    func speaker(of event: Event) -> Int? {
        switch event {
        case .received(let id, _): peer(of: id)
        case .datagram(_, let from): nodeOfAddress[from.address]
        default: nil
        }
    }

    // MARK: Paths

    func isBlocked(_ from: Int, _ to: Int) -> Bool {
        for cut in cuts where cut.blocks(from, to) { return true }
        return false
    }

    /// Nothing goes from nodes of the one set to nodes of the other, until `heal` with the number
    /// that is returned.
    package func cut(from: [Bool], to: [Bool]) -> Int {
        nextCut += 1
        cuts.append(Cut(id: nextCut, from: from, to: to))
        say("cut \(nextCut)", from.indices.filter { from[$0] }, to.indices.filter { to[$0] })
        return nextCut
    }

    package func heal(_ cut: Int) {
        cuts.removeAll { $0.id == cut }
        say("heal \(cut)")
        // Senders try again at growing intervals.
        let wait = Instant.Span(nanoseconds: random.below(3_000_000_000))
        for slot in ends.indices where ends[slot].isStalled {
            let end = ends[slot]
            if isBlocked(end.node, end.peerNode) || isBlocked(end.peerNode, end.node) { continue }
            ends[slot].isStalled = false
            ends[slot].stall += 1
            ends[slot].backlog = []
            ends[slot].backlogBytes = 0
            ends[slot].arrival = max(end.arrival, now + wait)
            for bytes in end.backlog { transmit(slot, bytes) }
            drainLater(slot)
        }
    }

    /// How long something takes from one node to another.
    package func delay(_ a: Int, _ b: Int) -> Instant.Span {
        let (low, high) = (
            weather.delay.lowerBound.nanoseconds, weather.delay.upperBound.nanoseconds
        )
        if low == high { return weather.delay.lowerBound }
        var mix = (UInt64(min(a, b)) << 32 | UInt64(max(a, b))) ^ seed &* 0x9e37_79b9_7f4a_7c15
        mix = (mix ^ mix >> 33) &* 0xff51_afd7_ed55_8ccd
        mix = (mix ^ mix >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return Instant.Span(nanoseconds: low + (mix ^ mix >> 33) % (high - low + 1))
    }

    private func delayNow(_ a: Int, _ b: Int) -> Instant.Span {
        let jitter = weather.jitter.nanoseconds
        let extra = jitter > 0 ? random.below(jitter + 1) : 0
        return Instant.Span(nanoseconds: delay(a, b).nanoseconds + extra)
    }

    // MARK: Streams

    func dial(_ node: SimulatedNode, _ address: PeerAddress, _ endpoint: Int, _ token: Token) {
        digest.fold(token)
        guard address.endpoints.indices.contains(endpoint) else {
            return safety.fail("node \(node.life) dials endpoint \(endpoint) of \(address)")
        }
        let target = nodeOfEndpoint[address.endpoints[endpoint]]
        let isReachable =
            target.map { !isBlocked(node.index, $0) && !isBlocked($0, node.index) } ?? false
        guard let target, isReachable else {
            // Nobody answers, not even to refuse.
            let wait = Instant.Span.milliseconds(3_000 + random.below(17_000))
            return heap.push(.dialFailed(life(of: node), token), at: now + wait)
        }
        let there = delayNow(node.index, target)
        let back = Instant.Span(nanoseconds: 2 * there.nanoseconds)
        guard nodes[target].isUp else {
            return heap.push(.dialFailed(life(of: node), token), at: now + back)
        }
        let (mine, theirs) = (newID(), newID())
        open(mine, peer: theirs, node: node.index, peerNode: target)
        open(theirs, peer: mine, node: target, peerNode: node.index)
        ends[slot(mine)].arrival = now + back
        ends[slot(mine)].dial = token
        heap.push(.accepted(theirs, from: mine), at: now + there)
        heap.push(.connected(mine, dial: token), at: now + back)
    }

    func accepted(_ id: SessionID, _ from: SessionID) {
        guard isOpen(id) else { return }
        let peer = nodes[ends[slot(id)].peerNode].endpoint
        let port = UInt16(32_768 + id >> 24 % 28_000)
        feed(ends[slot(id)].node, .accepted(id, from: Endpoint(peer.address, port: port)))
    }

    func connected(_ id: SessionID, _ token: Token) {
        guard isOpen(id) else { return }
        let end = ends[slot(id)]
        ends[slot(id)].dial = nil
        feed(end.node, .connected(id, dial: token, remote: nodes[end.peerNode].endpoint))
    }

    func send(_ node: SimulatedNode, _ id: SessionID, _ bytes: [UInt8]) {
        guard isOpen(id) else { return }
        let at = slot(id)
        node.traffic.bytesSent += UInt64(bytes.count)
        node.traffic.streamPieces += 1
        let (from, to) = (ends[at].node, ends[at].peerNode)
        if ends[at].isStalled || isBlocked(from, to) {
            ends[at].backlog.append(bytes)
            ends[at].backlogBytes += bytes.count
            stall(at)
        } else {
            transmit(at, bytes)
            // What arrives cannot be acknowledged: it is sent again until patience ends.
            if !cuts.isEmpty, isBlocked(to, from) { stall(at) }
        }
        drainLater(at)
    }

    /// From now on this sender waits for an acknowledgement.
    private func stall(_ at: Int) {
        if ends[at].isStalled { return }
        ends[at].isStalled = true
        ends[at].stall += 1
        let patience = random.span(weather.patience)
        heap.push(.gaveUp(ends[at].id, stall: ends[at].stall), at: now + patience)
    }

    private func transmit(_ at: Int, _ bytes: [UInt8]) {
        var bytes = bytes
        if random.happens(weather.streamCorruption) { damage(&bytes) }
        if bytes.count > 1, random.happens(weather.fragmentation) {
            let middle = 1 + random.below(bytes.count - 1)
            deliver(at, Array(bytes[..<middle]))
            return deliver(at, Array(bytes[middle...]))
        }
        deliver(at, bytes)
    }

    private func deliver(_ at: Int, _ bytes: [UInt8]) {
        let end = ends[at]
        let arrival = max(end.arrival, now + delayNow(end.node, end.peerNode))
        ends[at].arrival = arrival
        heap.push(.bytes(end.peer, from: end.id, bytes), at: arrival)
    }

    func damage(_ bytes: inout [UInt8]) {
        if !bytes.isEmpty { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
    }

    private func drainLater(_ at: Int) {
        if ends[at].isDraining { return }
        ends[at].isDraining = true
        heap.push(.drained(ends[at].id), at: now + .milliseconds(5))
    }

    func drained(_ id: SessionID) {
        guard isOpen(id) else { return }
        ends[slot(id)].isDraining = false
        feed(ends[slot(id)].node, .drained(id, unsent: ends[slot(id)].backlogBytes))
    }

    func arrived(_ id: SessionID, _ from: SessionID, _ bytes: [UInt8]) {
        if isOpen(id) { return feed(ends[slot(id)].node, .received(id, bytes)) }
        // Nobody is there: the machine says so, if it runs and can.
        guard isOpen(from) else { return }
        let sender = ends[slot(from)]
        if nodes[sender.peerNode].isUp && !isBlocked(sender.peerNode, sender.node) {
            heap.push(.ended(from), at: now + delay(sender.node, sender.peerNode))
        } else {
            stall(slot(from))
        }
    }

    func ended(_ id: SessionID) {
        guard isOpen(id) else { return }
        let end = ends[slot(id)]
        forget(id)
        feed(end.node, end.dial.map { .dialFailed($0) } ?? .closed(id))
    }

    func gaveUp(_ id: SessionID, _ stall: UInt32) {
        guard isOpen(id), ends[slot(id)].isStalled, ends[slot(id)].stall == stall else { return }
        ended(id)
    }

    /// A machine closes its end. What it sent before arrives; if nothing gets through, the other
    /// end stays open until it says something.
    func close(_ id: SessionID) {
        guard isOpen(id) else { return }
        let end = ends[slot(id)]
        forget(id)
        if end.isStalled || isBlocked(end.node, end.peerNode) { return }
        let arrival = max(end.arrival, now + delayNow(end.node, end.peerNode))
        heap.push(.ended(end.peer), at: arrival)
    }

    /// All streams of a process that is gone. Its kernel tells the peers, unless that died as well.
    func closeAll(of node: SimulatedNode, isSilent: Bool) {
        for id in node.streams {
            if isSilent { forget(id) } else { close(id) }
        }
    }

    // MARK: Datagrams

    func sendDatagram(_ node: SimulatedNode, _ bytes: [UInt8], _ to: Endpoint) {
        node.traffic.bytesSent += UInt64(bytes.count)
        node.traffic.datagrams += 1
        guard let target = nodeOfAddress[to.address], !random.happens(weather.loss) else { return }
        if weather.replay > 0 { overhear(target, bytes, node.index) }
        deliverDatagram(target, bytes, node.index)
        if random.happens(weather.duplication) { deliverDatagram(target, bytes, node.index) }
    }

    private func deliverDatagram(_ to: Int, _ bytes: [UInt8], _ from: Int) {
        if isBlocked(from, to) { return }
        var bytes = bytes
        if random.happens(weather.corruption) { damage(&bytes) }
        heap.push(.datagram(to: to, bytes, from: from), at: now + delayNow(from, to))
    }

    /// Somebody on the path keeps datagrams, and sends them again from an address of their own.
    private func overhear(_ to: Int, _ bytes: [UInt8], _ from: Int) {
        if overheard.count < 64 {
            overheard.append((to, bytes, from))
        } else {
            overheard[random.below(64)] = (to, bytes, from)
        }
        guard random.happens(weather.replay) else { return }
        let old = overheard[random.below(overheard.count)]
        deliverDatagram(
            old.to, old.bytes, random.happens(500) ? old.from : random.below(nodes.count))
    }
}

extension World {
    /// Ends all partitions.
    func healAll() {
        for cut in cuts.map(\.id) { heal(cut) }
    }

    /// Makes a liar of a node that has a log and has not started.
    func corrupt(_ node: SimulatedNode, habits: [Liar.Habit]? = nil) {
        guard let key = node.own.first else { return }
        node.liar = Liar(
            key, habits: habits, places: nodes.map(\.endpoint), seed: random.next())
        safety.isByzantine(node)
        safety.mayFork(key.publicKey)
    }
}
