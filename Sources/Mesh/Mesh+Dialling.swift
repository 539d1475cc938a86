import Crypto
import HyParView
import MerkleLog
import Primitives

/// A peer that this node dials: the owner's, for ever; one out of the address table, for one round
/// over its endpoints.
struct DialTarget: Sendable {
    /// What sessions and dials name it by; never used twice.
    let number: Int
    /// What is dialled in this round.
    var address: PeerAddress
    /// The same as endpoints, where the table knows them.
    var endpoints: [Endpoint?]
    /// What the owner typed; empty when only the table knows it.
    var typed: [String]
    /// Redialled whenever the session ends.
    var isKept: Bool
    /// The endpoint to try next in this round.
    var next = 0
    /// Dials under way: the one that connects first is taken.
    var attempts: [Attempt] = []
    /// The session that a dial led to.
    var session: SessionID?
    /// When the round begins; within a round, when the next endpoint is tried beside the others.
    var nextDial: Instant?
    var backoff = Limits.redialFirst
    /// The secret of the invite: said in the hello until the peer has heard it.
    var secret: [UInt8]?

    struct Attempt: Sendable {
        var token: Token
        var endpoint: Int
    }

    func isDue(_ now: Instant) -> Bool { session == nil && nextDial.map { $0 <= now } ?? false }

    /// Whether no round is under way.
    var isWaiting: Bool { attempts.isEmpty && session == nil }

    mutating func succeeded() { backoff = Limits.redialFirst }
}

/// Dialling on the mesh's own account.
struct Outbound: Sendable {
    /// When somebody may be picked from the table; nil until something changes.
    var nextPick: Instant?
    /// Anchors of the last run that were not dialled yet.
    var anchors: [LogKey] = []
    var nextNumber = 0
    /// When the table is written; nil while it is as it was written last.
    var nextSave: Instant?
    /// Where this node itself is: never dialled on somebody's word.
    var ownAddresses: [IPAddress] = []
    var ownPorts: [UInt16] = []
}

/// Reaching peers whose addresses are known, and reaching them again with back-off.
extension Mesh {
    /// Anchors are dialled first, the oldest of them before the others.
    mutating func startDialling() {
        outbound.anchors = addresses.anchors.reversed()
        if overlay != nil {
            wantsHint = true
            return
        }
        if configuration.outbound > 0 && addresses.peerCount > 0 { outbound.nextPick = now }
    }

    // MARK: The owner's peers

    /// Keeps a session with a peer; `isReserved` keeps a slot for it, too.
    mutating func addPeer(_ address: PeerAddress, isReserved: Bool, secret: [UInt8]?) {
        guard isPeer(address.key), !address.endpoints.isEmpty else { return }
        if isReserved { reserve(address.key, true) }
        if secret != nil, let open = sessionOfPeer[address.key].flatMap({ sessions[$0] }) {
            // The secret stands in the hello: it takes a new session to say it.
            farewell(open, .duplicate, "coming again with an invite")
        }
        let index: Int
        if let known = targets.firstIndex(where: { $0.address.key == address.key }) {
            index = known
        } else {
            guard targets.count < Limits.dialTargets else { return }
            index = append(DialTarget(number: outbound.nextNumber, key: address.key))
        }
        targets[index].typed = address.endpoints
        targets[index].isKept = true
        overlay(.reserve(address.key, true))
        if let secret { targets[index].secret = secret }
        if targets[index].isWaiting { begin(index) }
    }

    /// Nothing keeps a session with the peer any more, and it is not dialled again by itself.
    mutating func dropPeer(_ key: LogKey) {
        reservedPeers.removeAll { $0 == key }
        overlay(.reserve(key, false))
        addresses.forget(key)
        viewContacts.forget(key)
        outbound.anchors.removeAll { $0 == key }
        if let index = targets.firstIndex(where: { $0.address.key == key }) {
            targets[index].isKept = false
            targets[index].typed = []
            targets[index].secret = nil
            // One under way ends by itself, and is the last.
            if targets[index].isWaiting { targets.remove(at: index) }
        }
        if let session = sessionOfPeer[key].flatMap({ sessions[$0] }) {
            farewell(session, .idle, "no neighbour any more")
        }
    }

