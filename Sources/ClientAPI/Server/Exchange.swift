import Primitives
import Synchronization

/// One request on its way: from its first line until its answer is sent or its connection is gone.
///
/// Only the library's thread touches it, but for `answer`: a worker leaves the answer there while
/// the connection is suspended.
final class Exchange {
    enum Step {
        /// The first line is known.
        case begun
        /// The body comes in.
        case reading
        /// A worker has it.
        case working
        /// The answer is handed to the library.
        case answered
    }

    let target: [UInt8]
    /// Where the target stands in the connection's memory.
    let place: UInt
    let began: Instant
    var step = Step.begun
    var connection: HTTPConnection?

    var admitted: Admitted?
    var route: Route?
    var captures: [String: String] = [:]
    var isOpen = false
    var allowance: RateLimiter.Allowance?
    /// What is answered when the rest of the body has been thrown away.
    var refusal: HTTPFailure?

    var memory: [UInt8] = []
    var file: SpoolFile?
    /// Bytes of the body that came, kept or not.
    var received = 0
    /// What the server counts for this body, and is given back at the end.
    var reserved = 0
    /// Among which uploads it has a place.
    var room = Route.Bodies.small

    let answer = Answer()
    var stream: EventStream?

    init(target: [UInt8], place: UInt, began: Instant) {
        self.target = target
        self.place = place
        self.began = began
    }

    final class Answer: Sendable {
        private let value = Mutex<HTTPResponse?>(nil)

        func put(_ response: HTTPResponse) { value.withLock { $0 = response } }
        func take() -> HTTPResponse? {
            value.withLock { value in
                defer { value = nil }
                return value
            }
        }
    }

    var body: HTTPBody {
        if let file { .spooled(file) } else { .bytes(memory) }
    }
}
