import Crypto

/// A run of leaves [low, high) that is one node of a tree.
package struct LeafSpan: Hashable, Sendable {
    package var low: UInt64
    package var high: UInt64

    package init(_ low: UInt64, _ high: UInt64) {
        self.low = low
        self.high = high
    }

    package var count: UInt64 { high - low }

    /// Where the node of more than one leaf divides: RFC 6962's k, behind `low`.
    package var middle: UInt64 {
        low + 1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    }

    /// The perfect subtree that this is; nil on a ragged right edge.
    package var position: NodePosition? {
        guard count.nonzeroBitCount == 1, low & (count - 1) == 0 else { return nil }
        let level = UInt8(count.trailingZeroBitCount)
        return NodePosition(level: level, index: low >> UInt64(level))
    }
}

/// The right side of a tree: what leads from a frontier to the root of a longer tree, `[LOG]` of
/// `Protocol/log.md`. A batch that ends before the checkpoint carries it.
package enum Tail {
    /// The nodes of the tree of `size` leaves that lie in [from, size) and whose parents do not.
    package static func spans(from: UInt64, size: UInt64) -> [LeafSpan] {
        guard from > 0, from < size else { return from < size ? [LeafSpan(0, size)] : [] }
        var out: [LeafSpan] = []
        // Only the spine that crosses `from` is walked: every step halves the span.
        var span = LeafSpan(0, size)
        var right: [LeafSpan] = []
        while true {
            if span.low >= from {
                right.append(span)
                break
            }
            if span.high <= from { break }
            let middle = span.middle
            if from < middle {
                right.append(LeafSpan(middle, span.high))
                span = LeafSpan(span.low, middle)
            } else {
                span = LeafSpan(middle, span.high)
            }
        }
        for span in right.reversed() { out.append(span) }
        return out
    }

    /// The root of the tree of `size` leaves that begins with `frontier` and goes on with `tail`;
    /// nil unless the tail has exactly the hashes this takes.
    package static func root(frontier: Frontier, tail: [Hash], size: UInt64) -> Hash? {
        guard frontier.size > 0, frontier.size <= size else { return nil }
        if frontier.size == size { return tail.isEmpty ? frontier.root : nil }
        var left = frontier.hashes[...]
        var right = tail[...]
        func fold(_ span: LeafSpan) -> Hash? {
            if span.low >= frontier.size { return right.popFirst() }
            if span.high <= frontier.size { return left.popFirst() }
            let middle = span.middle
            guard let a = fold(LeafSpan(span.low, middle)),
                let b = fold(LeafSpan(middle, span.high))
            else { return nil }
            return SHA256.node(a, b)
        }
        guard let root = fold(LeafSpan(0, size)), left.isEmpty, right.isEmpty else { return nil }
        return root
    }
}