    private mutating func append(_ target: DialTarget) -> Int {
        outbound.nextNumber += 1
        targets.append(target)
        return targets.count - 1
    }

    /// Keeps a slot for a peer beyond all caps, or no longer.
    mutating func reserve(_ key: LogKey, _ isOn: Bool) {
        reservedPeers.removeAll { $0 == key }
        guard isOn, key != configuration.nodeKey.publicKey else { return }
        overlay(.reserve(key, isOn))
        reservedPeers = Array(reservedPeers.suffix(Limits.Admission.reserved - 1)) + [key]
    }

    // MARK: Peers out of the table

    /// Dials a peer of the table; `unreachable` is called when no address of it leads to it. False
    /// when nothing is known of it, or it is being dialled, or too many are.
    @discardableResult
    mutating func dial(_ key: LogKey) -> Bool {
        guard !isStopping, key != configuration.nodeKey.publicKey, sessionOfPeer[key] == nil,
            !targets.contains(where: { $0.address.key == key && !$0.isWaiting }),
            let contact = contact(of: key)
        else { return false }
        if let known = targets.firstIndex(where: { $0.address.key == key }) {
            begin(known)
            return true
        }
        return dial(contact)
    }

    private mutating func dial(_ contact: Contact) -> Bool {
        guard targets.count < Limits.dialTargets, isPeer(contact.key),
            !quarantined.refuses(node: contact.key)
        else { return false }
        let index = append(DialTarget(number: outbound.nextNumber, key: contact.key))
        targets[index].dials(typed: [], known: contact.endpoints)
        tryNext(index)
        return true
    }

    /// No address of a peer led to it: whoever wanted it looks for another.
    private mutating func unreachable(_ key: LogKey) {
        viewContacts.forget(key)
        overlay(.linkDown(key))
        pickSoon()
    }

    /// Takes what somebody at `source` says of a peer, unless it leads to this very machine's own
    /// ports.
    mutating func learn(_ contact: Contact, from source: IPAddress) {
        guard self.contact(of: contact.key) != nil || isPeer(contact.key) else { return }
        var contact = contact
        contact.endpoints.removeAll { isOwn($0) }
        if addresses.learn(contact, from: source) > 0 { pickSoon() }
        if overlay != nil, addresses.contact(of: contact.key) == nil {
            viewContacts.learn(contact, from: source)
        }
    }

    /// Where a peer may be reached: what was proven first.
    func contact(of key: LogKey) -> Contact? { addresses.contact(of: key) ?? viewContacts[key] }

    /// Whether a node other than this one can have the key: it must be a point to shake hands with.
    private func isPeer(_ key: LogKey) -> Bool {
        key != configuration.nodeKey.publicKey && key.x25519 != nil
    }

    /// Whether the owner wants a session with the peer.
    func isKept(_ key: LogKey) -> Bool {
        targets.contains { $0.isKept && $0.address.key == key }
    }

    /// Whether the peer is being dialled.
    func isDialling(_ key: LogKey) -> Bool {
        targets.contains { $0.address.key == key && !$0.attempts.isEmpty }
            || targets.contains { $0.address.key == key && $0.session != nil }
    }

    private func isOwn(_ endpoint: Endpoint) -> Bool {
        guard outbound.ownPorts.contains(endpoint.port) else { return false }
        return endpoint.address.isLoopback || outbound.ownAddresses.contains(endpoint.address)
    }

    mutating func hinted(_ contacts: [Contact], from source: IPAddress) {
        for contact in contacts.prefix(Limits.Addresses.hintsPerEvent) {
            learn(contact, from: source)
        }
        overlay(.hint(contacts.prefix(Limits.Addresses.hintsPerEvent).map(\.key)))
    }

    /// What a handshake has proven of where a peer is.
    mutating func met(_ session: Session, _ hello: Message.Hello) {
        guard let remote = session.remote else { return }
        if session.target != nil {
            addresses.succeeded(hello.node, remote)
        } else if let port = hello.port.flatMap({ UInt16(exactly: $0) }) {
            let listening = Endpoint(remote.address, port: port, zone: remote.zone)
            learn(Contact(key: hello.node, endpoints: [listening]), from: remote.address)
        }
    }

    // MARK: Rounds

