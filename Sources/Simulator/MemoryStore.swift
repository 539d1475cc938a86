import Crypto
import MerkleLog
import Mesh
import Primitives

/// Entries that were written together, shared by all stores that hold the same.
final class Run {
    /// The log's frontier before them.
    let before: Frontier
    let found: Extension

    init(before: Frontier, found: Extension) {
        self.before = before
        self.found = found
    }

    var from: UInt64 { found.from }
    var to: UInt64 { found.head.size }
}

/// What a node has on its disk. A value: a copy is an image of the disk, and costs little.
struct MemoryStore {
    private(set) var order: [LogKey] = []
    private(set) var logs: [LogKey: Log] = [:]
    private(set) var forks: [ForkProof] = []
    /// Names the numbers of its changes to peers; 0 before its first start.
    private(set) var name: UInt64 = 0
    private var earlier: [StoreHistory.EarlierName] = []
    /// The number of the last change, and that of each log's last.
    private(set) var change: UInt64 = 0
    private var changes: [LogKey: UInt64] = [:]
    private var marks: [ResumeMark] = []
    /// The newest entries of logs whose earlier ones are still to come, in order of arrival.
    private(set) var newest: [Batch] = []

    struct Log {
        var head: LogHead
        var runs: [Run] = []
        /// Entries that cannot be read back as they were written.
        var damaged: [UInt64] = []
        /// Perfect subtrees of 256 leaves and more.
        var subtrees: [NodePosition: Hash] = [:]
    }

    var heads: [LogHead] { order.compactMap { logs[$0]?.head } }

    var history: StoreHistory {
        StoreHistory(store: name, earlier: earlier, changes: changes, marks: marks)
    }

    /// Each process gives its numbers under a name of its own.
    mutating func begin(_ name: UInt64) {
        if self.name != 0 {
            earlier.append(StoreHistory.EarlierName(name: self.name, upTo: change))
        }
        earlier.removeFirst(max(0, earlier.count - Limits.storeNames))
        self.name = name
    }

    private mutating func changed(_ log: LogKey) {
        change += 1
        changes[log] = change
    }

    mutating func remember(_ mark: ResumeMark) {
        marks.removeAll { $0.peer == mark.peer }
        marks.append(mark)
    }

    mutating func keepNewest(_ log: LogKey, _ batch: Batch?) {
        newest.removeAll { $0.log == log }
        if let batch { newest.append(batch) }
    }

    func size(of log: LogKey) -> UInt64 { logs[log]?.head.size ?? 0 }

    func head(of log: LogKey) -> LogHead? { logs[log]?.head }

    /// What came of a write.
    enum Outcome {
        case done
        /// It does not follow what is held: the writes before it were lost, or the log is frozen,
        /// or its checkpoint is older than the one there.
        case doesNotFollow
    }

    mutating func freeze(_ proof: ForkProof) {
        forks.removeAll { $0.log == proof.log }
        forks.append(proof)
        logs[proof.log]?.head.forkedAt = proof.bound
        changed(proof.log)
    }

    /// Appends a run that follows what is held.
    mutating func append(_ run: Run) -> Outcome {
        let key = run.found.head.key
        let held = logs[key]?.head
        let bound = forks.first { $0.log == key }?.bound
        guard run.from == size(of: key) else { return .doesNotFollow }
        if let bound {
            guard run.to <= bound else { return .doesNotFollow }
        } else if run.found.head.checkpoint.size < held?.checkpoint.size ?? 0 {
            return .doesNotFollow
        }
        if logs[key] == nil { order.append(key) }
        logs[key, default: Log(head: run.found.head)].runs.append(run)
        logs[key]?.head = run.found.head
        logs[key]?.head.forkedAt = bound
        changed(key)
        for node in run.found.nodes { logs[key]?.subtrees[node.position] = node.hash }
        return .done
    }

    /// The frontier over the entries held of a log.
    func frontier(of log: LogKey) -> Frontier { logs[log]?.head.frontier ?? Frontier() }

