import Crypto
import MerkleLog
import Mesh
import Primitives
import Testing

@testable import Simulator

/// What a world promises to whoever runs one.
struct WorldTests {
    /// `count` nodes in a row, each with a log.
    private func row(_ count: Int, seed: UInt64) -> World {
        let world = World(seed: seed)
        for index in 0..<count {
            let node = world.addNode()
            world.addAuthor(node)
            if index > 0 { node.peers.append(world.nodes[index - 1].address) }
            world.start(node)
        }
        world.run(for: .seconds(2))
        return world
    }

    private func log(_ world: World, _ node: Int) -> LogKey {
        world.nodes[node].own[0].publicKey
    }

    @Test func aPostReachesTheOtherEnd() {
        let world = row(5, seed: 1)
        world.post(world.nodes[0], 3)
        world.run(for: .seconds(1))
        #expect(world.safety.breach == nil)
        #expect(world.nodes[4].size(of: log(world, 0)) == 3)
    }

    @Test func aPartitionHoldsBackAndThenLetsThrough() {
        let world = row(3, seed: 2)
        let side = [true, false, false]
        let cuts = [
            world.cut(from: side, to: side.map { !$0 }),
            world.cut(from: side.map { !$0 }, to: side),
        ]
        world.post(world.nodes[0])
        world.run(for: .seconds(3))
        #expect(world.nodes[2].size(of: log(world, 0)) == 0)
        for cut in cuts { world.heal(cut) }
        world.run(for: .seconds(60))
        #expect(world.nodes[2].size(of: log(world, 0)) == 1)
    }

    /// What one direction of a partition lets through cannot be acknowledged: the stream ends.
    @Test func aOneWayPartitionEndsStreams() {
        let world = row(2, seed: 3)
        _ = world.cut(from: [true, false], to: [false, true])
        world.run(for: .seconds(200))
        #expect(world.nodes[0].streams.isEmpty)
        #expect(world.nodes[1].streams.isEmpty)
    }

    /// A crash before the commit ends leaves any beginning of the writes under way; the log goes on
    /// from what is left without contradicting itself.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func aTornStoreGoesOn(seed: UInt64) {
        let world = row(2, seed: seed)
        let node = world.nodes[0]
        for _ in 0..<6 { world.post(node, 20, bytes: 8_000) }
        world.run(for: .milliseconds(seed % 5))
        world.crash(node, isSilent: true)
        let kept = node.size(of: log(world, 0))
        #expect(kept >= node.acknowledged[log(world, 0)] ?? 0)
        world.start(node)
        world.run(for: .seconds(5))
        world.post(node)
        world.run(for: .seconds(120))
        #expect(world.safety.breach == nil, "seed \(seed)")
        #expect(node.size(of: log(world, 0)) == kept + 1, "seed \(seed)")
        #expect(world.nodes[1].size(of: log(world, 0)) == kept + 1, "seed \(seed)")
    }

    @Test func theSameSeedGivesTheSameRun() {
        let runs = (0..<2).map { _ in Chaos(seed: 77).run() }
        #expect(runs[0].digest == runs[1].digest)
        #expect(runs[0].steps == runs[1].steps)
        #expect(Chaos(seed: 78).run().digest != runs[0].digest)
    }

    @Test func theHeapGivesWhatIsDueInOrder() {
        var heap = EventHeap()
        var random = SeededRandom(seed: 5)
        var expected: [(at: UInt64, node: Int)] = []
        for node in 0..<2_000 {
            let at: UInt64 = random.below(300)
            heap.push(.tick(node), at: Instant(nanoseconds: at))
            expected.append((at, node))
        }
        expected.sort { ($0.at, $0.node) < ($1.at, $1.node) }
        for item in expected {
            #expect(heap.next?.nanoseconds == item.at)
            guard case .tick(let node)? = heap.pop() else {
                Issue.record("the heap is empty too soon")
                return
            }
            #expect(node == item.node)
        }
        #expect(heap.pop() == nil)
    }
}

/// Liars do what they are there for, and the others live with it.
struct LiarTests {
    /// Four honest nodes around a liar that they all dial; each writes a log.
    private func world(_ habit: Liar.Habit, seed: UInt64) -> World {
        let world = World(seed: seed)
        for index in 0..<5 {
            let node = world.addNode()
            world.addAuthor(node)
            if index == 0 { world.corrupt(node, habits: [habit]) }
            if index > 0 { node.peers.append(world.nodes[0].address) }
            if index > 1 { node.peers.append(world.nodes[index - 1].address) }
        }
        for node in world.nodes { world.start(node) }
        for _ in 0..<10 {
            for node in world.nodes { world.post(node) }
            world.run(for: .seconds(3))
        }
        world.run(for: .seconds(120))
        return world
    }

