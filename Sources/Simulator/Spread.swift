import Crypto
import MerkleLog
import Mesh
package import Primitives

/// How posts went through a flock.
package struct Spread: Sendable {
    package private(set) var posts = 0
    /// Deliveries that there should have been: each post at each running node but its author.
    package private(set) var hoped = 0
    /// From the author's request to each delivery, when it was durable there; in milliseconds.
    package private(set) var times = Tally()
    package private(set) var hops = Tally()
    /// Of each post: when it reached the last node, and over how many links.
    package private(set) var lastTimes: [Double] = []
    package private(set) var lastHops: [Double] = []
    package private(set) var work = Flock.Work()

    package var reached: Int { times.count }
    package var missed: Int { hoped - reached }
    package var share: Double { Double(reached) / Double(max(1, hoped)) }

    /// The Plumtree paper's relative message redundancy (§4.1): copies of the payload for each node
    /// that got one, less the one that it needs.
    package var redundancy: Double { Double(work.copies) / Double(max(1, reached)) - 1 }

    /// Counts of small numbers.
    package struct Tally: Sendable {
        package private(set) var counts: [Int] = []
        package private(set) var count = 0

        mutating func add(_ value: Int) {
            if value >= counts.count {
                counts += [Int](repeating: 0, count: value + 1 - counts.count)
            }
            counts[value] += 1
            count += 1
        }

        /// The least value that so large a share of all does not exceed.
        package func quantile(_ share: Double) -> Double {
            var left = Double(count) * share
            for value in counts.indices where counts[value] > 0 {
                left -= Double(counts[value])
                if left <= 1e-9 { return Double(value) }
            }
            return 0
        }
    }

    fileprivate mutating func add(_ one: Post, hoped: Int) {
        posts += 1
        self.hoped += hoped
        lastTimes.append(one.lastTime)
        lastHops.append(Double(one.lastHop))
        for time in one.times { times.add(time) }
        for hop in one.hops where hop > 0 { hops.add(hop) }
    }

    fileprivate mutating func add(_ more: Flock.Work) {
        work.copies += more.copies
        work.grafts += more.grafts
        work.prunes += more.prunes
        work.traffic += more.traffic
    }

    /// One post under way.
    fileprivate final class Post {
        let log: LogKey
        let size: UInt64
        let began: Instant
        /// Links to the author; 0 at the author, and where it has not come.
        var hops: [Int]
        var isThere: [Bool]
        var times: [Int] = []
        var lastTime = 0.0
        var lastHop = 0

        init(_ world: World, by author: SimulatedNode) {
            log = author.own[0].publicKey
            size = author.size(of: log) + 1
            began = world.now
            hops = [Int](repeating: 0, count: world.nodes.count)
            isThere = [Bool](repeating: false, count: world.nodes.count)
            isThere[author.index] = true
        }

        func heard(_ news: World.Hearing) {
            guard news.log == log, news.to >= size, hops[news.node] == 0 else { return }
            hops[news.node] = hops[news.from] + 1
        }

        func delivered(_ news: World.Delivery, _ now: Instant) {
            guard news.log == log, news.to >= size, !isThere[news.node] else { return }
            isThere[news.node] = true
            let passed = now - began
            times.append(Int(passed.milliseconds))
            lastTime = Double(passed.nanoseconds) / 1e6
            lastHop = max(lastHop, hops[news.node])
        }
    }
}

extension Flock {
    /// One post after another, each by whom `author` names, each watched for `watch`.
    package func post(
        _ count: Int, watch: Instant.Span = .seconds(1), by author: () -> Int
    ) -> Spread {
        var spread = Spread()
        for _ in 0..<count {
            let node = world.nodes[author()]
            let before = work
            let post = Spread.Post(world, by: node)
            world.heard = { post.heard($0) }
            world.delivered = { [world] in post.delivered($0, world.now) }
            world.post(node)
            world.run(for: watch)
            spread.add(post, hoped: alive.count - 1)
            spread.add(work - before)
        }
        world.heard = nil
        world.delivered = nil
        return spread
    }
}
