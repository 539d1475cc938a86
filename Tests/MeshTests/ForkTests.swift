import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Forks across partitions: everybody comes to count the same entries, whoever saw what.
struct ForkTests {
    /// Nodes 0 and 1, and 2 and 3, in two halves; both halves get `common` posts of one log, and
    /// then nodes 0 and 3 write `left` and `right` each for itself with one key.
    private func apart(
        seed: UInt64, common: Int, left: Int, right: Int
    ) -> (net: TestNet, log: LogKey) {
        let net = TestNet(seed: seed)
        net.chain(4)
        let log = net.author(1, at: 0)
        if common > 0 { net.post(log, at: 0, common) }
        net.run(for: .seconds(5))
        net.cut(1, 2)
        net.nodes[3].own = [signingKey(1)]
        net.restart(3)
        net.join(3, to: 2)
        net.run(for: .seconds(2))
        for number in 0..<left { net.post(log, at: 0, text: "left \(number)") }
        for number in 0..<right { net.post(log, at: 3, text: "right \(number)") }
        net.run(for: .seconds(5))
        return (net, log)
    }

    @Test(arguments: [
        (0, 1, 1), (1, 1, 1), (5, 3, 1), (5, 1, 3), (7, 2, 2), (8, 40, 9), (300, 1, 200),
        (300, 250, 250), (511, 5, 1),
    ])
    func everybodyCountsWhatIsCommon(common: Int, left: Int, right: Int) {
        let (net, log) = apart(seed: 300, common: common, left: left, right: right)
        #expect(net.nodes.allSatisfy { $0.mesh.logs[log]?.isFrozen == false })
        net.heal(1, 2)
        let isLocated = net.run(within: .seconds(60)) {
            net.nodes.allSatisfy {
                $0.store.forks[log]?.parting?.index == UInt64(common)
                    && $0.store.logs[log]?.head.forkedAt == UInt64(common)
            }
        }
        #expect(isLocated)
        // What is behind it stays as evidence.
        #expect(net.nodes[0].size(log) == UInt64(common + left))
        #expect(net.nodes[3].size(log) == UInt64(common + right))
        #expect(net.nodes.allSatisfy { $0.store.isSound() })
        // It is known again after a restart.
        net.restart(1)
        #expect(net.nodes[1].mesh.logs[log]?.forkedAt == UInt64(common))
    }

    /// A proof says nothing to whoever holds nothing of the log, and is not kept: it is told again
    /// once something is held, whoever the entries came from.
    @Test(arguments: [true, false]) func aProofThatCameTooEarlyComesAgain(isServed: Bool) {
        let scene = HostileTests.Scene(seed: 303)
        let log = HostileLog(46, count: 3)
        let raw = scene.peer()
        let liar = scene.peer(91)
        liar.say(.batch(stream: 0, log.batch(0, 3)))
        scene.net.run(for: .seconds(2))
        liar.say(.fork(log.fork()))
        scene.net.run(for: .seconds(2))
        let told = { raw.messages.count { if case .fork = $0 { true } else { false } } }
        #expect(told() == 1)
        if isServed {
            raw.say(.get(stream: 1, log: log.key.publicKey, from: 0, to: nil, credit: 8))
        } else {
            raw.say(.have([Message.Have(log: log.key.publicKey, size: 2, root: 0)]))
        }
        scene.net.run(for: .seconds(2))
        #expect(told() == 2)
        // Once is enough.
        raw.say(.have([Message.Have(log: log.key.publicKey, size: 2, root: 0)]))
        scene.net.run(for: .seconds(2))
        #expect(told() == (isServed ? 3 : 2) && !raw.isClosed)
    }

    /// A proof that the full disk refused does not take the place of a stronger one when it is
    /// stored at last.
    @Test func aProofThatWaitedIsNotStoredOverABetterOne() {
        let scene = HostileTests.Scene(seed: 304)
        let log = HostileLog(47, count: 9)
        let raw = scene.peer()
        raw.say(.batch(stream: 0, log.batch(0, 9)))
        scene.net.run(for: .seconds(2))
        let node = scene.net.nodes[0]
        func proof(_ size: Int) -> ForkProof {
            ForkProof(
                equalSizes: log.checkpoint(size),
                Checkpoint(signing: UInt64(size), root: .zero, with: log.key))
        }
        node.isFull = true
        raw.say(.fork(proof(9)))
        scene.net.run(for: .seconds(1))
        #expect(node.store.forks[log.key.publicKey] == nil)
        node.isFull = false
        raw.say(.fork(proof(3)))
        scene.net.run(for: .seconds(20))
        #expect(node.store.forks[log.key.publicKey] == proof(3))
    }

