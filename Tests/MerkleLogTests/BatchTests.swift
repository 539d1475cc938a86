import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

/// Batches: all that hold are taken, and whatever is wrong with one is refused with its reason.
struct BatchTests {
    static let log = TestLog(count: 24)

    static func why(
        _ batch: Batch, trusting: Checkpoint? = nil, held: Frontier? = nil
    ) -> LogError? {
        do {
            _ = try batch.verify(trusting: trusting, held: held)
            return nil
        } catch { return error }
    }

    @Test func everyBatchOfEveryTree() throws {
        for size in 1...19 {
            let checkpoint = Self.log.checkpoint(size)
            for from in 0..<size {
                for to in (from + 1)...size {
                    let batch = Self.log.batch(from, to, under: checkpoint)
                    let found = try batch.verify(trusting: checkpoint)
                    #expect(found.from == UInt64(from))
                    #expect(found.entries == batch.entries)
                    #expect(found.leaves == Array(Self.log.leaves[from..<to]))
                    #expect(found.head == Self.log.head(to, under: checkpoint))
                    // Overlaps with what is held are cut off, at whatever place.
                    for held in from..<to {
                        let rest = try batch.verify(
                            trusting: checkpoint, held: Self.log.frontier(held))
                        #expect(rest.from == UInt64(held))
                        #expect(rest.entries == Array(Self.log.entries[held..<to]))
                        #expect(rest.leaves == Array(Self.log.leaves[held..<to]))
                        #expect(rest.head == found.head)
                    }
                    // A gap before it, and nothing new in it.
                    if from > 0 {
                        let held = Self.log.frontier(from - 1)
                        #expect(Self.why(batch, trusting: checkpoint, held: held) == .outOfBounds)
                    }
                    let held = Self.log.frontier(to)
                    #expect(Self.why(batch, trusting: checkpoint, held: held) == .outOfBounds)
                }
            }
        }
    }

    @Test func signaturesAreChecked() {
        let checkpoint = Self.log.checkpoint(20)
        let batch = Self.log.batch(3, 11, under: checkpoint)
        #expect(Self.why(batch) == nil)
        var bad = batch
        bad.checkpoint.signature.s = bad.checkpoint.signature.s.flipped(9)
        #expect(Self.why(bad) == .wrongSignature)
        #expect(Self.why(bad, trusting: checkpoint) == .wrongSignature)
        // Trust is for one checkpoint, to its last bit.
        #expect(Self.why(bad, trusting: bad.checkpoint) == nil)
        let other = Self.log.checkpoint(19)
        #expect(Self.why(Self.log.batch(3, 11, under: checkpoint), trusting: other) == nil)
    }

    @Test func whatIsWrongIsRefused() {
        let checkpoint = Self.log.checkpoint(21)
        for (from, to) in [(0, 21), (0, 5), (3, 11), (8, 16), (16, 21), (20, 21), (7, 8)] {
            let good = Self.log.batch(from, to, under: checkpoint)
            #expect(Self.why(good) == nil)
            for bit in stride(from: 0, to: 256, by: 37) {
                for at in good.frontier.hashes.indices {
                    var hashes = good.frontier.hashes
                    hashes[at] = hashes[at].flipped(bit)
                    guard let frontier = Frontier(size: UInt64(from), hashes: hashes) else {
                        continue
                    }
                    var bad = good
                    bad.frontier = frontier
                    #expect(Self.why(bad) == .wrongRoot)
                    #expect(Self.why(bad, held: Self.log.frontier(from)) == .wrongRoot)
                }
                for at in good.tail.indices {
                    var bad = good
                    bad.tail[at] = bad.tail[at].flipped(bit)
                    #expect(Self.why(bad) == .wrongRoot)
                }
            }
            var bad = good
            bad.tail.append(.zero)
            #expect(Self.why(bad) == .wrongProof)
            if !good.tail.isEmpty {
                bad.tail = Array(good.tail.dropLast())
                #expect(Self.why(bad) == .wrongProof)
            }
            bad = good
            bad.checkpoint.size = UInt64(to - 1)
            #expect(Self.why(bad) == .outOfBounds)
            bad = good
            bad.checkpoint.root = good.checkpoint.root.flipped(1)
            #expect(Self.why(bad) == .wrongRoot)
            bad = good
            bad.entries = []
            #expect(Self.why(bad) == .outOfBounds)
        }
    }

    @Test func entriesAreInTheirPlaces() {
        let checkpoint = Self.log.checkpoint(21)
        let good = Self.log.batch(4, 12, under: checkpoint)
        for at in good.entries.indices {
            var bad = good
            bad.entries.remove(at: at)
            #expect(Self.why(bad) != nil, "dropped \(at)")
            for other in good.entries.indices where other != at {
                bad = good
                bad.entries.swapAt(at, other)
                #expect(Self.why(bad) == .wrongRoot, "swapped \(at) \(other)")
            }
            bad = good
            bad.entries[at].time = UnixTime(milliseconds: 5)
            #expect(Self.why(bad) == .wrongRoot)
            bad = good
            bad.entries[at].body = .present(body("entry \(at)!"))
            #expect(Self.why(bad) == .wrongRoot)
            bad = good
            bad.entries.insert(good.entries[at], at: at)
            #expect(Self.why(bad) != nil)
        }
        var many = good
        many.entries = [Entry](repeating: good.entries[0], count: 4_097)
        #expect(Self.why(many) == .outOfBounds)
    }

