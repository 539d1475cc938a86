import Crypto
import Primitives
package import Wire

/// The one way entries travel: a run of them that verifies on its own, with one signature check.
///
/// Newest first, in order, or a single live post: the frontier stands for all that comes before
/// the run, the tail for all that comes after it under the checkpoint.
package struct Batch: Hashable, Sendable {
    package var log: LogKey
    package var frontier: Frontier
    package var entries: [Entry]
    package var checkpoint: Checkpoint
    package var tail: [Hash]

    /// Index of the first entry.
    package var from: UInt64 { frontier.size }
    /// Index behind the last entry.
    package var to: UInt64 { frontier.size + UInt64(entries.count) }

    package init(
        log: LogKey, frontier: Frontier, entries: [Entry], checkpoint: Checkpoint, tail: [Hash]
    ) {
        self.log = log
        self.frontier = frontier
        self.entries = entries
        self.checkpoint = checkpoint
        self.tail = tail
    }

    /// Rebuilds the tree and checks it against the signed root.
    ///
    /// `trusted` is a checkpoint of this log whose signature was verified before: when the batch
    /// carries the same one, the signature is not verified again. `held` is the frontier over the
    /// entries that the receiver has; the batch begins there or before, ends behind it, and must
    /// agree with it (else `.wrongFrontier`: a fork). Without it the batch is verified alone.
    /// Returns what goes behind the held entries, and the state of a log that holds everything to
    /// the batch's end.
    package func verify(
        trusting trusted: Checkpoint? = nil, held: Frontier? = nil
    ) throws(LogError) -> Extension {
        let start = held?.size ?? from
        guard !entries.isEmpty, entries.count <= LogLimits.batchEntries,
            to <= checkpoint.size, checkpoint.log == log, from <= start, start < to
        else { throw .outOfBounds }
        var grown = frontier
        var agrees = held == nil || grown == held
        var leaves: [Hash] = []
        leaves.reserveCapacity(entries.count)
        var nodes: [Extension.StoredNode] = []
        for entry in entries {
            let leaf = EntryHeader(log: log, index: grown.size, entry: entry).leafHash
            if grown.size >= start {
                leaves.append(leaf)
                grown.append(leaf, storing: &nodes)
            } else {
                grown.append(leaf)
                if grown.size == start { agrees = grown == held }
            }
        }
        guard let root = Tail.root(frontier: grown, tail: tail, size: checkpoint.size) else {
            throw .wrongProof
        }
        if root != checkpoint.root { throw .wrongRoot }
        if checkpoint != trusted && !checkpoint.isVerified { throw .wrongSignature }
        if !agrees { throw .wrongFrontier }
        return Extension(
            from: start, entries: Array(entries[Int(start - from)...]), leaves: leaves,
            nodes: nodes,
            head: LogHead(key: log, frontier: grown, checkpoint: checkpoint, tail: tail))
    }

    /// The proof that this batch's checkpoint and that of `head` cannot both be true; nil when the
    /// batch does not reach back to it, or when it proves nothing.
    package func forkProof(against head: LogHead) -> ForkProof? {
        let old = head.checkpoint
        guard old.log == log, old.size >= from, old.size <= to,
            old.size < checkpoint.size
        else { return nil }
        var grown = frontier
        var atOld = frontier
        var leaves: [Hash] = []
        for entry in entries {
            if grown.size == old.size { atOld = grown }
            let leaf = EntryHeader(log: log, index: grown.size, entry: entry).leafHash
            leaves.append(leaf)
            grown.append(leaf)
        }
        if grown.size == old.size { atOld = grown }
        let reader = RunReader(from: from, leaves: leaves)
        let top = LogHead(key: log, frontier: grown, checkpoint: checkpoint, tail: tail)
        guard let view = LogView(head: top, reader: reader),
            let rest = try? view.tail(from: old.size)
        else { return nil }
        let proof = ForkProof(a: old, b: checkpoint, frontier: atOld.hashes, tail: rest)
        return (try? proof.verify()) == nil ? nil : proof
    }
}

/// Hashes of subtrees that lie within one run of leaves.
struct RunReader: HashReader {
    let from: UInt64
    let leaves: [Hash]

    func hash(at position: NodePosition) throws(LogError) -> Hash {
        let low = position.index << UInt64(position.level)
        let count: UInt64 = 1 << UInt64(position.level)
        guard low >= from, low + count <= from + UInt64(leaves.count) else { throw .outOfBounds }
        var frontier = Frontier()
        for i in 0..<count { frontier.append(leaves[Int(low - from + i)]) }
        return frontier.root
    }
}

extension Batch {
    package func encode(into encoder: inout CBOREncoder) {
        encoder.array(6)
        encoder.bytes(log)
        encoder.uint(from)
        encoder.hashes(frontier.hashes)
        encoder.array(entries.count)
        for entry in entries { entry.encode(into: &encoder) }
        checkpoint.encode(into: &encoder)
        encoder.hashes(tail)
    }

    package init(from decoder: inout CBORDecoder) throws(WireError) {
        try decoder.array(exactly: 6)
        let log = try decoder.bytes32()
        let from = try decoder.uint(max: LogLimits.size - 1)
        let hashes = try decoder.hashes(max: LogLimits.frontier)
        guard let frontier = Frontier(size: from, hashes: hashes) else { throw .malformed }
        let count = try decoder.array(max: LogLimits.batchEntries)
        if count == 0 { throw .malformed }
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count { entries.append(try Entry(from: &decoder)) }
        let checkpoint = try Checkpoint(log: log, from: &decoder)
        let tail = try decoder.hashes(max: LogLimits.tail)
        self.init(
            log: log, frontier: frontier, entries: entries, checkpoint: checkpoint, tail: tail)
    }
}

extension Entry {
    /// `[time, body]`, or `[time, length, hash]` when the body is absent.
    package func encode(into encoder: inout CBOREncoder) {
        switch body {
        case .present(let bytes):
            encoder.array(2)
            encoder.uint(time.milliseconds)
            encoder.bytes(bytes)
        case .absent(let length, let hash):
            encoder.array(3)
            encoder.uint(time.milliseconds)
            encoder.uint(UInt64(length))
            encoder.bytes(hash)
        }
    }

    /// Bytes of `encode`, at most.
    package var encodedSizeBound: Int {
        switch body {
        case .present(let bytes): bytes.count + 16
        case .absent: 52
        }
    }

    package init(from decoder: inout CBORDecoder) throws(WireError) {
        let parts = try decoder.array(max: 3)
        let time = UnixTime(milliseconds: try decoder.uint(max: UnixTime.latest.milliseconds))
        switch parts {
        case 2:
            let bytes = try decoder.byteString(max: LogLimits.body)
            if bytes.count <= LogLimits.salt { throw .malformed }
            self.init(time: time, body: .present(bytes))
        case 3:
            let length = UInt32(try decoder.uint(max: UInt64(LogLimits.body)))
            if length <= LogLimits.salt { throw .malformed }
            self.init(time: time, body: .absent(length: length, hash: try decoder.bytes32()))
        default: throw .unexpectedType
        }
    }
}
