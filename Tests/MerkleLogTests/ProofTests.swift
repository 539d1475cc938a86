import Crypto
import MerkleLog
import Primitives
import Testing

/// Inclusion and consistency proofs of every tree to 130 leaves, and what must be refused.
struct ProofTests {
    static let log = TreeTests.log

    static func inclusion(_ index: Int, _ size: Int) -> [Hash] { log.tree.path(index, 0, size) }

    static func includes(_ index: Int, _ size: UInt64, _ proof: [Hash], _ root: Hash) -> Bool {
        MerkleProof.verifyInclusion(
            leaf: log.leaves[index], index: UInt64(index), size: size, proof: proof, root: root)
    }

    static func consistent(
        _ a: UInt64, _ rootA: Hash, _ b: UInt64, _ rootB: Hash, _ proof: [Hash]
    ) -> Bool {
        MerkleProof.verifyConsistency(
            size1: a, root1: rootA, size2: b, root2: rootB, proof: proof)
    }

    /// All of the proofs that a holder of `held` entries can give under the tree of `size`.
    static func check(held: Int, of size: Int) throws {
        let root = log.tree.root(size)
        let checkpoint = Checkpoint(
            log: log.key.publicKey, size: UInt64(size), root: root,
            signature: Signature(r: .zero, s: .zero))
        let view = log.view(held, under: checkpoint)
        for index in 0..<held {
            let proof = try view.inclusionProof(index: UInt64(index))
            #expect(proof == log.tree.path(index, 0, size), "\(index) of \(held) of \(size)")
            #expect(includes(index, UInt64(size), proof, root), "\(index) of \(held) of \(size)")
        }
        for from in 1...held {
            let proof = try view.consistencyProof(from: UInt64(from))
            #expect(proof == log.tree.subproof(from, 0, size, true), "\(from) \(held) \(size)")
            #expect(
                consistent(UInt64(from), log.tree.root(from), UInt64(size), root, proof),
                "\(from) \(held) \(size)")
            #expect(try view.frontier(at: UInt64(from)).hashes == log.tree.frontier(from))
            #expect(
                try view.tail(from: UInt64(from))
                    == (from == size ? [] : log.tree.tail(from, 0, size)))
        }
        #expect(try view.frontier(at: 0) == Frontier())
    }

    @Test func everyProofOfEveryTree() throws {
        for size in 1...TreeTests.most { try Self.check(held: size, of: size) }
    }

    @Test func everyProofOfPartialHolders() throws {
        for size in 1...24 {
            for held in 1...size { try Self.check(held: held, of: size) }
        }
        for size in [63, 64, 65, 100] {
            for held in stride(from: 1, through: size, by: 7) {
                try Self.check(held: held, of: size)
            }
        }
    }

    @Test func aViewNeedsTheTailThatItsSizesAskFor() {
        let head = Self.log.head(5, under: Self.log.checkpoint(11))
        let memory = Memory(Self.log.tree, held: 5)
        #expect(LogView(head: head, reader: memory) != nil)
        var bad = head
        bad.tail.removeLast()
        #expect(LogView(head: bad, reader: memory) == nil)
        bad.tail = head.tail + [.zero]
        #expect(LogView(head: bad, reader: memory) == nil)
        bad = head
        bad.frontier = Frontier()
        #expect(LogView(head: bad, reader: memory) == nil)
        bad = head
        bad.checkpoint.size = 4
        #expect(LogView(head: bad, reader: memory) == nil)
    }

    @Test(arguments: [1, 2, 3, 7, 8, 9, 64, 100, 130])
    func badInclusionProofsAreRefused(size: Int) {
        let root = Self.log.tree.root(size)
        let count = UInt64(size)
        for index in stride(from: 0, to: size, by: 1 + size / 9) {
            let proof = Self.inclusion(index, size)
            #expect(Self.includes(index, count, proof, root))
            #expect(!Self.includes(index, count, proof + [.zero], root))
            #expect(!Self.includes(index, count, [.zero] + proof, root))
            #expect(!Self.includes(index, 0, proof, root))
            #expect(!Self.includes(index, UInt64(index), proof, root))
            for at in proof.indices {
                var less = proof
                less.remove(at: at)
                #expect(!Self.includes(index, count, less, root))
                for bit in stride(from: 0, to: 256, by: size > 9 ? 17 : 1) {
                    var bad = proof
                    bad[at] = proof[at].flipped(bit)
                    #expect(!Self.includes(index, count, bad, root))
                }
            }
            for other in 0..<size where other != index {
                #expect(
                    !MerkleProof.verifyInclusion(
                        leaf: Self.log.leaves[index], index: UInt64(other), size: count,
                        proof: proof, root: root), "\(index) as \(other) of \(size)")
            }
            #expect(!Self.includes(index, count, proof, root.flipped(0)))
        }
        #expect(!Self.includes(0, .max, [], root))
    }

    /// Row 14 of THREATS: of every proof of every tree to 300 leaves, one turned bit in each hash,
    /// by chance; and of one proof of each tree every bit.
    @Test func everyTurnedBitIsRefused() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let log = TestLog(count: 300)
        let roots = (0...300).map { log.frontier($0).root }
        let memory = Memory(log.tree, held: 300)
        var turned = 0
        for size in 1...300 {
            let (root, all) = (roots[size], Int.random(in: 1...size, using: &random))
            let view = try #require(
                LogView(head: log.head(size, under: log.checkpoint(size)), reader: memory))
            for one in 1...size {
                let inclusion = try view.inclusionProof(index: UInt64(one - 1))
                let consistency = try view.consistencyProof(from: UInt64(one))
                func holds(_ inclusion: [Hash], _ consistency: [Hash]) -> (Bool, Bool) {
                    let includes = MerkleProof.verifyInclusion(
                        leaf: log.leaves[one - 1], index: UInt64(one - 1), size: UInt64(size),
                        proof: inclusion, root: root)
                    let extends = Self.consistent(
                        UInt64(one), roots[one], UInt64(size), root, consistency)
                    return (includes, extends)
                }
                #expect(holds(inclusion, consistency) == (true, true), "\(one) of \(size)")
                for at in 0..<max(inclusion.count, consistency.count) {
                    let any = Int.random(in: 0..<256, using: &random)
                    for bit in one == all ? 0..<256 : any..<(any + 1) {
                        let (a, b) = (turn(inclusion, at, bit), turn(consistency, at, bit))
                        let (includes, extends) = holds(a, b)
                        #expect(!includes || at >= inclusion.count, "seed \(seed)")
                        #expect(!extends || at >= consistency.count, "seed \(seed)")
                        turned += 1
                    }
                }
            }
        }
        #expect(turned > 500_000)
    }

    private func turn(_ proof: [Hash], _ at: Int, _ bit: Int) -> [Hash] {
        var proof = proof
        if at < proof.count { proof[at] = proof[at].flipped(bit) }
        return proof
    }

    @Test func badConsistencyProofsAreRefused() {
        for size in [1, 2, 3, 6, 8, 13, 64, 65, 130] {
            let root = Self.log.tree.root(size)
            for from in stride(from: 1, through: size, by: 1 + size / 13) {
                let old = Self.log.tree.root(from)
                let proof = Self.log.tree.subproof(from, 0, size, true)
                let (a, b) = (UInt64(from), UInt64(size))
                #expect(Self.consistent(a, old, b, root, proof))
                #expect(!Self.consistent(a, old, b, root, proof + [.zero]))
                #expect(!Self.consistent(0, old, b, root, proof))
                #expect(!Self.consistent(0, SHA256.hash([]), b, root, []))
                #expect(!Self.consistent(b + 1, old, b, root, proof))
                #expect(!Self.consistent(a, old.flipped(3), b, root, proof))
                #expect(!Self.consistent(a, old, b, root.flipped(3), proof))
                for at in proof.indices {
                    var less = proof
                    less.remove(at: at)
                    #expect(!Self.consistent(a, old, b, root, less))
                    for bit in stride(from: at, to: 256, by: 19) {
                        var bad = proof
                        bad[at] = proof[at].flipped(bit)
                        #expect(!Self.consistent(a, old, b, root, bad))
                    }
                }
            }
        }
        let root = Self.log.tree.root(5)
        #expect(!Self.consistent(.max, root, .max, root, [root]))
        #expect(!Self.consistent(1, root, .max, root, []))
        #expect(!Self.consistent(1 << 63, root, .max, root, [root]))
    }
}
