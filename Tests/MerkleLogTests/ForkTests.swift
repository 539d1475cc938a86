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
        let parted = Self.locate(Self.main, other, held: (6, 6), most: 9).proof
        for proof in [Self.proof(5, 11, fork: 2), equal] + [parted].compactMap({ $0 }) {
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

    // MARK: Where they part

    /// What one read gives of a log: at most `most` leaves.
    private static func run(
        _ log: TestLog, _ from: Int, held: Int, most: Int, under size: Int
    ) -> LeafRun {
        let checkpoint = log.checkpoint(size)
        if from == held { return LeafRun(endOf: log.head(held, under: checkpoint)) }
        return LeafRun(log.batch(from, min(held, from + most), under: checkpoint))
    }

    /// Looks for the parting as two nodes do it; the proof, and how many reads it took.
    private static func locate(
        _ mine: TestLog, _ theirs: TestLog, held: (Int, Int), most: Int
    ) -> (proof: ForkProof?, rounds: Int) {
        var search = ForkSearch(from: UInt64(min(held.0, held.1) - 1))
        for round in 1...60 {
            let from = Int(search.from)
            let outcome = search.compare(
                run(mine, from, held: held.0, most: most, under: held.0),
                run(theirs, from, held: held.1, most: most, under: held.1))
            switch outcome {
            case .found(let proof): return (proof, round)
            case .nothing: return (nil, round)
            case .goOn: continue
            }
        }
        return (nil, .max)
    }

    @Test(arguments: [1, 3, 1_000])
    func everyPartingIsFound(most: Int) throws {
        var worst = 0
        for fork in [0, 1, 2, 3, 4, 7, 8, 63, 64, 65, 127, 128, 200, 254, 255] {
            let mine = TestLog(count: 257)
            let theirs = TestLog(count: 257, forkAt: fork, salt: 1)
            for held in [(fork + 1, fork + 1), (256, fork + 1), (fork + 2, 257), (257, 257)] {
                let (found, rounds) = Self.locate(mine, theirs, held: held, most: most)
                let proof = try #require(found, "\(fork) \(held)")
                try proof.verify()
                #expect(proof.parting?.index == UInt64(fork) && proof.bound == UInt64(fork))
                #expect(Int(proof.a.size) == min(held.0, held.1))
                worst = max(worst, rounds)
            }
        }
        print("at most \(worst) reads of \(most) entries")
        #expect(worst <= 20)
    }

    @Test func oneHistoryPartsNowhere() {
        let log = TestLog(count: 70)
        for held in [(1, 1), (5, 9), (70, 64), (70, 70)] {
            #expect(Self.locate(log, log, held: held, most: 9).proof == nil)
        }
    }

    /// Runs that contradict each other do not keep anybody busy.
    @Test func aSearchEnds() {
        let (one, other) = (TestLog(count: 257), TestLog(count: 257, forkAt: 0, salt: 1))
        var search = ForkSearch(from: 256)
        var rounds = 0
        while rounds < 1_000 {
            let from = Int(search.from)
            // Another frontier each time, and never a leaf.
            let x = LeafRun(endOf: one.head(from, under: one.checkpoint(257)))
            let liar = rounds % 2 == 0 ? other : TestLog(count: 257, forkAt: from, salt: rounds)
            let y = LeafRun(endOf: liar.head(from, under: liar.checkpoint(257)))
            guard case .goOn = search.compare(x, y) else { break }
            rounds += 1
            if rounds % 3 == 0 { _ = search.goBack(to: search.from) }
        }
        #expect(rounds < 60)
    }

    @Test func aFalsePartingIsRefused() throws {
        let theirs = TestLog(count: 14, forkAt: 5, salt: 1)
        let found = Self.locate(Self.main, theirs, held: (9, 12), most: 14).proof
        let good = try #require(found)
        try good.verify()
        for bit in stride(from: 0, to: 256, by: 13) {
            var bad = good
            bad.parting?.leafA = good.parting?.leafA.flipped(bit) ?? .zero
            #expect(Self.why(bad) == .wrongProof)
            bad = good
            bad.frontier[0] = good.frontier[0].flipped(bit)
            #expect(Self.why(bad) == .wrongProof)
            bad = good
            bad.parting?.tailA[0] = good.parting?.tailA[0].flipped(bit) ?? .zero
            #expect(Self.why(bad) == .wrongProof)
        }
        for index in 0...20 as ClosedRange<UInt64> where index != 5 {
            var bad = good
            bad.parting?.index = index
            #expect(Self.why(bad) != nil)
        }
        var bad = good
        swap(&bad.a, &bad.b)
        #expect(Self.why(bad) == .outOfBounds)
        bad = good
        bad.b.signature.s = bad.b.signature.s.flipped(0)
        #expect(Self.why(bad) == .wrongSignature)
        bad = good
        bad.parting?.leafB = good.parting?.leafA ?? .zero
        #expect(Self.why(bad) == .notAFork)
    }
}
