import Crypto
import MerkleLog
import Mesh
import Primitives

/// What must never happen, looked at in each step where it could: the first breach ends the run.
///
/// 1. No honest device releases two checkpoints of one size with different roots, nor one that is
///    not durable with it (`released`, `seen`).
/// 2. What a node called published or stored is on its disk (`published`, `stored`), also after a
///    crash (`crashed`).
/// 3. What a disk takes verifies (`RunPool`), and is never less than before (`World.apply`).
/// 4. No honest node freezes a log that an honest device wrote and that was never put back in a way
///    that nothing on the machine could notice (`proven`, `frozen`).
/// 5. No honest node is blamed for what it said or passed on (`blamed`).
/// 6. The bounds of a mesh hold, and its deadlines pass (`World.feed`).
package struct Safety {
    /// The first thing that went wrong.
    package private(set) var breach: String?
    /// Logs by who writes them.
    private(set) var authors: [LogKey: Author] = [:]
    private var roots: [Place: Hash] = [:]
    /// Nodes that lie, or stand on disks that do.
    private var byzantine: Set<LogKey> = []

    struct Author {
        var node: Int
        /// The device signs what it likes, or was put back to an older state unnoticed.
        var mayFork: Bool
    }

    private struct Place: Hashable {
        var log: LogKey
        var size: UInt64
    }

    mutating func fail(_ text: String) {
        if breach == nil { breach = text }
    }

    mutating func adopt(_ log: LogKey, author: Int) {
        if authors[log] == nil { authors[log] = Author(node: author, mayFork: false) }
    }

    mutating func mayFork(_ log: LogKey) { authors[log]?.mayFork = true }

    mutating func isByzantine(_ node: SimulatedNode) { byzantine.insert(node.key.publicKey) }

    /// Whether contradictions in a log are its author's or bad luck's fault.
    func isAllowedToFork(_ log: LogKey) -> Bool { authors[log]?.mayFork ?? true }

    // MARK: Own logs

    /// A checkpoint is durable, with its fence: the mesh may release it now.
    mutating func released(_ node: SimulatedNode, _ checkpoint: Checkpoint) {
        node.released[checkpoint.log] = max(node.released[checkpoint.log] ?? 0, checkpoint.size)
        note(checkpoint, at: node)
    }

    private mutating func note(_ checkpoint: Checkpoint, at node: SimulatedNode) {
        guard !isAllowedToFork(checkpoint.log) else { return }
        let place = Place(log: checkpoint.log, size: checkpoint.size)
        if let root = roots[place], root != checkpoint.root {
            fail("node \(node.life): a second checkpoint of size \(checkpoint.size) in one log")
        }
        roots[place] = checkpoint.root
    }

    /// Somebody else has a checkpoint: its author must have it for good.
    mutating func seen(_ world: World, _ found: Extension) {
        let checkpoint = found.head.checkpoint
        guard let author = authors[checkpoint.log], !author.mayFork else { return }
        let node = world.nodes[author.node]
        if (node.released[checkpoint.log] ?? 0) < checkpoint.size {
            fail("node \(node.life) released size \(checkpoint.size) before it was durable")
        }
        note(checkpoint, at: node)
    }

    // MARK: Promises

    mutating func published(
        _ node: SimulatedNode, _ log: LogKey, _ from: UInt64, _ leaves: [Hash]
    ) {
        let isThere = leaves.indices.allSatisfy { at in
            let place = NodePosition(level: 0, index: from + UInt64(at))
            return (try? node.store.logs[log]?.hash(at: place)) == leaves[at]
        }
        if !isThere { fail("node \(node.life) called published what is not on its disk") }
        stored(node, log, from + UInt64(leaves.count))
    }

    mutating func stored(_ node: SimulatedNode, _ log: LogKey, _ size: UInt64) {
        if node.store.size(of: log) < size {
            fail("node \(node.life) called size \(size) stored, and has less")
        }
        node.acknowledged[log] = max(node.acknowledged[log] ?? 0, size)
    }

    mutating func crashed(_ node: SimulatedNode) {
        for log in node.store.order {
            if node.store.size(of: log) < node.acknowledged[log] ?? 0 {
                fail("node \(node.life) lost what it had called stored")
            }
        }
    }

    /// What survived a crash without an answer goes out from now on.
    mutating func started(_ node: SimulatedNode) {
        for key in node.own {
            if let head = node.store.head(of: key.publicKey) { released(node, head.checkpoint) }
        }
    }

    mutating func restored(_ node: SimulatedNode, _ how: World.Restore) {
        node.acknowledged = [:]
        for log in node.store.order { node.acknowledged[log] = node.store.size(of: log) }
        if case .store = how { return }
        for key in node.own { mayFork(key.publicKey) }
    }

    // MARK: Accusations

    /// A node has what shows that a log is forked.
    mutating func proven(_ node: SimulatedNode, _ proof: ForkProof) {
        if !isAllowedToFork(proof.log) {
            fail("node \(node.life) freezes an honest log, at \(proof.a.size), \(proof.b.size)")
        }
    }

    mutating func frozen(_ node: SimulatedNode, _ log: LogKey) {
        if !isAllowedToFork(log) { fail("node \(node.life) calls an honest log forked") }
    }

    /// A node ended a session for what came by it: its peer must have lied.
    mutating func blamed(_ node: SimulatedNode, _ peer: LogKey, _ why: String) {
        if !node.isByzantine && !byzantine.contains(peer) {
            fail("node \(node.life) blames an honest peer for \(why)")
        }
    }
}
