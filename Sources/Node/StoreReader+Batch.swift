import MerkleLog
import Mesh
import Primitives
import Store

/// Reading what a peer asked for as a batch that verifies on its own.
extension StoreReader {
    /// Entries from `request.from`, at most about `maxBytes`, under the head's checkpoint.
    func batch(_ request: ReadRequest) throws(StoreError) -> Batch? {
        let head = request.head
        guard let hashes = try hashes(of: head.key), let view = LogView(head: head, reader: hashes)
        else { return nil }
        let stop = min(request.to, head.size)
        guard request.from < stop else { return nil }
        let room = Int(min(UInt64(LogLimits.batchEntries), stop - request.from))
        var entries = try self.entries(
            of: head.key, from: request.from, limit: room, maxBytes: request.maxBytes)
        if entries.isEmpty { return nil }
        // A batch that ends on a boundary has its proofs ready in the store.
        let end = request.from + UInt64(entries.count)
        let aligned = end / Limits.batchAlignment * Limits.batchAlignment
        if end < stop && aligned > request.from {
            entries.removeLast(Int(end - aligned))
        }
        return Batch(
            log: head.key, frontier: try view.frontier(at: request.from), entries: entries,
            checkpoint: head.checkpoint,
            tail: try view.tail(from: request.from + UInt64(entries.count)))
    }
}
