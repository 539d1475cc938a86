import Primitives
import Synchronization

/// The body of an answer that goes on for hours: pieces are put in by any thread, and taken out by
/// the server as the client reads.
///
/// Who does not read is dropped: when more waits than `limit`, or when what waits is not taken for
/// `Limits.HTTP.streamStall`.
package final class EventStream: Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        /// Bytes of the first chunk that are gone.
        var taken = 0
        var waiting = 0
        var isEnded = false
        var isCut = false
        /// The server waits for `wake`.
        var isParked = false
        var lastPut: Instant
        var lastTaken: Instant
        var lastCheck: Instant
        var wake: (@Sendable () -> Void)?
        var cut: (@Sendable () -> Void)?
        var onClose: (@Sendable () -> Void)?
    }

    private static let chunk = 4_096

    private let state: Mutex<State>
    let limit: Int
    /// What is sent when there was nothing to say for a while; nothing when it is empty.
    let beat: [UInt8]
    /// Whether whoever opened it may still hear.
    private let holds: (@Sendable () -> Bool)?

    /// `onClose` is called once, on a thread of the server's, when the client is gone or the stream
    /// is over: whoever feeds it then stops. Once `holds` is false, which is asked each second, the
    /// stream ends.
    package init(
        limit: Int = Limits.HTTP.streamQueue, beat: [UInt8] = Array(":thump\n\n".utf8),
        holds: (@Sendable () -> Bool)? = nil, onClose: (@Sendable () -> Void)? = nil
    ) {
        let now = Clock.now
        self.limit = limit
        self.beat = beat
        self.holds = holds
        state = Mutex(State(lastPut: now, lastTaken: now, lastCheck: now, onClose: onClose))
    }

    // MARK: The feeding side

    /// Adds a piece. False when the stream is over, or is so now because its client does not read.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        let (isTaken, wake) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard !state.isEnded, !state.isCut else { return (false, nil) }
            guard !bytes.isEmpty else { return (true, nil) }
            guard state.waiting + bytes.count <= limit else { return (false, Self.drop(&state)) }
            if state.chunks.isEmpty { state.lastTaken = Clock.now }
            // Small pieces share a chunk, so that there are never many.
            if let last = state.chunks.last, last.count + bytes.count <= Self.chunk {
                state.chunks[state.chunks.count - 1] += bytes
            } else {
                state.chunks.append(bytes)
            }
            state.waiting += bytes.count
            state.lastPut = Clock.now
            return (true, Self.unpark(&state))
        }
        wake?()
        return isTaken
    }

    /// One server-sent event (WHATWG HTML §9.2). Line ends in `data` begin new `data:` lines.
    @discardableResult
    package func send(event: String, data: String) -> Bool {
        var text = "event: " + event.filter { !Self.endsLine($0) } + "\n"
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: Self.endsLine) {
            text += "data: " + line + "\n"
        }
        return send(Array((text + "\n").utf8))
    }

    private static func endsLine(_ character: Character) -> Bool {
        character == "\n" || character == "\r" || character == "\r\n"
    }

    /// No more pieces follow; those that wait are still sent.
    package func finish() {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            state.isEnded = true
            return Self.unpark(&state)
        }
        wake?()
    }

    package var isOpen: Bool { state.withLock { !$0.isEnded && !$0.isCut } }

    // MARK: The server's side

    enum Taken {
        case bytes([UInt8])
        case parked
        case end
        case cut
    }

    /// How the server is woken when it is parked, and how the connection is cut when it is not.
    func attach(wake: @escaping @Sendable () -> Void, cut: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.wake = wake
            state.cut = cut
        }
    }

    /// Up to `count` bytes. With nothing there, `park` is called before anyone can call `wake`.
    func take(_ count: Int, park: () -> Void) -> Taken {
        state.withLock { state in
            if state.isCut { return .cut }
            guard let first = state.chunks.first else {
                if state.isEnded { return .end }
                state.isParked = true
                park()
                return .parked
            }
            let end = min(state.taken + count, first.count)
            let bytes = Array(first[state.taken..<end])
            state.waiting -= bytes.count
            state.taken = end
            state.lastTaken = Clock.now
            if end == first.count {
                state.chunks.removeFirst()
                state.taken = 0
            }
            return .bytes(bytes)
        }
    }

    /// What a look at the clock calls for: a beat, or the end of a client that does not read, or
    /// that may no more.
    func look(_ now: Instant, stall: Instant.Span) {
        if let holds, isToCheck(now), !holds() { return end() }
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            guard !state.isCut else { return nil }
            if state.waiting > 0 {
                return now - state.lastTaken > stall ? Self.drop(&state) : nil
            }
            guard !state.isEnded, !beat.isEmpty, now - state.lastPut > Limits.HTTP.streamBeat else {
                return nil
            }
            state.chunks.append(beat)
            state.waiting += beat.count
            state.lastPut = now
            state.lastTaken = now
            return Self.unpark(&state)
        }
        wake?()
    }

    private func isToCheck(_ now: Instant) -> Bool {
        state.withLock { state in
            guard !state.isCut, now - state.lastCheck >= Limits.HTTP.streamCheck else {
                return false
            }
            state.lastCheck = now
            return true
        }
    }

    /// Ends the stream in order, and without what waits: its client may not hear it.
    private func end() {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            state.isEnded = true
            state.chunks = []
            state.taken = 0
            state.waiting = 0
            return Self.unpark(&state)
        }
        wake?()
    }

    /// Ends the stream without what waits.
    func drop() {
        let wake = state.withLock { Self.drop(&$0) }
        wake?()
    }

    /// The connection is gone.
    func closed() {
        let onClose = state.withLock { state -> (@Sendable () -> Void)? in
            state.isCut = true
            state.chunks = []
            state.waiting = 0
            state.wake = nil
            state.cut = nil
            state.isParked = false
            defer { state.onClose = nil }
            return state.onClose
        }
        onClose?()
    }

    /// A parked reader is woken and ends the stream; one that waits for the client's socket is not
    /// there to be woken, so the socket is shut.
    private static func drop(_ state: inout State) -> (@Sendable () -> Void)? {
        guard !state.isCut else { return nil }
        state.isCut = true
        state.chunks = []
        state.waiting = 0
        return unpark(&state) ?? state.cut
    }

    private static func unpark(_ state: inout State) -> (@Sendable () -> Void)? {
        guard state.isParked else { return nil }
        state.isParked = false
        return state.wake
    }
}
