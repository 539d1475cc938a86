import Crypto
import HyParView
import MerkleLog
import Primitives

/// Where HyParView meets the sessions: its links are sessions, and its peers' addresses stand in
/// the address table, or beside it (`ViewContacts`).
///
/// Without an overlay (`MeshConfiguration.overlay` is nil) every session is with a neighbour.
extension Mesh {
    // MARK: In

    /// Hands one event to the overlay and does what it says, until there is nothing more to do.
    mutating func overlay(_ event: HyParView.Event) {
        guard overlay != nil else { return }
        overlayEvents.append(event)
        if isOverlayAtWork { return }
        isOverlayAtWork = true
        defer { isOverlayAtWork = false }
        var list: [HyParView.Effect] = []
        while let event = overlayEvents.popFirst() {
            overlay?.handle(event, at: now, into: &list)
            for effect in list { carryOut(effect) }
            list.removeAll(keepingCapacity: true)
        }
        if viewContacts.isFull, let overlay { viewContacts.prune { overlay.holds($0) } }
    }

    /// A session is ready: its peer may become a neighbour.
    mutating func sessionReady(_ session: Session) {
        guard let peer = session.peer, overlay != nil else { return becomeNeighbour(session) }
        session.idleSince = now
        if isKept(peer), overlay?.active.isEmpty == true { overlay(.join(peer)) }
        overlay(.linkUp(peer))
    }

    /// A session that was ready has ended.
    mutating func sessionLost(_ session: Session) {
        if let peer = session.peer, sessionOfPeer[peer] == nil { overlay(.linkDown(peer)) }
    }

    mutating func heardOverlay(_ session: Session, _ message: Message) {
        guard let peer = session.peer, overlay != nil else { return }
        let source = session.remote?.address ?? .loopback6
        func take(_ contacts: [Contact]) {
            for contact in contacts { learn(contact, from: source) }
        }
        /// Those that can be called: nobody else is of use in a view.
        func known(_ nodes: [Contact]) -> [LogKey] {
            take(nodes)
            return nodes.map(\.key).filter { contact(of: $0) != nil }
        }
        switch message {
        case .join(let mine):
            take([Contact(key: peer, endpoints: mine)])
            overlay(.received(.join, from: peer))
        case .forwardJoin(let new, let ttl):
            take([new])
            overlay(.received(.forwardJoin(new: new.key, ttl: ttl), from: peer))
        case .neighbor(let isHigh, let mine):
            take([Contact(key: peer, endpoints: mine)])
            overlay(.received(.neighbor(high: isHigh), from: peer))
        case .neighborReply(let isAccepted):
            overlay(.received(.neighborReply(accepted: isAccepted), from: peer))
        case .disconnect: overlay(.received(.disconnect, from: peer))
        case .shuffle(let nonce, let origin, let ttl, let nodes):
            take([origin])
            overlay(
                .received(
                    .shuffle(nonce: nonce, origin: origin.key, ttl: ttl, nodes: known(nodes)),
                    from: peer))
        case .shuffleReply(let nonce, let nodes):
            overlay(.received(.shuffleReply(nonce: nonce, nodes: known(nodes)), from: peer))
        default: break
        }
    }

    // MARK: Out

    private mutating func carryOut(_ effect: HyParView.Effect) {
        switch effect {
        case .connect(let peer): reach(peer)
        case .send(let message, let peer):
            if let session = session(of: peer) { say(message, session) }
        case .release(let peer):
            if let session = session(of: peer) { session.idleSince = now }
        case .neighborUp(let peer):
            if let session = session(of: peer) { becomeNeighbour(session) }
        case .neighborDown(let peer):
            if let session = session(of: peer) {
                ceaseNeighbour(session)
                session.idleSince = now
            }
        }
    }

    private func session(of peer: LogKey) -> Session? {
        sessionOfPeer[peer].flatMap { sessions[$0] }
    }

