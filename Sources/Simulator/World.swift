package import Crypto
package import MerkleLog
package import Mesh
package import Primitives

/// Thousands of real `Mesh` machines on one thread, in virtual time, all chance from one seed.
///
/// The world is the shell of all its nodes: it carries out their effects on a network and disks of
/// its own (`World+Network`, `World+Disk`), which fail as `Weather` and whoever runs the world say.
/// After each step the checkers look at what changed (`Safety`). Nothing here reads a clock, draws
/// from the system or walks a hash table, so that one seed and one commit give one run: `digest`
/// tells.
package final class World {
    package let seed: UInt64
    package internal(set) var now = Instant(nanoseconds: 1_000_000_000_000)
    package internal(set) var nodes: [SimulatedNode] = []
    package var random: SeededRandom
    package var weather = Weather()
    /// Which logs' newest entries nodes fetch first.
    package var newestFirst = NewestFirst()
    package internal(set) var digest = TraceDigest()
    /// Events that were handed to a machine.
    package internal(set) var steps = 0
    package internal(set) var safety = Safety()
    /// Called with one line for each thing that happens; nil in a sweep.
    package var trace: ((String) -> Void)?
    /// Called when a node holds more of a log than before.
    package var delivered: ((Delivery) -> Void)?
    /// Called when entries of others are new to a node, before they are durable there.
    package var heard: ((Hearing) -> Void)?
    /// Whose bytes the event that is being handled is made of.
    var speaker: Int?

    /// Called when a node learns that so many entries of a log, at most, have one history.
    package var proven: ((_ node: Int, LogKey, _ bound: UInt64) -> Void)?

    /// More events than any run needs: somebody talks without end.
    package var stepLimit = 3_000_000

    var heap = EventHeap()
    var ends: [StreamEnd] = []
    var freeEnds: [Int] = []
    var serial: UInt64 = 0
    var cuts: [Cut] = []
    var nextCut = 0
    var nodeOfEndpoint: [String: Int] = [:]
    var nodeOfAddress: [IPAddress: Int] = [:]
    /// Datagrams of the last while, for replays.
    var overheard: [(to: Int, bytes: [UInt8], from: Int)] = []
    var pool = RunPool()
    private var effects: [Effect] = []
    var nextToken: Token = 1 << 40

    /// News of a log at a node.
    package struct Delivery {
        package let node: Int
        package let log: LogKey
        package let from: UInt64
        package let to: UInt64
    }

    /// New entries, and which node they came from.
    package struct Hearing {
        package let node: Int
        package let log: LogKey
        package let to: UInt64
        package let from: Int
    }

    package init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
        SecretMemory.usePlainMemory()
        SharedWork.begin()
    }

    // MARK: Nodes

    /// A key that only this world has.
    func key(_ purpose: String, _ number: Int) -> SigningKey {
        let seed = SHA256.hash(Array("\(self.seed) \(purpose) \(number)".utf8))
        return SigningKey(seed: SecretBytes(seed.array))
    }

    /// Adds a node that is not running yet, at an address of its own or at `address`.
    @discardableResult
    package func addNode(at address: IPAddress? = nil) -> SimulatedNode {
        let index = nodes.count
        // 20.0.0.0/6 is public: 1,000 groups of /16, dealt out in turn.
        let bits = 0x1400_0000 + UInt32(index % 1_000) << 16 + UInt32(index / 1_000 + 1) << 2
        let endpoint = Endpoint(address ?? IPAddress(v4: bits), port: 4_646)
        let node = SimulatedNode(index: index, key: key("node", index), endpoint: endpoint)
        nodes.append(node)
        nodeOfEndpoint[endpoint.description] = index
        nodeOfAddress[endpoint.address] = index
        return node
    }

    /// Gives a node a log to write, before it starts or while it runs.
    @discardableResult
    package func addAuthor(_ node: SimulatedNode, _ key: SigningKey? = nil) -> LogKey {
        let key = key ?? self.key("author", node.index)
        node.own.append(key)
        safety.adopt(key.publicKey, author: node.index)
        prepareFence(node, key.publicKey)
        if node.mesh != nil {
            feed(node.index, .adopt(OwnLogStart(key: key, trust: node.trust(key.publicKey))))
        }
        return key.publicKey
    }

    /// Starts a node's process on what its disk holds.
    package func start(_ node: SimulatedNode) {
        precondition(!node.isUp, "node \(node.index) runs already")
        node.generation += 1
        node.isUp = true
        node.tickAt = nil
        say("start", node.index)
        safety.started(node)
        if node.sybil == nil {
            node.mesh = makeMesh(node)
        } else {
            node.sybil?.start(at: now)
        }
        for peer in node.peers { feed(node.index, .addPeer(peer)) }
        nameBlobsAgain(node)
        schedule(node)
    }

    private func makeMesh(_ node: SimulatedNode) -> Mesh {
        let salt = UInt64(node.index) << 20 | UInt64(node.generation)
        let entropy = EntropySource(seed: seed &* 0x2545_f491_4f6c_dd1d ^ salt)
        let own = node.own.map { OwnLogStart(key: $0, trust: node.trust($0.publicKey)) }
        node.store.begin(random.next() | 1)
        var configuration = MeshConfiguration(
            nodeKey: node.key, networkSecret: nil, listenPort: node.endpoint.port,
            agent: "sim", entropy: { entropy.next() })
        configuration.newestFirst = newestFirst
        var mesh = Mesh(
            configuration: configuration, heads: node.store.heads, own: own,
            forks: node.store.forks,
            newest: node.store.newest, history: node.store.history,
            addresses: node.addresses.flatMap { try? AddressTable(decoding: $0) },
            seed: seed &+ salt &* 0x9e37_79b9)
        mesh.observer = { [unowned self, unowned node] in observe(node, $0) }
        node.liar?.start(&mesh, at: now)
        return mesh
    }

    /// The owner enters a peer's address.
    package func join(_ from: SimulatedNode, to peer: SimulatedNode) {
        guard from !== peer, !from.peers.contains(peer.address) else { return }
        from.peers.append(peer.address)
        feed(from.index, .addPeer(peer.address))
    }

    /// The owner posts `count` notes at once to the node's `log`-th log.
    @discardableResult
    package func post(
        _ node: SimulatedNode, _ count: Int = 1, bytes: Int = 100, log: Int = 0
    ) -> Token {
        precondition(log < node.own.count, "node \(node.index) writes \(node.own.count) logs")
        let drafts = (0..<count).map { _ in
            node.posts += 1
            var body = [UInt8](repeating: UInt8(truncatingIfNeeded: node.posts), count: 16)
            body += Array("post \(node.posts) of \(node.life) ".utf8)
            while body.count < bytes { body.append(0x2e) }
            return Draft(time: node.wallClock(now), body: body)
        }
        let token = nextToken
        nextToken += 1
        feed(node.index, .publish(node.own[log].publicKey, drafts, token))
        return token
    }

    // MARK: Time

    package func run(for span: Instant.Span) { run(until: now + span) }

    /// Lets everything happen that happens before `end`, or to the first breach of safety.
    package func run(until end: Instant) {
        while let next = heap.next, next < end, safety.breach == nil { step() }
        if safety.breach == nil { now = max(now, end) }
    }

    private func step() {
        guard let next = heap.next, let happening = heap.pop() else { return }
        now = next
        switch happening {
        case .tick(let node): tick(nodes[node], next)
        case .bytes(let to, let from, let bytes): arrived(to, from, bytes)
        case .ended(let id): ended(id)
        case .accepted(let id, let from): accepted(id, from)
        case .connected(let id, let dial): connected(id, dial)
        case .dialFailed(let life, let token): feed(life, .dialFailed(token))
        case .drained(let id): drained(id)
        case .gaveUp(let id, let stall): gaveUp(id, stall)
        case .datagram(let to, let bytes, let from):
            feed(to, .datagram(bytes, from: nodes[from].endpoint))
        case .synced(let life): synced(life)
        case .read(let life, let request): answer(life, request)
        case .readFork(let life, let id, let log):
            let proof = nodes[life.node].store.forks.first { $0.log == log }
            if let proof { feed(life, .forkRead(id, proof)) }
        case .blob(let life, let event): feed(life, .blob(event))
        }
    }

    private func tick(_ node: SimulatedNode, _ due: Instant) {
        // Only the newest tick of a node counts: the earlier ones are left in the heap.
        guard node.isUp, node.tickAt == due else { return }
        node.tickAt = nil
        feed(node.index, .tick)
        if let next = node.machineDeadline, next <= now {
            safety.fail("node \(node.life): a deadline that does not pass")
        }
    }

    /// Puts the node's next tick into the heap, if it is earlier than the one there.
    private func schedule(_ node: SimulatedNode) {
        guard let deadline = node.machineDeadline else {
            node.tickAt = nil
            return
        }
        let at = max(deadline, now)
        if node.tickAt == at { return }
        node.tickAt = at
        heap.push(.tick(node.index), at: at)
    }

    // MARK: Events and effects

    /// Hands an event to a node that may have died since it was meant for it.
    func feed(_ life: Life, _ event: Event) {
        if nodes[life.node].generation == life.generation { feed(life.node, event) }
    }

    package func feed(_ index: Int, _ event: Event) {
        let node = nodes[index]
        guard node.isUp, safety.breach == nil else { return }
        steps += 1
        if steps > stepLimit { return safety.fail("a storm: \(steps) events and no end") }
        if trace != nil { tell(index, event) }
        if heard != nil { speaker = self.speaker(of: event) }
        var list: [Effect] = []
        swap(&list, &effects)
        node.handle(event, at: now, into: &list)
        for effect in list { carryOut(node, effect) }
        list.removeAll(keepingCapacity: true)
        swap(&list, &effects)
        schedule(node)
        if !node.isByzantine, let bound = node.exceededBound {
            safety.fail("node \(node.life) exceeds a bound: \(bound)")
        }
    }

    private func carryOut(_ node: SimulatedNode, _ effect: Effect) {
        digest.fold(now.nanoseconds << 12 ^ UInt64(node.index))
        switch effect {
        case .dial(let address, let endpoint, let token): dial(node, address, endpoint, token)
        case .send(let id, let bytes):
            digest.fold(bytes)
            send(node, id, bytes)
        case .close(let id, _):
            digest.fold(1)
            close(id)
        case .sendDatagram(let bytes, let to):
            digest.fold(bytes)
            sendDatagram(node, bytes, to)
        case .store(let write, let token):
            digest.fold(token)
            store(node, write, token)
        case .read(let id, let stream, let request):
            digest.fold(stream ^ request.from << 20)
            heap.push(
                .read(life(of: node), PendingRead(id, stream, request)), at: now + weather.read)
        case .readFork(let id, let log):
            digest.fold(id ^ 3)
            heap.push(.readFork(life(of: node), id, log), at: now + weather.read)
        case .published(_, let log, let from, let leaves):
            digest.fold(from)
            safety.published(node, log, from, leaves)
        case .refused(let token, _): digest.fold(token ^ 2)
        case .note(let notice): note(node, notice)
        case .rememberAddresses(let bytes):
            digest.fold(bytes)
            node.addresses = bytes
        case .inviteUsed, .inviteSpent: break
        case .blob(let effect): carryOut(node, effect)
        case .stored(let log, let from, let to):
            digest.fold(from << 32 ^ to)
            safety.stored(node, log, to)
            delivered?(Delivery(node: node.index, log: log, from: from, to: to))
        }
        if trace != nil { tell(node.index, effect) }
    }

    func life(of node: SimulatedNode) -> Life {
        Life(node: node.index, generation: node.generation)
    }

    private func observe(_ node: SimulatedNode, _ seen: ObservedMessage) {
        if trace != nil { tell(node.index, seen) }
        if let liar = node.liar {
            if seen.direction == .heard { liar.overhear(seen.bytes) }
        } else if seen.direction == .said, seen.type == 10, let peer = peer(of: seen.session),
            case .bye(Message.Farewell.protocolError.rawValue, let why)? = try? Message(
                decoding: seen.bytes)
        {
            safety.blamed(node, nodes[peer].key.publicKey, why)
        }
    }

    private func note(_ node: SimulatedNode, _ notice: Notice) {
        switch notice {
        case .forkProven(let log, let bound):
            safety.frozen(node, log)
            proven?(node.index, log, bound)
        case .badBatch(_, from: let peer, let why): safety.blamed(node, peer, "a batch: \(why)")
        case .badBlob(_, from: let peer): safety.blamed(node, peer, "a part of a blob")
        default: break
        }
    }
}
