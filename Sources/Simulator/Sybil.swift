import Crypto
import Mesh
import Primitives

/// One of the many names of one party (J. Douceur, "The Sybil attack", IPTPS 2002).
///
/// It speaks the overlay well enough to be taken for a neighbour, and nothing else: it dials the
/// nodes that it is after and asks each for a place (Join, then Neighbor with high priority),
/// answers every Shuffle with names of its own gang, says to hold what others hold, and passes no
/// post on. Ed25519 keys of its own, real handshakes: a node has only its own rules against it.
struct Sybil {
    /// What a gang has in common.
    final class Gang {
        /// Who is told of in shuffles.
        var contacts: [Contact] = []
        /// The nodes that are dialled.
        var victims: [PeerAddress] = []
    }

    private final class Link {
        let handshake: NoiseHandshake
        let isDialler: Bool
        var noise: NoiseSession?
        var frames = FrameReader()
        var assembler = MessageAssembler()
        var isReady = false
        var victim: Int?
        /// When it asks for a place again.
        var asksAt = Instant(nanoseconds: .max)

        init(_ handshake: NoiseHandshake, _ isDialler: Bool) {
            self.handshake = handshake
            self.isDialler = isDialler
        }
    }

    private let key: SigningKey
    private let endpoint: Endpoint
    private let gang: Gang
    /// Of the gang's victims, so many at a time.
    private let reach: Int
    private var random: SeededRandom
    private var links: [SessionID: Link] = [:]
    private var order: [SessionID] = []
    private var dialled: [Token: Int] = [:]
    private var busy: [Int] = []
    private var nextToken: Token = 1
    private var nextDial: Instant?

    init(_ node: SimulatedNode, gang: Gang, reach: Int, seed: UInt64) {
        key = node.key
        endpoint = node.endpoint
        self.gang = gang
        self.reach = min(reach, gang.victims.count)
        random = SeededRandom(seed: seed)
    }

    var nextDeadline: Instant? {
        var earliest = reach > busy.count ? nextDial : nil
        for id in order {
            guard let at = links[id]?.asksAt, at.nanoseconds != .max else { continue }
            earliest = min(earliest ?? at, at)
        }
        return earliest
    }

    mutating func start(at now: Instant) {
        links = [:]
        (order, dialled, busy) = ([], [:], [])
        nextDial = now
    }

    mutating func handle(_ event: Event, at now: Instant, into out: inout [Effect]) {
        switch event {
        case .accepted(let id, _): open(id, nil, now, &out)
        case .connected(let id, let token, _):
            open(id, dialled.removeValue(forKey: token), now, &out)
        case .dialFailed(let token): release(dialled.removeValue(forKey: token), now)
        case .received(let id, let bytes): received(id, bytes, now, &out)
        case .closed(let id): forget(id, now)
        case .tick: tick(now, &out)
        default: break
        }
    }

    // MARK: Links

    private mutating func tick(_ now: Instant, _ out: inout [Effect]) {
        for id in order {
            guard let link = links[id], link.asksAt <= now else { continue }
            ask(id, link, now, &out)
        }
        guard let at = nextDial, at <= now, busy.count < reach else { return }
        nextDial = now + .milliseconds(200)
        let free = gang.victims.indices.filter { !busy.contains($0) }
        let victim = free[random.below(free.count)]
        busy.append(victim)
        dialled[nextToken] = victim
        out.append(.dial(gang.victims[victim], endpoint: 0, nextToken))
        nextToken += 1
    }

    private mutating func open(
        _ id: SessionID, _ victim: Int?, _ now: Instant, _ out: inout [Effect]
    ) {
        let remote = victim.flatMap { gang.victims[$0].key.x25519 }
        let ephemeral = Bytes32(random.next(), random.next(), random.next(), random.next())
        let handshake = NoiseHandshake(
            role: victim == nil ? .responder : .initiator, static: key.x25519(),
            remoteStatic: remote, prologue: Mesh.prologue, psk: nil,
            ephemeral: AgreementKey(bytes: ephemeral.array))
        let link = Link(handshake, victim != nil)
        link.victim = victim
        links[id] = link
        order.append(id)
        if victim != nil { shake(id, link, &out) }
    }

