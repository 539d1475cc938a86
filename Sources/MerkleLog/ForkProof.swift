import Primitives
package import Wire

/// Two signed checkpoints of one log that cannot both be true, and what shows it.
///
/// The short form is made from one batch and says that the log has forked before the end of the
/// smaller tree. The other one says exactly where: both roots are rebuilt from the frontier that
/// they share, with another leaf behind it.
package struct ForkProof: Hashable, Sendable {
    /// The smaller tree; at equal sizes the one with the smaller root.
    package var a: Checkpoint
    package var b: Checkpoint
    /// Without `parting`: the frontier at `a.size` as the tree of `b` has it; empty at equal sizes.
    /// With it: the frontier at its index, common to both.
    package var frontier: [Hash]
    /// Leads to the root of `b`: without `parting` from `a.size`, with it from behind its index.
    package var tail: [Hash]
    /// Where the two histories part.
    package var parting: Parting?

    /// The first entry that is not common.
    package struct Parting: Hashable, Sendable {
        package var index: UInt64
        /// The leaf at `index` in each tree.
        package var leafA: Hash
        package var leafB: Hash
        /// Leads from behind `index` to the root of `a`.
        package var tailA: [Hash]

        package init(index: UInt64, leafA: Hash, leafB: Hash, tailA: [Hash]) {
            self.index = index
            self.leafA = leafA
            self.leafB = leafB
            self.tailA = tailA
        }
    }

    package var log: LogKey { a.log }

    /// So many entries, at most, are common to both histories; exactly so many where `parting` is.
    package var bound: UInt64 { parting?.index ?? a.size - 1 }

    /// Of two proofs of one log the one with the smaller rank says more: fewer entries are common,
    /// or as many, exactly. Merging what nodes know is `min`.
    package var rank: UInt64 { bound << 1 | (parting == nil ? 1 : 0) }

    package init(
        a: Checkpoint, b: Checkpoint, frontier: [Hash], tail: [Hash], parting: Parting? = nil
    ) {
        self.a = a
        self.b = b
        self.frontier = frontier
        self.tail = tail
        self.parting = parting
    }

    /// The proof that two checkpoints of one size contradict each other.
    package init(equalSizes x: Checkpoint, _ y: Checkpoint) {
        self.init(
            a: x.root < y.root ? x : y, b: x.root < y.root ? y : x, frontier: [], tail: [])
    }

    /// Throws unless both are signed and they contradict each other.
    package func verify() throws(LogError) {
        guard a.log == b.log, a.size >= 1, a.size <= b.size else { throw .outOfBounds }
        if a.size == b.size && a.root >= b.root { throw .notAFork }
        if let parting {
            try verify(parting)
        } else if a.size == b.size {
            guard frontier.isEmpty, tail.isEmpty else { throw .notAFork }
        } else {
            guard let prefix = Frontier(size: a.size, hashes: frontier) else {
                throw .wrongFrontier
            }
            if Tail.root(frontier: prefix, tail: tail, size: b.size) != b.root {
                throw .wrongProof
            }
            if prefix.root == a.root { throw .notAFork }
        }
        guard a.isVerified, b.isVerified else { throw .wrongSignature }
    }

    private func verify(_ parting: Parting) throws(LogError) {
        guard parting.index < a.size else { throw .outOfBounds }
        guard let shared = Frontier(size: parting.index, hashes: frontier) else {
            throw .wrongFrontier
        }
        if parting.leafA == parting.leafB { throw .notAFork }
        for (leaf, tail, top) in [(parting.leafA, parting.tailA, a), (parting.leafB, tail, b)] {
            var grown = shared
            grown.append(leaf)
            if Tail.root(frontier: grown, tail: tail, size: top.size) != top.root {
                throw .wrongProof
            }
        }
    }

    package func encode(into encoder: inout CBOREncoder) {
        encoder.array(parting == nil ? 5 : 9)
        encoder.bytes(a.log)
        a.encode(into: &encoder)
        b.encode(into: &encoder)
        encoder.hashes(frontier)
        encoder.hashes(tail)
        guard let parting else { return }
        encoder.uint(parting.index)
        encoder.bytes(parting.leafA)
        encoder.bytes(parting.leafB)
        encoder.hashes(parting.tailA)
    }

    package init(from decoder: inout CBORDecoder) throws(WireError) {
        let parts = try decoder.array(max: 9)
        guard parts == 5 || parts == 9 else { throw .malformed }
        let log = try decoder.bytes32()
        a = try Checkpoint(log: log, from: &decoder)
        b = try Checkpoint(log: log, from: &decoder)
        frontier = try decoder.hashes(max: LogLimits.frontier)
        tail = try decoder.hashes(max: LogLimits.tail)
        guard parts == 9 else { return }
        parting = Parting(
            index: try decoder.uint(max: LogLimits.size - 1), leafA: try decoder.bytes32(),
            leafB: try decoder.bytes32(), tailA: try decoder.hashes(max: LogLimits.tail))
    }
}
