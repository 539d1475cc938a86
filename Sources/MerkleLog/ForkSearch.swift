import Crypto
import Primitives

/// Leaf hashes of a signed tree, one after another, with what stands for those before and behind
/// them: a batch without its entries.
package struct LeafRun: Sendable {
    package let frontier: Frontier
    package let leaves: [Hash]
    package let checkpoint: Checkpoint
    package let tail: [Hash]

    package var from: UInt64 { frontier.size }

    package init(_ batch: Batch) {
        frontier = batch.frontier
        leaves = batch.entries.enumerated().map { offset, entry in
            let index = batch.from + UInt64(offset)
            return EntryHeader(log: batch.log, index: index, entry: entry).leafHash
        }
        checkpoint = batch.checkpoint
        tail = batch.tail
    }

    /// No leaf, at the end of what a head holds.
    package init(endOf head: LogHead) {
        frontier = head.frontier
        leaves = []
        checkpoint = head.checkpoint
        tail = head.tail
    }

    /// The leaf at which a proof's smaller tree parts from the other.
    package init?(_ proof: ForkProof) {
        guard let parting = proof.parting,
            let shared = Frontier(size: parting.index, hashes: proof.frontier)
        else { return nil }
        frontier = shared
        leaves = [parting.leafA]
        checkpoint = proof.a
        tail = parting.tailA
    }

    /// What leads from `index`, within the run, to the checkpoint's root.
    func tail(from index: UInt64) -> [Hash]? {
        var grown = frontier
        for leaf in leaves { grown.append(leaf) }
        let head = LogHead(
            key: checkpoint.log, frontier: grown, checkpoint: checkpoint, tail: tail)
        return try? LogView(head: head, reader: RunReader(from: from, leaves: leaves))?
            .tail(from: index)
    }
}

/// Finding the first entry in which two histories of one log differ, from runs that both sides read
/// at the same index.
///
/// A frontier says of every perfect subtree before it whether the other side has the same. The
/// first that differs is entered at its last leaf, where the frontier shows its halves, so that
/// each round goes down at least one level: at most 32 rounds, on average half as many.
package struct ForkSearch: Sendable {
    /// Where both sides are read next.
    package private(set) var from: UInt64
    /// They are known to differ before this.
    private var end: UInt64?
    private var rounds = 0

    /// Subtrees of so many levels are read from their first leaf: one batch mostly has them whole.
    private static let readWhole: UInt8 = 6

    package init(from: UInt64) { self.from = from }

    package enum Outcome: Sendable, Equatable {
        case found(ForkProof)
        /// Both sides are to be read at `from`.
        case goOn
        /// As far as both are held they are one history, or the other side makes no sense.
        case nothing
    }

    /// The other side holds nothing from `from` on, but `size` entries.
    package mutating func goBack(to size: UInt64) -> Outcome {
        guard size > 0, size - 1 < from else { return .nothing }
        return goOn(from: size - 1)
    }

    private mutating func goOn(from: UInt64) -> Outcome {
        rounds += 1
        if rounds > Limits.forkSearchRounds { return .nothing }
        self.from = from
        return .goOn
    }

    /// Both begin at `from`.
    package mutating func compare(_ x: LeafRun, _ y: LeafRun) -> Outcome {
        guard x.from == from, y.from == from, x.checkpoint.log == y.checkpoint.log else {
            return .nothing
        }
        for (at, position) in Frontier.positions(size: from).enumerated()
        where x.frontier.hashes[at] != y.frontier.hashes[at] {
            return enter(position, x, y)
        }
        var shared = x.frontier
        for (leafX, leafY) in zip(x.leaves, y.leaves) {
            if leafX != leafY { return parting(shared, (x, leafX), (y, leafY)) }
            shared.append(leafX)
        }
        // What one batch could hold did not reach to where they differ.
        guard let end, shared.size < end, from < end - 1 else { return .nothing }
        return goOn(from: end - 1)
    }

    private mutating func enter(
        _ position: NodePosition, _ x: LeafRun, _ y: LeafRun
    ) -> Outcome {
        let low = position.index << UInt64(position.level)
        let high = low + 1 << UInt64(position.level)
        if position.level == 0 {
            // The last leaf before both runs.
            guard let leafX = x.frontier.hashes.last, let leafY = y.frontier.hashes.last,
                let shared = Frontier(size: low, hashes: x.frontier.hashes.dropLast())
            else { return .nothing }
            return parting(shared, (x, leafX), (y, leafY))
        }
        end = min(end ?? high, high)
        return goOn(from: position.level <= Self.readWhole ? low : high - 1)
    }

    private func parting(
        _ shared: Frontier, _ x: (run: LeafRun, leaf: Hash), _ y: (run: LeafRun, leaf: Hash)
    ) -> Outcome {
        let (topX, topY) = (x.run.checkpoint, y.run.checkpoint)
        let inOrder = (topX.size, topX.root) < (topY.size, topY.root)
        let (a, b) = inOrder ? (x, y) : (y, x)
        guard let tailA = a.run.tail(from: shared.size + 1),
            let tailB = b.run.tail(from: shared.size + 1)
        else { return .nothing }
        return .found(
            ForkProof(
                a: a.run.checkpoint, b: b.run.checkpoint, frontier: shared.hashes, tail: tailB,
                parting: ForkProof.Parting(
                    index: shared.size, leafA: a.leaf, leafB: b.leaf, tailA: tailA)))
    }
}
