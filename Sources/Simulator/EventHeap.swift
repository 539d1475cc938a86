import MerkleLog
import Mesh
import Primitives

/// Something that is going to happen in the world.
enum Happening {
    /// A node's deadline; stale when the node has another by then.
    case tick(Int)
    /// A piece of a stream arrives at the end named first.
    case bytes(SessionID, from: SessionID, [UInt8])
    /// The other end has closed, or the network says that it is not there.
    case ended(SessionID)
    case accepted(SessionID, from: SessionID)
    case connected(SessionID, dial: Token)
    case dialFailed(Life, Token)
    case drained(SessionID)
    /// A stream's sender gives up waiting for what it sent to be acknowledged.
    case gaveUp(SessionID, stall: UInt32)
    case datagram(to: Int, [UInt8], from: Int)
    /// The disk has finished the writes that it began with.
    case synced(Life)
    case read(Life, PendingRead)
    case readFork(Life, SessionID, LogKey)
    case blob(Life, BlobEvent)
}

/// One process of a node: what was meant for an earlier one is void.
struct Life: Equatable {
    var node: Int
    var generation: Int
}

/// A read under way. A class, since a request is large and the heap moves what it holds.
final class PendingRead {
    let session: SessionID
    let stream: UInt64
    let request: ReadRequest

    init(_ session: SessionID, _ stream: UInt64, _ request: ReadRequest) {
        self.session = session
        self.stream = stream
        self.request = request
    }
}

/// What is to happen, by time and then by order of asking: a heap of four children a node, whose
/// items are small and name the slot of what they stand for.
struct EventHeap {
    private struct Item {
        var at: UInt64
        var order: UInt64
        var slot: Int32

        static func < (a: Item, b: Item) -> Bool {
            a.at != b.at ? a.at < b.at : a.order < b.order
        }
    }

    private var items: [Item] = []
    private var slots: [Happening?] = []
    private var free: [Int32] = []
    private var pushed: UInt64 = 0

    var count: Int { items.count }

    /// When the next thing happens.
    var next: Instant? { items.first.map { Instant(nanoseconds: $0.at) } }

    mutating func push(_ happening: Happening, at: Instant) {
        let slot: Int32
        if let known = free.popLast() {
            slot = known
            slots[Int(slot)] = happening
        } else {
            slot = Int32(slots.count)
            slots.append(happening)
        }
        items.append(Item(at: at.nanoseconds, order: pushed, slot: slot))
        pushed += 1
        rise(items.count - 1)
    }

    mutating func pop() -> Happening? {
        guard let top = items.first, let last = items.popLast() else { return nil }
        if !items.isEmpty {
            items[0] = last
            sink()
        }
        let happening = slots[Int(top.slot)]
        slots[Int(top.slot)] = nil
        free.append(top.slot)
        return happening
    }

    private mutating func rise(_ start: Int) {
        var at = start
        let item = items[at]
        while at > 0 {
            let parent = (at - 1) / 4
            if !(item < items[parent]) { break }
            items[at] = items[parent]
            at = parent
        }
        items[at] = item
    }

    private mutating func sink() {
        var at = 0
        let item = items[0]
        while true {
            let first = 4 * at + 1
            if first >= items.count { break }
            var least = first
            for child in (first + 1)..<max(first + 1, min(first + 4, items.count))
            where items[child] < items[least] {
                least = child
            }
            if !(items[least] < item) { break }
            items[at] = items[least]
            at = least
        }
        items[at] = item
    }
}