    private mutating func forget(_ id: SessionID, _ now: Instant) {
        release(links.removeValue(forKey: id)?.victim, now)
        order.removeAll { $0 == id }
    }

    private mutating func release(_ victim: Int?, _ now: Instant) {
        guard let victim else { return }
        busy.removeAll { $0 == victim }
        nextDial = now + .milliseconds(1_000 + random.below(UInt64(4_000)))
    }

    private mutating func close(_ id: SessionID, _ now: Instant, _ out: inout [Effect]) {
        out.append(.close(id, atOnce: true))
        forget(id, now)
    }

    // MARK: Bytes

    private func shake(_ id: SessionID, _ link: Link, _ out: inout [Effect]) {
        guard let message = try? link.handshake.writeMessage([]) else { return }
        out.append(.send(id, [UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message))
    }

    private mutating func received(
        _ id: SessionID, _ bytes: [UInt8], _ now: Instant, _ out: inout [Effect]
    ) {
        guard let link = links[id] else { return }
        link.frames.append(bytes)
        while let frame = link.frames.next(), links[id] != nil {
            if let noise = link.noise {
                var plain: [UInt8] = []
                guard (try? noise.open(link.frames.bytes, in: frame, into: &plain)) != nil else {
                    return close(id, now, &out)
                }
                guard let whole = try? link.assembler.take(plain) else { continue }
                if let message = try? Message(decoding: whole) {
                    take(id, link, message, now, &out)
                }
                continue
            }
            guard (try? link.handshake.readMessage(Array(link.frames.bytes[frame]))) != nil else {
                return close(id, now, &out)
            }
            if !link.handshake.isComplete { shake(id, link, &out) }
            guard link.handshake.isComplete else { continue }
            link.noise = link.handshake.split()
            var hello = Message.Hello(
                version: 1, node: key.publicKey, datagramID: random.next(),
                time: UnixTime(milliseconds: 1_700_001_000_000), agent: "sybil", port: nil)
            hello.port = UInt64(endpoint.port)
            say(id, link, .hello(hello), &out)
        }
        link.frames.updateDeadline(now: now)
    }

    private func say(_ id: SessionID, _ link: Link, _ message: Message, _ out: inout [Effect]) {
        guard let noise = link.noise,
            let frames = try? Fragments.seal(message.encoded(), with: noise)
        else { return }
        out.append(.send(id, frames))
    }

    // MARK: Messages

    private mutating func take(
        _ id: SessionID, _ link: Link, _ message: Message, _ now: Instant, _ out: inout [Effect]
    ) {
        switch message {
        case .hello:
            link.isReady = true
            say(id, link, .since(mine: random.next(), yours: 0, change: 0), &out)
            guard link.isDialler else { return }
            say(id, link, .join([endpoint]), &out)
            link.asksAt = now + .seconds(1)
        case .ping(let nonce): say(id, link, .pong(nonce), &out)
        case .neighbor: say(id, link, .neighborReply(accepted: true), &out)
        case .shuffle(let nonce, _, _, _):
            say(id, link, .shuffleReply(nonce: nonce, nodes: names()), &out)
        // It holds all that you hold, if you believe it.
        case .sketchAsk(let ask): say(id, link, .sketch(round: ask.round, .equal), &out)
        case .get(let stream, _, _, _, _): say(id, link, .end(stream: stream, size: 0), &out)
        case .own(let logs): if logs.isEmpty { say(id, link, .ownHeads([]), &out) }
        case .bye: close(id, now, &out)
        default: break
        }
    }

    /// Asks for a place, and tells of its friends.
    private mutating func ask(
        _ id: SessionID, _ link: Link, _ now: Instant, _ out: inout [Effect]
    ) {
        link.asksAt = now + .seconds(10 + random.below(UInt64(20)))
        say(id, link, .neighbor(high: true, [endpoint]), &out)
        let contact = Contact(key: key.publicKey, endpoints: [endpoint])
        say(
            id, link,
            .shuffle(nonce: random.next(), origin: contact, ttl: 6, nodes: names()), &out)
    }

    private mutating func names() -> [Contact] {
        let count = min(gang.contacts.count, Limits.Overlay.nodesPerMessage / 2)
        return (0..<count).map { _ in gang.contacts[random.below(gang.contacts.count)] }
    }
}
