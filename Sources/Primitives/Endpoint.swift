/// Where a peer listens, or sends from: an IP address and a port.
package struct Endpoint: Hashable, Comparable, Sendable {
    package let address: IPAddress
    package let port: UInt16
    /// The number of the interface that a link-local IPv6 address is on; 0 otherwise.
    package let zone: UInt32

    package init(_ address: IPAddress, port: UInt16, zone: UInt32 = 0) {
        self.address = address
        self.port = port
        self.zone = address.isLinkLocal && !address.isIPv4 ? zone : 0
    }

    package static func < (a: Endpoint, b: Endpoint) -> Bool {
        (a.address, a.port, a.zone) < (b.address, b.port, b.zone)
    }
}

extension Endpoint: CustomStringConvertible {
    /// `127.0.0.1:4646` or `[::1]:4646`: what `init` reads.
    package var description: String {
        if address.isIPv4 { return "\(address):\(port)" }
        return zone == 0 ? "[\(address)]:\(port)" : "[\(address)%\(zone)]:\(port)"
    }
}
