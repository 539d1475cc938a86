import Crypto
import Primitives

/// The compact state of an RFC 6962 tree: the roots of its maximal perfect subtrees, largest first.
///
/// At most 32 hashes whatever the size. Enough to append, to give the root, and to start a batch.
package struct Frontier: Hashable, Sendable {
    /// Leaves in the tree.
    package private(set) var size: UInt64
    /// One hash for each bit set in `size`, from the highest bit to the lowest.
    package private(set) var hashes: [Hash]

    /// The empty tree.
    package init() {
        size = 0
        hashes = []
    }

    /// The frontier of `size` leaves; nil unless there is one hash for each bit set.
    package init?(size: UInt64, hashes: [Hash]) {
        guard size.nonzeroBitCount == hashes.count, size <= LogLimits.size else { return nil }
        self.size = size
        self.hashes = hashes
    }

    /// Where each of `hashes` stands in the tree.
    package static func positions(size: UInt64) -> [NodePosition] {
        var out: [NodePosition] = []
        var covered: UInt64 = 0
        for level in stride(from: 63, through: 0, by: -1) where size >> UInt64(level) & 1 == 1 {
            out.append(NodePosition(level: UInt8(level), index: covered >> UInt64(level)))
            covered += 1 << UInt64(level)
        }
        return out
    }

    /// Appends a leaf's hash, and hands each perfect subtree this completes to `completed`.
    package mutating func append(
        _ leaf: Hash, completed: (NodePosition, Hash) -> Void = { _, _ in }
    ) {
        var hash = leaf
        var level: UInt8 = 0
        var left = size
        while left & 1 == 1 {
            hash = SHA256.node(hashes.removeLast(), hash)
            left >>= 1
            level += 1
            completed(NodePosition(level: level, index: left), hash)
        }
        hashes.append(hash)
        size += 1
    }

    /// Appends a leaf's hash, and notes the subtrees this completes that are kept on disk.
    package mutating func append(_ leaf: Hash, storing nodes: inout [Extension.StoredNode]) {
        append(leaf) { position, hash in
            if Extension.StoredNode.isStored(level: position.level) {
                nodes.append(Extension.StoredNode(position: position, hash: hash))
            }
        }
    }

    /// The Merkle tree hash of all leaves; of none, the hash of nothing (RFC 6962 §2.1).
    package var root: Hash {
        guard var hash = hashes.last else { return SHA256.hash([]) }
        for left in hashes.dropLast().reversed() { hash = SHA256.node(left, hash) }
        return hash
    }
}
