import Crypto
import Primitives

/// Verifying RFC 6962 proofs with the algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2.
///
/// Strict: a proof of the wrong length is refused, and an empty tree proves nothing.
package enum MerkleProof {
    /// Whether `leaf` stands at `index` of the tree of `size` leaves with `root`.
    package static func verifyInclusion(
        leaf: Hash, index: UInt64, size: UInt64, proof: [Hash], root: Hash
    ) -> Bool {
        guard index < size, size <= LogLimits.size else { return false }
        var fn = index
        var sn = size - 1
        var hash = leaf
        for sibling in proof {
            if sn == 0 { return false }
            if fn & 1 == 1 || fn == sn {
                hash = SHA256.node(sibling, hash)
                while fn & 1 == 0 && fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                hash = SHA256.node(hash, sibling)
            }
            fn >>= 1
            sn >>= 1
        }
        return sn == 0 && hash == root
    }

    /// Whether the tree of `size2` leaves with `root2` begins with that of `size1` with `root1`.
    package static func verifyConsistency(
        size1: UInt64, root1: Hash, size2: UInt64, root2: Hash, proof: [Hash]
    ) -> Bool {
        guard size1 > 0, size1 <= size2, size2 <= LogLimits.size else { return false }
        if size1 == size2 { return proof.isEmpty && root1 == root2 }
        var path = proof[...]
        if size1 & (size1 - 1) == 0 { path = [root1] + path }
        guard let first = path.popFirst() else { return false }
        var fn = size1 - 1
        var sn = size2 - 1
        while fn & 1 == 1 {
            fn >>= 1
            sn >>= 1
        }
        var hash1 = first
        var hash2 = first
        for sibling in path {
            if sn == 0 { return false }
            if fn & 1 == 1 || fn == sn {
                hash1 = SHA256.node(sibling, hash1)
                hash2 = SHA256.node(sibling, hash2)
                while fn & 1 == 0 && fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                hash2 = SHA256.node(hash2, sibling)
            }
            fn >>= 1
            sn >>= 1
        }
        return sn == 0 && hash1 == root1 && hash2 == root2
    }
}
