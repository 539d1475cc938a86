package import Primitives

/// A connection of a `Network`. Numbers are never used twice, so a stale one finds nothing.
package struct ConnectionID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package static func < (a: ConnectionID, b: ConnectionID) -> Bool { a.number < b.number }

    package var description: String { "connection \(number)" }
}

/// A question of `Network.resolve`.
package struct ResolutionID: Hashable, Sendable {
    package let number: UInt64
}

/// Who is at the other end of a connection.
package enum Peer: Hashable, Sendable {
    /// A machine, over TCP.
    case remote(Endpoint)
    /// A process of this machine, over a Unix socket, run by the user with this id. Nil before it
    /// is connected.
    case local(user: UInt32?)
}

/// What became of a message given to `Network.send`.
package enum SendResult: Hashable, Sendable {
    /// It waits its turn.
    case queued
    /// Nothing was taken: the peer takes less than it is sent. Close it, or wait for `drained`.
    case overLimit
    /// There is no such connection any more.
    case closed
}

/// Hears what happens on a `Network`, on the loop's thread, and never from inside a call to it.
///
/// Any method may call any of the network's. Spans are valid during the call only: copy what you
/// keep with `[UInt8](copying:)`.
package protocol NetworkDelegate: AnyObject {
    /// Somebody connected to one of the listeners.
    func network(_ network: Network, accepted id: ConnectionID, from peer: Peer)

    /// A connection that `connect` began is established.
    func network(_ network: Network, connected id: ConnectionID)

    /// Some bytes came, at least one and at most `TransportLimits.readSize`. Where a message ends
    /// is not known here.
    func network(_ network: Network, received bytes: RawSpan, on id: ConnectionID)

    /// The waiting bytes fell to `TransportLimits.lowWater`, after having been more: there is room
    /// again.
    func network(_ network: Network, drained id: ConnectionID)

    /// The connection ended, or was never established. Not called when the owner closed it. What
    /// waited to be sent is lost.
    func network(_ network: Network, closed id: ConnectionID, reason: CloseReason)

    /// A datagram came. The sender's address proves nothing.
    func network(_ network: Network, datagram bytes: RawSpan, from sender: Endpoint)

    /// The answer to `resolve`: at most 16 endpoints in the resolver's order of preference; empty
    /// when the name is not known.
    func network(_ network: Network, resolved id: ResolutionID, to endpoints: [Endpoint])
}

extension [UInt8] {
    /// A copy of the bytes of `span`.
    package init(copying span: RawSpan) {
        self = unsafe span.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// Appends a copy of the bytes of `span`.
    package mutating func append(copying span: RawSpan) {
        unsafe span.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
}