    /// Opens a session for the overlay: not where its network group has its share of those that
    /// this node dialled, as long as others can be asked (THREATS row 1).
    private mutating func reach(_ peer: LogKey) {
        if sessionOfPeer[peer] != nil { return overlay(.linkUp(peer)) }
        if isDialling(peer) || !isCrowded(peer) && dial(peer) { return }
        overlay(.linkDown(peer))
    }

    private func isCrowded(_ peer: LogKey) -> Bool {
        guard let address = contact(of: peer)?.endpoints.first?.address else {
            return false
        }
        let group = NetworkGroup(address)
        let dialled = sessions.all.filter {
            $0.target != nil && $0.isNeighbour
        }
        return dialled.count {
            $0.remote.map { NetworkGroup($0.address) } == group
        } >= Limits.Addresses.outboundOfGroup && dialled.count >= 3
    }

    private mutating func say(_ message: HyParView.Message, _ session: Session) {
        let receiver = session.remote?.address ?? .loopback6
        func named(_ key: LogKey) -> Contact {
            if key == configuration.nodeKey.publicKey { return Contact(key: key, endpoints: mine) }
            let known = contact(of: key) ?? Contact(key: key, endpoints: [])
            return known.visible(to: receiver)
        }
        let mine = Array(
            ownEndpoints.filter { $0.isDialable(toldBy: receiver) }
                .prefix(Limits.Addresses.endpoints))
        let out: Message =
            switch message {
            case .join: .join(mine)
            case .forwardJoin(let new, let ttl): .forwardJoin(new: named(new), ttl: ttl)
            case .neighbor(let isHigh): .neighbor(high: isHigh, mine)
            case .neighborReply(let isAccepted): .neighborReply(accepted: isAccepted)
            case .disconnect: .disconnect
            case .shuffle(let nonce, let origin, let ttl, let nodes):
                .shuffle(
                    nonce: nonce, origin: named(origin), ttl: ttl, nodes: nodes.map(named))
            case .shuffleReply(let nonce, let nodes):
                .shuffleReply(nonce: nonce, nodes: nodes.map(named))
            }
        send(session, out)
    }

    /// Where this node says that it listens.
    private var ownEndpoints: [Endpoint] {
        guard let port = configuration.listenPort else { return [] }
        return outbound.ownAddresses.map { Endpoint($0, port: port) }
    }

    // MARK: Time

    /// Tells the overlay of peers that the address table knows: at the start, and while there is
    /// nobody.
    mutating func hintOverlay() {
        wantsHint = false
        guard overlay != nil, addresses.peerCount > 0 else { return }
        overlay(.anchors(addresses.anchors))
        overlay(.hint(addresses.sample(32, using: &random).map(\.key)))
    }

    mutating func overlayTick() {
        guard let due = overlayDeadline, due <= now else { return }
        if overlay?.active.isEmpty == true { hintOverlay() }
        overlay(.tick)
    }

    var overlayDeadline: Instant? { overlay?.nextDeadline }

    /// Ends a session that nobody needs: no neighbour, nothing under way.
    mutating func endIfIdle(_ session: Session) {
        guard let due = idleDeadline(session), due <= now, let peer = session.peer else { return }
        let isBusy =
            overlay?.needs(peer) == true || !session.offers.isEmpty || !session.fetches.isEmpty
            || !session.serving.isEmpty || !session.headsDone || session.resume.cursor != nil
            || session.writesUnderWay > 0 || session.blobs.isBusy || session.reconciling.isUnderWay
            || isKept(peer)
        if isBusy {
            session.idleSince = now
        } else {
            farewell(session, .idle, "no neighbour")
        }
    }

    func idleDeadline(_ session: Session) -> Instant? {
        guard overlay != nil, session.isReady, !session.isNeighbour else { return nil }
        return session.idleSince.map { $0 + Limits.idleSession }
    }
}
