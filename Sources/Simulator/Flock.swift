import Crypto
import HyParView
import MerkleLog
import Mesh
import Primitives

/// Many whole nodes that have found each other, and what is measured of them.
///
/// Each node starts with the addresses of some that came before it, as out of its table; everything
/// after that is the overlay's doing.
package final class Flock {
    package let world: World
    /// Nodes that run, ascending.
    package private(set) var alive: [Int] = []
    /// Nodes that write a log, in the order in which they began.
    package private(set) var authors: [Int] = []
    private var random: SeededRandom
    private var numbers: [LogKey: Int] = [:]

    /// From one node's start to the next one's. Guess: quick, and yet most find a place before the
    /// next thousand come.
    private static let interval = Instant.Span.milliseconds(10)
    /// Addresses that a node starts with.
    private static let contacts = 16

    /// `progress` hears of every thousandth node.
    package init(nodes count: Int, seed: UInt64, progress: (Int) -> Void = { _ in }) {
        world = World(seed: seed)
        world.stepLimit = .max
        random = SeededRandom(seed: seed ^ 0x666c_6f63_6b)
        for index in 0..<count {
            let node = world.addNode()
            numbers[node.key.publicKey] = index
            alive.append(index)
            world.start(node)
            introduce(node)
            world.run(for: Self.interval)
            if index % 1_000 == 999 { progress(index + 1) }
        }
    }

    private func introduce(_ node: SimulatedNode) {
        let known = random.sample(Self.contacts, of: node.index).map { world.nodes[$0] }
        let contacts = known.map { Contact(key: $0.key.publicKey, endpoints: [$0.endpoint]) }
        guard let first = known.first else { return }
        world.feed(node.index, .hint(contacts, from: first.endpoint.address))
    }

    /// Makes `count` more of the nodes authors; their logs are empty.
    @discardableResult
    package func addAuthors(_ count: Int) -> [Int] {
        let others = alive.filter { world.nodes[$0].own.isEmpty }
        let fresh = random.sample(count, of: others.count).map { others[$0] }
        for index in fresh { world.addAuthor(world.nodes[index]) }
        authors += fresh
        return fresh
    }

    package func anyAuthor() -> Int { authors[random.below(authors.count)] }

    /// The processes of so many of a hundred nodes end at once, and nobody says farewell.
    package func fail(percent: Int) {
        let failing = random.sample(alive.count * percent / 100, of: alive.count).map { alive[$0] }
        for index in failing { world.crash(world.nodes[index], isSilent: false) }
        alive.removeAll { !world.nodes[$0].isUp }
        authors.removeAll { !world.nodes[$0].isUp }
    }

    // MARK: What the overlay looks like

    /// The active views as they are now.
    package struct Shape: Sendable {
        /// Neighbours of a node, on average.
        package var degree = 0.0
        /// Places in active views whose node does not have the other in its own.
        package var oneSided = 0
        /// Sizes of the connected parts, the largest first.
        package var parts: [Int] = []
    }

    package var shape: Shape {
        var views = [[Int]](repeating: [], count: world.nodes.count)
        for index in alive {
            let view = world.nodes[index].mesh?.activeView ?? []
            views[index] = view.compactMap { numbers[$0.peer] }.filter { world.nodes[$0].isUp }
        }
        var shape = Shape()
        var links = 0
        for index in alive {
            links += views[index].count
            shape.oneSided += views[index].count { !views[$0].contains(index) }
        }
        shape.degree = Double(links) / Double(max(1, alive.count))
        var isSeen = [Bool](repeating: false, count: views.count)
        for start in alive where !isSeen[start] {
            isSeen[start] = true
            var part = [start]
            var next = 0
            while next < part.count {
                for peer in views[part[next]] where !isSeen[peer] {
                    isSeen[peer] = true
                    part.append(peer)
                }
                next += 1
            }
            shape.parts.append(part.count)
        }
        shape.parts.sort(by: >)
        return shape
    }

    // MARK: What the network carries

    /// What all nodes together did so far.
    package struct Work: Sendable {
        /// Copies of entries that came in, whether new or not.
        package var copies: UInt64 = 0
        package var grafts: UInt64 = 0
        package var prunes: UInt64 = 0
        package var traffic = Traffic()

        package static func - (a: Work, b: Work) -> Work {
            var work = a
            work.copies -= b.copies
            work.grafts -= b.grafts
            work.prunes -= b.prunes
            work.traffic.bytesSent -= b.traffic.bytesSent
            work.traffic.streamPieces -= b.traffic.streamPieces
            work.traffic.datagrams -= b.traffic.datagrams
            return work
        }
    }

    package var work: Work {
        var work = Work()
        for index in alive {
            let node = world.nodes[index]
            work.traffic += node.traffic
            guard let counters = node.mesh?.counters else { continue }
            work.copies += counters.postsReceived
            work.grafts += counters.grafts
            work.prunes += counters.prunes
        }
        return work
    }
}
