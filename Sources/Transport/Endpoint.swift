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

    /// The endpoint written as `host:port` with an IPv4 address or a bracketed IPv6 address. Names
    /// are nil: see `Network.resolve`.
    ///
    /// The port is decimal, 0 to 65535, without sign or leading zeros. A zone is a number:
    /// `[fe80::1%2]:4646`.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = Self.port(text[text.index(after: colon)...])
        else { return nil }
        let host = text[..<colon]
        guard host.hasPrefix("[") else {
            guard let address = IPAddress(String(host)), address.isIPv4, !host.contains(":") else {
                return nil
            }
            self.init(address, port: port)
            return
        }
        guard host.hasSuffix("]"), host.count > 2 else { return nil }
        let parts = host.dropFirst().dropLast().split(
            separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])), parts[0].contains(":") else { return nil }
        guard parts.count == 2 else {
            self.init(address, port: port)
            return
        }
        guard let zone = UInt32(parts[1]), address.isLinkLocal else { return nil }
        self.init(address, port: port, zone: zone)
    }

    private static func port(_ text: Substring) -> UInt16? {
        guard let port = UInt16(text), String(port) == text else { return nil }
        return port
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
