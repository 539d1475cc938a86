import Crypto
import MerkleLog
import Primitives

/// The other history of a log whose author signs two: the same entries up to where it forks, and
/// behind it others of the same sizes.
struct Twin {
    private let key: SigningKey
    private let forksAt: UInt64
    private var entries: [Entry] = []
    private var leaves: [Hash] = []
    private var checkpoints: [UInt64: Checkpoint] = [:]

    init(key: SigningKey, forksAt: UInt64) {
        self.key = key
        self.forksAt = forksAt
    }

    var log: LogKey { key.publicKey }
    var size: UInt64 { UInt64(entries.count) }

    /// Takes entries of the first history, as they are signed.
    mutating func follow(_ found: Extension) {
        guard found.from == size, found.head.key == log else { return }
        for entry in found.entries {
            var other = entry
            if size >= forksAt, case .present(var body) = entry.body {
                body[0] ^= 1
                other.body = .present(body)
            }
            leaves.append(EntryHeader(log: log, index: size, entry: other).leafHash)
            entries.append(other)
        }
    }

    /// Signs the first `size` entries of this history; nil when there are fewer.
    mutating func checkpoint(_ size: UInt64) -> Checkpoint? {
        if let made = checkpoints[size] { return made }
        guard size >= 1, size <= self.size else { return nil }
        let made = Checkpoint(signing: size, root: frontier(0, size).root, with: key)
        checkpoints[size] = made
        return made
    }

    /// The part of this history that stands where `batch` does.
    mutating func counterpart(of batch: Batch) -> Batch? {
        guard let checkpoint = checkpoint(batch.checkpoint.size), batch.log == log else {
            return nil
        }
        return Batch(
            log: log, frontier: frontier(0, batch.from),
            entries: Array(entries[Int(batch.from)..<Int(batch.to)]), checkpoint: checkpoint,
            tail: Tail.spans(from: batch.to, size: checkpoint.size).map {
                frontier($0.low, $0.high).root
            })
    }

    /// A checkpoint of a tree that nobody has: any size, any root.
    func invented(_ size: UInt64, _ root: Hash) -> Checkpoint {
        Checkpoint(signing: max(1, min(size, LogLimits.size)), root: root, with: key)
    }

    /// The batch under a checkpoint of `size`, whose further entries do not exist.
    func overstated(_ batch: Batch, size: UInt64, _ random: inout SeededRandom) -> Batch? {
        guard batch.log == log, size > batch.to, size <= LogLimits.size else { return nil }
        var (batch, grown) = (batch, batch.frontier)
        for entry in batch.entries {
            grown.append(EntryHeader(log: log, index: grown.size, entry: entry).leafHash)
        }
        batch.tail = Tail.spans(from: batch.to, size: size).map { _ in random.hash() }
        guard let root = Tail.root(frontier: grown, tail: batch.tail, size: size) else {
            return nil
        }
        batch.checkpoint = invented(size, root)
        return batch
    }

    private func frontier(_ low: UInt64, _ high: UInt64) -> Frontier {
        var frontier = Frontier()
        for leaf in leaves[Int(low)..<Int(high)] { frontier.append(leaf) }
        return frontier
    }
}

extension SeededRandom {
    mutating func hash() -> Bytes32 { Bytes32(next(), next(), next(), next()) }

    /// A number that decoders and sums stumble over.
    mutating func extreme() -> UInt64 {
        let numbers: [UInt64] = [
            0, 1, 2, 23, 24, 255, 256, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 53,
            1 << 63 - 1, 1 << 63, .max - 1, .max,
        ]
        return numbers[below(numbers.count)]
    }
}
