import CLinux
package import Primitives

extension IPAddress {
    /// The address written as `text`: dotted decimal, or RFC 4291 §2.2 without brackets or zone.
    /// Names are nil.
    package init?(_ text: String) {
        guard !text.utf8.contains(0), text.utf8.count <= 45 else { return nil }
        var bytes: (UInt64, UInt64) = (0, 0)
        if unsafe inet_pton(AF_INET, text, &bytes) == 1 {
            self.init(v4: UInt32(truncatingIfNeeded: UInt64(bigEndian: bytes.0) >> 32))
        } else if unsafe inet_pton(AF_INET6, text, &bytes) == 1 {
            self.init(high: UInt64(bigEndian: bytes.0), low: UInt64(bigEndian: bytes.1))
        } else {
            return nil
        }
    }
}

extension Endpoint {
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
}