    @Test func otherLogsAreRefused() {
        let other = TestLog(2, count: 24)
        let checkpoint = Self.log.checkpoint(21)
        var bad = Self.log.batch(4, 12, under: checkpoint)
        bad.checkpoint = other.checkpoint(21)
        #expect(Self.why(bad) == .outOfBounds)
        bad = other.batch(4, 12, under: other.checkpoint(21))
        bad.log = Self.log.key.publicKey
        bad.checkpoint.log = bad.log
        #expect(Self.why(bad) == .wrongRoot)
        // The right entries and root, signed by somebody else.
        bad = Self.log.batch(4, 12, under: checkpoint)
        bad.checkpoint.signature =
            Checkpoint(signing: 21, root: checkpoint.root, with: other.key).signature
        #expect(Self.why(bad) == .wrongSignature)
    }

    @Test func absentBodiesVerifyAsWell() throws {
        let checkpoint = Self.log.checkpoint(21)
        let good = Self.log.batch(4, 12, under: checkpoint)
        for pattern in 0..<256 {
            var batch = good
            for at in 0..<8 where pattern >> at & 1 == 1 {
                guard case .present(let bytes) = good.entries[at].body else { continue }
                batch.entries[at].body = .absent(
                    length: UInt32(bytes.count), hash: SHA256.hash(bytes))
            }
            #expect(try batch.verify(trusting: checkpoint).leaves == good.verify().leaves)
        }
        var bad = good
        bad.entries[3].body = .absent(length: 40, hash: .zero)
        #expect(Self.why(bad) == .wrongRoot)
    }

    @Test func storedNodesAreThoseOfTheTree() throws {
        let log = TestLog(3, count: 600)
        let checkpoint = log.checkpoint(600)
        let first = try log.batch(0, 250, under: checkpoint).verify()
        #expect(first.nodes.isEmpty)
        let second = try log.batch(200, 600, under: checkpoint).verify(held: first.head.frontier)
        #expect(second.nodes.map(\.position) == [0, 1].map { NodePosition(level: 8, index: $0) })
        for node in second.nodes { #expect(try log.tree.hash(at: node.position) == node.hash) }
    }

    @Test func encodingIsStrict() throws {
        let checkpoint = Self.log.checkpoint(21)
        var batch = Self.log.batch(5, 8, under: checkpoint)
        batch.entries[1].body = .absent(length: 300, hash: Self.log.leaves[0])
        batch.entries[2].body = .absent(length: 65_536, hash: Self.log.leaves[0])
        for batch in [batch, Self.log.batch(0, 1, under: Self.log.checkpoint(1))] {
            var encoder = CBOREncoder()
            batch.encode(into: &encoder)
            let (failures, accepted) = strictness(of: encoder.bytes) { bytes in
                var decoder = CBORDecoder(bytes)
                let found = try Batch(from: &decoder)
                try decoder.finish()
                var again = CBOREncoder()
                found.encode(into: &again)
                return again.bytes
            }
            #expect(failures.isEmpty, "\(failures)")
            #expect(accepted > 1_000)
        }
    }

    /// Whatever single bit of a batch turns on the way, it is refused.
    @Test func everyTurnedBitIsRefused() {
        let batch = Self.log.batch(3, 6, under: Self.log.checkpoint(7))
        var encoder = CBOREncoder()
        batch.encode(into: &encoder)
        var decoded = 0
        for bit in 0..<(encoder.bytes.count * 8) {
            var bytes = encoder.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            var decoder = CBORDecoder(bytes)
            guard let bad = try? Batch(from: &decoder) else { continue }
            decoded += 1
            #expect(Self.why(bad) != nil, "bit \(bit)")
        }
        #expect(decoded > 1_000)
    }

    @Test func limitsHoldWhileDecoding() {
        func refuses(_ build: (inout CBOREncoder) -> Void) -> Bool {
            var encoder = CBOREncoder()
            encoder.array(6)
            encoder.bytes(Self.log.key.publicKey)
            build(&encoder)
            var decoder = CBORDecoder(encoder.bytes)
            return (try? Batch(from: &decoder)) == nil
        }
        #expect(refuses { $0.uint(LogLimits.size) })
        #expect(refuses { $0.uint(.max as UInt64) })
        for count in [33, 65, 4_097, Int.max] {
            #expect(
                refuses {
                    $0.uint(0)
                    $0.array(count)
                })
            #expect(
                refuses {
                    $0.uint(0)
                    $0.array(0)
                    $0.array(count)
                })
        }
        for length in [0, 16] {
            #expect(
                refuses {
                    $0.uint(0)
                    $0.array(0)
                    $0.array(1)
                    $0.array(2)
                    $0.uint(1)
                    $0.bytes([UInt8](repeating: 0, count: length))
                    Self.log.checkpoint(1).encode(into: &$0)
                    $0.array(0)
                })
        }
    }
}
