import CLinux
package import Primitives

/// A socket that takes connections.
final class Listener {
    let token: UInt64
    let descriptor: FileDescriptor
    /// Where its file stands, for a Unix socket.
    let file: SocketFile?

    init(_ token: UInt64, _ descriptor: consuming FileDescriptor, _ file: SocketFile? = nil) {
        self.token = token
        self.descriptor = descriptor
        self.file = file
    }
}

/// A TCP and a UDP socket on one address and port, not yet watched.
private struct BoundPair {
    let endpoint: Endpoint
    let listener: Listener
    let datagrams: DatagramSocket
}

extension Network {
    /// Takes TCP connections and UDP datagrams on `port` of `host`, the same port for both. Port 0
    /// picks one that is free for both.
    ///
    /// `host` is an IP address, "localhost" (127.0.0.1 and, where there is one, ::1) or "::" (every
    /// address, IPv4 too). Returns what it listens on, all with one port. When it throws, nothing
    /// was opened.
    package func listen(on host: String, port: UInt16) throws(TransportError) -> [Endpoint] {
        let wanted = try Self.listenAddresses(host)
        let pairs = try bind(wanted, port)
        for pair in pairs {
            if limits.firstBytes > 0 {
                // Where the kernel does not know it, silent connections are taken as well.
                _ = starling_set_option(
                    pair.listener.descriptor.number, Int32(IPPROTO_TCP), TCP_DEFER_ACCEPT,
                    limits.firstBytes)
            }
            let result = starling_listen(pair.listener.descriptor.number, 512)
            if result < 0 { throw .from(-result, binding: pair.endpoint) }
        }
        for pair in pairs {
            try loop.add(relay, pair.listener.token, pair.listener.descriptor.number, .read)
            listeners[pair.listener.token] = pair.listener
            try loop.add(relay, pair.datagrams.token, pair.datagrams.descriptor.number, .read)
            datagramSockets[pair.datagrams.token] = pair.datagrams
        }
        return pairs.map(\.endpoint)
    }

    /// The addresses that `host` stands for, with port 0.
    static func listenAddresses(_ host: String) throws(TransportError) -> [Endpoint] {
        if host == "localhost" {
            return [Endpoint(.loopback4, port: 0), Endpoint(.loopback6, port: 0)]
        }
        if let address = IPAddress(host) { return [Endpoint(address, port: 0)] }
        if let endpoint = Endpoint("\(host):0") ?? Endpoint("[\(host)]:0") { return [endpoint] }
        throw .notAnAddress(host)
    }

    private func bind(
        _ wanted: [Endpoint], _ port: UInt16
    ) throws(TransportError) -> [BoundPair] {
        // A port that the kernel picks for TCP may be taken for UDP, or at the second address: try
        // another.
        for _ in 0..<(port == 0 ? 32 : 0) {
            do { return try bindAll(wanted, port) } catch .portInUse { continue } catch {
                throw error
            }
        }
        return try bindAll(wanted, port)
    }

    private func bindAll(
        _ wanted: [Endpoint], _ port: UInt16
    ) throws(TransportError) -> [BoundPair] {
        var pairs: [BoundPair] = []
        for endpoint in wanted {
            let port = pairs.first?.endpoint.port ?? port
            do {
                pairs.append(
                    try pair(Endpoint(endpoint.address, port: port, zone: endpoint.zone)))
            } catch .addressNotAvailable where endpoint.address == .loopback6 && !pairs.isEmpty {
                continue  // no IPv6 here: 127.0.0.1 is enough for "localhost"
            } catch .addressNotAvailable where endpoint.address == .any6 {
                pairs.append(try pair(Endpoint(.any4, port: port)))
            } catch {
                throw error
            }
        }
        return pairs
    }

    private func pair(_ wanted: Endpoint) throws(TransportError) -> BoundPair {
        let stream = try open(starling_stream_socket(wanted.family), wanted)
        _ = starling_set_option(stream.number, SOL_SOCKET, SO_REUSEADDR, 1)
        try bind(stream.number, wanted)
        let bound = Endpoint.local(of: stream.number) ?? wanted
        let datagram = try open(starling_datagram_socket(wanted.family), wanted)
        try bind(datagram.number, bound)
        // A burst must wait somewhere while the loop does other things; the kernel may grant less.
        _ = starling_set_option(datagram.number, SOL_SOCKET, SO_RCVBUF, 2 << 20)
        return BoundPair(
            endpoint: bound, listener: Listener(loop.makeToken(), stream),
            datagrams: DatagramSocket(loop.makeToken(), datagram, bound, limits))
    }

