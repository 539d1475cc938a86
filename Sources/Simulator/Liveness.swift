import Crypto
import MerkleLog
import Mesh
import Primitives

/// The end of a run: the faults stop for a random majority of the honest nodes, and never for the
/// others. The core has to agree, and to be able to write, within a bound of virtual time.
struct Liveness {
    private let world: World
    private var random: SeededRandom
    /// Indices of the core's nodes, ascending.
    private(set) var core: [Int] = []
    private(set) var took = Instant.Span(nanoseconds: 0)
    private let start: Instant

    /// A node redials after five minutes at the latest, and what it then learns may have to cross
    /// the whole core. Guess: four such waits; the median run takes a few seconds.
    static let bound = Instant.Span.seconds(1_200)

    init(_ world: World, random: SeededRandom) {
        self.world = world
        self.random = random
        start = world.now
    }

    /// What is wrong with the core in the end; nil when it has converged.
    mutating func demand() -> String? {
        drawCore()
        heal()
        if let failure = wait("converge") { return failure }
        took = world.now - start
        return demandWriting()
    }

    private mutating func drawCore() {
        let honest = world.nodes.filter { !$0.isByzantine }.map(\.index)
        let count = honest.count / 2 + 1 + random.below(honest.count - honest.count / 2)
        core = random.sample(count, of: honest.count).map { honest[$0] }.sorted()
        world.say("core", core)
    }

    // MARK: Healing

    private mutating func heal() {
        world.healAll()
        world.weather.clear()
        breakOthers()
        for index in core {
            let node = world.nodes[index]
            node.isDiskFull = false
            if !node.isUp { world.start(node) }
        }
        connect()
        replaceLost()
        for index in core { reportDamage(world.nodes[index]) }
    }

    /// Honest nodes outside of the core stay down, or alone, or deaf; liars go on as they like.
    private mutating func breakOthers() {
        for node in world.nodes where !node.isByzantine && !core.contains(node.index) {
            var alone = [Bool](repeating: false, count: world.nodes.count)
            alone[node.index] = true
            let others = alone.map { !$0 }
            switch random.below(4) {
            case 0: world.crash(node, isSilent: true)
            case 1: _ = world.cut(from: alone, to: others)
            case 2: _ = world.cut(from: others, to: alone)
            default:
                _ = world.cut(from: alone, to: others)
                _ = world.cut(from: others, to: alone)
            }
        }
    }

    /// The core is one piece by the addresses that its owners entered.
    private func connect() {
        var piece = Array(world.nodes.indices)
        func root(_ node: Int) -> Int { piece[node] == node ? node : root(piece[node]) }
        for index in core {
            for address in world.nodes[index].peers {
                let peer = world.nodes.firstIndex { $0.address == address }
                if let peer, core.contains(peer) { piece[root(index)] = root(peer) }
            }
        }
        for (a, b) in zip(core, core.dropFirst()) where root(a) != root(b) {
            world.join(world.nodes[b], to: world.nodes[a])
            piece[root(a)] = root(b)
        }
    }

    /// Of what has no whole copy left in the core, nobody can make one: the owner stops the node
    /// and puts a backup back.
    private func replaceLost() {
        for index in core {
            let node = world.nodes[index]
            let lost = node.store.order.flatMap { log in
                (node.store.logs[log]?.damaged ?? []).filter { isLost(log, $0) }.map { (log, $0) }
            }
            if lost.isEmpty { continue }
            world.crash(node, isSilent: false)
            for (log, entry) in lost { node.store.repair(log, entry) }
            world.start(node)
        }
    }

    private func isLost(_ log: LogKey, _ entry: UInt64) -> Bool {
        !core.contains { index in
            guard let held = world.nodes[index].store.logs[log] else { return false }
            return held.head.size > entry && !held.damaged.contains(entry)
        }
    }

    /// A check of the disk finds what has not been read since it was damaged.
    private func reportDamage(_ node: SimulatedNode) {
        for log in node.store.order {
            for index in node.store.logs[log]?.damaged ?? [] {
                world.feed(node.index, .damaged(log, index: index))
            }
        }
    }

    // MARK: Convergence

    /// Runs until the core agrees; what it found last when the time is up.
    private func wait(_ what: String) -> String? {
        let end = world.now + Self.bound
        while let found = difference() {
            if let breach = world.safety.breach { return breach }
            if world.now >= end { return "the core does not \(what): \(found)" }
            world.run(for: .seconds(1))
        }
        return world.safety.breach
    }

    /// Something in which two nodes of the core differ.
    private func difference() -> String? {
        var seen: Set<LogKey> = []
        for index in core {
            for log in world.nodes[index].store.order where seen.insert(log).inserted {
                if let found = difference(log) { return found }
            }
        }
        return nil
    }

    /// Whether the holder began to fetch what its checkpoint stands for from a node that is gone,
    /// or damaged: it takes no entries under an older checkpoint, and nobody else has a newer one.
    private func isStranded(_ head: LogHead?, _ best: LogHead) -> Bool {
        guard let head else { return false }
        return head.checkpoint.size > head.size && head.checkpoint.size > best.checkpoint.size
    }

