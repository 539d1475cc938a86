import Crypto
import MerkleLog
import Mesh
import Primitives

/// One run with everything that can go wrong, drawn from its seed: first faults, with safety looked
/// at in each step; then the faults end for a random core, and it has to converge.
package final class Chaos {
    package let seed: UInt64
    package let world: World
    var random: SeededRandom
    private(set) var tally = Tally()
    private var cuts: [Int] = []
    /// What may happen in this run, besides posts: each kind of fault is left out of half of all
    /// runs, so that the others come in every mixture.
    private let faults: [Fault]
    private let lasting: Instant.Span

    /// What a run did, for the sweep's last lines.
    package struct Tally: Sendable {
        package var nodes = 0
        package var liars = 0
        package var posts = 0
        package var crashes = 0
        package var restores = 0
        package var cuts = 0
        package var forks = 0
        /// Forks at one size that no node of the core has noticed in the end.
        package var unnoticed = 0
        package var core = 0
        /// Posts that somebody in the core has and another one lacks in the end, of honest authors.
        package var missed: UInt64 = 0
        /// What all nodes sent, and in how many pieces of streams and datagrams.
        package var bytes: UInt64 = 0
        package var messages: UInt64 = 0
        /// From the end of the faults until the core agreed, in virtual milliseconds.
        package var converged: UInt64 = 0
    }

    package struct Outcome: Sendable {
        package let seed: UInt64
        /// What went wrong; nil when all is well.
        package let failure: String?
        package let digest: String
        package let steps: Int
        package let virtualSeconds: UInt64
        package let tally: Tally
    }

    enum Fault: CaseIterable {
        case crash
        case cut
        case oneWayCut
        case restore
        case damage
        case fullDisk
        case clock
        case clone
        case weather
    }

    package init(seed: UInt64, trace: ((String) -> Void)? = nil) {
        self.seed = seed
        world = World(seed: seed)
        world.trace = trace
        random = SeededRandom(seed: seed ^ 0x6368_616f_73)
        var faults: [Fault] = []
        for fault in Fault.allCases where random.happens(500) { faults.append(fault) }
        self.faults = faults
        lasting = .seconds(20 + random.below(80))
        if random.happens(500) {
            // Logs are short here.
            (world.newestFirst.gap, world.newestFirst.opening) = (4, 2)
            world.newestFirst.entries = 3
        }
        populate()
    }

    // MARK: Setting up

    private func populate() {
        world.weather = drawWeather()
        let count = 4 + random.below(9)
        let liars = random.happens(500) ? 0 : 1 + random.below(max(1, count / 4))
        (tally.nodes, tally.liars) = (count, liars)
        for _ in 0..<count {
            let node = world.addNode()
            if faults.contains(.clock) { setClock(node) }
            world.addAuthor(node)
        }
        for node in world.nodes.suffix(liars) { world.corrupt(node) }
        for node in world.nodes {
            if node.index > 0 {
                for peer in random.sample(1 + random.below(3), of: node.index) {
                    node.peers.append(world.nodes[peer].address)
                }
            }
            world.start(node)
        }
    }

    private func drawWeather() -> Weather {
        var weather = Weather()
        func sometimes(_ most: UInt64) -> UInt64 {
            random.happens(500) ? random.below(most + 1) : 0
        }
        let low = Instant.Span.milliseconds(1 + random.below(20))
        weather.delay =
            low...Instant.Span(nanoseconds: low.nanoseconds + random.below(100_000_000))
        weather.jitter = .milliseconds(sometimes(200))
        weather.loss = sometimes(400)
        weather.duplication = sometimes(200)
        weather.replay = sometimes(100)
        weather.corruption = sometimes(100)
        weather.streamCorruption = random.happens(250) ? random.below(5) : 0
        weather.fragmentation = sometimes(300)
        weather.commit = .milliseconds(1)...Instant.Span.milliseconds(2 + sometimes(100))
        weather.read = .milliseconds(random.below(10))
        return weather
    }

    private func setClock(_ node: SimulatedNode) {
        let tenYears: UInt64 = 10 * 365 * 86_400_000
        node.clockOffset = Int64(random.below(2 * tenYears)) - Int64(tenYears)
        node.clockDrift = Int64(random.below(2_000)) - 1_000
    }

    // MARK: The run

    package func run() -> Outcome {
        let start = world.now
        let end = world.now + lasting
        while world.now < end, world.safety.breach == nil {
            world.run(for: .milliseconds(random.below(1_500)))
            if random.happens(500) || faults.isEmpty {
                post()
            } else {
                cause(faults[random.below(faults.count)])
            }
        }
        var failure: String?
        if world.safety.breach == nil {
            var liveness = Liveness(world, random: random)
            failure = liveness.demand()
            tally.unnoticed = liveness.unnoticedForks()
            tally.missed = liveness.missedPosts()
            (tally.core, tally.converged) = (liveness.core.count, liveness.took.milliseconds)
        }
        for node in world.nodes {
            tally.forks += node.store.forks.count
            tally.bytes += node.traffic.bytesSent
            tally.messages += node.traffic.streamPieces + node.traffic.datagrams
        }
        return Outcome(
            seed: seed, failure: world.safety.breach ?? failure, digest: world.digest.text,
            steps: world.steps, virtualSeconds: (world.now - start).milliseconds / 1_000,
            tally: tally)
    }

    private func honest() -> SimulatedNode {
        world.nodes[random.below(tally.nodes - tally.liars)]
    }

    private func post() {
        let node = world.nodes[random.below(tally.nodes)]
        guard node.isUp else { return }
        let count = random.happens(100) ? 1 + random.below(20) : 1
        let bytes = random.happens(50) ? 20_000 : 40 + random.below(300)
        tally.posts += count
        world.post(node, count, bytes: bytes, log: random.below(node.own.count))
    }

    private func cause(_ fault: Fault) {
        let node = honest()
        switch fault {
        case .crash: crashOrStart(node)
        case .cut: cut(isOneWay: false)
        case .oneWayCut: cut(isOneWay: true)
        case .restore: restore(node)
        case .damage: damage(node)
        case .fullDisk: node.isDiskFull = !node.isDiskFull && random.happens(500)
        case .clock: if random.happens(200) { setClock(node) }
        case .clone: if random.happens(100) { clone(node) }
        case .weather: if random.happens(200) { world.weather = drawWeather() }
        }
    }

    private func crashOrStart(_ node: SimulatedNode) {
        if node.isUp {
            tally.crashes += 1
            world.crash(node, isSilent: random.happens(500))
        } else {
            world.start(node)
        }
    }

    private func cut(isOneWay: Bool) {
        // About half of the time in one piece.
        if !cuts.isEmpty && (cuts.count > 3 || random.happens(600)) {
            return world.heal(cuts.remove(at: random.below(cuts.count)))
        }
        tally.cuts += 1
        var side = [Bool](repeating: false, count: tally.nodes)
        for node in random.sample(1 + random.below(tally.nodes - 1), of: tally.nodes) {
            side[node] = true
        }
        let other = side.map { !$0 }
        cuts.append(world.cut(from: side, to: other))
        if !isOneWay { cuts.append(world.cut(from: other, to: side)) }
    }

    private func restore(_ node: SimulatedNode) {
        guard node.image != nil, random.happens(300) else { return world.keepImage(node) }
        tally.restores += 1
        if node.isUp { world.crash(node, isSilent: true) }
        let draw = random.below(10)
        world.restore(node, draw < 6 ? .store : draw < 8 ? .storeWithoutFence : .everything)
        world.start(node)
    }

    private func damage(_ node: SimulatedNode) {
        guard let log = node.store.order.randomOne(&random) else { return }
        let index = random.below(max(1, node.size(of: log)))
        // Of each entry one copy: what is lost everywhere is nobody's to repair.
        let isDamaged = world.nodes.contains {
            $0.store.logs[log]?.damaged.contains(index) == true
        }
        if !isDamaged { world.damageEntry(node, log, index) }
    }

    /// Another node gets the key of a device: both write, and both are sure that they may.
    private func clone(_ node: SimulatedNode) {
        let other = honest()
        guard other !== node, let key = node.own.first,
            !other.own.contains(where: { $0.publicKey == key.publicKey })
        else { return }
        world.safety.mayFork(key.publicKey)
        world.say("clone of \(node.index)", other.index)
        world.addAuthor(other, key)
    }
}

extension Array {
    func randomOne(_ random: inout SeededRandom) -> Element? {
        isEmpty ? nil : self[random.below(count)]
    }
}
