import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

@testable import Mesh

extension Mesh {
    func session(of peer: LogKey) -> Session? { sessionOfPeer[peer].flatMap { sessions[$0] } }
}

/// A log that a scripted peer has: any batch and checkpoint of it.
struct HostileLog {
    let key: SigningKey
    let entries: [Entry]
    let leaves: [Hash]

    init(_ number: UInt8, count: Int) {
        let key = signingKey(number)
        entries = (0..<count).map {
            Entry(
                time: UnixTime(milliseconds: 5),
                body: .present([UInt8](repeating: 1, count: 16) + Array("entry \($0)".utf8)))
        }
        leaves = entries.enumerated().map {
            EntryHeader(log: key.publicKey, index: UInt64($0), entry: $1).leafHash
        }
        self.key = key
    }

    func frontier(_ size: Int) -> Frontier {
        var frontier = Frontier()
        for leaf in leaves.prefix(size) { frontier.append(leaf) }
        return frontier
    }

    func checkpoint(_ size: Int) -> Checkpoint {
        Checkpoint(signing: UInt64(size), root: frontier(size).root, with: key)
    }

    func batch(_ from: Int, _ to: Int, under size: Int? = nil) -> Batch {
        let size = size ?? entries.count
        let spans = Tail.spans(from: UInt64(to), size: UInt64(size))
        return Batch(
            log: key.publicKey, frontier: frontier(from), entries: Array(entries[from..<to]),
            checkpoint: checkpoint(size), tail: spans.map { root(Int($0.low), Int($0.high)) })
    }

    private func root(_ low: Int, _ high: Int) -> Hash {
        var frontier = Frontier()
        for leaf in leaves[low..<high] { frontier.append(leaf) }
        return frontier.root
    }

    func fork() -> ForkProof {
        ForkProof(equalSizes: checkpoint(3), Checkpoint(signing: 3, root: .zero, with: key))
    }
}
