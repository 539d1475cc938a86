import Primitives

/// Requests of this node, and the places that they fill (paper §4.3).
extension HyParView {
    enum Purpose: Sendable {
        /// The owner named a contact.
        case join
        /// A neighbour is missing.
        case repair
        /// A walk ended here.
        case forwardJoin
        /// Is there another island?
        case probe
        /// An invited peer has a link.
        case reserved
    }

    /// A link being opened for a request, or a request that waits for its answer.
    struct Attempt: Sendable {
        let peer: Bytes32
        let purpose: Purpose
        var isConnecting: Bool
        var deadline: Instant
    }

    func attempt(for peer: Bytes32) -> Int? { attempts.firstIndex { $0.peer == peer } }

    /// Begins a request, over a link that is there or a new one.
    mutating func attempt(_ peer: Bytes32, _ purpose: Purpose) {
        guard peer != me, attempt(for: peer) == nil else { return }
        attempts.append(
            Attempt(
                peer: peer, purpose: purpose, isConnecting: true,
                deadline: now + Limits.Overlay.connect))
        if links[peer] == nil { emit(.connect(peer)) } else { ask(attempts.count - 1) }
    }

    /// The link is there: says what it was wanted for.
    ///
    /// "if p has no elements in its active view the priority is high; otherwise, the priority is
    /// low". A probe is high, too: between two islands whose views are full, nothing less joins.
    mutating func ask(_ index: Int) {
        attempts[index].isConnecting = false
        attempts[index].deadline = now + Limits.Overlay.reply
        let peer = attempts[index].peer
        switch attempts[index].purpose {
        case .join:
            // The contact always accepts, so its answer is not waited for.
            attempts.remove(at: index)
            makeRoomForProbe()
            send(.join, to: peer)
            add(peer, .own)
        case .repair:
            // Deviation: high also for a view with too few own neighbours, or a full network would
            // never give it any. Both seldom: see `Limits`.
            let high =
                counted == 0
                ? urgent.take(now) : ownCount < parameters.own && wishes.take(now)
            send(.neighbor(high: high), to: peer)
        case .reserved: send(.neighbor(high: counted == 0), to: peer)
        case .forwardJoin: send(.neighbor(high: false), to: peer)
        case .probe: send(.neighbor(high: true), to: peer)
        }
    }

    /// "If the connection fails to establish, node q is considered failed and removed from p's
    /// passive view". Deviation: the memory only doubts it.
    mutating func failed(_ index: Int) {
        let attempt = attempts.remove(at: index)
        guard attempt.isConnecting else { return }
        passiveView.remove(attempt.peer)
        memory.doubt(attempt.peer)
        switch attempt.purpose {
        case .repair: failures += 1
        case .probe: probe()
        default: break
        }
    }

    /// "If q rejects the Neighbor request, p will select another node from its passive view and
    /// repeat the whole procedure (without removing q from its passive view)."
    mutating func refused(_ index: Int) {
        let attempt = attempts.remove(at: index)
        memory.met(attempt.peer)
        if attempt.purpose == .repair { refusals += 1 }
        emit(.release(attempt.peer))
    }

    mutating func timedOut(_ index: Int) {
        let attempt = attempts[index]
        if attempt.isConnecting {
            failed(index)
            emit(.release(attempt.peer))
        } else {
            // It may have accepted all the same.
            send(.disconnect, to: attempt.peer)
            refused(index)
        }
    }

    // MARK: Repair

    /// Everybody may be asked again.
    mutating func newRound() {
        tried.removeAll()
        refusals = 0
        failures = 0
        rest = 0
    }

    /// Asks the next candidate when a neighbour is missing, one at a time: "the procedure is
    /// repeated until a connection is established with success".
    ///
    /// Deviations: it begins as soon as the neighbour is gone, also by Disconnect; where the
    /// passive view has nobody left and most neighbours are missing, or most of whom it asked could
    /// not be reached, it goes on with the memory: a few that only have each other would else be
    /// an island; each peer is asked once a round, and a round begins with a loss or a shuffle.
    mutating func repair() {
        guard counted < parameters.active, !attempts.contains(where: { $0.purpose == .repair })
        else {
            return
        }
        let isUrgent =
            2 * counted <= parameters.active || failures >= Limits.Overlay.failures
        if !isUrgent && refusals >= Limits.Overlay.refusals { return }
        guard let peer = candidate(isUrgent: isUrgent) else {
            if neighbours.isEmpty && rest == 0 && !tried.isEmpty {
                rest = nextRest
                nextRest = min(2 * nextRest, Limits.Overlay.rest)
            }
            return
        }
        // Who has nobody at all is slowed down by its rests.
        if counted > 0 && !repairs.take(now) { return }
        tried.insert(peer)
        attempt(peer, .repair)
    }

    private mutating func candidate(isUrgent: Bool) -> Bytes32? {
        while !anchors.isEmpty {
            let anchor = anchors.removeFirst()
            if isCandidate(anchor) { return anchor }
        }
        let passive = passiveView.entries.map(\.peer).filter { isCandidate($0) }
        if let peer = pick(passive) { return peer }
        if !isUrgent { return nil }
        let (memory, random) = (memory, random)
        var dice = random
        defer { self.random = dice }
        return memory.pick(&dice) { isCandidate($0) }
    }

    private func isCandidate(_ peer: Bytes32) -> Bool {
        !tried.contains(peer) && isStranger(peer)
    }

    /// Neither this node nor a neighbour, and not being asked already.
    private func isStranger(_ peer: Bytes32) -> Bool {
        peer != me && !isActive(peer) && attempt(for: peer) == nil && !reserved.contains(peer)
    }

    /// A new round of repair with each shuffle, unless one is under way or nobody was reached.
    mutating func renewRound() {
        if attempts.contains(where: { $0.purpose == .repair }) { return }
        if rest > 1 {
            rest -= 1
        } else {
            newRound()
        }
    }

    // MARK: Islands

    /// Deviation: makes a peer out of memory, that is in neither view, a neighbour. If it is in
    /// another island, the islands are joined; if not, two links have moved.
    ///
    /// Who cannot be reached says nothing of islands: then it is the next one's turn.
    mutating func probe() {
        guard !neighbours.isEmpty, probesLeft > 0 else { return }
        probesLeft -= 1
        var dice = random
        let peer = memory.pick(&dice) { isStranger($0) && !passiveView.contains($0) }
        random = dice
        if let peer { attempt(peer, .probe) }
    }

    /// A probe found somebody: the next one need not be so soon.
    mutating func slowProbes() {
        probeInterval = min(
            Instant.Span(nanoseconds: 2 * probeInterval.nanoseconds), Limits.Overlay.slowestProbe)
        nextProbe = max(nextProbe ?? now, now + jittered(probeInterval))
    }

    /// Neighbours failed, and few are left: what fell apart is soon looked for.
    mutating func hurryProbe() {
        guard 2 * counted <= parameters.active, let due = nextProbe else { return }
        probeInterval = min(probeInterval, Limits.Overlay.urgentProbe)
        nextProbe = min(due, now + jittered(probeInterval))
    }
}
