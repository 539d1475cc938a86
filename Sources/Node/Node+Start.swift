import Crypto
import Feed
import Mesh
import Store
import Transport

/// What happens once at the start of `starling run`.
extension Node {
    /// Makes an identity when there is none; the path of its recovery words, when the file is still
    /// there.
    package func createFirstAccount(named name: String) throws(NodeError) -> String? {
        if accounts.isEmpty {
            var outcome: Control.Reply?
            try createAccount(.object(("name", .string(name)))) { outcome = $0 }
            try run(until: { outcome != nil })
            if case .failed(let error)? = outcome { throw error }
        }
        guard let first = accounts.first else { return nil }
        let path = paths.words(first.name)
        return DirectoryLock.exists(path) ? path : nil
    }

    /// Starts to keep the feed, and opens what readers keep to themselves: the way to both. Before
    /// the node turns its loop, whoever asks for something else waits.
    package func openDoor() throws(NodeError) -> NodeDoor {
        startSquare()
        if let desk { return NodeDoor(self, desk) }
        do throws(StoreError) {
            let opened = try Desk(path: paths.desk)
            desk = opened
            return NodeDoor(self, opened)
        } catch { throw .store("\(error)") }
    }

    /// Ctrl-C and a service manager's SIGTERM end the node in order.
    package func stopOnSignals() throws(NodeError) {
        do throws(TransportError) {
            try loop.watchSignals([.interrupt, .terminate]) { [weak self] _ in
                self?.journal.say("stopping")
                self?.stop()
            }
        } catch { throw .network("\(error)") }
    }

    /// What the owner is told first.
    package func greeting(
        words: String?, web: String? = nil, password: String? = nil
    ) throws(NodeError) -> Value {
        let first = accounts.first
        return .object(
            ("name", first.map { .string($0.name) }),
            ("identity", first.map { .string(DIDKey.encode($0.identity)) }),
            ("address", .string(address.text)), ("invite", .string(address.text)),
            ("data", .string(paths.data)), ("words", words.map { .string($0) }),
            ("web", web.map { .string($0) }),
            ("link", first.flatMap { pageLink?($0).link }.map { .string($0) }),
            ("password", password.map { .string($0) }))
    }

    /// Another link to the page: only who has this machine's control socket asks for one.
    func freshLink(_ parameters: Value) throws(NodeError) -> Value {
        guard let pageLink else {
            throw .badRequest(
                localEndpoints.isEmpty
                    ? "start the node first (starling run): it serves the page"
                    : "this node serves no page: it was started with --no-web")
        }
        let (link, seconds) = pageLink(try account(parameters))
        return .object(("link", .string(link)), ("seconds", .int(seconds)))
    }
}