    /// Starts over with a target: what the owner typed first, then what the table knows.
    private mutating func begin(_ index: Int) {
        let key = targets[index].address.key
        targets[index].next = 0
        if isStopping || sessionOfPeer[key] != nil || quarantined.refuses(node: key) {
            // The peer came to us, or may not be spoken with: look again later.
            targets[index].nextDial = now + Limits.pingInterval
            return
        }
        targets[index].dials(
            typed: targets[index].typed, known: contact(of: key)?.endpoints ?? [])
        // A kept peer without a typed address may have none left.
        if targets[index].address.endpoints.isEmpty { return endRound(index) }
        tryNext(index)
    }

    private mutating func tryNext(_ index: Int) {
        let target = targets[index]
        let token = newToken()
        targets[index].attempts.append(DialTarget.Attempt(token: token, endpoint: target.next))
        targets[index].next += 1
        let isLast = targets[index].next >= target.address.endpoints.count
        targets[index].nextDial = isLast ? nil : now + Limits.Addresses.dialStagger
        if let endpoint = target.endpoints[target.next] {
            addresses.attempted(target.address.key, endpoint, at: now)
        }
        emit(.dial(target.address, endpoint: target.next, token))
    }

    mutating func dialFailed(_ token: Token) {
        guard
            let index = targets.firstIndex(where: { $0.attempts.contains { $0.token == token } }),
            let attempt = targets[index].attempts.first(where: { $0.token == token })
        else { return }
        targets[index].attempts.removeAll { $0.token == token }
        if let endpoint = targets[index].endpoints[attempt.endpoint] {
            failed(targets[index].address.key, endpoint)
        }
        goOn(index)
    }

    /// Counts against an address only while others can be reached: else the fault may be ours.
    private mutating func failed(_ key: LogKey, _ endpoint: Endpoint) {
        if !sessionOfPeer.isEmpty { addresses.failed(key, endpoint) }
    }

    /// The target that a dial of this token belongs to, now that it led to a session.
    mutating func targetConnected(_ token: Token, _ id: SessionID) -> Int? {
        guard !isStopping,
            let index = targets.firstIndex(where: { $0.attempts.contains { $0.token == token } })
        else { return nil }
        targets[index].attempts.removeAll { $0.token == token }
        guard targets[index].session == nil else { return nil }
        targets[index].session = id
        targets[index].nextDial = nil
        return targets[index].number
    }

    func target(_ number: Int) -> DialTarget? { targets.first { $0.number == number } }

    /// The session of a dial has ended.
    mutating func targetEnded(_ session: Session, wasReady: Bool) {
        guard let number = session.target,
            let index = targets.firstIndex(where: { $0.number == number })
        else { return }
        targets[index].session = nil
        guard wasReady else {
            // Somebody else may stand at that address.
            if let remote = session.remote { failed(targets[index].address.key, remote) }
            return goOn(index)
        }
        // Only a session that lasted shows that all is well there.
        if now >= session.openedAt + Limits.silence { targets[index].succeeded() }
        endRound(index)
    }

    /// Another address of the peer, at once: only when all were tried in vain is there a wait. An
    /// invite has the addresses of several networks, and most lead nowhere from here.
    private mutating func goOn(_ index: Int) {
        let target = targets[index]
        if target.session != nil { return }
        if target.next < target.address.endpoints.count { return tryNext(index) }
        guard target.attempts.isEmpty else { return }
        endRound(index)
        unreachable(target.address.key)
    }

    private mutating func endRound(_ index: Int) {
        targets[index].attempts = []
        if targets[index].isKept { redialLater(index) } else { targets.remove(at: index) }
        pickSoon()
    }

    /// Doubles the wait, with up to a quarter of jitter, so that a mesh does not redial in step.
    private mutating func redialLater(_ index: Int) {
        let wait = targets[index].backoff.nanoseconds
        let jitter = random.next() % (wait / 4 + 1)
        targets[index].next = 0
        targets[index].nextDial = now + Instant.Span(nanoseconds: wait - wait / 8 + jitter)
        targets[index].backoff = min(
            Instant.Span(nanoseconds: wait * 2), Limits.redialLast)
    }

    // MARK: Time

    var nextDialDeadline: Instant? {
        var earliest: Instant?
        func note(_ instant: Instant?) {
            guard let instant else { return }
            earliest = min(earliest ?? instant, instant)
        }
        for target in targets where target.session == nil { note(target.nextDial) }
        note(outbound.nextPick)
        note(outbound.nextSave)
        return earliest
    }

