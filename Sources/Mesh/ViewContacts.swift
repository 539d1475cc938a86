import Primitives

/// Where the peers in the overlay's views are, those that the address table has no place for.
///
/// The table keeps what it heard of first, and only so much from one source, so that nobody can
/// fill it. In a large network it is soon full, and a passive view would name many that this node
/// can neither call nor tell others of. What a neighbour can put into the views has bounds of its
/// own (`HyParView`).
struct ViewContacts: Sendable {
    private var known: [Bytes32: [Endpoint]] = [:]

    var count: Int { known.count }

    /// It is time to forget those that no view holds any more.
    var isFull: Bool { count > Limits.Overlay.contacts }

    subscript(peer: Bytes32) -> Contact? {
        known[peer].map { Contact(key: peer, endpoints: $0) }
    }

    /// Takes what somebody at `source` tells of a peer, beside what others told.
    mutating func learn(_ contact: Contact, from source: IPAddress) {
        var endpoints = known[contact.key] ?? []
        for endpoint in contact.endpoints
        where endpoints.count < Limits.Addresses.endpoints && !endpoints.contains(endpoint)
            && endpoint.isDialable(toldBy: source)
        {
            endpoints.append(endpoint)
        }
        if !endpoints.isEmpty { known[contact.key] = endpoints }
    }

    /// The peer was at none of its addresses.
    mutating func forget(_ peer: Bytes32) { known[peer] = nil }

    mutating func prune(keeping isInView: (Bytes32) -> Bool) {
        for peer in known.keys.sorted() where !isInView(peer) { known[peer] = nil }
    }
}
