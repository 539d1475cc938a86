import Crypto
package import MerkleLog
package import Primitives

/// Who a peer's bytes come from, as far as the session has shown: at first an address, after the
/// handshake a key, after the hello the node that has it.
package struct Suspect: Hashable, Sendable {
    package var address: IPAddress?
    /// The X25519 key that the handshake proved.
    package var key: Bytes32?
    package var node: LogKey?

    package init(address: IPAddress? = nil, key: Bytes32? = nil, node: LogKey? = nil) {
        self.address = address
        self.key = key
        self.node = node
    }
}

/// Who is not spoken with (THREATS row 17): known before anything of theirs is decoded.
struct Quarantined: Sendable {
    var refusedKeys: Set<Bytes32> = []
    var refusedAddresses: Set<IPAddress> = []

    func refuses(_ endpoint: Endpoint?) -> Bool {
        guard !refusedAddresses.isEmpty, let address = endpoint?.address else { return false }
        return refusedAddresses.contains(address)
    }

    func refuses(key: Bytes32?) -> Bool {
        guard !refusedKeys.isEmpty, let key else { return false }
        return refusedKeys.contains(key)
    }

    func refuses(node: LogKey) -> Bool { !refusedKeys.isEmpty && refuses(key: node.x25519) }
}

extension Mesh {
    /// Who is at the other end of a session.
    package func suspect(_ id: SessionID) -> Suspect? {
        guard let session = sessions[id] else { return nil }
        return Suspect(
            address: session.remote?.address, key: session.remoteStatic, node: session.peer)
    }

    /// Whose session a datagram names; nobody's when it names none.
    package func suspect(ofDatagram bytes: [UInt8]) -> Suspect? {
        DatagramChannel.id(of: bytes).flatMap { datagramSessions[$0] }.flatMap { suspect($0) }
    }

    mutating func quarantine(_ keys: [Bytes32], _ addresses: [IPAddress]) {
        quarantined = Quarantined(
            refusedKeys: Set(keys), refusedAddresses: Set(addresses))
        for session in sessions.all where quarantined.refuses(key: session.remoteStatic) {
            end(session, "it is in quarantine", atOnce: true)
        }
    }
}
