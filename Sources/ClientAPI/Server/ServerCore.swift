import CLinux
import Primitives
import Synchronization
import Transport

/// What the library's threads, the workers and the clock's thread share.
final class ServerCore: Sendable {
    /// Memory and files that bodies take.
    struct Held: Sendable {
        var bytes = 0
        var uploads = 0
        var archives = 0
    }

    let options: HTTPServer.Options
    let router: Router
    let gate: Gate
    let endpoints: [Endpoint]
    let connections: Connections
    let streams = Streams()
    let workers: Workers
    let held = Mutex(Held())
    private let rates: Mutex<RateLimiter>
    private let end: KernelSemaphore

    init?(_ options: HTTPServer.Options, _ router: Router, _ endpoints: [Endpoint]) {
        guard let end = KernelSemaphore(),
            let workers = Workers(threads: Limits.HTTP.workers, limit: Limits.HTTP.waiting)
        else { return nil }
        self.options = options
        self.router = router
        self.endpoints = endpoints
        self.end = end
        self.workers = workers
        gate = Gate(endpoints: endpoints, names: options.hostNames)
        // A connection may have a file open beside its socket; what is left is the node's.
        let share = Int(clamping: starling_descriptor_limit()) / Limits.HTTP.descriptorShare
        connections = Connections(
            limit: min(options.connections, share), ofAddress: options.connectionsOfAddress)
        rates = Mutex(
            RateLimiter(
                addressRequests: options.addressRequests, tokenRequests: options.tokenRequests))
    }

    // MARK: Time

    /// Looks at all deadlines until the end.
    func keepTime() {
        while !end.wait(Limits.HTTP.tick) {
            let now = Clock.now
            connections.expire(now)
            for stream in streams.all { stream.look(now, stall: options.streamStall) }
        }
    }

    func stopKeeping() { end.signal() }

    // MARK: A request's head

    /// What is to be done with a request whose head is complete.
    enum Verdict {
        /// The body is read, if there is one.
        case proceed
        /// The rest is read and thrown away, then the refusal is sent.
        case discard
        /// The refusal is sent at once, and the connection ends.
        case refuse(HTTPFailure)
    }

    func judge(_ exchange: Exchange, _ head: RequestHead, _ connection: HTTPConnection) -> Verdict {
        do throws(HTTPFailure) {
            let admitted = try gate.admit(head)
            exchange.admitted = admitted
            let isAllowed = count(exchange, admitted, connection)
            // A page of others reads the refusal as well, where it may read answers.
            try find(exchange, admitted)
            guard isAllowed else { throw HTTPFailure(429, "Too many requests") }
            return try accept(exchange, admitted, connection)
        } catch {
            return .refuse(error)
        }
    }

    private func count(
        _ exchange: Exchange, _ admitted: Admitted, _ connection: HTTPConnection
    ) -> Bool {
        let allowance = rates.withLock {
            $0.take(connection.address, token: Gate.bearer(admitted.headers), Clock.now)
        }
        exchange.allowance = allowance
        return allowance.isAllowed
    }

    private func find(_ exchange: Exchange, _ admitted: Admitted) throws(HTTPFailure) {
        switch router.find(admitted.method, admitted.path) {
        case .route(let route, let captures, let isOpen):
            exchange.route = route
            exchange.captures = captures
            exchange.isOpen = isOpen
            try Gate.checkOrigin(admitted, isOpen: isOpen)
        case .otherMethods(let methods, let isOpen):
            exchange.isOpen = isOpen
            guard admitted.method == .options else {
                throw HTTPFailure(405, "That cannot be done with this address")
            }
            exchange.answer.put(ResponseHeaders.options(methods, isOpen: isOpen))
        case .nothing(let isOpen):
            exchange.isOpen = isOpen
            throw HTTPFailure(404, "There is nothing at this address")
        }
    }

    /// The body's cap, before anything of it is read.
    private func accept(
        _ exchange: Exchange, _ admitted: Admitted, _ connection: HTTPConnection
    ) throws(HTTPFailure) -> Verdict {
        guard admitted.body != .none, let route = exchange.route else { return .proceed }
        try route.admits?(request(exchange, admitted, connection))
        let span = min(route.bodyDeadline, options.bodyDeadline)
        connection.enter(.body, until: exchange.began + span)
        if case .length(let length) = admitted.body {
            if length > route.bodyLimit {
                let failure = HTTPFailure(413, "The body is too long")
                guard length <= route.bodyLimit + Limits.HTTP.discard, !admitted.expectsContinue
                else { throw failure }
                exchange.refusal = failure
                return .discard
            }
            try reserve(min(length, memoryLimit(route)), exchange)
        }
        try takePlace(exchange, route)
        return .proceed
    }

    /// A place among the uploads, which is given back by `finish`.
    private func takePlace(_ exchange: Exchange, _ route: Route) throws(HTTPFailure) {
        let isFree = held.withLock { held in
            switch route.bodies {
            case .small: return true
            case .upload:
                guard held.uploads < Limits.HTTP.uploads else { return false }
                held.uploads += 1
            case .archive:
                guard held.archives < Limits.HTTP.archives else { return false }
                held.archives += 1
            }
            exchange.room = route.bodies
            return true
        }
        guard isFree else { throw HTTPFailure(503, "Too many uploads are under way") }
    }

