import Crypto
import Primitives
import Testing

@testable import Simulator

/// Rows of THREATS that are best seen in a whole mesh.
struct ThreatTests {
    /// Five nodes in a row of friends; each writes a log.
    private func world(_ seed: UInt64, _ prepare: (World) -> Void) -> World {
        let world = World(seed: seed)
        for index in 0..<5 {
            let node = world.addNode()
            world.addAuthor(node)
            if index > 0 { node.peers.append(world.nodes[index - 1].address) }
        }
        prepare(world)
        for node in world.nodes { world.start(node) }
        world.run(for: .seconds(10))
        for _ in 0..<20 {
            for node in world.nodes { world.post(node) }
            world.run(for: .seconds(1))
        }
        world.run(for: .seconds(60))
        return world
    }

    private func expectAll(_ world: World, _ seed: UInt64) {
        #expect(world.safety.breach == nil, "seed \(seed)")
        for author in world.nodes {
            let sizes = world.nodes.map { $0.size(of: author.own[0].publicKey) }
            #expect(sizes == [20, 20, 20, 20, 20], "seed \(seed)")
        }
    }

    /// Row 6: half of all datagrams come twice, half are sent again long after by somebody else,
    /// and they overtake each other.
    @Test(arguments: UInt64(1)...3) func replayedAndReorderedPackets(seed: UInt64) {
        expectAll(
            world(seed) { world in
                (world.weather.duplication, world.weather.replay) = (500, 500)
                world.weather.jitter = .milliseconds(300)
            }, seed)
    }

    /// Row 12: clocks that are off by ten years, both ways, change nothing of what arrives.
    @Test(arguments: UInt64(1)...3) func clocksOffByTenYears(seed: UInt64) {
        let years: Int64 = 10 * 31_557_600_000
        expectAll(
            world(seed) { world in
                world.nodes[1].clockOffset = years
                world.nodes[3].clockOffset = -years
            }, seed)
    }
}
