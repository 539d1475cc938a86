import Content
import Crypto
import Feed
import MerkleLog
import Mesh
import Primitives
import Transport
import Wire

/// Inviting somebody, and joining somebody: one line of text makes two people follow each other.
extension Node {
    // MARK: Inviting

    /// What others need to join this node: good once, or with `plain` the bare address.
    func invite(_ parameters: Value) throws(NodeError) -> Value {
        guard !localEndpoints.isEmpty else {
            throw .badRequest(
                "start the node first (starling run): an invite names where it listens")
        }
        if parameters["plain"]?.flag == true {
            return .object(("invite", .string(address.text)))
        }
        let now = EventLoop.wallClock()
        guests.prune(now)
        guard guests.open.count < Limits.Invites.open else {
            throw .refused(
                """
                \(Limits.Invites.open) invites are open already: they end a week after they were \
                made, or when a friend uses them. starling invite --plain prints the bare address
                """)
        }
        // A node without an identity invites all the same; there is nobody to follow then.
        let account = accounts.isEmpty ? nil : try self.account(parameters)
        let secret = SystemRandom.bytes(Limits.Invites.secret)
        let until = UnixTime(milliseconds: now.milliseconds + Limits.Invites.lifetime)
        guests.open.append(
            Guests.Open(secret: secret, until: until, identity: account?.identity, guest: nil))
        keepGuests()
        handle(.openInvite(secret: secret, until: until))
        let invite = Invite(address: address, secret: secret, identity: account?.identity)
        return .object(
            ("invite", .string(invite.text)), ("until", .int(until.milliseconds)),
            ("name", account.map { .string($0.name) }))
    }

    private func keepGuests() {
        guests.prune(EventLoop.wallClock())
        keep(Guests.setting, guests.encoded)
    }

    /// Tells the mesh, once, what the last run knew.
    func openGuests() {
        guests.prune(EventLoop.wallClock())
        for key in guests.reserved { handle(.reserve(key, true)) }
        for invite in guests.open where invite.guest == nil {
            handle(.openInvite(secret: invite.secret, until: invite.until))
        }
        settleFollows()
    }

    /// Somebody has come with the secret of an open invite, and may have named a log.
    func guestCame(_ peer: LogKey, _ secret: [UInt8], _ log: LogKey?) {
        guard let index = guests.open.firstIndex(where: { $0.secret == secret }) else { return }
        let invite = guests.open[index]
        if invite.guest == nil { journal.say("\(short(peer)) has come with an invite") }
        guests.reserve(peer)
        if let log {
            guests.open.remove(at: index)
            if let identity = invite.identity {
                guests.follows.append(
                    Guests.Follow(
                        key: log, isIdentity: false, by: identity,
                        until: UnixTime(
                            milliseconds: EventLoop.wallClock().milliseconds
                                + Limits.Invites.lifetime)))
            }
        } else {
            guests.open[index].guest = peer
        }
        keepGuests()
        settleFollows()
    }

    // MARK: Joining

    func join(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let invite = try wanted(parameters)
        if invite.address.key == nodeKey.publicKey {
            throw .badRequest("this invite is this node's own")
        }
        let account = accounts.isEmpty ? nil : try self.account(parameters)
        try accept(invite, by: account?.identity)
        let isWriting = account.map { mesh.ownState(of: $0.device) == Mesh.writable } ?? false
        reply(
            .done(
                .object(
                    ("node", .string(DIDKey.multibase(invite.address.key))),
                    ("running", .bool(!localEndpoints.isEmpty)),
                    ("follows", invite.identity.map { .string(DIDKey.encode($0)) }),
                    ("name", invite.identity.flatMap { people.name(of: $0) }.map { .string($0) }),
                    ("mutual", .bool(invite.secret != nil && invite.identity != nil)),
                    ("signed", .bool(isWriting)))))
    }

    /// Whom to join: by an invite, or by the key of a node that is heard in the local network.
    private func wanted(_ parameters: Value) throws(NodeError) -> Invite {
        if let text = parameters["invite"]?.text { return try Invite(parsing: text) }
        let key = try node(parameters)
        guard let found = nearby().last(where: { $0.contact.key == key }) else {
            throw .notFound("that node is not heard in the local network (any more)")
        }
        // A link-local address leads somewhere on the interface that it was heard on only; where
        // it is now, the beacons say.
        let places = found.contact.endpoints.filter { !$0.address.isLinkLocal }
        guard !places.isEmpty else {
            throw .badRequest(
                "that node is heard by an address of one cable only: ask its owner for an invite")
        }
        return Invite(address: PeerAddress(key: key, endpoints: places.map(\.description)))
    }

    private func node(_ parameters: Value) throws(NodeError) -> LogKey {
        guard let key = parameters["node"]?.text.flatMap({ DIDKey.parse(multibase: $0) }) else {
            throw .badRequest("which node? Its key begins with z6Mk")
        }
        return key
    }

    /// Keeps no session with a node any more, nor a place for it.
    func forget(_ parameters: Value) throws(NodeError) -> Value {
        let key = try node(parameters)
        var known = try rememberedPeers()
        let isKnown =
            known.contains { $0.address.key == key } || guests.reserved.contains(key)
            || sessions[key] != nil
        guard isKnown else { throw .notFound("that node is no neighbour of this one") }
        known.removeAll { $0.address.key == key }
        remember(all: known)
        guests.reserved.removeAll { $0 == key }
        keepGuests()
        handle(.dropPeer(key))
        return .object(("node", .string(DIDKey.multibase(key))))
    }

    /// Keeps a session with who invites, and follows who it says.
    func accept(_ invite: Invite, by identity: LogKey?) throws(NodeError) {
        try remember(invite)
        if invite.secret != nil {
            guests.reserve(invite.address.key)
            if let who = invite.identity {
                let until = EventLoop.wallClock().milliseconds + Limits.Invites.lifetime
                guests.follows.append(
                    Guests.Follow(
                        key: who, isIdentity: true, by: identity,
                        until: UnixTime(milliseconds: until)))
            }
            keepGuests()
        }
        dial(invite)
        settleFollows()
    }

    func dial(_ invite: Invite) {
        handle(
            .addPeer(invite.address, reserved: invite.secret != nil, secret: invite.secret))
    }

    /// The other side has read the secret: it is not said again.
    func inviteSpent(_ peer: LogKey) {
        guard var invite = (try? rememberedPeers())?.first(where: { $0.address.key == peer }) else {
            return
        }
        invite.secret = nil
        do throws(NodeError) { try remember(invite) } catch { journal.say("\(error)") }
    }

    // MARK: Following each other

    /// Follows whom an invite brought, as soon as it is known who that is and this node may write.
    func settleFollows() {
        guard !guests.follows.isEmpty else { return }
        let now = EventLoop.wallClock()
        for follow in guests.follows {
            let account = accounts.first { follow.by == nil || $0.identity == follow.by }
            let who = follow.isIdentity ? follow.key : people.identity(of: follow.key, at: 0)
            guard let account, let who, follow.until > now,
                mesh.ownState(of: account.device) == Mesh.writable, mesh.holds(account.device)
            else { continue }
            guests.follows.removeAll { $0 == follow }
            if who == account.identity || people.follows(of: account.identity).contains(who) {
                keepGuests()
                continue
            }
            publish([.follow(identity: who, isOn: true)], account.device) { [weak self] result in
                guard let self else { return }
                switch result {
                case .success: journal.say("\(account.name) follows \(short(who)) now")
                // Once more when something has changed.
                case .failure: guests.follows.append(follow)
                }
                keepGuests()
            }
        }
    }
}
