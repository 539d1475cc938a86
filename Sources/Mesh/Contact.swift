package import Primitives

/// Where a peer may be reached, as nodes tell each other: a hint until a handshake proves it.
package struct Contact: Hashable, Sendable {
    package var key: Bytes32
    /// At most `Limits.Addresses.endpoints`, the best first.
    package var endpoints: [Endpoint]

    package init(key: Bytes32, endpoints: [Endpoint]) {
        self.key = key
        self.endpoints = endpoints
    }
}
