import Crypto
import MerkleLog
import Primitives

/// How a log's head lies in its row of `logs`.
enum HeadRow {
    static let columns =
        "number, key, size, frontier, cp_size, cp_root, cp_signature, tail, frozen"

    /// The head of the row at hand. Frontier and tail must lead to the checkpoint's root, so that
    /// no damaged head is signed over or passed on; the signature is the caller's to check.
    static func decode(_ row: borrowing Statement) throws(StoreError) -> LogHead {
        guard let key = row.bytes32(1) else {
            throw .corrupt(what: "log number \(row.int(0)) has no key", place: .file)
        }
        guard let size = UInt64(exactly: row.int(2)), let hashes = row.hashes(3),
            let frontier = Frontier(size: size, hashes: hashes),
            let reached = UInt64(exactly: row.int(4)), reached <= LogLimits.size,
            let root = row.bytes32(5), let signature = Signature(row.blob(6)),
            let tail = row.hashes(7)
        else { throw .corrupt(what: "its head does not decode", place: .log(key)) }
        guard Tail.root(frontier: frontier, tail: tail, size: reached) == root else {
            throw .corrupt(what: "its head does not give the signed root", place: .log(key))
        }
        let checkpoint = Checkpoint(log: key, size: reached, root: root, signature: signature)
        return LogHead(
            key: key, frontier: frontier, checkpoint: checkpoint, tail: tail,
            forkedAt: forkedAt(row.int(8)))
    }

    /// What `frozen` says: 0 of a log with one history, else one more than the entries that count.
    static func forkedAt(_ frozen: Int64) -> UInt64? {
        frozen == 0 ? nil : UInt64(clamping: frozen - 1)
    }
}
