import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

/// Equivocation: whenever a log really forked, a batch of the other branch yields the proof of it.
struct ForkTests {
    static let main = TestLog(count: 14)

    @Test func everyForkIsProven() throws {
        var proven = 0
        for fork in 0..<8 {
            let other = TestLog(count: 14, forkAt: fork, salt: 1)
            for mine in (fork + 1)...9 {
                let head = Self.main.head(mine, under: Self.main.checkpoint(mine))
                for theirs in (mine + 1)...11 {
                    let checkpoint = other.checkpoint(theirs)
                    for from in 0...min(mine, theirs - 1) {
                        for to in max(mine, from + 1)...theirs {
                            let batch = other.batch(from, to, under: checkpoint)
                            let proof = try #require(batch.forkProof(against: head))
                            #expect(proof.a == head.checkpoint && proof.b == checkpoint)
                            #expect(proof.frontier == other.tree.frontier(mine))
                            #expect(proof.tail == other.tree.tail(mine, 0, theirs))
                            proven += 1
                        }
                    }
                }
            }
        }
        print("forks proven: \(proven)")
        #expect(proven > 1_000)
    }

    /// A holder of a part knows the signed size of the whole, and that is enough.
    @Test func aPartialHolderProvesItToo() throws {
        for fork in 0..<5 {
            let other = TestLog(count: 14, forkAt: fork, salt: 1)
            let checkpoint = other.checkpoint(12)
            for held in 1...6 {
                let head = Self.main.head(held, under: Self.main.checkpoint(6))
                let batch = other.batch(min(held, 4), 9, under: checkpoint)
                let proof = try #require(batch.forkProof(against: head), "\(fork) \(held)")
                try proof.verify()
                #expect(other.batch(0, 5, under: checkpoint).forkProof(against: head) == nil)
            }
        }
    }

    @Test func theSameLogIsNoFork() {
        for mine in 1...9 {
            let head = Self.main.head(mine, under: Self.main.checkpoint(mine))
            for theirs in 1...11 {
                for from in 0..<theirs {
                    let batch = Self.main.batch(from, theirs, under: Self.main.checkpoint(theirs))
                    #expect(batch.forkProof(against: head) == nil)
                }
            }
        }
    }

    static func proof(_ mine: Int, _ theirs: Int, fork: Int) -> ForkProof {
        let other = TestLog(count: 14, forkAt: fork, salt: 1)
        return ForkProof(
            a: main.checkpoint(mine), b: other.checkpoint(theirs),
            frontier: other.tree.frontier(mine), tail: other.tree.tail(mine, 0, theirs))
    }

    static func why(_ proof: ForkProof) -> LogError? {
        do {
            try proof.verify()
            return nil
        } catch { return error }
    }

    @Test func equalSizes() throws {
        let other = TestLog(count: 14, forkAt: 3)
        let (x, y) = (Self.main.checkpoint(6), other.checkpoint(6))
        let proof = ForkProof(equalSizes: x, y)
        #expect(proof == ForkProof(equalSizes: y, x))
        try proof.verify()
        var bad = proof
        swap(&bad.a, &bad.b)
        #expect(Self.why(bad) == .notAFork)
        #expect(Self.why(ForkProof(equalSizes: x, x)) == .notAFork)
        bad = proof
        bad.tail = [.zero]
        #expect(Self.why(bad) == .notAFork)
        bad = proof
        bad.frontier = Self.main.tree.frontier(6)
        #expect(Self.why(bad) == .notAFork)
        bad = proof
        bad.a.signature.s = bad.a.signature.s.flipped(0)
        #expect(Self.why(bad) == .wrongSignature)
    }

    @Test func whatProvesNothingIsRefused() {
        let good = Self.proof(5, 11, fork: 2)
        #expect(Self.why(good) == nil)
        var bad = good
        swap(&bad.a, &bad.b)
        #expect(Self.why(bad) == .outOfBounds)
        bad = good
        bad.b = TestLog(2, count: 14, forkAt: 2, salt: 1).checkpoint(11)
        #expect(Self.why(bad) == .outOfBounds)
        // An honest author: the second tree does begin with the first.
        bad = ForkProof(
            a: Self.main.checkpoint(5), b: Self.main.checkpoint(11),
            frontier: Self.main.tree.frontier(5), tail: Self.main.tree.tail(5, 0, 11))
        #expect(Self.why(bad) == .notAFork)
        bad.frontier[0] = bad.frontier[0].flipped(4)
        #expect(Self.why(bad) == .wrongProof)
        for bit in stride(from: 0, to: 256, by: 13) {
            for at in good.frontier.indices {
                bad = good
                bad.frontier[at] = bad.frontier[at].flipped(bit)
                #expect(Self.why(bad) == .wrongProof)
            }
            for at in good.tail.indices {
                bad = good
                bad.tail[at] = bad.tail[at].flipped(bit)
                #expect(Self.why(bad) == .wrongProof)
            }
            bad = good
            bad.b.signature.r = bad.b.signature.r.flipped(bit)
            #expect(Self.why(bad) == .wrongSignature)
            bad = good
            bad.a.root = bad.a.root.flipped(bit)
            #expect(Self.why(bad) == .wrongSignature)
        }
        bad = good
        bad.frontier.append(.zero)
        #expect(Self.why(bad) == .wrongFrontier)
        bad = good
        bad.tail.append(.zero)
        #expect(Self.why(bad) == .wrongProof)
        bad = good
        bad.tail.removeLast()
        #expect(Self.why(bad) == .wrongProof)
        bad = good
        bad.a.size = 0
        bad.frontier = []
        #expect(Self.why(bad) == .outOfBounds)
    }

    @Test func encodingIsStrict() {
        let other = TestLog(count: 14, forkAt: 3)
        let equal = ForkProof(equalSizes: Self.main.checkpoint(6), other.checkpoint(6))
        for proof in [Self.proof(5, 11, fork: 2), equal] {
            var encoder = CBOREncoder()
            proof.encode(into: &encoder)
            let (failures, _) = strictness(of: encoder.bytes) { bytes in
                var decoder = CBORDecoder(bytes)
                let found = try ForkProof(from: &decoder)
                try decoder.finish()
                if bytes != encoder.bytes {
                    #expect(throws: LogError.self) { try found.verify() }
                }
                var again = CBOREncoder()
                found.encode(into: &again)
                return again.bytes
            }
            #expect(failures.isEmpty, "\(failures)")
        }
    }
}
