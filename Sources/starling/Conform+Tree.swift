import Crypto
import MerkleLog
import Primitives

/// Trees, proofs and roots.
extension Conform {
    static let treeOperations: [String: Operation] = [
        "sha256": { fields throws(ConformError) in
            ["digest": .hex(SHA256.hash(try fields.bytes("data")))]
        },
        "merkle-root": { fields throws(ConformError) in
            ["root": .hex(try tree(fields).frontier(try count(fields)).root)]
        },
        "frontier": { fields throws(ConformError) in
            ["frontier": .hexes(try tree(fields).frontier(try count(fields)).hashes)]
        },
        "tail": { fields throws(ConformError) in
            let from = try fields.number("from")
            let view = try view(fields, size: "size")
            guard from <= view.size else { throw ConformError("from is beyond the size") }
            return ["tail": .hexes(try view.tail(from: from))]
        },
        "inclusion-prove": { fields throws(ConformError) in
            let index = try fields.number("index")
            let view = try view(fields, size: "size")
            guard index < view.size else { throw ConformError("the index is not below the size") }
            return ["proof": .hexes(try view.inclusionProof(index: index))]
        },
        "consistency-prove": { fields throws(ConformError) in
            let from = try fields.number("size1")
            let view = try view(fields, size: "size2")
            guard from >= 1, from <= view.size else {
                throw ConformError("size1 is not from 1 to size2")
            }
            return ["proof": .hexes(try view.consistencyProof(from: from))]
        },
        "inclusion-verify": { fields throws(ConformError) in
            let holds = MerkleProof.verifyInclusion(
                leaf: try fields.bytes32("leaf_hash"), index: try fields.number("index"),
                size: try fields.number("size"), proof: try fields.hashes("proof"),
                root: try fields.bytes32("root"))
            guard holds else { throw ConformError("the proof does not lead to the root") }
            return [:]
        },
        "consistency-verify": { fields throws(ConformError) in
            let holds = MerkleProof.verifyConsistency(
                size1: try fields.number("size1"), root1: try fields.bytes32("root1"),
                size2: try fields.number("size2"), root2: try fields.bytes32("root2"),
                proof: try fields.hashes("proof"))
            guard holds else { throw ConformError("the trees are not shown to be consistent") }
            return [:]
        },
    ]

    private static func tree(_ fields: ConformFields) throws(ConformError) -> LeafTree {
        LeafTree(leaves: try fields.byteLists("leaves").map { SHA256.leaf($0) })
    }

    private static func count(_ fields: ConformFields) throws(ConformError) -> UInt64 {
        UInt64(try fields.list("leaves").count)
    }

    /// The tree of the first `size` leaves, all held.
    private static func view(
        _ fields: ConformFields, size name: String
    ) throws(ConformError) -> LogView<LeafTree> {
        let tree = try tree(fields)
        let size = try fields.number(name)
        guard size >= 1, size <= UInt64(tree.leaves.count) else {
            throw ConformError("\(name) is not from 1 to the number of leaves")
        }
        let frontier = tree.frontier(size)
        let unsigned = Checkpoint(
            log: .zero, size: size, root: frontier.root, signature: Signature(r: .zero, s: .zero))
        let head = LogHead(key: .zero, frontier: frontier, checkpoint: unsigned, tail: [])
        guard let view = LogView(head: head, reader: tree) else {
            throw ConformError("no such tree")
        }
        return view
    }
}

/// A tree in memory: each node is computed when it is asked for.
struct LeafTree: HashReader {
    let leaves: [Hash]

    func frontier(_ size: UInt64) -> Frontier {
        var frontier = Frontier()
        for leaf in leaves.prefix(Int(size)) { frontier.append(leaf) }
        return frontier
    }

    func hash(at position: NodePosition) throws(ConformError) -> Hash {
        let count = 1 << Int(position.level)
        let low = Int(position.index) * count
        var frontier = Frontier()
        for leaf in leaves[low..<(low + count)] { frontier.append(leaf) }
        return frontier.root
    }
}
