import CLinux
import Primitives
import Synchronization

/// Looks up names on threads of its own, because `getaddrinfo` waits, sometimes for half a minute.
///
/// A thread ends when it finds nothing to do: there is nothing to join, and one that hangs in a
/// dead name server keeps no one.
final class Resolver: Sendable {
    struct Question: Sendable {
        let id: ResolutionID
        let host: String
        let port: UInt16
    }

    struct Answer: Sendable {
        let id: ResolutionID
        let endpoints: [Endpoint]
    }

    private struct State {
        var questions: [Question] = []
        var threads = 0
    }

    private let state = Mutex(State())
    let answers: Mailbox<Answer>
    private let limits: TransportLimits

    init(_ answers: Mailbox<Answer>, _ limits: TransportLimits) {
        self.answers = answers
        self.limits = limits
    }

    /// Takes a question. False when there is no thread to answer it.
    func ask(_ question: Question) -> Bool {
        let needsThread = state.withLock { state -> Bool in
            state.questions.append(question)
            guard state.threads < limits.resolverThreads else { return false }
            state.threads += 1
            return true
        }
        guard needsThread, !startThread({ self.work() }) else { return true }
        return state.withLock { state in
            state.threads -= 1
            guard state.threads == 0 else { return true }
            state.questions = []
            return false
        }
    }

    /// Forgets the questions that wait.
    func close() {
        state.withLock { $0.questions = [] }
    }

    private func work() {
        while let question = next() {
            let endpoints = lookUp(question.host, question.port)
            _ = answers.post(Answer(id: question.id, endpoints: endpoints))
        }
    }

    private func next() -> Question? {
        state.withLock { state in
            guard !state.questions.isEmpty else {
                state.threads -= 1
                return nil
            }
            return state.questions.removeFirst()
        }
    }
}

/// The stream endpoints of `host`, in the order of the system's resolver (RFC 6724), at most 16.
/// Waits.
private func lookUp(_ host: String, _ port: UInt16) -> [Endpoint] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, nil, &hints, &list) == 0, let first = unsafe list else {
        return []
    }
    defer { unsafe freeaddrinfo(first) }
    var endpoints: [Endpoint] = []
    var next: UnsafeMutablePointer<addrinfo>? = unsafe first
    while let entry = unsafe next, endpoints.count < 16 {
        let bytes = unsafe UnsafeRawBufferPointer(
            start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
        if let found = unsafe SocketAddress.endpoint(bytes) {
            let endpoint = Endpoint(found.address, port: port, zone: found.zone)
            if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
        }
        unsafe next = entry.pointee.ai_next
    }
    return endpoints
}

private final class ThreadBody {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Runs `body` on a thread of its own, with all signals blocked. False when the system has no more
/// threads.
private func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    let argument = unsafe Unmanaged.passRetained(ThreadBody(body))
    let result = unsafe starling_start_thread(
        { argument in
            guard let argument = unsafe argument else { return nil }
            unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, argument.toOpaque())
    if result != 0 { unsafe argument.release() }
    return result == 0
}

extension Network {
    /// Looks up the addresses of `host`, a name or an IP address, without holding up the loop.
    /// `resolved` follows.
    package func resolve(host: String, port: UInt16) -> ResolutionID {
        let id = ResolutionID(number: loop.makeToken())
        if let address = IPAddress(host) {
            reports.append(.resolved(id, [Endpoint(address, port: port)]))
        } else if !Self.isHostName(host) || !ask(Resolver.Question(id: id, host: host, port: port))
        {
            reports.append(.resolved(id, []))
        }
        return id
    }

    /// Whether `host` may be shown to the resolver: letters, digits, hyphens, underscores and dots,
    /// at most 253.
    static func isHostName(_ host: String) -> Bool {
        (1...253).contains(host.utf8.count)
            && host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// Hands a question to the helper threads. False when as many as may be are unanswered, so that
    /// each answer finds room.
    private func ask(_ question: Resolver.Question) -> Bool {
        guard unanswered < limits.resolutions else { return false }
        if resolver == nil {
            let answers = try? loop.makeMailbox(
                of: Resolver.Answer.self, capacity: limits.resolutions
            ) { [weak self] batch in
                self?.take(batch)
            }
            resolver = answers.map { Resolver($0, limits) }
        }
        guard let resolver, resolver.ask(question) else { return false }
        unanswered += 1
        return true
    }

    private func take(_ answers: [Resolver.Answer]) {
        unanswered -= answers.count
        for answer in answers where answer.id.number > lastClose {
            reports.append(.resolved(answer.id, answer.endpoints))
        }
    }
}
