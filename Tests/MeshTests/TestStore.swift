import Crypto
import MerkleLog
import Mesh
import Primitives

/// What a node has on its disk, in memory: durable heads, entries, and the hashes of whole
/// subtrees.
struct TestStore {
    private(set) var order: [LogKey] = []
    private(set) var logs: [LogKey: Log] = [:]
    private(set) var forks: [LogKey: ForkProof] = [:]
    /// The number of the last change, each log's, and what is known of peers' stores.
    private(set) var change: UInt64 = 0
    private(set) var changes: [LogKey: UInt64] = [:]
    private(set) var marks: [ResumeMark] = []
    /// The newest entries of logs whose earlier ones are still to come.
    private(set) var newest: [Batch] = []
    /// Names the store to peers.
    var id: UInt64 = 0
    private var earlier: [StoreHistory.EarlierName] = []
    /// What was released of own logs: stands outside the store, as a fence does.
    var fences: [LogKey: UInt64] = [:]

    struct Log: HashReader {
        var head: LogHead
        var entries: [Entry] = []
        var nodes: [NodePosition: Hash] = [:]

        func hash(at position: NodePosition) throws(LogError) -> Hash {
            guard let hash = nodes[position] else { throw .outOfBounds }
            return hash
        }
    }

    var heads: [LogHead] { order.compactMap { logs[$0]?.head } }

    func size(of log: LogKey) -> UInt64 { logs[log]?.head.size ?? 0 }

    private mutating func changed(_ key: LogKey) {
        change += 1
        changes[key] = change
    }

    var history: StoreHistory {
        StoreHistory(store: id, earlier: earlier, changes: changes, marks: marks)
    }

    /// As each start does it.
    mutating func rename(_ name: UInt64) {
        earlier.append(StoreHistory.EarlierName(name: id, upTo: change))
        id = name
    }

    /// False when the write does not follow what is there: the writes before it failed.
    mutating func apply(_ write: Write) -> Bool {
        switch write {
        case .resume(let mark):
            marks.removeAll { $0.peer == mark.peer }
            marks.append(mark)
            return true
        case .newest(let key, let batch):
            newest.removeAll { $0.log == key }
            if let batch { newest.append(batch) }
            return true
        case .fork(let proof):
            changed(proof.log)
            forks[proof.log] = proof
            logs[proof.log]?.head.forkedAt = proof.bound
            return true
        case .replace(let key, let index, let entry):
            logs[key]?.entries[Int(index)] = entry
            return true
        case .extend(let found, let isOwn):
            let key = found.head.key
            guard found.from == size(of: key) else { return false }
            if logs[key] == nil { order.append(key) }
            var log = logs[key] ?? Log(head: found.head)
            var frontier = found.from == 0 ? Frontier() : log.head.frontier
            for leaf in found.leaves {
                log.nodes[NodePosition(level: 0, index: frontier.size)] = leaf
                frontier.append(leaf) { log.nodes[$0] = $1 }
            }
            precondition(frontier == found.head.frontier, "a head that is not its entries'")
            log.entries += found.entries
            log.head = found.head
            log.head.forkedAt = forks[key]?.bound
            logs[key] = log
            changed(key)
            if isOwn { fences[key] = found.head.size }
            return true
        }
    }

    /// As the node's store reads it: about `maxBytes` of entries, under the head that was asked
    /// for.
    func read(_ request: ReadRequest, most: Int) -> Batch? {
        guard let log = logs[request.head.key], let view = LogView(head: request.head, reader: log)
        else { return nil }
        var to = request.from
        var bytes = 0
        while to < min(request.to, request.head.size), to - request.from < UInt64(most),
            bytes < request.maxBytes
        {
            bytes += log.entries[Int(to)].encodedSizeBound
            to += 1
        }
        guard to > request.from, let frontier = try? view.frontier(at: request.from),
            let tail = try? view.tail(from: to)
        else { return nil }
        return Batch(
            log: request.head.key, frontier: frontier,
            entries: Array(log.entries[Int(request.from)..<Int(to)]),
            checkpoint: request.head.checkpoint, tail: tail)
    }

    /// Another entry where one was written.
    mutating func damage(_ key: LogKey, at index: Int) {
        logs[key]?.entries[index].body = .present(Array(repeating: 7, count: 40))
    }

    /// Whether all that is held verifies again, from the first entry.
    func isSound() -> Bool {
        order.allSatisfy { key in
            guard let log = logs[key], log.head.checkpoint.isVerified else { return false }
            var frontier = Frontier()
            for entry in log.entries {
                frontier.append(EntryHeader(log: key, index: frontier.size, entry: entry).leafHash)
            }
            return frontier == log.head.frontier
                && Tail.root(
                    frontier: frontier, tail: log.head.tail, size: log.head.checkpoint.size)
                    == log.head.checkpoint.root
        }
    }
}
