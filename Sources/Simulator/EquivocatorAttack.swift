import Crypto
import MerkleLog
import Mesh
import Primitives

/// An author shows each half of a partition another history; the partition ends (THREATS row 3).
///
/// The author's two devices are real meshes with one key. What is measured begins when the first
/// honest node has both histories, and is told in rounds: the time that a live post of the same
/// mesh needs to reach its last node.
package final class EquivocatorAttack {
    private let world: World
    private var random: SeededRandom
    private let honest: Int
    private var provenAt: [Int: Instant] = [:]
    private var locatedAt: [Int: Instant] = [:]
    private var arrivedAt: [Int: Instant] = [:]
    private var watched: LogKey?

    /// What a trial came to. Times are virtual milliseconds.
    package struct Outcome: Sendable {
        package let seed: UInt64
        package let common: UInt64
        /// Entries behind the common ones that each half was shown.
        package let behind: (Int, Int)
        package var round: UInt64 = 0
        /// From the end of the partition to the first honest node that has both histories.
        package var first: UInt64 = 0
        /// From then to the last honest node that has the proof, and that knows where they part.
        package var proven: UInt64 = 0
        package var located: UInt64 = 0
        package var digest = ""
        package var failure: String?

        package var rounds: Double { round == 0 ? 0 : Double(proven) / Double(round) }
    }

    package init(seed: UInt64, honest: Int, trace: ((String) -> Void)? = nil) {
        precondition(honest >= 4, "\(honest) nodes in two halves")
        world = World(seed: seed)
        world.trace = trace
        random = SeededRandom(seed: seed ^ 0x6571_7569)
        self.honest = honest
    }

    package func run() -> Outcome {
        populate()
        let author = world.key("equivocator", 0)
        let log = author.publicKey
        let common = Int(random.below(UInt64(300)))
        let behind = (1 + Int(random.below(UInt64(40))), 1 + Int(random.below(UInt64(40))))
        var outcome = Outcome(seed: world.seed, common: UInt64(common), behind: behind)
        outcome.round = measureRound()
        takeKey(world.nodes[honest], author)
        if common > 0 { world.post(world.nodes[honest], common) }
        world.run(for: .seconds(10))
        let cuts = part()
        takeKey(world.nodes[honest + 1], author)
        world.run(for: .seconds(120))
        for _ in 0..<behind.0 { world.post(world.nodes[honest]) }
        for _ in 0..<behind.1 { world.post(world.nodes[honest + 1]) }
        world.run(for: .seconds(10))
        if let failure = bothAreShown(log, common, behind) { outcome.failure = failure }
        watch(log, at: UInt64(common))
        let healed = world.now
        for cut in cuts { world.heal(cut) }
        wait(until: 900) { self.locatedAt.count == self.honest }
        // What is known is on the disk, too, a second later.
        world.run(for: .seconds(1))
        judge(&outcome, healed)
        outcome.digest = world.digest.text
        return outcome
    }

    // MARK: Setting up

    /// Even nodes are one half, odd ones the other; one device of the author in each.
    private func populate() {
        for index in 0..<(honest + 2) {
            let node = world.addNode()
            if index < honest { world.addAuthor(node) }
            if index > 0 {
                for peer in random.sample(min(2, index), of: min(index, honest)) {
                    node.peers.append(world.nodes[peer].address)
                }
            }
        }
        for node in world.nodes.suffix(2) {
            node.isCheating = true
            world.safety.isByzantine(node)
        }
        for node in world.nodes { world.start(node) }
        world.run(for: .seconds(60))
    }

    /// The device writes with the key, and its fence is whatever its owner likes.
    private func takeKey(_ node: SimulatedNode, _ key: SigningKey) {
        node.fences[key.publicKey] = SimulatedNode.Fence(size: 0, root: .zero)
        world.addAuthor(node, key)
        world.safety.mayFork(key.publicKey)
    }

    private func part() -> [Int] {
        let side = world.nodes.map { $0.index % 2 == 0 }
        let other = side.map { !$0 }
        return [world.cut(from: side, to: other), world.cut(from: other, to: side)]
    }

    private func bothAreShown(_ log: LogKey, _ common: Int, _ behind: (Int, Int)) -> String? {
        for node in world.nodes {
            let isFirst = node.index % 2 == honest % 2
            let expected = UInt64(common + (isFirst ? behind.0 : behind.1))
            if node.size(of: log) != expected {
                return "node \(node.index) has \(node.size(of: log)) of \(expected) before the end"
            }
        }
        return nil
    }

    // MARK: Measuring

    /// How long the slowest of some live posts took to its last node.
    private func measureRound() -> UInt64 {
        var slowest: UInt64 = 0
        for number in 0..<5 {
            let node = world.nodes[number % honest]
            let log = node.own[0].publicKey
            arrivedAt = [:]
            watched = log
            world.delivered = { [unowned self] news in
                if news.log == watched { arrivedAt[news.node] = world.now }
            }
            // The first post makes the tree, the second takes it.
            for post in 0..<2 {
                arrivedAt = [:]
                let start = world.now
                world.post(node)
                wait(until: 60) { self.arrivedAt.count == self.honest + 2 }
                let last = world.nodes.compactMap { arrivedAt[$0.index] }.max() ?? world.now
                if post == 1 { slowest = max(slowest, (last - start).milliseconds) }
                world.run(for: .seconds(2))
            }
        }
        world.delivered = nil
        return slowest
    }

    private func watch(_ log: LogKey, at common: UInt64) {
        world.proven = { [unowned self] node, forked, bound in
            guard forked == log, node < honest else { return }
            if provenAt[node] == nil { provenAt[node] = world.now }
            if bound == common { locatedAt[node] = locatedAt[node] ?? world.now }
        }
    }

    /// Runs in small steps for at most so many seconds.
    private func wait(until seconds: UInt64, _ isDone: () -> Bool) {
        let end = world.now + .seconds(seconds)
        while !isDone(), world.now < end, world.safety.breach == nil {
            world.run(for: .milliseconds(5))
        }
    }

    private func judge(_ outcome: inout Outcome, _ healed: Instant) {
        let proven = (0..<honest).compactMap { provenAt[$0] }
        let located = (0..<honest).compactMap { locatedAt[$0] }
        if let first = proven.min(), let last = proven.max() {
            outcome.first = (first - healed).milliseconds
            outcome.proven = (last - first).milliseconds
            if let last = located.max() { outcome.located = (last - first).milliseconds }
        }
        if outcome.failure != nil { return }
        if let breach = world.safety.breach {
            outcome.failure = breach
        } else if proven.count < honest {
            outcome.failure = "only \(proven.count) of \(honest) nodes have a proof"
        } else if located.count < honest {
            outcome.failure = "only \(located.count) of \(honest) nodes know where the log forks"
        } else if outcome.proven > 2 * outcome.round {
            outcome.failure = "proven everywhere only after \(outcome.rounds) rounds"
        } else if let odd = world.nodes.first(where: { $0.index < honest && hasForgotten($0) }) {
            outcome.failure = "node \(odd.index) does not count the common entries"
        }
    }

    /// Every honest node ends with the same bound on its disk, and keeps what it held.
    private func hasForgotten(_ node: SimulatedNode) -> Bool {
        let key = world.key("equivocator", 0).publicKey
        let bounds = world.nodes.prefix(honest).map { $0.store.head(of: key)?.forkedAt }
        return bounds.contains { $0 != bounds[0] || $0 == nil }
            || node.store.head(of: key)?.counted != bounds[0]
    }
}
