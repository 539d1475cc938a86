import CLinux
package import Primitives

/// A group of the local network: datagrams to it go out by every interface, and come in by every
/// one.
///
/// The port is shared with other programs of this machine that want it. Nothing leaves the link:
/// hop limit and time to live are 1.
package final class MulticastGroup {
    private let loop: EventLoop
    private let source: MulticastSource
    private let token: UInt64
    private let group: Endpoint
    /// Interfaces whose datagrams come in here.
    private var joined: Set<UInt32> = []

    /// Joins `group` on every interface. `received` hears each datagram of at most `limit` bytes on
    /// the loop's thread; one's own come back, too.
    package init(
        loop: EventLoop, group: Endpoint, limit: Int,
        received: @escaping ([UInt8], Endpoint) -> Void
    ) throws(TransportError) {
        self.loop = loop
        self.group = group
        let isV4 = group.address.isIPv4
        let descriptor = try FileDescriptor(
            starling_datagram_socket(group.family), doing: "open a socket")
        let socket = descriptor.number
        _ = starling_set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1)
        if isV4 {
            // Only what this socket itself has joined, not what others of the machine have.
            _ = starling_set_option(socket, Int32(IPPROTO_IP), IP_MULTICAST_ALL, 0)
            _ = starling_set_option(socket, Int32(IPPROTO_IP), IP_MULTICAST_TTL, 1)
        } else {
            _ = starling_set_option(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
            _ = starling_set_option(socket, Int32(IPPROTO_IPV6), IPV6_MULTICAST_ALL, 0)
            _ = starling_set_option(socket, Int32(IPPROTO_IPV6), IPV6_MULTICAST_HOPS, 1)
        }
        // An IPv4 socket that is bound to the group gets nothing that was sent to this machine.
        let bound = Endpoint(isV4 ? group.address : .any6, port: group.port)
        var address = SocketAddress(bound, family: group.family)
        let result = unsafe starling_bind(socket, &address.storage, address.length)
        if result < 0 { throw TransportError.from(-result, binding: bound) }
        source = MulticastSource(descriptor, limit: limit, received: received)
        token = loop.makeToken()
        try loop.add(source, token, socket, .read)
        joinAll()
    }

    deinit { loop.remove(token) }

    /// Joins on interfaces that have come up since; the numbers of all that are up.
    @discardableResult
    private func joinAll() -> [UInt32] {
        var numbers = [UInt32](repeating: 0, count: Self.interfaces)
        let count = unsafe starling_multicast_interfaces(&numbers, Int32(numbers.count))
        let up = Array(numbers.prefix(Int(max(0, count))))
        // An interface that went away took its membership with it.
        joined = joined.intersection(up)
        let address = SocketAddress(group, family: group.family)
        for number in up where !joined.contains(number) {
            let result = unsafe withUnsafePointer(to: address.storage) {
                unsafe starling_join_group(source.descriptor.number, $0, number)
            }
            if result == 0 || -result == EADDRINUSE { joined.insert(number) }
        }
        return up
    }

    /// More interfaces than a home has; a machine full of containers is not to be flooded.
    private static let interfaces = Limits.Discovery.interfaces

    /// Sends a datagram by every interface; how many took it.
    @discardableResult
    package func send(_ datagram: [UInt8]) -> Int {
        var count = 0
        let address = SocketAddress(group, family: group.family)
        for number in joinAll() {
            let result = unsafe withUnsafePointer(to: address.storage) { to in
                unsafe datagram.withUnsafeBytes { bytes in
                    unsafe starling_send_by(
                        source.descriptor.number, number, to, address.length, bytes.baseAddress,
                        bytes.count)
                }
            }
            if result >= 0 { count += 1 }
        }
        return count
    }
}

/// What the loop keeps of a group.
private final class MulticastSource: EventSource {
    let descriptor: FileDescriptor
    private let limit: Int
    private let received: ([UInt8], Endpoint) -> Void

    init(
        _ descriptor: consuming FileDescriptor, limit: Int,
        received: @escaping ([UInt8], Endpoint) -> Void
    ) {
        self.descriptor = descriptor
        self.limit = limit
        self.received = received
    }

    /// At most 32 datagrams in one turn: the loop has other things to do, and calls again.
    func ready(_ token: UInt64, _ readiness: Readiness) {
        for _ in 0..<32 {
            var address = SocketAddress()
            var bytes = [UInt8](repeating: 0, count: limit)
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe starling_receive_from(
                    descriptor.number, buffer.baseAddress, buffer.count, &address.storage,
                    &address.length)
            }
            guard count >= 0 else { return }
            // A longer one has lost its end.
            guard count <= limit, let sender = address.endpoint else { continue }
            received(Array(bytes.prefix(count)), sender)
        }
    }
}
