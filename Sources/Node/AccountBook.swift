import Synchronization

/// The accounts of a node as other threads see them.
final class AccountBook: Sendable {
    private let list: Mutex<[Account]>
    private let closed = Mutex(false)

    init(_ accounts: [Account]) { list = Mutex(accounts) }

    var accounts: [Account] { list.withLock { $0 } }

    /// The node's loop has ended: nobody answers any more.
    var isClosed: Bool { closed.withLock { $0 } }

    func close() { closed.withLock { $0 = true } }

    func put(_ accounts: [Account]) { list.withLock { $0 = accounts } }
}
