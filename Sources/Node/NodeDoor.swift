package import Content
package import Feed
package import MerkleLog
import Primitives
import Synchronization
import Transport

/// What threads beside the loop's may ask of a running node: the client API's do.
///
/// Each call waits for the loop's answer, and no longer than a few seconds: a node that stops
/// answers nobody any more.
package struct NodeDoor: Sendable {
    package let square: SquareThread
    package let desk: Desk
    package let media: Media
    private let tasks: Mailbox<@Sendable (Node) -> Void>
    private let book: AccountBook

    /// 15 seconds: a commit on a slow disk that others wait for as well. Guess. Whether the node
    /// still runs is looked at between.
    private static let look = Instant.Span.milliseconds(100)
    private static let looks = 150

    init(_ node: Node, _ desk: Desk) {
        square = node.square
        self.desk = desk
        media = node.media
        tasks = node.tasks.mailbox
        book = node.accountBook
    }

    package var accounts: [Account] { book.accounts }

    /// Does what `perform` does for the command line.
    package func ask(_ operation: String, _ parameters: Value) throws(NodeError) -> Value {
        try wait { node, done in
            node.perform(Control.Request(id: 0, operation: operation, parameters: parameters)) {
                reply in
                switch reply {
                case .progress: return
                case .done(let value): done(.success(value))
                case .failed(let error): done(.failure(error))
                }
            }
        }
    }

    /// Signs `contents` in the log of an account's device. Returns once they are durable.
    package func publish(
        _ contents: [Content], as account: Account
    ) throws(NodeError) -> [Reference] {
        try wait { node, done in
            node.publish(contents, account.device) { result in
                done(
                    result.map(\.references).mapError { NodeError.refused($0.advice) })
            }
        }
    }

    /// Somebody reads a thread, and a post of this log is missing in it: it is fetched, whatever
    /// the policy keeps. Nobody waits for it.
    package func want(_ log: LogKey) { _ = tasks.post { node in node.want(log) } }

    private func wait<Answer: Sendable>(
        _ body:
            @escaping @Sendable (Node, @escaping @Sendable (Result<Answer, NodeError>) -> Void)
            -> Void
    ) throws(NodeError) -> Answer {
        guard let ready = KernelSemaphore() else {
            throw .store("the node has no more file descriptors")
        }
        let slot = LateAnswer<Answer>()
        let isPosted = tasks.post { node in
            body(node) { answer in
                slot.put(answer)
                ready.signal()
            }
        }
        if isPosted {
            for _ in 0..<Self.looks where !book.isClosed {
                if ready.wait(Self.look), let answer = slot.answer { return try answer.get() }
            }
        }
        throw .control("the node is busy or stopping: it did not answer in time")
    }
}

/// An answer that may come when nobody waits for it any more.
private final class LateAnswer<Answer: Sendable>: Sendable {
    private let slot = Mutex<Result<Answer, NodeError>?>(nil)

    var answer: Result<Answer, NodeError>? { slot.withLock { $0 } }

    func put(_ answer: Result<Answer, NodeError>) { slot.withLock { $0 = answer } }
}