    @Test(arguments: Liar.Habit.allCases)
    func honestNodesGetEachOthersPosts(habit: Liar.Habit) {
        for seed: UInt64 in 1...3 {
            let world = world(habit, seed: seed)
            #expect(world.safety.breach == nil, "seed \(seed)")
            for author in world.nodes.dropFirst() {
                let log = author.own[0].publicKey
                let sizes = world.nodes.dropFirst().map { $0.size(of: log) }
                #expect(sizes == [10, 10, 10, 10], "seed \(seed)")
            }
        }
    }

    /// Whoever shows two histories of one log is found out by everybody.
    @Test func anEquivocatorsLogIsFrozenEverywhere() {
        for seed: UInt64 in 1...5 {
            let world = world(.equivocate, seed: seed)
            let log = world.nodes[0].own[0].publicKey
            let frozen = world.nodes.dropFirst().map { $0.store.head(of: log)?.isFrozen }
            #expect(frozen == [true, true, true, true], "seed \(seed)")
        }
    }
}

/// The checkers see what they are there for: faults that no honest mesh has are planted.
struct SafetyTests {
    private func world() -> World {
        let world = World(seed: 9)
        for index in 0..<2 {
            let node = world.addNode()
            world.addAuthor(node)
            if index > 0 { node.peers.append(world.nodes[0].address) }
            world.start(node)
        }
        world.run(for: .seconds(2))
        world.post(world.nodes[0], 2)
        world.run(for: .seconds(2))
        return world
    }

    @Test func aDiskThatForgetsIsNoticed() {
        let world = world()
        let node = world.nodes[0]
        world.keepImage(node)
        world.post(node)
        world.run(for: .seconds(1))
        node.store = node.image?.store ?? node.store
        world.crash(node, isSilent: false)
        #expect(world.safety.breach?.contains("lost") == true)
    }

    @Test func aSecondCheckpointOfOneSizeIsNoticed() {
        let world = world()
        let node = world.nodes[0]
        let other = Checkpoint(signing: 2, root: .zero, with: node.own[0])
        world.safety.released(node, other)
        #expect(world.safety.breach?.contains("second checkpoint") == true)
    }

    @Test func aCheckpointThatIsNotDurableWithItsAuthorIsNoticed() throws {
        let world = world()
        let log = world.nodes[0].own[0].publicKey
        world.nodes[0].released[log] = 1
        world.post(world.nodes[0])
        world.nodes[0].released[log] = 1
        let held = try #require(world.nodes[1].store.logs[log]?.runs.last)
        world.safety.seen(world, held.found)
        #expect(world.safety.breach?.contains("before it was durable") == true)
    }

    @Test func aFalseForkProofIsNoticed() {
        let world = world()
        let key = world.nodes[0].own[0]
        let proof = ForkProof(
            equalSizes: Checkpoint(signing: 9, root: .zero, with: key),
            Checkpoint(signing: 9, root: SHA256.hash([1]), with: key))
        world.safety.proven(world.nodes[1], proof)
        #expect(world.safety.breach?.contains("honest log") == true)
    }

    /// A device whose whole disk was put back may contradict itself; then a proof is right.
    @Test func aForkAfterAnUnnoticedRestoreIsAllowed() {
        let world = world()
        let node = world.nodes[0]
        world.keepImage(node)
        world.post(node)
        world.run(for: .seconds(1))
        world.crash(node, isSilent: true)
        world.restore(node, .everything)
        #expect(world.safety.isAllowedToFork(node.own[0].publicKey))
        #expect(!world.safety.isAllowedToFork(world.nodes[1].own[0].publicKey))
    }

    @Test func whatDoesNotVerifyIsNotTakenByADisk() throws {
        let world = world()
        let log = world.nodes[0].own[0].publicKey
        var found = try #require(world.nodes[1].store.logs[log]?.runs.first).found
        found.entries[0].time = UnixTime(milliseconds: 5)
        var pool = RunPool()
        #expect(pool.run(found, behind: Frontier()) == nil)
    }
}
