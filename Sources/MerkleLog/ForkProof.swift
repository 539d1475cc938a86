import Primitives
package import Wire

/// Two signed checkpoints of one log that cannot both be true, and what shows it.
package struct ForkProof: Hashable, Sendable {
    /// The smaller tree; at equal sizes the one with the smaller root.
    package var a: Checkpoint
    package var b: Checkpoint
    /// The frontier at `a.size` as the tree of `b` has it; empty at equal sizes.
    package var frontier: [Hash]
    /// `tail(a.size, b.size)` of the tree of `b`.
    package var tail: [Hash]

    package var log: LogKey { a.log }

    package init(a: Checkpoint, b: Checkpoint, frontier: [Hash], tail: [Hash]) {
        self.a = a
        self.b = b
        self.frontier = frontier
        self.tail = tail
    }

    /// The proof that two checkpoints of one size contradict each other.
    package init(equalSizes x: Checkpoint, _ y: Checkpoint) {
        self.init(
            a: x.root < y.root ? x : y, b: x.root < y.root ? y : x, frontier: [], tail: [])
    }

    /// Throws unless both are signed and they contradict each other.
    package func verify() throws(LogError) {
        guard a.log == b.log, a.size >= 1, a.size <= b.size else { throw .outOfBounds }
        if a.size == b.size {
            guard frontier.isEmpty, tail.isEmpty, a.root < b.root else { throw .notAFork }
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

    package func encode(into encoder: inout CBOREncoder) {
        encoder.array(5)
        encoder.bytes(a.log)
        a.encode(into: &encoder)
        b.encode(into: &encoder)
        encoder.hashes(frontier)
        encoder.hashes(tail)
    }

    package init(from decoder: inout CBORDecoder) throws(WireError) {
        try decoder.array(exactly: 5)
        let log = try decoder.bytes32()
        a = try Checkpoint(log: log, from: &decoder)
        b = try Checkpoint(log: log, from: &decoder)
        frontier = try decoder.hashes(max: LogLimits.frontier)
        tail = try decoder.hashes(max: LogLimits.tail)
    }
}
