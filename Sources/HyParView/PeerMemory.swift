import Primitives

/// A sample of all peers ever heard of that nobody can fill by repeating itself.
///
/// A keyed hash gives each peer a slot and a rank; a slot keeps the peer of least rank. So what
/// stays is a uniform sample of the *distinct* keys heard, however often each was named, as in the
/// samplers of Brahms (Bortnikov, Gurevich, Keidar, Kliot, Shraer, PODC 2008). One that could not
/// be reached gives way to whatever is heard next, but is kept until then: it may be this node that
/// was cut off.
struct PeerMemory: Sendable {
    private struct Slot: Sendable {
        var peer: Bytes32
        var rank: UInt64
        var isDoubtful: Bool
    }

    private let capacity: Int
    private let key: UInt64
    private var slots: [Slot?] = []

    init(capacity: Int, key: UInt64) {
        self.capacity = capacity
        self.key = key
    }

    mutating func note(_ peer: Bytes32) {
        guard capacity > 0 else { return }
        if slots.isEmpty { slots = Array(repeating: nil, count: capacity) }
        let rank = rank(peer)
        let place = Int(rank % UInt64(capacity))
        if let slot = slots[place], slot.peer != peer, !slot.isDoubtful, slot.rank <= rank {
            return
        }
        // Hearsay does not clear a peer that could not be reached: only `met` does.
        if slots[place]?.peer != peer {
            slots[place] = Slot(peer: peer, rank: rank, isDoubtful: false)
        }
    }

    func contains(_ peer: Bytes32) -> Bool {
        !slots.isEmpty && slots[Int(rank(peer) % UInt64(capacity))]?.peer == peer
    }

    /// The peer could not be reached.
    mutating func doubt(_ peer: Bytes32) { mark(peer, isDoubtful: true) }

    /// The peer is there.
    mutating func met(_ peer: Bytes32) {
        note(peer)
        mark(peer, isDoubtful: false)
    }

    private mutating func mark(_ peer: Bytes32, isDoubtful: Bool) {
        guard !slots.isEmpty else { return }
        let place = Int(rank(peer) % UInt64(capacity))
        if slots[place]?.peer == peer { slots[place]?.isDoubtful = isDoubtful }
    }

    /// One of those that `isEligible` lets pass, by chance; a doubtful one if there is no other.
    func pick(
        _ random: inout SeededRandom, _ isEligible: (Bytes32) -> Bool
    ) -> Bytes32? {
        for isDoubtful in [false, true] {
            let peers = slots.compactMap { slot -> Bytes32? in
                guard let slot, slot.isDoubtful == isDoubtful, isEligible(slot.peer) else {
                    return nil
                }
                return slot.peer
            }
            if let peer = peers.randomElement(using: &random) { return peer }
        }
        return nil
    }

    /// SplitMix64's mixing of the key with each word in turn.
    private func rank(_ peer: Bytes32) -> UInt64 {
        var z = key
        for word in [peer.w0, peer.w1, peer.w2, peer.w3] {
            z = (z ^ word) &+ 0x9e37_79b9_7f4a_7c15
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            z ^= z >> 31
        }
        return z
    }
}
