import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// The same seed gives the same run, to the last byte sent: otherwise no failure can be replayed.
struct DeterminismTests {
    static func digest(seed: UInt64) -> UInt64 {
        let net = TestNet(seed: seed)
        net.lossPercent = 25
        net.entriesPerRead = 5
        net.chain(4)
        net.join(3, to: 0)
        let logs = (0..<4).map { net.author(UInt8($0 + 1), at: $0) }
        var random = SeededRandom(seed: seed)
        for _ in 0..<40 {
            let node = Int(random.next() % 4)
            net.post(logs[node], at: node, 1 + Int(random.next() % 9))
            if random.next() % 10 == 0 {
                net.crash(node)
                net.restart(node)
                net.join(node, to: (node + 1) % 4)
            }
            net.run(for: .milliseconds(random.next() % 300))
        }
        net.run(for: .seconds(90))
        return net.digest
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func theSameSeedGivesTheSameTrace(seed: UInt64) {
        let digest = Self.digest(seed: seed)
        // Compare the lines of two processes.
        print("trace of seed \(seed): \(String(digest, radix: 16))")
        #expect(Self.digest(seed: seed) == digest)
        #expect(Self.digest(seed: seed + 100) != digest)
    }
}
