import Content
import Crypto
import MerkleLog
import Mesh
import Primitives
import Testing

@testable import Simulator

/// Media in the world of the simulator: through loss, partitions and crashes, all from one seed.
struct BlobTests {
    private static func world(_ count: Int, seed: UInt64) -> World {
        let world = World(seed: seed)
        for _ in 0..<count { world.addNode() }
        world.addAuthor(world.nodes[0])
        for node in world.nodes { world.start(node) }
        for index in 1..<count { world.join(world.nodes[index], to: world.nodes[index - 1]) }
        world.run(for: .seconds(2))
        return world
    }

    private static func file(_ count: Int, _ seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return random.bytes(count)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func aPictureGoesThroughAPartitionAndACrash(_ seed: UInt64) throws {
        let world = Self.world(4, seed: seed)
        let bytes = Self.file(700_000, seed)
        let side = [true, true, false, false]
        let cuts = [
            world.cut(from: side, to: side.map { !$0 }),
            world.cut(from: side.map { !$0 }, to: side),
        ]
        let blob = try world.post(world.nodes[0], file: bytes)
        world.run(for: .milliseconds(30))
        world.crash(world.nodes[1], isSilent: false)
        world.run(for: .seconds(3))
        #expect(!world.nodes[3].blobs.holds(blob))
        world.start(world.nodes[1])
        for cut in cuts { world.heal(cut) }
        world.run(for: .seconds(400))
        #expect(world.safety.breach == nil)
        for node in world.nodes {
            #expect(node.blobs.bytes(of: blob) == bytes, "seed \(seed), node \(node.index)")
        }
    }

    @Test func oneSeedGivesOneRun() throws {
        let digests = try (0..<2).map { _ in
            let world = Self.world(3, seed: 9)
            try world.post(world.nodes[0], file: Self.file(300_000, 9))
            world.run(for: .seconds(20))
            return world.digest
        }
        #expect(digests[0] == digests[1])
    }
}