    /// More forked logs than proofs are kept in memory: everybody is told of each all the same,
    /// whoever is here at once, and whoever comes when it speaks of the log.
    @Test func ofManyForksNoneIsForgotten() {
        let scene = HostileTests.Scene(seed: 305)
        let (liar, witness) = (scene.peer(91), scene.peer(92))
        let count = Limits.forkProofs + 40
        let logs = (0..<count).map { number in
            HostileLog(
                key: SigningKey(
                    seed: SecretBytes(
                        [UInt8(number & 0xff), UInt8(number >> 8)]
                            + [UInt8](
                                repeating: 9, count: 30))), count: 1)
        }
        func proof(_ log: HostileLog) -> ForkProof {
            ForkProof(
                equalSizes: log.checkpoint(1), Checkpoint(signing: 1, root: .zero, with: log.key))
        }
        func told(_ raw: RawPeer) -> Set<LogKey> {
            var found: Set<LogKey> = []
            for case .fork(let proof) in raw.messages { found.insert(proof.log) }
            return found
        }
        for log in logs {
            liar.say(.batch(stream: 0, log.batch(0, 1)))
            scene.net.run(for: .milliseconds(2))
            liar.say(.fork(proof(log)))
        }
        let node = scene.net.nodes[0]
        #expect(scene.net.run(within: .seconds(60)) { node.store.forks.count == count })
        #expect(told(witness).count == count)
        #expect(scene.net.nodes[0].mesh.forkProofs.count == Limits.forkProofs)
        let late = scene.peer(93)
        let first = logs[0].key.publicKey
        #expect(scene.net.nodes[0].mesh.forkProofs[first] == nil)
        late.say(.have([Message.Have(log: first, size: 1, root: 0)]))
        scene.net.run(for: .seconds(1))
        #expect(told(late).contains(first))
        // After a restart as well.
        scene.net.crash(0)
        scene.net.restart(0)
        let later = scene.peer(94)
        for log in [logs[0], logs[count - 1]] {
            later.say(.have([Message.Have(log: log.key.publicKey, size: 1, root: 0)]))
        }
        scene.net.run(for: .seconds(1))
        #expect(told(later).isSuperset(of: [first, logs[count - 1].key.publicKey]))
        #expect(scene.net.nodes[0].mesh.exceededBound == nil)
    }

    /// An author who proves a fork again and again, each time of fewer entries, is passed on ever
    /// more seldom, and the least number holds in the end.
    @Test func everBetterProofsAreTakenSeldom() {
        let scene = HostileTests.Scene(seed: 306)
        let log = HostileLog(48, count: 60)
        let (liar, witness) = (scene.peer(91), scene.peer(92))
        liar.say(.batch(stream: 0, log.batch(0, 60)))
        scene.net.run(for: .seconds(1))
        for size in (2...60).reversed() {
            liar.say(
                .fork(
                    ForkProof(
                        equalSizes: log.checkpoint(size),
                        Checkpoint(signing: UInt64(size), root: .zero, with: log.key))))
        }
        func told() -> Int {
            witness.messages.count { if case .fork = $0 { true } else { false } }
        }
        #expect(told() == Limits.forkProofsAtOnce && !liar.isClosed)
        scene.net.run(for: .seconds(2))
        #expect(told() == Limits.forkProofsAtOnce + 1)
        #expect(scene.net.nodes[0].mesh.logs[log.key.publicKey]?.forkedAt == 1)
        #expect(scene.net.nodes[0].store.forks[log.key.publicKey]?.bound == 1)
    }

