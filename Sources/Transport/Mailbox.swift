import CLinux
package import Synchronization

/// The only way into an `EventLoop` from other threads: a bounded queue that wakes it.
///
/// The loop is woken when the queue stops being empty, not for each message: a burst costs one
/// write. Messages of one thread arrive in the order in which it posted them.
package final class Mailbox<Message: Sendable>: Sendable {
    @usableFromInline
    struct State {
        @usableFromInline var messages: [Message] = []
        @usableFromInline var isClosed = false

        init() {}
    }

    @usableFromInline let state = Mutex(State())
    private let wake: FileDescriptor
    /// Messages that may wait.
    package let capacity: Int

    fileprivate let token: UInt64

    init(capacity: Int, token: UInt64) throws(TransportError) {
        precondition(capacity > 0, "a mailbox of \(capacity)")
        self.token = token
        self.capacity = capacity
        wake = try FileDescriptor(starling_event_open(), doing: "open a mailbox")
    }

    /// Hands `message` to the loop; from any thread, never waits. False when the mailbox is full,
    /// or the loop is gone.
    @inlinable
    package func post(_ message: Message) -> Bool {
        let waiting = state.withLock { state -> Int in
            guard !state.isClosed, state.messages.count < capacity else { return 0 }
            state.messages.append(message)
            return state.messages.count
        }
        if waiting == 1 { wakeLoop() }
        return waiting > 0
    }

    @usableFromInline
    func wakeLoop() { starling_event_signal(wake.number) }

    /// Refuses all further messages. Those that wait are still delivered.
    package func close() {
        state.withLock { $0.isClosed = true }
    }

    /// Swaps the waiting messages for `batch`, which must be empty: its storage is used for the
    /// next ones.
    fileprivate func take(_ batch: inout [Message]) {
        // Cleared first: whoever posts after it finds the queue taken or not, and is heard in
        // either case.
        starling_event_clear(wake.number)
        state.withLock { swap(&$0.messages, &batch) }
    }

    fileprivate var descriptor: Int32 { wake.number }
}

/// The loop's end of a mailbox.
private final class MailboxReader<Message: Sendable>: EventSource {
    let mailbox: Mailbox<Message>
    let deliver: ([Message]) -> Void
    var batch: [Message] = []

    init(_ mailbox: Mailbox<Message>, _ deliver: @escaping ([Message]) -> Void) {
        self.mailbox = mailbox
        self.deliver = deliver
    }

    deinit { mailbox.close() }

    func ready(_ token: UInt64, _ readiness: Readiness) {
        var messages: [Message] = []
        swap(&messages, &batch)
        mailbox.take(&messages)
        if !messages.isEmpty { deliver(messages) }
        messages.removeAll(keepingCapacity: true)
        swap(&messages, &batch)
    }
}

extension EventLoop {
    /// A mailbox of this loop, which hands over all that waits, in order, once a turn.
    ///
    /// The loop keeps `deliver` for as long as it lives: capture what it needs weakly or unowned.
    package func makeMailbox<Message: Sendable>(
        of type: Message.Type, capacity: Int, deliver: @escaping ([Message]) -> Void
    ) throws(TransportError) -> Mailbox<Message> {
        let mailbox = try Mailbox<Message>(capacity: capacity, token: makeToken())
        let reader = MailboxReader(mailbox, deliver)
        try add(reader, mailbox.token, mailbox.descriptor, .read)
        return mailbox
    }

    /// Closes a mailbox of this loop, and drops what waits in it and what `deliver` kept.
    package func remove<Message: Sendable>(_ mailbox: Mailbox<Message>) {
        mailbox.close()
        update(mailbox.token, mailbox.descriptor, from: .read, to: [])
        remove(mailbox.token)
    }
}
