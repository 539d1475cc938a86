import Crypto
import Feed
import MerkleLog
import Mesh
import Primitives
import Transport
import Wire

/// The mesh as its owner looks at it: who is connected, what flows, how far everybody's posts are
/// here, and whether anybody can call this node. Cheap: it is asked every other second.
extension Node {
    func meshView(_ parameters: Value) throws(NodeError) -> Value {
        let now = loop.now()
        let counters = mesh.counters
        return .object(
            ("node", .string(DIDKey.multibase(nodeKey.publicKey))),
            ("address", .string(address.text)),
            ("time", .int(EventLoop.wallClock().milliseconds)),
            ("uptime", .int((now - startedAt).milliseconds / 1_000)),
            (
                "totals",
                .object(
                    ("bytesIn", .int(counters.bytesReceived)),
                    ("bytesOut", .int(counters.bytesSent)),
                    ("postsIn", .int(counters.postsReceived)),
                    ("postsOut", .int(counters.postsPushed)))
            ),
            ("neighbours", .array(mesh.neighbours.map { describe($0, now) })),
            ("away", try away()), ("nearby", nearbyList(now)),
            ("authors", accounts.isEmpty ? .array([]) : followedProgress(try account(parameters))),
            ("reach", reach(now)), ("invites", .int(guests.open.count { $0.guest == nil })))
    }

    private func describe(_ peer: Neighbour, _ now: Instant) -> Value {
        let facts = sessions[peer.key]
        let traffic = peer.traffic
        return .object(
            ("node", .string(DIDKey.multibase(peer.key))),
            ("agent", .string(facts?.agent ?? "")),
            ("direction", .string(facts?.isOutbound == true ? "out" : "in")),
            ("place", (peer.remote?.address.scope).map { .string($0.word) }),
            ("datagrams", .bool(mesh.datagramsWork(with: peer.key))),
            ("seconds", .int(facts.map { (now - $0.since).milliseconds / 1_000 } ?? 0)),
            ("clockSkew", .int(facts?.clockSkew ?? 0)),
            ("kept", .bool(peer.isKept)), ("reserved", .bool(peer.isReserved)),
            ("active", .bool(peer.isActive)),
            ("bytesIn", .int(traffic.bytesIn)), ("bytesOut", .int(traffic.bytesOut)),
            ("postsIn", .int(traffic.postsIn)), ("postsOut", .int(traffic.postsOut)),
            ("writers", writers(peer.writes)))
    }

    /// The people whose logs a peer says it writes, as far as they are known here.
    private func writers(_ logs: [LogKey]) -> Value {
        var found: [LogKey] = []
        for log in logs {
            guard let identity = people.identity(of: log, at: 0), !found.contains(identity) else {
                continue
            }
            found.append(identity)
        }
        return .array(found.map { .string(DIDKey.encode($0)) })
    }

    /// Nodes that a connection is kept with and that are not here now.
    private func away() throws(NodeError) -> Value {
        .array(
            try rememberedPeers().filter { sessions[$0.address.key] == nil }
                .map { peer in
                    .object(
                        ("node", .string(DIDKey.multibase(peer.address.key))),
                        ("who", peer.identity.map { .string(DIDKey.encode($0)) }),
                        ("invited", .bool(peer.secret != nil)),
                        ("calling", .bool(mesh.isReaching(peer.address.key))))
                })
    }

    private func nearbyList(_ now: Instant) -> Value {
        .array(
            nearby().reversed().map { found in
                .object(
                    ("node", .string(DIDKey.multibase(found.contact.key))),
                    ("address", .string(found.contact.endpoints.first.map { "\($0)" } ?? "")),
                    ("seconds", .int((now - found.at).milliseconds / 1_000)),
                    ("connected", .bool(sessions[found.contact.key] != nil)))
            })
    }

    /// Whom an account follows, and how much of what they wrote is here.
    private func followedProgress(_ account: Account) -> Value {
        .array(
            people.follows(of: account.identity).suffix(Limits.Setup.authors).map { author in
                let logs = logs(of: author)
                let found = logs.map { mesh.progress(of: $0) }
                let isKnown = people.history(of: author) != nil
                return .object(
                    ("identity", .string(DIDKey.encode(author))), ("known", .bool(isKnown)),
                    ("held", .int(found.reduce(0) { $0 + $1.held })),
                    ("newest", .int(found.reduce(0) { $0 + $1.newest })),
                    ("total", .int(found.reduce(0) { $0 + $1.known })),
                    ("fetching", .bool(found.contains { $0.isFetching })),
                    ("current", .bool(isKnown && logs.allSatisfy { mesh.isCurrent($0) })))
            })
    }

    /// From where this node was called in this run, and where it could be: nobody can know more
    /// without asking a stranger to call back.
    private func reach(_ now: Instant) -> Value {
        func ago(_ scopes: AddressScope...) -> Value? {
            scopes.compactMap { calls[$0] }.max().map { .int((now - $0).milliseconds / 1_000) }
        }
        let open = localEndpoints.map(\.address)
        let machine = open.contains { $0.isUnspecified } ? LocalAddresses.all() : open
        func places(_ scope: AddressScope) -> Value {
            .array(machine.filter { $0.scope == scope }.map { .string("\($0)") })
        }
        return .object(
            ("port", .int(localEndpoints.first?.port ?? 0)),
            ("internet", ago(.global)), ("home", ago(.site, .link)), ("machine", ago(.loopback)),
            ("publicAddresses", places(.global)), ("homeAddresses", places(.site)))
    }

    /// Who of the connected peers says to hold an entry.
    func holders(_ parameters: Value) throws(NodeError) -> Value {
        guard let reference = parameters["address"]?.text.flatMap({ Reference(text: $0) }) else {
            throw .badRequest("which post?")
        }
        let found = mesh.holders(of: reference.log, index: reference.index)
        return .object(
            ("peers", .int(sessions.count)),
            (
                "holders",
                .array(
                    found.map { holder in
                        .object(
                            ("node", .string(DIDKey.multibase(holder.peer))),
                            ("size", .int(holder.size)),
                            ("writers", writers(mesh.neighbour(holder.peer)?.writes ?? [])))
                    })
            ))
    }
}

extension AddressScope {
    /// How far away, in a word for programs.
    fileprivate var word: String {
        switch self {
        case .loopback: "machine"
        case .link, .site: "home"
        case .global: "internet"
        }
    }
}
