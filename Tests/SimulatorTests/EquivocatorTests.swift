import Testing

@testable import Simulator

/// An author shows each half of a partition another history (THREATS row 3).
struct EquivocatorTests {
    /// When the partition ends, every honest node has the proof within two rounds of broadcast
    /// from the first that saw both, and all come to count the same entries.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func everybodyHasTheProofWithinTwoRounds(seed: UInt64) {
        let outcome = EquivocatorAttack(seed: seed, honest: 12).run()
        #expect(outcome.failure == nil, "seed \(seed)")
        #expect(outcome.round > 0 && outcome.proven <= 2 * outcome.round, "seed \(seed)")
    }

    @Test func theSameSeedGivesTheSameTrial() {
        let digests = (0..<2).map { _ in EquivocatorAttack(seed: 4, honest: 8).run().digest }
        #expect(digests[0] == digests[1])
    }
}
