import Primitives

/// Peers that can replace a neighbour, and over which link each was heard of.
struct PassiveView: Sendable {
    struct Entry: Sendable {
        let peer: Bytes32
        /// The link that brought it; nil when the node met the peer itself.
        let source: Bytes32?
    }

    let capacity: Int
    private(set) var entries: [Entry] = []

    init(capacity: Int) { self.capacity = capacity }

    func contains(_ peer: Bytes32) -> Bool { entries.contains { $0.peer == peer } }

    mutating func remove(_ peer: Bytes32) { entries.removeAll { $0.peer == peer } }

    mutating func addIfRoom(_ peer: Bytes32) {
        if entries.count < capacity { entries.append(Entry(peer: peer, source: nil)) }
    }

    /// Adds a peer that is not there, in the place of another when the view is full.
    ///
    /// "A node will first attempt to remove identifiers sent to the peer. If no such identifiers
    /// remain in the passive view, it will remove identifiers selected at random" (paper §4.4).
    /// Deviation: a link that brought a third of a full view replaces its own.
    mutating func add(
        _ peer: Bytes32, source: Bytes32?, sent: inout [Bytes32], _ random: inout SeededRandom
    ) {
        let entry = Entry(peer: peer, source: source)
        guard capacity > 0 else { return }
        guard entries.count >= capacity else { return entries.append(entry) }
        var place: Int?
        if let source, entries.count(where: { $0.source == source }) >= Limits.Overlay.passiveOfLink
        {
            place = entries.indices.filter { entries[$0].source == source }
                .randomElement(using: &random)
        }
        while place == nil, let last = sent.popLast() {
            place = entries.firstIndex { $0.peer == last }
        }
        entries[place ?? Int.random(in: 0..<entries.count, using: &random)] = entry
    }
}