    private func open(
        _ result: Int32, _ wanted: Endpoint
    ) throws(TransportError) -> FileDescriptor {
        if -result == EAFNOSUPPORT { throw .addressNotAvailable("\(wanted.address)") }
        return try FileDescriptor(result, doing: "open a socket")
    }

    private func bind(_ socket: Int32, _ endpoint: Endpoint) throws(TransportError) {
        if endpoint.family == AF_INET6 {
            let isOnlyV6: Int32 = endpoint.address == .any6 ? 0 : 1
            _ = starling_set_option(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, isOnlyV6)
        }
        var address = SocketAddress(endpoint, family: endpoint.family)
        let result = unsafe starling_bind(socket, &address.storage, address.length)
        if result < 0 { throw .from(-result, binding: endpoint) }
    }

    // MARK: Accepting

    /// Takes the connections that wait, up to a number, and closes those for which there is no
    /// room.
    func accept(on listener: Listener) {
        for _ in 0..<limits.acceptsPerTurn {
            guard listeners[listener.token] != nil else { return }
            var address = SocketAddress()
            let result = unsafe starling_accept(
                listener.descriptor.number, &address.storage, &address.length)
            switch -result {
            case EAGAIN: return
            case EMFILE, ENFILE: guard shed(listener) else { return }
            case ENOBUFS, ENOMEM: return pause(listener)
            case 1...: continue  // this connection went away before it was taken
            default: take(FileDescriptor(owning: result), address, listener)
            }
        }
    }

    private func take(
        _ descriptor: consuming FileDescriptor, _ address: SocketAddress, _ listener: Listener
    ) {
        let isLocal = listener.file != nil
        let hasRoom = isLocal ? open.local < limits.local : open.accepted < acceptedCap
        guard hasRoom, let peer = peer(descriptor.number, address, isLocal) else {
            starling_reset_on_close(descriptor.number)
            counters.refused += 1
            return
        }
        if !isLocal { setUpStream(descriptor.number) }
        let id = ConnectionID(number: loop.makeToken())
        let connection = Connection(id, descriptor, isLocal ? .local : .accepted, peer, .open)
        guard add(connection) else { return }
        counters.accepted += 1
        delegate?.network(self, accepted: id, from: peer)
        // What it says first is heard before the next is taken, which may want its place.
        if limits.firstBytes > 0 && !isLocal { ready(id.number, .read) }
    }

    private func peer(_ socket: Int32, _ address: SocketAddress, _ isLocal: Bool) -> Peer? {
        isLocal ? .local(user: peerUser(socket)) : address.endpoint.map { .remote($0) }
    }

    /// Out of descriptors: gives up the reserve to take one connection and close it. False when no
    /// more is to be done in this turn.
    ///
    /// The kernel says "too many files" before it looks whether anybody waits.
    private func shed(_ listener: Listener) -> Bool {
        reserve = nil
        var address = SocketAddress()
        let result = unsafe starling_accept(
            listener.descriptor.number, &address.storage, &address.length)
        if result >= 0 {
            starling_reset_on_close(result)
            _ = FileDescriptor(owning: result)
            counters.refused += 1
        }
        openReserve()
        if result == -EAGAIN { return false }
        if reserve == nil || result < 0 { pause(listener) }
        return reserve != nil && result >= 0
    }

    /// Looks away for a moment, instead of being told again and again of connections that cannot be
    /// taken.
    private func pause(_ listener: Listener) {
        let (token, number) = (listener.token, listener.descriptor.number)
        loop.update(token, number, from: .read, to: [])
        loop.schedule(at: loop.now() + .milliseconds(100)) { [weak self] in
            guard let self, listeners[token] != nil else { return }
            if reserve == nil { openReserve() }
            loop.update(token, number, from: [], to: .read)
        }
    }
}

extension TransportError {
    /// The error for `code`, met while taking `endpoint`.
    static func from(_ code: Int32, binding endpoint: Endpoint) -> TransportError {
        switch code {
        case EADDRINUSE: .portInUse(endpoint.port)
        case EADDRNOTAVAIL: .addressNotAvailable("\(endpoint.address)")
        default: .from(code, doing: "listen on \(endpoint)")
        }
    }
}