    mutating func damage(_ log: LogKey, _ index: UInt64) {
        guard index < size(of: log), logs[log]?.damaged.contains(index) == false else { return }
        logs[log]?.damaged.append(index)
    }

    mutating func repair(_ log: LogKey, _ index: UInt64) {
        logs[log]?.damaged.removeAll { $0 == index }
    }

    /// What a read gave.
    enum Reading {
        case batch(Batch)
        case damaged(UInt64)
        case failed
    }

    /// About `maxBytes` of entries, under the head that was asked for.
    func read(_ request: ReadRequest) -> Reading {
        guard let log = logs[request.head.key], request.head.size <= log.head.size,
            let view = LogView(head: request.head, reader: log)
        else { return .failed }
        var entries: [Entry] = []
        var bytes = 0
        var at = request.from
        scan: for run in log.runs where run.to > at {
            for entry in run.found.entries[Int(at - run.from)...] {
                if at >= min(request.to, request.head.size) || bytes >= request.maxBytes
                    || entries.count == LogLimits.batchEntries
                {
                    break scan
                }
                if log.damaged.contains(at) {
                    if entries.isEmpty { return .damaged(at) }
                    break scan
                }
                entries.append(entry)
                bytes += entry.encodedSizeBound
                at += 1
            }
        }
        guard !entries.isEmpty, let frontier = try? view.frontier(at: request.from),
            let tail = try? view.tail(from: at)
        else { return .failed }
        return .batch(
            Batch(
                log: request.head.key, frontier: frontier, entries: entries,
                checkpoint: request.head.checkpoint, tail: tail))
    }
}

extension MemoryStore.Log: HashReader {
    func hash(at position: NodePosition) throws(LogError) -> Hash {
        if let known = subtrees[position] { return known }
        if position.level == 0 {
            guard let leaf = leaf(position.index) else { throw .outOfBounds }
            return leaf
        }
        let (level, left) = (position.level - 1, position.index * 2)
        return SHA256.node(
            try hash(at: NodePosition(level: level, index: left)),
            try hash(at: NodePosition(level: level, index: left + 1)))
    }

    private func leaf(_ index: UInt64) -> Hash? {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].to <= index { low = middle + 1 } else { high = middle }
        }
        guard low < runs.count, runs[low].from <= index else { return nil }
        return runs[low].found.leaves[Int(index - runs[low].from)]
    }
}

/// One copy of every run in the world, so that ten thousand nodes may hold the same posts; and each
/// is verified when it is first seen.
struct RunPool {
    private struct Key: Hashable {
        var from: UInt64
        var root: Hash
        var size: UInt64
        var leaf: Hash
    }

    private var known: [Key: Run] = [:]
    private var verified: Set<Checkpoint> = []

    /// The run for `found` behind `before`; nil unless it verifies from its entries to the
    /// signature.
    mutating func run(_ found: Extension, behind before: Frontier) -> Run? {
        let key = Key(
            from: found.from, root: found.head.checkpoint.root, size: found.head.checkpoint.size,
            leaf: found.leaves.last ?? .zero)
        if let run = known[key], run.before == before, run.found == found { return run }
        guard isSound(found, behind: before) else { return nil }
        let run = Run(before: before, found: found)
        known[key] = run
        return run
    }

    private mutating func isSound(_ found: Extension, behind before: Frontier) -> Bool {
        guard found.entries.count == found.leaves.count, !found.entries.isEmpty,
            found.from == before.size
        else { return false }
        var frontier = before
        for (entry, leaf) in zip(found.entries, found.leaves) {
            let header = EntryHeader(log: found.head.key, index: frontier.size, entry: entry)
            if header.leafHash != leaf { return false }
            frontier.append(leaf)
        }
        let (head, checkpoint) = (found.head, found.head.checkpoint)
        guard frontier == head.frontier, checkpoint.log == head.key,
            Tail.root(frontier: frontier, tail: head.tail, size: checkpoint.size)
                == checkpoint.root
        else { return false }
        if verified.contains(checkpoint) { return true }
        guard checkpoint.isVerified else { return false }
        verified.insert(checkpoint)
        return true
    }
}