    /// The request, with what has come of its body.
    private func request(
        _ exchange: Exchange, _ admitted: Admitted, _ connection: HTTPConnection
    ) -> HTTPRequest {
        HTTPRequest(
            method: admitted.method, path: admitted.path, captures: exchange.captures,
            query: admitted.query, headers: admitted.headers, body: exchange.body,
            remote: connection.address, site: admitted.site, cookies: Gate.cookies(admitted))
    }

    private func memoryLimit(_ route: Route) -> Int {
        route.bodies == .small ? Limits.HTTP.body : Limits.HTTP.bodyInMemory
    }

    private func reserve(_ count: Int, _ exchange: Exchange) throws(HTTPFailure) {
        guard count > exchange.reserved else { return }
        let more = count - exchange.reserved
        let isFree = held.withLock { held in
            guard held.bytes + more <= Limits.HTTP.bodies else { return false }
            held.bytes += more
            return true
        }
        guard isFree else { throw HTTPFailure(503, "The node is busy") }
        exchange.reserved = count
    }

    // MARK: A request's body

    /// Takes a piece of the body. False when the client sends so much more than it may that the
    /// connection is to end.
    func take(_ bytes: ArraySlice<UInt8>, _ exchange: Exchange) -> Bool {
        exchange.received += bytes.count
        guard let route = exchange.route else { return false }
        guard exchange.received <= route.bodyLimit + Limits.HTTP.discard else { return false }
        guard exchange.refusal == nil else { return true }
        do throws(HTTPFailure) {
            guard exchange.received <= route.bodyLimit else {
                throw HTTPFailure(413, "The body is too long")
            }
            try keep(bytes, exchange, route)
        } catch {
            exchange.refusal = error
            exchange.memory = []
            exchange.file = nil
        }
        return true
    }

    private func keep(
        _ bytes: ArraySlice<UInt8>, _ exchange: Exchange, _ route: Route
    ) throws(HTTPFailure) {
        if let file = exchange.file {
            try file.append(bytes)
            return
        }
        let limit = memoryLimit(route)
        if exchange.received > limit {
            let file = try SpoolFile(in: options.spoolDirectory)
            try file.append(exchange.memory[...])
            try file.append(bytes)
            exchange.memory = []
            exchange.file = file
            return
        }
        // An array grows by doubling, so that much is counted.
        try reserve(min(2 * exchange.received, limit), exchange)
        exchange.memory += bytes
    }

    // MARK: The answer

    /// Gives the complete request to a worker, which calls `resume` when the answer is there. An
    /// answer that is known by now needs none: false.
    func dispatch(_ exchange: Exchange, _ connection: HTTPConnection) -> (@Sendable () -> Void)? {
        if let refusal = exchange.refusal {
            exchange.answer.put(HTTPResponse(refusal))
            return nil
        }
        guard let admitted = exchange.admitted, let route = exchange.route else { return nil }
        let answer = exchange.answer
        let request = request(exchange, admitted, connection)
        // The body is the request's alone from here on.
        exchange.memory = []
        exchange.file = nil
        return {
            do throws(HTTPFailure) {
                answer.put(Compression.applied(try route.handler(request), to: request))
            } catch {
                answer.put(HTTPResponse(error))
            }
        }
    }

    /// The answer with everything that each must have.
    func complete(
        _ response: HTTPResponse, _ exchange: Exchange, _ connection: HTTPConnection
    ) -> HTTPResponse {
        var response = response
        ResponseHeaders.complete(&response.headers, isOpen: exchange.isOpen)
        if let allowance = exchange.allowance {
            for (name, value) in allowance.fields(wall: Clock.wall) {
                response.headers[name] = value
            }
            if !allowance.isAllowed {
                response.headers["Retry-After"] =
                    String(allowance.fullIn.milliseconds / 1_000 / UInt64(allowance.limit) + 1)
            }
        }
        if response.status == 405, response.headers["Allow"] == nil {
            response.headers["Allow"] = allowed(exchange)
        }
        let mayStay = exchange.admitted?.mayStay == true
        if !mayStay || connection.requests + 1 >= Limits.HTTP.requestsOfConnection {
            response.headers["Connection"] = "close"
        }
        if case .stream(let stream) = response.body, !streams.add(stream) {
            stream.closed()
            return complete(
                HTTPResponse(HTTPFailure(503, "Too many streams are open")), exchange, connection)
        }
        return response
    }

    /// RFC 9110 §15.5.6 wants the methods that there are.
    private func allowed(_ exchange: Exchange) -> String {
        var methods = HTTPMethod.allCases
        if let admitted = exchange.admitted,
            case .otherMethods(let found, _) = router.find(admitted.method, admitted.path)
        {
            methods = found
        }
        return methods.map(\.rawValue).joined(separator: ", ")
    }

    /// The request is over, one way or another.
    func finish(_ exchange: Exchange) {
        held.withLock { held in
            held.bytes -= exchange.reserved
            switch exchange.room {
            case .small: break
            case .upload: held.uploads -= 1
            case .archive: held.archives -= 1
            }
        }
        exchange.reserved = 0
        exchange.room = .small
        exchange.memory = []
        exchange.file = nil
        if let stream = exchange.stream { streams.remove(stream) }
        exchange.stream = nil
        exchange.connection?.enter(.head, until: Clock.now + options.headDeadline)
    }
}
