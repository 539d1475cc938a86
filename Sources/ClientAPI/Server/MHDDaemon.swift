import CMicroHTTPD
import Glibc
import Primitives
import Synchronization

/// A socket that listens, until a daemon takes it over.
final class MHDListener: Sendable {
    /// With the port that the system gave.
    let endpoint: Endpoint
    private let descriptor: Mutex<Int32>

    init(_ endpoint: Endpoint) throws(HTTPServerError) {
        var address = starling_http_address()
        unsafe withUnsafeMutableBytes(of: &address) { bytes in
            unsafe bytes.storeBytes(of: endpoint.address.high.bigEndian, as: UInt64.self)
            unsafe bytes.storeBytes(
                of: endpoint.address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        let number = starling_http_listen(
            address, endpoint.address.isIPv4 ? 1 : 0, endpoint.port, Int32(Limits.HTTP.backlog))
        guard number >= 0 else { throw .noListener(endpoint, code: -number) }
        descriptor = Mutex(number)
        self.endpoint = Endpoint(endpoint.address, port: starling_http_port(number))
    }

    deinit {
        let number = take()
        if number >= 0 { _ = close(number) }
    }

    /// The descriptor, once: it is the taker's then.
    func take() -> Int32 {
        descriptor.withLock { descriptor in
            defer { descriptor = -1 }
            return descriptor
        }
    }
}

/// One daemon of libmicrohttpd: the thread that serves one address.
final class MHDDaemon: Sendable {
    /// `MHD_Daemon *`.
    private let handle: UInt
    /// What the callbacks are given; it lives as long as the daemon.
    private let core: ServerCore

    /// Nil when the system has no more threads or descriptors.
    init?(_ listener: MHDListener, _ core: ServerCore) {
        self.core = core
        let calls = unsafe starling_http_callbacks(
            accept: mhdAccept, connection: mhdConnection, target: mhdTarget, handle: mhdHandle,
            completed: mhdCompleted)
        let limit = UInt32(clamping: core.connections.limit + 2 * Limits.HTTP.closing)
        let number = listener.take()
        let daemon = unsafe starling_http_start(
            number, limit, Limits.HTTP.connectionMemory, calls,
            Unmanaged.passUnretained(core).toOpaque())
        guard let daemon = unsafe daemon else {
            _ = close(number)
            return nil
        }
        handle = UInt(bitPattern: daemon)
    }

    /// No more connections are taken; those that are open go on.
    func closeListener() {
        let number = unsafe MHD_quiesce_daemon(OpaquePointer(bitPattern: handle))
        if number >= 0 { _ = close(number) }
    }

    /// Closes all connections and joins the thread. None may be suspended.
    func stop() { unsafe MHD_stop_daemon(OpaquePointer(bitPattern: handle)) }
}

/// A connection of the library's that is suspended, to be resumed once, from any thread.
struct SuspendedConnection: Sendable {
    private let handle: UInt

    init(_ connection: OpaquePointer) { handle = UInt(bitPattern: connection) }

    func resume() { unsafe MHD_resume_connection(OpaquePointer(bitPattern: handle)) }
}

// MARK: Callbacks, all on the daemon's thread

private func core(_ context: UnsafeMutableRawPointer?) -> ServerCore? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
}

private func address(_ raw: starling_http_address) -> IPAddress {
    var raw = raw
    let (high, low) = unsafe withUnsafeBytes(of: &raw) { bytes in
        unsafe (
            bytes.loadUnaligned(as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        )
    }
    return IPAddress(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
}

private func mhdAccept(
    _ context: UnsafeMutableRawPointer?, _ from: UnsafePointer<sockaddr>?, _ length: socklen_t
) -> MHD_Result {
    guard let core = unsafe core(context) else { return starling_http_no }
    let peer = unsafe address(starling_http_address_of(from))
    return core.connections.admit(peer) ? starling_http_yes : starling_http_no
}

private func mhdConnection(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ what: MHD_ConnectionNotificationCode
) {
    guard let core = unsafe core(context), let connection = unsafe connection,
        let place = unsafe place
    else { return }
    if what == starling_http_started {
        let peer = unsafe address(starling_http_peer(connection))
        let new = core.connections.add(
            peer, socket: unsafe starling_http_socket(connection),
            deadline: Clock.now + core.options.headDeadline)
        unsafe place.pointee = Unmanaged.passRetained(new).toOpaque()
    } else if let old = unsafe place.pointee {
        // The socket is closed after this.
        let old = unsafe Unmanaged<HTTPConnection>.fromOpaque(old).takeRetainedValue()
        core.connections.remove(old)
        unsafe place.pointee = nil
    }
}

/// The first line of a request is there: `target` is as it was sent.
private func mhdTarget(
    _ context: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?,
    _ connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    let bytes = unsafe target.map {
        unsafe Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))
    }
    let exchange = Exchange(
        target: bytes ?? [], place: UInt(bitPattern: target), began: Clock.now)
    return unsafe Unmanaged.passRetained(exchange).toOpaque()
}

private func mhdCompleted(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ why: MHD_RequestTerminationCode
) {
    guard let place = unsafe place, let pointer = unsafe place.pointee else { return }
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(pointer).takeRetainedValue()
    unsafe place.pointee = nil
    unsafe core(context)?.finish(exchange)
}

/// Called when the head is complete, for each piece of the body, when all of the request is there,
/// and again after a suspension. `MHD_NO` ends the connection.
private func mhdHandle(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ path: UnsafePointer<CChar>?, _ method: UnsafePointer<CChar>?,
    _ version: UnsafePointer<CChar>?, _ body: UnsafePointer<CChar>?,
    _ size: UnsafeMutablePointer<Int>?, _ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let core = unsafe core(context), let connection = unsafe connection,
        let size = unsafe size, let pointer = unsafe place?.pointee,
        let peer = unsafe starling_http_context(connection)
    else { return starling_http_no }
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(pointer).takeUnretainedValue()
    let owner = unsafe Unmanaged<HTTPConnection>.fromOpaque(peer).takeUnretainedValue()
    switch exchange.step {
    case .begun:
        exchange.connection = owner
        exchange.step = .reading
        let head = unsafe MHDHead.read(connection, method, version, exchange)
        switch core.judge(exchange, head, owner) {
        case .proceed, .discard: return starling_http_yes
        case .refuse(let failure):
            return unsafe answer(core, connection, exchange, owner, HTTPResponse(failure))
        }
    case .reading:
        let count = unsafe size.pointee
        if count > 0, let body = unsafe body {
            let bytes = unsafe Array(UnsafeRawBufferPointer(start: body, count: count))
            unsafe size.pointee = 0
            return core.take(bytes[...], exchange) ? starling_http_yes : starling_http_no
        }
        guard let job = core.dispatch(exchange, owner) else {
            return unsafe answerLeft(core, connection, exchange, owner)
        }
        exchange.step = .working
        owner.enterWork()
        unsafe MHD_suspend_connection(connection)
        let suspended = unsafe SuspendedConnection(connection)
        let isTaken = core.workers.submit {
            job()
            suspended.resume()
        }
        if !isTaken {
            exchange.answer.put(HTTPResponse(HTTPFailure(503, "The node is busy")))
            suspended.resume()
        }
        return starling_http_yes
    case .working: return unsafe answerLeft(core, connection, exchange, owner)
    case .answered: return starling_http_yes
    }
}

/// Sends the answer that was left in the exchange.
private func answerLeft(
    _ core: ServerCore, _ connection: OpaquePointer, _ exchange: Exchange, _ owner: HTTPConnection
) -> MHD_Result {
    guard let response = exchange.answer.take() else { return starling_http_no }
    return unsafe answer(core, connection, exchange, owner, response)
}

private func answer(
    _ core: ServerCore, _ connection: OpaquePointer, _ exchange: Exchange,
    _ owner: HTTPConnection, _ response: HTTPResponse
) -> MHD_Result {
    let response = core.complete(response, exchange, owner)
    if case .stream(let stream) = response.body {
        exchange.stream = stream
        owner.enter(.stream, until: Instant(nanoseconds: .max))
    } else {
        owner.enter(.answer, until: Clock.now + core.options.answerDeadline)
    }
    exchange.step = .answered
    guard let made = unsafe MHDAnswer.make(response, connection, owner) else {
        return starling_http_no
    }
    defer { unsafe MHD_destroy_response(made) }
    for field in response.headers.fields {
        unsafe MHD_add_response_header(made, field.name, field.value)
    }
    return unsafe MHD_queue_response(connection, UInt32(clamping: response.status), made)
}