    mutating func dialDue() {
        for number in targets.map(\.number) {
            guard let index = targets.firstIndex(where: { $0.number == number }),
                targets[index].isDue(now)
            else { continue }
            if targets[index].attempts.isEmpty { begin(index) } else { tryNext(index) }
        }
        keepOutbound()
        if let due = outbound.nextSave, due <= now { saveAddresses() }
    }

    private mutating func pickSoon() {
        // With an overlay, it decides whom to dial.
        guard configuration.outbound > 0, !isStopping, overlay == nil else { return }
        let soon = now + Limits.Addresses.dialPause
        outbound.nextPick = min(outbound.nextPick ?? soon, soon)
    }

    /// Dials somebody of the table while this node has dialled too few of its peers itself: an
    /// attacker chooses who comes in, and not who is dialled.
    private mutating func keepOutbound() {
        guard let at = outbound.nextPick, at <= now else { return }
        outbound.nextPick = nil
        let dialled = sessions.all.filter { $0.target != nil }
        let underWay = targets.count { !$0.isKept && !$0.attempts.isEmpty }
        guard !isStopping, addresses.peerCount > 0,
            dialled.count + underWay < configuration.outbound,
            underWay < Limits.Addresses.dialsUnderWay
        else { return }
        guard let contact = pick(dialled) else {
            outbound.nextPick = now + Limits.Addresses.dialRest
            return
        }
        if dial(contact) { outbound.nextPick = now + Limits.Addresses.dialPause }
    }

    /// An anchor, or somebody of a network group that few of the dialled peers are in.
    private mutating func pick(_ dialled: [Session]) -> Contact? {
        let busy = targets.map(\.address.key) + sessions.all.compactMap(\.peer)
        while let anchor = outbound.anchors.popLast() {
            if !busy.contains(anchor), let contact = addresses.contact(of: anchor) {
                return contact
            }
        }
        var groups = dialled.compactMap { $0.remote.map { NetworkGroup($0.address) } }
        for target in targets where !target.attempts.isEmpty {
            groups += target.endpoints.prefix(1).compactMap { endpoint in
                endpoint.map { NetworkGroup($0.address) }
            }
        }
        let full = groups.filter { group in
            groups.count { $0 == group } >= Limits.Addresses.outboundOfGroup
        }
        let contact = addresses.choose(
            using: &random, at: now, avoiding: full, excluding: { busy.contains($0) })
        if contact != nil || full.isEmpty { return contact }
        // Nobody else is known.
        return addresses.choose(using: &random, at: now, excluding: { busy.contains($0) })
    }

    // MARK: Remembering

    /// Notes that the table is to be written; at the end of every event.
    mutating func noteAddressChanges() {
        guard addresses.isChanged, outbound.nextSave == nil, !isStopping else { return }
        let isYoung = addresses.triedCount <= Limits.Addresses.anchors
        outbound.nextSave =
            now + (isYoung ? Limits.Addresses.savePauseFirst : Limits.Addresses.savePause)
    }

    /// Hands the table to the shell, with the longest outbound sessions as anchors.
    mutating func saveAddresses() {
        outbound.nextSave = nil
        let dialled = sessions.all
            .filter { $0.target != nil && $0.isReady }
            .sorted { ($0.openedAt, $0.id) < ($1.openedAt, $1.id) }
        // With nobody at hand, those of before are still the best that is known.
        if !dialled.isEmpty { addresses.setAnchors(dialled.compactMap(\.peer)) }
        guard addresses.isChanged else { return }
        addresses.markSaved()
        emit(.rememberAddresses(addresses.encoded))
    }
}

extension DialTarget {
    fileprivate init(number: Int, key: LogKey) {
        self.init(
            number: number, address: PeerAddress(key: key, endpoints: []), endpoints: [],
            typed: [], isKept: false)
    }

    /// What a round goes over: what was typed, then what else is known.
    fileprivate mutating func dials(typed: [String], known places: [Endpoint]) {
        let others = places.filter { !typed.contains($0.description) }
        address.endpoints = typed + others.map(\.description)
        endpoints = typed.map { text in places.first { $0.description == text } } + others
    }
}
