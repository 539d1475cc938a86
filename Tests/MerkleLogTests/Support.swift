import Crypto
import MerkleLog
import Primitives
import Wire

/// RFC 6962 §2.1 as its text says it, with nothing clever: what the fast code is held against.
struct NaiveTree {
    let leaves: [Hash]

    /// MTH(D[low:high]).
    func root(_ low: Int, _ high: Int) -> Hash {
        if low == high { return SHA256.hash([]) }
        if high - low == 1 { return leaves[low] }
        let middle = low + split(high - low)
        return SHA256.hash([1] + root(low, middle).array + root(middle, high).array)
    }

    func root(_ size: Int) -> Hash { root(0, size) }

    /// The largest power of two below `n`.
    private func split(_ n: Int) -> Int {
        var k = 1
        while k * 2 < n { k *= 2 }
        return k
    }

    /// PATH(m, D[low:high]) of §2.1.1.
    func path(_ m: Int, _ low: Int, _ high: Int) -> [Hash] {
        if high - low == 1 { return [] }
        let middle = low + split(high - low)
        return m < middle - low
            ? path(m, low, middle) + [root(middle, high)]
            : path(m - (middle - low), middle, high) + [root(low, middle)]
    }

    /// SUBPROOF(m, D[low:high], b) of §2.1.2.
    func subproof(_ m: Int, _ low: Int, _ high: Int, _ isWhole: Bool) -> [Hash] {
        let n = high - low
        if m == n { return isWhole ? [] : [root(low, high)] }
        let k = split(n)
        return m <= k
            ? subproof(m, low, low + k, isWhole) + [root(low + k, high)]
            : subproof(m - k, low + k, high, false) + [root(low, low + k)]
    }

    /// The roots of the perfect subtrees of the binary decomposition of `size`, largest first.
    func frontier(_ size: Int) -> [Hash] {
        var out: [Hash] = []
        var low = 0
        for bit in (0..<31).reversed() where size >> bit & 1 == 1 {
            out.append(root(low, low + 1 << bit))
            low += 1 << bit
        }
        return out
    }

    /// The maximal subtrees of the tree over [low, high) that lie at or behind `m`, left to right.
    func tail(_ m: Int, _ low: Int, _ high: Int) -> [Hash] {
        if low >= m { return [root(low, high)] }
        if high <= m { return [] }
        let middle = low + split(high - low)
        return tail(m, low, middle) + tail(m, middle, high)
    }
}

extension NaiveTree: HashReader {
    func hash(at position: NodePosition) throws(LogError) -> Hash {
        let low = Int(position.index) << Int(position.level)
        let high = low + 1 << Int(position.level)
        guard high <= leaves.count else { throw .outOfBounds }
        return root(low, high)
    }
}

/// A tree that remembers every subtree, so that thousands of proofs are cheap.
final class Memory: HashReader {
    private let tree: NaiveTree
    private var known: [NodePosition: Hash] = [:]
    /// Leaves that the holder has; asking for more is a mistake of the asker.
    let held: UInt64

    init(_ tree: NaiveTree, held: Int) {
        self.tree = tree
        self.held = UInt64(held)
    }

    func hash(at position: NodePosition) throws(LogError) -> Hash {
        guard (position.index + 1) << UInt64(position.level) <= held else { throw .outOfBounds }
        if let hash = known[position] { return hash }
        let hash = try tree.hash(at: position)
        known[position] = hash
        return hash
    }
}

func signingKey(_ number: UInt8) -> SigningKey {
    SigningKey(seed: SecretBytes([UInt8](repeating: number, count: 32)))
}

/// A body of 16 bytes of salt and what follows.
func body(_ content: String) -> [UInt8] { [UInt8](repeating: 7, count: 16) + Array(content.utf8) }

/// A log of `count` entries, written by the key `number`; `fork` makes all from `forkAt` on others.
struct TestLog {
    let key: SigningKey
    let entries: [Entry]
    let leaves: [Hash]
    let tree: NaiveTree

    init(_ number: UInt8 = 1, count: Int, forkAt: Int = .max, salt: Int = 0) {
        let key = signingKey(number)
        entries = (0..<count).map { index in
            Entry(
                time: UnixTime(milliseconds: 1_700_000_000_000 + UInt64(index)),
                body: .present(body("entry \(index)" + (index >= forkAt ? " fork \(salt)" : ""))))
        }
        leaves = entries.enumerated().map { index, entry in
            SHA256.leaf(
                EntryHeader(log: key.publicKey, index: UInt64(index), entry: entry).encoded())
        }
        tree = NaiveTree(leaves: leaves)
        self.key = key
    }

    func checkpoint(_ size: Int) -> Checkpoint {
        Checkpoint(signing: UInt64(size), root: tree.root(size), with: key)
    }

    func frontier(_ size: Int) -> Frontier {
        guard let frontier = Frontier(size: UInt64(size), hashes: tree.frontier(size)) else {
            preconditionFailure("frontier of \(size)")
        }
        return frontier
    }

    /// What a holder of `size` entries has under `checkpoint`.
    func head(_ size: Int, under checkpoint: Checkpoint) -> LogHead {
        let whole = Int(checkpoint.size)
        return LogHead(
            key: key.publicKey, frontier: frontier(size), checkpoint: checkpoint,
            tail: size == whole ? [] : tree.tail(size, 0, whole))
    }

    func view(_ size: Int, under checkpoint: Checkpoint) -> LogView<Memory> {
        let head = head(size, under: checkpoint)
        guard let view = LogView(head: head, reader: Memory(tree, held: size)) else {
            preconditionFailure("no view of \(size) under \(checkpoint.size)")
        }
        return view
    }

    func batch(_ from: Int, _ to: Int, under checkpoint: Checkpoint) -> Batch {
        let size = Int(checkpoint.size)
        return Batch(
            log: key.publicKey, frontier: frontier(from), entries: Array(entries[from..<to]),
            checkpoint: checkpoint, tail: to == size ? [] : tree.tail(to, 0, size))
    }
}

extension Hash {
    /// With one bit turned.
    func flipped(_ bit: Int) -> Hash {
        var bytes = array
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return Hash(bytes, at: 0)
    }
}

/// Every truncation of `good` is refused, and every bit turned in it is refused or comes back byte
/// for byte: `read` decodes and encodes again. Returns how many turned bits still decoded.
func strictness(
    of good: [UInt8], _ read: ([UInt8]) throws -> [UInt8]
) -> (failures: [String], accepted: Int) {
    var failures: [String] = []
    var accepted = 0
    if (try? read(good)) != good { failures.append("the good one") }
    for length in 0..<good.count where (try? read(Array(good.prefix(length)))) != nil {
        failures.append("cut to \(length)")
    }
    if (try? read(good + [0])) != nil { failures.append("a byte behind") }
    for bit in 0..<(good.count * 8) {
        var bad = good
        bad[bit / 8] ^= 1 << UInt8(bit % 8)
        guard let again = try? read(bad) else { continue }
        accepted += 1
        if again != bad { failures.append("bit \(bit)") }
    }
    return (failures, accepted)
}
