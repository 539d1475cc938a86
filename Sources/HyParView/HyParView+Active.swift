import Primitives

/// The active view: Join, ForwardJoin, Neighbor, Disconnect (paper §4.2 and §4.3).
extension HyParView {
    // MARK: Room

    /// Neighbours in the paper's active view: those in reserved slots stand beside it.
    var counted: Int { neighbours.count { !$0.isReserved } }

    var ownCount: Int { neighbours.count { !$0.isReserved && $0.origin == .own } }

    /// Whether somebody may become a neighbour without another going.
    ///
    /// Deviation: the last slots are for peers of this node's own choice, and one slot is left to
    /// those who ask, so that a request that must be accepted evicts no own neighbour.
    func hasRoom(for origin: Origin) -> Bool {
        guard counted < parameters.active else { return false }
        if origin == .own { return ownCount < max(1, parameters.active - 1) }
        return counted - ownCount < parameters.active - parameters.own
    }

    /// Makes room for somebody whom this node did not choose: "even if it has to drop a random node
    /// from it". Deviation: never an own one. False when only such are left.
    private mutating func makeRoom(for origin: Origin) -> Bool {
        while !hasRoom(for: origin) {
            let others = neighbours.filter { !$0.isReserved && $0.origin != .own }
            // What neither side chose goes first.
            let walked = others.filter { $0.origin == .walked }
            guard let victim = pick((walked.isEmpty ? others : walked).map(\.peer)) else {
                return false
            }
            evict(victim)
        }
        return true
    }

    /// Makes room for a probe that was accepted: own ones take turns, as long as they are more than
    /// the view must have.
    mutating func makeRoomForProbe() {
        while !hasRoom(for: .own) {
            let counting = neighbours.filter { !$0.isReserved }
            let own = counting.filter { $0.origin == .own }
            let others = counting.filter { $0.origin != .own }
            let pool = own.count > parameters.own || others.isEmpty ? own : others
            guard let victim = pick(pool.map(\.peer)) else { return }
            evict(victim)
        }
    }

    // MARK: Neighbours come and go

    mutating func add(_ peer: Bytes32, _ origin: Origin) {
        guard peer != me, !isActive(peer) else { return }
        attempts.removeAll { $0.peer == peer }
        passiveView.remove(peer)
        memory.met(peer)
        if neighbours.isEmpty {
            isNewcomer = true
            quickShuffles = Limits.Overlay.firstShuffles
            nextShuffle = min(
                nextShuffle ?? .never, now + jittered(Limits.Overlay.firstShuffle))
        }
        neighbours.append(
            Neighbour(peer: peer, origin: origin, isReserved: reserved.contains(peer)))
        nextRest = 1
        emit(.neighborUp(peer))
    }

    /// Takes a neighbour out; false when the peer was none.
    mutating func remove(_ peer: Bytes32) -> Bool {
        guard let index = neighbours.firstIndex(where: { $0.peer == peer }) else { return false }
        neighbours.remove(at: index)
        emit(.neighborDown(peer))
        return true
    }

    /// "the member that is dropped will receive a Disconnect notification".
    mutating func evict(_ peer: Bytes32) {
        guard remove(peer) else { return }
        remember(peer, source: nil)
        send(.disconnect, to: peer)
        emit(.release(peer))
    }

    /// The peer dropped this node, but is alive: it goes into the passive view, and the place is
    /// filled at once.
    mutating func disconnected(_ peer: Bytes32) {
        if remove(peer) {
            remember(peer, source: nil)
            newRound()
            emit(.release(peer))
        } else if let index = attempt(for: peer), !attempts[index].isConnecting {
            refused(index)
        }
    }

    // MARK: Joining

    mutating func join(_ contact: Bytes32) {
        guard contact != me, !isActive(contact) else { return }
        memory.note(contact)
        if attempts.count(where: { $0.purpose == .join }) < Limits.Overlay.joins {
            attempt(contact, .join)
        }
    }

    /// "A node that receives a join request will start by adding the new node to its active view,
    /// even if it has to drop a random node from it. … The contact node c will then send to all
    /// other nodes in its active view a ForwardJoin request" (paper §4.2).
    mutating func joined(_ new: Bytes32) {
        if !isActive(new) {
            guard reserved.contains(new) || makeRoom(for: .asked) else {
                return send(.disconnect, to: new)
            }
            add(new, .asked)
        }
        guard joins.take(now) else { return }
        for neighbour in neighbours where neighbour.peer != new {
            send(.forwardJoin(new: new, ttl: parameters.activeWalk), to: neighbour.peer)
        }
    }

    /// Tells a peer that takes this node for a neighbour that it is none: views agree again,
    /// whatever crossed on the way. Not in the paper, whose links do not cross.
    mutating func correct(_ peer: Bytes32) {
        if attempt(for: peer) == nil { send(.disconnect, to: peer) }
    }

