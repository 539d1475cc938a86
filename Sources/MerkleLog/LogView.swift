import Crypto

/// A log as its holder sees it: the entries to `head.size`, and the tail that leads to the
/// checkpoint.
///
/// Gives frontiers, tails and proofs from single hashes that `reader` looks up: index arithmetic
/// alone, after Russ Cox's tlog. What is asked for stays within the checkpoint's tree.
package struct LogView<Reader: HashReader> {
    package let head: LogHead
    private let reader: Reader
    private let tail: [LeafSpan: Hash]

    /// Nil when the head's tail does not have the hashes its sizes ask for.
    package init?(head: LogHead, reader: Reader) {
        let spans = Tail.spans(from: head.size, size: head.checkpoint.size)
        guard head.size > 0, head.size <= head.checkpoint.size, spans.count == head.tail.count
        else { return nil }
        self.head = head
        self.reader = reader
        tail = Dictionary(uniqueKeysWithValues: zip(spans, head.tail))
    }

    /// Leaves of the checkpoint's tree.
    package var size: UInt64 { head.checkpoint.size }

    /// The frontier over the first `size` entries, which are held.
    package func frontier(at size: UInt64) throws(Reader.Failure) -> Frontier {
        precondition(size <= head.size, "frontier at \(size) of \(head.size) held")
        if size == head.size { return head.frontier }
        var hashes: [Hash] = []
        for position in Frontier.positions(size: size) {
            hashes.append(try reader.hash(at: position))
        }
        guard let frontier = Frontier(size: size, hashes: hashes) else {
            preconditionFailure("frontier of \(size)")
        }
        return frontier
    }

    /// What leads from the frontier at `from`, at most what is held, to the checkpoint's root.
    package func tail(from: UInt64) throws(Reader.Failure) -> [Hash] {
        precondition(from <= head.size, "tail from \(from) of \(head.size) held")
        var out: [Hash] = []
        for span in Tail.spans(from: from, size: size) { out.append(try hash(span)) }
        return out
    }

    /// RFC 6962 §2.1.1: leads from the leaf at `index`, which is held, to the checkpoint's root.
    package func inclusionProof(index: UInt64) throws(Reader.Failure) -> [Hash] {
        precondition(index < head.size, "proof of \(index) of \(head.size) held")
        var proof: [Hash] = []
        var span = LeafSpan(0, size)
        while span.count > 1 {
            let left = LeafSpan(span.low, span.middle)
            let right = LeafSpan(span.middle, span.high)
            let isLeft = index < span.middle
            proof.append(try hash(isLeft ? right : left))
            span = isLeft ? left : right
        }
        return proof.reversed()
    }

    /// RFC 6962 §2.1.2: shows that the tree of `from` entries, all held, is a prefix of the
    /// checkpoint's.
    package func consistencyProof(from: UInt64) throws(Reader.Failure) -> [Hash] {
        precondition(from > 0 && from <= head.size, "consistency from \(from) of \(head.size)")
        var proof: [Hash] = []
        var span = LeafSpan(0, size)
        while span.high != from {
            let left = LeafSpan(span.low, span.middle)
            let right = LeafSpan(span.middle, span.high)
            let isLeft = from <= span.middle
            proof.append(try hash(isLeft ? right : left))
            span = isLeft ? left : right
        }
        // The verifier knows the old root itself, and so a node that is all of the old tree.
        if span.low > 0 { proof.append(try hash(span)) }
        return proof.reversed()
    }

    /// The node over `span` of the checkpoint's tree.
    private func hash(_ span: LeafSpan) throws(Reader.Failure) -> Hash {
        if let known = tail[span] { return known }
        if span.high <= head.size, let position = span.position {
            return try reader.hash(at: position)
        }
        precondition(span.count > 1, "leaf \(span.low) of \(head.size) held")
        let left = try hash(LeafSpan(span.low, span.middle))
        return SHA256.node(left, try hash(LeafSpan(span.middle, span.high)))
    }
}
