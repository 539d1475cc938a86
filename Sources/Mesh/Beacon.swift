package import Crypto
package import Primitives
package import Wire

/// What a node says of itself in the local network: one datagram, `Protocol/discovery.md`.
package struct Beacon: Hashable, Sendable {
    package var node: Bytes32
    /// Where it takes TCP, at the address that the datagram comes from.
    package var port: UInt16
    package var network: NetworkID

    package init(node: Bytes32, port: UInt16, network: NetworkID) {
        self.node = node
        self.port = port
        self.network = network
    }

    private static let name = "starling/1"

    package var encoded: [UInt8] {
        var encoder = CBOREncoder()
        encoder.array(4)
        encoder.text(Self.name)
        encoder.bytes(node)
        encoder.uint(UInt64(port))
        encoder.bytes(network.bytes)
        return encoder.bytes
    }

    package init(decoding bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Limits.Discovery.beacon else { throw .malformed }
        var decoder = CBORDecoder(bytes)
        try decoder.array(exactly: 4)
        guard try decoder.text(max: 16) == Self.name else { throw .malformed }
        node = try decoder.bytes32()
        let number = try decoder.uint(max: 65_535)
        let id = NetworkID(try decoder.byteString(exactly: NetworkID.count))
        try decoder.finish()
        guard let port = UInt16(exactly: number), port > 0, let id else { throw .malformed }
        self.port = port
        network = id
    }
}

/// Which of the beacons that are heard become hints: `[DISC-9]`.
package struct BeaconFilter: Sendable {
    private let node: Bytes32
    private let network: NetworkID
    /// Who was heard, and when, the newest last.
    private var heard: [(source: IPAddress, at: Instant)] = []

    package init(node: Bytes32, network: NetworkID) {
        self.node = node
        self.network = network
    }

    /// The hint in a datagram from `source`; nil when there is none to take.
    package mutating func take(
        _ datagram: [UInt8], from source: Endpoint, at now: Instant
    ) -> Contact? {
        guard source.address.scope == .link || source.address.scope == .site else { return nil }
        heard.removeAll { now - $0.at >= Limits.Discovery.beaconPause }
        guard heard.count < Limits.Discovery.ofAll,
            heard.count(where: { $0.source == source.address }) < Limits.Discovery.ofSource
        else { return nil }
        heard.append((source.address, now))
        guard let beacon = try? Beacon(decoding: datagram), beacon.node != node,
            beacon.network == network
        else { return nil }
        let place = Endpoint(source.address, port: beacon.port, zone: source.zone)
        return Contact(key: beacon.node, endpoints: [place])
    }
}