    /// Logs of which the core holds two histories of one length, and nobody has noticed.
    func unnoticedForks() -> Int {
        var seen: Set<LogKey> = []
        var count = 0
        for index in core {
            for log in world.nodes[index].store.order where seen.insert(log).inserted {
                let heads = core.compactMap { world.nodes[$0].store.head(of: log) }
                if heads.contains(where: { $0.isFrozen }) { continue }
                let isForked = heads.contains { head in
                    heads.contains {
                        $0.size == head.size && $0.frontier.root != head.frontier.root
                    }
                }
                if isForked { count += 1 }
            }
        }
        return count
    }

    /// Posts of authors who did not contradict themselves that one node of the core holds and
    /// another does not.
    func missedPosts() -> UInt64 {
        var missed: UInt64 = 0
        let written = world.nodes.flatMap { $0.own.map(\.publicKey) }
        for log in written where !world.safety.isAllowedToFork(log) {
            let sizes = core.map { world.nodes[$0].size(of: log) }
            let most = sizes.max() ?? 0
            missed += sizes.reduce(0) { $0 + most - $1 }
        }
        return missed
    }

    private func difference(_ log: LogKey) -> String? {
        let held = core.map { ($0, world.nodes[$0].store.logs[log]) }
        let author = world.safety.authors[log]
        let name =
            (author?.mayFork == false ? "log of node " : "forkable log of node ")
            + (author.map { "\($0.node)" } ?? "?")
        if held.contains(where: { $0.1?.head.isFrozen == true }) {
            return disagreement(held, name)
        }
        // Whoever holds the most whole: a copy with a hole is passed on only up to it.
        let whole = held.compactMap { $0.1?.damaged.isEmpty == true ? $0.1?.head : nil }
        guard let best = whole.max(by: { $0.size < $1.size }) else { return nil }
        let isStuck = held.contains { isStranded($0.1?.head, best) }
        let others = held.filter { $0.1?.head.size != best.size }
        let isApart = others.contains { _, copy in
            !(isStuck && copy?.head.size ?? 0 > best.size) && !isStranded(copy?.head, best)
        }
        if isApart {
            let list = held.map { "\($0.0):\($0.1?.head.size ?? 0)" }.joined(separator: " ")
            return "\(name) has sizes \(list)"
        }
        let roots = whole.filter { $0.size == best.size }.map(\.frontier.root)
        if roots.contains(where: { $0 != roots.first }) {
            return "\(name) has two histories, which nobody has noticed"
        }
        let damaged = held.first { !isStuck && $0.1?.damaged.isEmpty == false }
        return damaged.map { "\(name) is still damaged at node \($0.0)" }
    }

    /// Of a forked log all hold the same entries for those that count. Whoever holds nothing of it
    /// has nothing to freeze.
    private func disagreement(_ held: [(Int, MemoryStore.Log?)], _ name: String) -> String? {
        let copies = held.compactMap { index, copy in copy.map { (index, $0) } }
        if let free = copies.first(where: { !$0.1.head.isFrozen }) {
            return "\(name) is forked, and not frozen at node \(free.0)"
        }
        guard let bound = copies.compactMap({ $0.1.head.forkedAt }).min() else { return nil }
        if let other = copies.first(where: { $0.1.head.forkedAt != bound }) {
            return "\(name) forks at \(bound), and at \(other.1.head.forkedAt ?? 0) for node"
                + " \(other.0)"
        }
        // A copy with a hole is passed on only up to it, and cannot be compared.
        guard bound > 0, copies.allSatisfy({ $0.1.damaged.isEmpty }) else { return nil }
        let counted = copies.map(\.1.head.counted)
        let most = counted.max() ?? 0
        if counted.count < core.count || counted.contains(where: { $0 != most }) {
            let list = held.map { "\($0.0):\($0.1?.head.counted ?? 0)" }.joined(separator: " ")
            return "\(name) forks at \(bound), and counts \(list)"
        }
        let roots = copies.map { _, copy in
            try? LogView(head: copy.head, reader: copy)?.frontier(at: most).root
        }
        return roots.contains { $0 != roots[0] } ? "\(name) forks before \(bound)" : nil
    }

    // MARK: Writing

    /// Every log of the core that can be written again takes a post, and everybody gets it.
    private func demandWriting() -> String? {
        for index in core {
            let node = world.nodes[index]
            guard let mesh = node.mesh else { return "node \(index) of the core is down" }
            for (at, key) in node.own.enumerated() {
                let log = key.publicKey
                let state = mesh.ownState(of: log)
                if state == "writable" {
                    world.post(node, log: at)
                } else if mustBeWritable(node, log) {
                    return "node \(index) cannot write its log: it is \(state)"
                }
            }
        }
        world.run(for: .seconds(1))
        return wait("converge after its last posts")
    }

    /// What was released must be somewhere in the core; else the owner has to open a new log. So it
    /// is where the fence stands further than what is left anywhere: the entry was on the disk and
    /// its fence moved, the process ended before anybody was told, and the store was put back.
    private func mustBeWritable(_ node: SimulatedNode, _ log: LogKey) -> Bool {
        guard !world.safety.isAllowedToFork(log) else { return false }
        let size = node.store.size(of: log)
        return size >= node.released[log] ?? 0 && size >= node.fences[log]?.size ?? 0
    }
}