    /// Who comes later gets what counts, the proof, and nothing more.
    @Test func aNewcomerGetsWhatCounts() {
        let (net, log) = apart(seed: 301, common: 9, left: 3, right: 4)
        net.heal(1, 2)
        #expect(net.run(within: .seconds(60)) { net.nodes[1].store.forks[log]?.parting != nil })
        let number = net.addNode()
        let late = net.nodes[number]
        net.join(number, to: 1)
        #expect(
            net.run(within: .seconds(60)) {
                late.size(log) == 9 && late.store.forks[log] == net.nodes[1].store.forks[log]
            })
        #expect(late.store.logs[log]?.head.forkedAt == 9)
        net.run(for: .seconds(30))
        #expect(late.size(log) == 9)
        #expect(late.store.isSound())
    }

    /// A third history that parts earlier: the least index holds, in whatever order it is found.
    @Test(arguments: 0..<2)
    func ofThreeHistoriesTheEarliestPartingHolds(order: Int) {
        let net = TestNet(seed: 302)
        for _ in 0..<3 { net.addNode() }
        let log = net.author(1, at: 0)
        for at in 1..<3 {
            net.nodes[at].own = [signingKey(1)]
            net.restart(at)
        }
        // Alike up to 6 at nodes 0 and 1, up to 2 at node 2.
        for number in 0..<12 {
            for at in 0..<3 {
                let isOwn = at == 2 ? number >= 2 : at == 1 && number >= 6
                net.post(log, at: at, text: isOwn ? "\(number) by \(at)" : "\(number)")
            }
        }
        net.run(for: .seconds(2))
        let first = order == 0 ? (0, 1) : (0, 2)
        net.join(first.0, to: first.1)
        net.run(for: .seconds(20))
        net.join(1, to: 2)
        #expect(
            net.run(within: .seconds(120)) {
                net.nodes.allSatisfy { $0.store.logs[log]?.head.forkedAt == 2 }
            })
    }

    /// The proof of a parting that nobody here has seen, and false ones.
    @Test func falsePartingsEndTheSession() {
        let log = HostileLog(30, count: 9)
        let shared = log.frontier(4)
        var good = ForkProof(
            a: log.checkpoint(5), b: log.checkpoint(5), frontier: shared.hashes, tail: [],
            parting: ForkProof.Parting(
                index: 4, leafA: log.leaves[4], leafB: log.leaves[5], tailA: []))
        var other = shared
        other.append(log.leaves[5])
        good.b = Checkpoint(signing: 5, root: other.root, with: log.key)
        if good.a.root > good.b.root {
            swap(&good.a, &good.b)
            good.parting = ForkProof.Parting(
                index: 4, leafA: log.leaves[5], leafB: log.leaves[4], tailA: [])
        }
        var bad = [good, good, good]
        bad[0].parting?.index = 3
        bad[1].parting?.leafA = log.leaves[6]
        bad[2].b.signature.s = .zero
        for proof in bad + [good] {
            let scene = HostileTests.Scene(seed: 31)
            let raw = scene.peer()
            raw.say(.batch(stream: 0, log.batch(0, 9)))
            scene.net.run(for: .seconds(1))
            raw.say(.fork(proof))
            scene.net.run(for: .seconds(1))
            #expect(raw.isClosed == (proof != good))
            #expect(
                scene.net.nodes[0].mesh.logs[log.key.publicKey]?.forkedAt
                    == (proof == good ? 4 : nil))
            // A weaker one changes nothing, nor does it matter whether it is true.
            if proof == good {
                raw.say(.fork(log.fork()))
                bad[0].parting?.index = 4
                raw.say(.fork(bad[0]))
                scene.net.run(for: .seconds(1))
                #expect(scene.net.nodes[0].store.forks[log.key.publicKey] != nil)
            }
            if proof != good { scene.check() }
        }
    }

    /// A fork of equal sizes that only `have` could tell of is proven.
    @Test func haveOfAnotherHistoryIsAnswered() {
        let scene = HostileTests.Scene(seed: 32)
        let log = HostileLog(30, count: 5)
        let raw = scene.peer()
        raw.say(.batch(stream: 0, log.batch(0, 5)))
        scene.net.run(for: .seconds(1))
        let before = raw.messages.count
        for _ in 0..<3 {
            raw.say(.have([Message.Have(log: log.key.publicKey, size: 5, root: 1)]))
            scene.net.run(for: .seconds(1))
        }
        let heads = raw.messages.dropFirst(before).filter {
            guard case .heads(let list, _) = $0 else { return false }
            return list == [log.checkpoint(5)]
        }
        // Once for a size, however often it is said.
        #expect(heads.count == 1)
        #expect(!raw.isClosed)
        scene.check()
    }
}
