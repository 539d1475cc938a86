import Crypto
import MerkleLog
import Primitives
import Testing

/// Every tree to 130 leaves against the naive one of RFC 6962.
struct TreeTests {
    static let most = 130
    static let log = TestLog(count: most)

    @Test func frontiersAndRootsOfEverySize() {
        var frontier = Frontier()
        #expect(frontier.root == SHA256.hash([]))
        for size in 1...Self.most {
            frontier.append(Self.log.leaves[size - 1])
            #expect(frontier.size == UInt64(size))
            #expect(frontier.hashes == Self.log.tree.frontier(size), "\(size)")
            #expect(frontier.root == Self.log.tree.root(size), "\(size)")
        }
    }

    @Test func completedSubtreesAreThoseOfTheTree() throws {
        var frontier = Frontier()
        var seen: Set<NodePosition> = []
        for leaf in Self.log.leaves {
            var found: [(NodePosition, Hash)] = []
            frontier.append(leaf) { found.append(($0, $1)) }
            for (position, hash) in found {
                #expect(seen.insert(position).inserted)
                #expect(try Self.log.tree.hash(at: position) == hash)
            }
        }
        // A tree of n leaves has n/2 + n/4 + … perfect subtrees of more than one leaf.
        #expect(seen.count == (1...7).reduce(0) { $0 + Self.most >> $1 })
    }

    @Test func frontierNeedsOneHashForEachBit() {
        for size in 0...Self.most {
            let hashes = Self.log.tree.frontier(size)
            #expect(Frontier(size: UInt64(size), hashes: hashes) != nil)
            #expect(Frontier(size: UInt64(size), hashes: hashes + [.zero]) == nil)
            if size > 0 {
                #expect(Frontier(size: UInt64(size), hashes: Array(hashes.dropLast())) == nil)
            }
        }
        #expect(Frontier(size: 1 << 32, hashes: [.zero]) == nil)
        #expect(Frontier(size: .max, hashes: [Hash](repeating: .zero, count: 64)) == nil)
    }

    @Test func tailsOfEveryPairOfSizes() {
        for size in 1...Self.most {
            let root = Self.log.tree.root(size)
            for from in 1...size {
                let tail = from == size ? [] : Self.log.tree.tail(from, 0, size)
                #expect(
                    Tail.spans(from: UInt64(from), size: UInt64(size)).map {
                        Self.log.tree.root(Int($0.low), Int($0.high))
                    } == tail, "\(from) \(size)")
                let frontier = Self.log.frontier(from)
                #expect(Tail.root(frontier: frontier, tail: tail, size: UInt64(size)) == root)
                #expect(
                    Tail.root(frontier: frontier, tail: tail + [.zero], size: UInt64(size)) == nil)
                if !tail.isEmpty {
                    let less = Array(tail.dropLast())
                    #expect(Tail.root(frontier: frontier, tail: less, size: UInt64(size)) == nil)
                }
            }
        }
    }

    @Test func tailsAtTheEdges() {
        #expect(Tail.spans(from: 0, size: 0).isEmpty)
        #expect(Tail.spans(from: 5, size: 4).isEmpty)
        #expect(Tail.root(frontier: Frontier(), tail: [], size: 0) == nil)
        #expect(Tail.root(frontier: Frontier(), tail: [.zero], size: 1) == nil)
        #expect(Tail.root(frontier: Self.log.frontier(5), tail: [], size: 4) == nil)
        // The largest tree: its tails stay within their limit.
        for from in [1, 2, 0x8000_0000, 0xffff_fffe, LogLimits.size] {
            let spans = Tail.spans(from: from, size: LogLimits.size)
            #expect(spans.count <= LogLimits.tail)
            #expect(spans.reduce(0) { $0 + $1.count } == LogLimits.size - from)
            let frontier = Frontier(
                size: from, hashes: [Hash](repeating: .zero, count: from.nonzeroBitCount))
            let hashes = [Hash](repeating: .zero, count: spans.count)
            #expect(
                frontier.flatMap { Tail.root(frontier: $0, tail: hashes, size: LogLimits.size) }
                    != nil)
        }
    }
}