    /// The four steps of paper §4.2.
    mutating func forwardedJoin(_ new: Bytes32, _ ttl: Int, _ from: Bytes32) {
        guard isActive(from) else { return correct(from) }
        guard links[from]?.forwards.take(now) == true, new != me else { return }
        memory.note(new)
        let ttl = min(max(ttl, 0), parameters.activeWalk)
        // "i) If the time to live is equal to zero or if the number of nodes in p's active view is
        // equal to one, it will add the new node to its active view."
        if ttl == 0 || neighbours.count == 1 {
            let dials = attempts.count { $0.purpose == .forwardJoin }
            if !isActive(new), dials < Limits.Overlay.forwardDials {
                attempt(new, .forwardJoin)
            }
            return
        }
        // "ii) If the time to live is equal to PRWL, p will insert the new node into its passive
        // view."
        if ttl == parameters.passiveWalk { remember(new, source: from) }
        // "iii) The time to live field is decremented. iv) If, at this point, n has not been
        // inserted in p's active view, p will forward the request to a random node in its active
        // view (different from the one from which the request was received)."
        let others = neighbours.map(\.peer).filter { $0 != from && $0 != new }
        if let next = pick(others) { send(.forwardJoin(new: new, ttl: ttl - 1), to: next) }
    }

    // MARK: Neighbor

    /// "A node q that receives a high priority neighbor request will always accept the request,
    /// even if it has to drop a random member from its active view … If a node q receives a low
    /// priority Neighbor request, it will only accept the request if it has a free slot in its
    /// active view, otherwise it will refuse the request" (paper §4.3).
    mutating func asked(_ peer: Bytes32, high: Bool) {
        if isActive(peer) { return send(.neighborReply(accepted: true), to: peer) }
        // Both asked at once: both choose.
        let mutual = attempt(for: peer).map { attempts[$0].purpose }
        let origin: Origin = mutual == .repair || mutual == .join ? .own : .asked
        let isWelcome =
            reserved.contains(peer) || hasRoom(for: origin) || (high && makeRoom(for: .asked))
        guard isWelcome else {
            noteSeeker(peer)
            return send(.neighborReply(accepted: false), to: peer)
        }
        // The answer first: what the owner says to a neighbour comes to one.
        send(.neighborReply(accepted: true), to: peer)
        add(peer, hasRoom(for: origin) ? origin : .asked)
    }

    /// An answer to a request of this node.
    mutating func answered(_ peer: Bytes32, _ accepted: Bool) {
        guard let index = attempt(for: peer), !attempts[index].isConnecting,
            attempts[index].purpose != .join
        else {
            // Too late: the peer must not keep this node in its view alone.
            if accepted && !isActive(peer) { send(.disconnect, to: peer) }
            return
        }
        guard accepted else { return refused(index) }
        let purpose = attempts.remove(at: index).purpose
        if reserved.contains(peer) { return add(peer, .own) }
        switch purpose {
        case .join: settle(peer, .own, hasRoom(for: .own))
        case .repair:
            // The slot that is left to those who ask can be filled, and must be given up for them.
            let origin: Origin = hasRoom(for: .own) ? .own : .walked
            settle(peer, origin, hasRoom(for: origin))
        case .reserved: settle(peer, .asked, hasRoom(for: .asked))
        case .forwardJoin: settle(peer, .walked, makeRoom(for: .walked))
        case .probe:
            slowProbes()
            makeRoomForProbe()
            settle(peer, .own, true)
        }
    }

    private mutating func settle(_ peer: Bytes32, _ origin: Origin, _ hasRoom: Bool) {
        if hasRoom { return add(peer, origin) }
        // The place was taken meanwhile.
        remember(peer, source: nil)
        send(.disconnect, to: peer)
        emit(.release(peer))
    }

    // MARK: Reserved slots

    /// Deviation: an invited peer that has a link is a neighbour beside the active view's own size;
    /// it is never evicted, and always accepted.
    mutating func reserve(_ peer: Bytes32, _ isOn: Bool) {
        guard peer != me, reserved.contains(peer) != isOn else { return }
        if isOn {
            guard reserved.count < Limits.Overlay.reserved else { return }
            reserved.append(peer)
            passiveView.remove(peer)
        } else {
            reserved.removeAll { $0 == peer }
        }
        if let index = neighbours.firstIndex(where: { $0.peer == peer }) {
            neighbours[index].isReserved = isOn
            if !isOn {
                neighbours[index].origin = .asked
                if counted > parameters.active
                    || counted - ownCount > parameters.active - parameters.own
                {
                    evict(peer)
                }
            }
        } else if isOn, links[peer] != nil, attempt(for: peer) == nil {
            attempt(peer, .reserved)
        }
    }
}
