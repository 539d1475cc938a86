package import Crypto
package import MerkleLog
package import Mesh
package import Primitives
import Synchronization

/// One node: its machine, its disk, its owner, its place in the network.
package final class SimulatedNode {
    package let index: Int
    package let key: SigningKey
    package let endpoint: Endpoint
    /// Nil while it is down.
    package internal(set) var mesh: Mesh?
    var liar: Liar?
    /// In the place of the mesh.
    var sybil: Sybil?
    /// How many processes there were.
    var generation = 0
    package internal(set) var isUp = false
    /// Whether it will be left broken, or misbehaves: nothing is promised of it.
    package var isByzantine: Bool { liar != nil || sybil != nil || isCheating }
    /// A real mesh on a disk that lies, or with a key that another node uses as well.
    var isCheating = false

    // MARK: Disk

    var store = MemoryStore()
    /// Media: outside of the store, and of its images.
    package internal(set) var blobs = MemoryBlobs()
    /// What was released of own logs: stands outside of the store.
    var fences: [LogKey: Fence] = [:]
    /// Writes that are not durable yet, in order.
    var pending: [(write: Write, token: Token)] = []
    /// How many of them the commit under way has.
    var committing = 0
    /// The address table as it was written last.
    var addresses: [UInt8]?
    var isDiskFull = false
    /// An older state of the disk, for a restore.
    var image: Image?

    // MARK: Owner

    /// The keys of logs that this node writes.
    package internal(set) var own: [SigningKey] = []
    /// Peers that the owner has entered: known again after a restart.
    package internal(set) var peers: [PeerAddress] = []
    var posts = 0
    /// By how much its clock is wrong, and how many parts in a million it runs too fast.
    var clockOffset: Int64 = 0
    var clockDrift: Int64 = 0

    // MARK: What the checkers remember

    /// The sizes that it has said to be durable, by log.
    var acknowledged: [LogKey: UInt64] = [:]
    /// The largest sizes of its own logs that were ever durable: survives a restore.
    var released: [LogKey: UInt64] = [:]

    // MARK: What the world remembers

    /// Its ends of streams.
    var streams: [SessionID] = []
    /// When its next tick stands in the heap.
    var tickAt: Instant?
    package internal(set) var traffic = Traffic()

    /// The head that was released last.
    struct Fence {
        var size: UInt64
        var root: Hash
    }

    struct Image {
        var store: MemoryStore
        var fences: [LogKey: Fence]
    }

    init(index: Int, key: SigningKey, endpoint: Endpoint) {
        self.index = index
        self.key = key
        self.endpoint = endpoint
    }

    package var address: PeerAddress {
        PeerAddress(key: key.publicKey, endpoints: [endpoint.description])
    }

    package var life: String { "\(index).\(generation)" }

    /// Entries that are durable here.
    package func size(of log: LogKey) -> UInt64 { store.size(of: log) }

    var machineDeadline: Instant? {
        if let sybil { return sybil.nextDeadline }
        let deadline = mesh?.deadlineInPlace()
        guard let strike = liar?.strikeAt else { return deadline }
        return min(strike, deadline ?? strike)
    }

    var exceededBound: String? { mesh?.exceededBoundInPlace() }

    func handle(_ event: Event, at now: Instant, into effects: inout [Effect]) {
        if sybil != nil {
            sybil?.handle(event, at: now, into: &effects)
            return
        }
        mesh?.handle(event, at: now, wallClock: wallClock(now), into: &effects)
        liar?.follow(&mesh, at: now, into: &effects)
    }

    /// What its owner's clock shows; 2023 at the start, if it is right.
    func wallClock(_ now: Instant) -> UnixTime {
        let passed = Int64(now.nanoseconds / 1_000_000)
        let shown = 1_700_000_000_000 + passed + passed * clockDrift / 1_000_000 + clockOffset
        return UnixTime(milliseconds: UInt64(max(0, shown)))
    }

    /// What its fence says of what the store holds: as a node's own start does it.
    func trust(_ log: LogKey) -> OwnLogStart.Trust {
        let held = store.head(of: log)
        let size = held?.size ?? 0
        guard let fence = fences[log] else { return size == 0 ? .current : .unknown }
        if fence.size > size { return .behind(size: fence.size) }
        if fence.size == size, let held, held.checkpoint.root != fence.root { return .unknown }
        return .current
    }
}

/// Asked after each event: a getter of an optional in a class would copy the whole mesh first.
extension Mesh {
    fileprivate mutating func deadlineInPlace() -> Instant? { nextDeadline }

    fileprivate mutating func exceededBoundInPlace() -> String? { exceededBound }
}

/// What went over a node's network.
package struct Traffic: Sendable {
    package var bytesSent: UInt64 = 0
    package var streamPieces: UInt64 = 0
    package var datagrams: UInt64 = 0

    package static func += (a: inout Traffic, b: Traffic) {
        a.bytesSent += b.bytesSent
        a.streamPieces += b.streamPieces
        a.datagrams += b.datagrams
    }
}

/// Secret bytes that are none: the same for the same seed.
struct SeededEntropy: ~Copyable, Sendable {
    private let seed: UInt64
    private let count = Atomic<UInt64>(0)

    init(seed: UInt64) { self.seed = seed }

    func next() -> Bytes32 {
        let number = count.wrappingAdd(1, ordering: .relaxed).oldValue
        var random = SeededRandom(seed: seed ^ (number &* 0xd6e8_feb8_6659_fd93))
        return Bytes32(random.next(), random.next(), random.next(), random.next())
    }
}

/// Shares the entropy with the closure that a mesh keeps.
final class EntropySource: Sendable {
    private let entropy: SeededEntropy

    init(seed: UInt64) { entropy = SeededEntropy(seed: seed) }

    func next() -> Bytes32 { entropy.next() }
}
