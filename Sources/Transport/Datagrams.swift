import CLinux
package import Primitives

/// A UDP socket, and the datagrams that go out on it at the end of the turn.
final class DatagramSocket {
    let token: UInt64
    let descriptor: FileDescriptor
    let family: Int32
    /// Whether it is an IPv6 socket that carries IPv4 too.
    let isDualStack: Bool
    let outgoing: DatagramBatch

    init(
        _ token: UInt64, _ descriptor: consuming FileDescriptor, _ bound: Endpoint,
        _ limits: TransportLimits
    ) {
        self.token = token
        self.descriptor = descriptor
        family = bound.family
        isDualStack = bound.address == .any6
        outgoing = DatagramBatch(limits.datagramBatch, limits.datagram)
    }

    func reaches(_ endpoint: Endpoint) -> Bool { endpoint.family == family || isDualStack }
}

/// Memory for some datagrams with their addresses, laid out for `recvmmsg` and `sendmmsg`.
@safe
final class DatagramBatch {
    let capacity: Int
    private let size: Int
    /// Datagrams put in to be sent.
    private(set) var count = 0
    private let bytes: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let addresses: UnsafeMutablePointer<sockaddr_storage>
    private let messages: UnsafeMutablePointer<starling_message>

    /// Room for `capacity` datagrams of at most `size` bytes.
    init(_ capacity: Int, _ size: Int) {
        self.capacity = capacity
        self.size = size
        unsafe bytes = .allocate(byteCount: capacity * size, alignment: 16)
        unsafe vectors = .allocate(capacity: capacity)
        unsafe addresses = .allocate(capacity: capacity)
        unsafe messages = .allocate(capacity: capacity)
        for i in 0..<capacity {
            unsafe (addresses + i).initialize(to: sockaddr_storage())
            unsafe (vectors + i).initialize(to: iovec(iov_base: bytes + i * size, iov_len: size))
            var message = unsafe starling_message()
            unsafe message.header.msg_name = UnsafeMutableRawPointer(addresses + i)
            unsafe message.header.msg_iov = vectors + i
            unsafe message.header.msg_iovlen = 1
            unsafe (messages + i).initialize(to: message)
        }
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe vectors.deallocate()
        unsafe addresses.deallocate()
        unsafe messages.deallocate()
    }

    /// Puts in a datagram that fits; there must be room.
    func append(_ datagram: [UInt8], to endpoint: Endpoint, family: Int32) {
        precondition(count < capacity && datagram.count <= size, "\(datagram.count) bytes")
        let address = SocketAddress(endpoint, family: family)
        unsafe datagram.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            unsafe (bytes + count * size).copyMemory(from: start, byteCount: source.count)
        }
        unsafe addresses[count] = address.storage
        unsafe vectors[count].iov_len = datagram.count
        unsafe messages[count].header.msg_namelen = address.length
        count += 1
    }

    /// Sends all that was put in, and empties the batch. Returns how many the kernel took: UDP may
    /// lose the others.
    func send(on socket: Int32) -> Int {
        var (next, taken) = (0, 0)
        while next < count {
            let result = unsafe starling_send_messages(
                socket, messages + next, UInt32(count - next))
            if -result == EAGAIN { break }
            // An error is that of the first one (no route to it, for instance); the rest may do
            // better.
            next += max(1, Int(result))
            taken += max(0, Int(result))
        }
        count = 0
        return taken
    }

    /// Receives what is there, up to the capacity: the number of datagrams, or the negative errno.
    func receive(on socket: Int32) -> Int {
        for i in 0..<capacity {
            unsafe vectors[i].iov_len = size
            unsafe messages[i].header.msg_namelen = UInt32(MemoryLayout<sockaddr_storage>.size)
        }
        return Int(unsafe starling_receive_messages(socket, messages, UInt32(capacity)))
    }

    /// Shows a received datagram; not one that was cut off, that is empty, or that has no sender.
    func withDatagram(_ index: Int, _ body: (RawSpan, Endpoint) -> Void) {
        let message = unsafe messages[index]
        let length = unsafe Int(message.length)
        guard unsafe message.header.msg_flags & Int32(MSG_TRUNC) == 0, length > 0 else {
            return
        }
        let name = unsafe UnsafeRawBufferPointer(
            start: addresses + index, count: MemoryLayout<sockaddr_storage>.size)
        guard let sender = unsafe SocketAddress.endpoint(name) else { return }
        let buffer = unsafe UnsafeRawBufferPointer(start: bytes + index * size, count: length)
        unsafe body(buffer.bytes, sender)
    }
}

extension Network {
    /// Sends a datagram at the end of this turn, from the port that the network listens on. It may
    /// be lost, and nobody is told.
    package func send(datagram: [UInt8], to endpoint: Endpoint) {
        guard datagram.count <= limits.datagram, let socket = socket(for: endpoint) else {
            counters.datagramsDropped += 1
            return
        }
        socket.outgoing.append(datagram, to: endpoint, family: socket.family)
        if socket.outgoing.count == socket.outgoing.capacity { flush(socket) }
    }

    /// A socket that reaches `endpoint`: one of its own family, or else one for both.
    private func socket(for endpoint: Endpoint) -> DatagramSocket? {
        var best: DatagramSocket?
        for socket in datagramSockets.values where socket.reaches(endpoint) {
            if socket.family == endpoint.family { return socket }
            best = socket
        }
        return best
    }

    func flush(_ socket: DatagramSocket) {
        let count = socket.outgoing.count
        let taken = socket.outgoing.send(on: socket.descriptor.number)
        counters.datagramsSent += UInt64(taken)
        counters.datagramsDropped += UInt64(count - taken)
    }

    func receive(on socket: DatagramSocket) {
        let batch = incoming ?? DatagramBatch(limits.datagramBatch, limits.datagram)
        incoming = batch
        for _ in 0..<limits.datagramBatchesPerTurn {
            let count = batch.receive(on: socket.descriptor.number)
            for index in 0..<max(0, count) {
                batch.withDatagram(index) { bytes, sender in
                    counters.datagramsReceived += 1
                    delegate?.network(self, datagram: bytes, from: sender)
                }
            }
            guard count == batch.capacity, datagramSockets[socket.token] != nil else { return }
        }
    }
}
