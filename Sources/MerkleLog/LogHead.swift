/// What a node holds of one log: everything to `size`, under a checkpoint that may reach further.
package struct LogHead: Hashable, Sendable {
    package var key: LogKey
    /// Entries held, from index 0 without a gap; the frontier over them.
    package var frontier: Frontier
    /// The highest checkpoint that these entries were verified under; its size is at least `size`.
    package var checkpoint: Checkpoint
    /// `tail(size, checkpoint.size)`: what leads from the frontier to the checkpoint's root.
    package var tail: [Hash]
    /// So many entries, at most, are common to all histories that the log is proven to have; nil
    /// while it has one. What stands behind them is evidence, and counts no more.
    package var forkedAt: UInt64?

    /// Entries held.
    package var size: UInt64 { frontier.size }

    /// Whether a fork of this log is proven.
    package var isFrozen: Bool { forkedAt != nil }

    /// Entries held that count.
    package var counted: UInt64 { min(size, forkedAt ?? size) }

    package init(
        key: LogKey, frontier: Frontier, checkpoint: Checkpoint, tail: [Hash],
        forkedAt: UInt64? = nil
    ) {
        self.key = key
        self.frontier = frontier
        self.checkpoint = checkpoint
        self.tail = tail
        self.forkedAt = forkedAt
    }
}

/// Entries that were verified, ready to be stored behind what is held: the log's next state with
/// them.
package struct Extension: Hashable, Sendable {
    /// Index of the first entry: the size held before.
    package var from: UInt64
    package var entries: [Entry]
    /// The leaf hash of each entry.
    package var leaves: [Hash]
    /// Perfect subtrees completed by these entries at levels 8, 16 and 24: what proofs are read
    /// from.
    package var nodes: [StoredNode]
    /// The state once the entries are held.
    package var head: LogHead

    package init(
        from: UInt64, entries: [Entry], leaves: [Hash], nodes: [StoredNode], head: LogHead
    ) {
        self.from = from
        self.entries = entries
        self.leaves = leaves
        self.nodes = nodes
        self.head = head
    }

    /// A perfect subtree's place and hash.
    package struct StoredNode: Hashable, Sendable {
        package var position: NodePosition
        package var hash: Hash

        package init(position: NodePosition, hash: Hash) {
            self.position = position
            self.hash = hash
        }

        /// Levels kept on disk: a proof then reads at most 255 hashes a level band.
        package static func isStored(level: UInt8) -> Bool { level > 0 && level % 8 == 0 }
    }
}

/// Whoever can give the hash of a perfect subtree: the store, a naive tree in a test, an overlay.
package protocol HashReader {
    associatedtype Failure: Error
    /// The hash of the perfect subtree at `position`, all of whose leaves the reader holds.
    func hash(at position: NodePosition) throws(Failure) -> Hash
}
