import Content
import Feed
import MerkleLog
package import Node
import Primitives
import Store
import Synchronization

/// The Mastodon client API over one node: what apps for that network ask, answered out of the
/// square, and what they post, signed in the logs of the node's accounts.
package final class Mastodon: Sendable {
    /// Whose token a request carries, if that may do what the scope names. Nil for a request
    /// without a token, where the route is open and that is enough.
    package typealias Authority =
        @Sendable (_ request: HTTPRequest, _ scope: String, _ isOpen: Bool) throws(HTTPFailure) ->
        Caller?

    let door: NodeDoor
    let desk: Desk
    let authority: Authority
    let live: Live
    let sent = SentPosts()
    let ids = NewIDs()
    let accounts = AccountCache()
    /// Requests that wait for a picture.
    let mediaWaits = Mutex(0)
    let media: MediaShelf
    let moving: Moving

    /// `directory` is where uploads lie while they are looked at.
    package init(door: NodeDoor, directory: String, authority: @escaping Authority) {
        self.door = door
        desk = door.desk
        media = MediaShelf(door.media, door.desk, directory: directory)
        moving = Moving(door, directory: directory)
        self.authority = authority
        live = Live(desk: door.desk)
        door.square.listen { [live] square, acts in live.hear(square, acts) }
    }

    /// Adds everything to a router that is open under `/api`.
    package func addRoutes(to router: inout Router) {
        // The first path that fits counts: what has a name of its own stands before what has an id.
        addAbsent(&router)
        addTimelines(&router)
        addStatuses(&router)
        addStatusActions(&router)
        addAccounts(&router)
        addAccountActions(&router)
        addProfile(&router)
        addSearch(&router)
        addSuggestions(&router)
        addNotifications(&router)
        addPolls(&router)
        addMedia(&router)
        addFilters(&router)
        addLists(&router)
        addReadings(&router)
        addStreaming(&router)
        addPages(&router)
        addAuthorFeeds(&router)
        addStarling(&router)
    }

    // MARK: Routes

    /// Who may call a route.
    enum Access {
        /// Whoever reaches the node; a token says who looks.
        case open(String)
        /// Somebody with this scope.
        case scope(String)
        /// The owner, from the page of this node.
        case owner(String)
    }

    func add(
        _ router: inout Router, _ method: HTTPMethod, _ pattern: String, _ access: Access,
        bodies: Route.Bodies = .small,
        _ handler: @escaping @Sendable (Call) throws(HTTPFailure) -> HTTPResponse
    ) {
        var origins = Route.Origins.byPrefix
        if case .owner = access { origins = .own }
        router.add(
            Route(method, pattern, bodies: bodies, origins: origins) {
                [self] request throws(HTTPFailure) in
                try handler(try call(request, access))
            })
    }

    private func call(_ request: HTTPRequest, _ access: Access) throws(HTTPFailure) -> Call {
        let caller: Caller?
        switch access {
        case .scope(let scope):
            caller = try authority(request, scope, false)
            if caller == nil {
                throw HTTPFailure(422, "This method requires an authenticated user")
            }
        case .open(let scope):
            caller = try authority(request, scope, true)
        case .owner(let scope):
            caller = try authority(request, scope, false)
            try caller?.mustBePage(request)
        }
        return Call(
            request: request, parameters: try request.parameters(), caller: caller,
            viewer: Viewer(account: caller?.account, base: request.origin, accounts: door.accounts),
            service: self)
    }
}

/// One request of a client, and what answers are made with.
struct Call: Sendable {
    let request: HTTPRequest
    let parameters: Parameters
    let caller: Caller?
    let viewer: Viewer
    let service: Mastodon

    /// Who calls, on routes that want somebody.
    func me() throws(HTTPFailure) -> Account {
        guard let account = viewer.account else {
            throw HTTPFailure(422, "This method requires an authenticated user")
        }
        return account
    }

    /// An id in the path.
    func id(_ name: String = "id") throws(HTTPFailure) -> Int64 {
        guard let text = request.captures[name], let id = Int64(text), id >= 0 else {
            throw .notFound
        }
        return id
    }

    /// Looks at the square; nil is "not found".
    func see<Answer: Sendable>(
        _ body: @escaping @Sendable (Showing) throws(StoreError) -> Answer?
    ) throws(HTTPFailure) -> Answer {
        let (viewer, desk, accounts) = (viewer, service.desk, service.accounts)
        let found = try stored { () throws(StoreError) in
            try service.door.square.read(fresh: viewer.accounts.map(\.device)) {
                square throws(StoreError) in
                try body(
                    Showing(
                        square: square, viewer: viewer, desk: desk, now: Clock.wall,
                        accounts: accounts))
            }
        }
        guard let found else { throw .notFound }
        return found
    }

    func stored<Answer>(
        _ body: () throws(StoreError) -> Answer
    ) throws(HTTPFailure) -> Answer {
        do throws(StoreError) { return try body() } catch { throw HTTPFailure(error) }
    }

    /// Signs contents as the caller. Returns once they are durable.
    @discardableResult
    func publish(_ contents: [Content]) throws(HTTPFailure) -> [Reference] {
        let account = try me()
        do throws(NodeError) {
            return try service.door.publish(contents, as: account)
        } catch { throw HTTPFailure(error) }
    }

    /// Makes content out of what a client sent.
    func made<Made>(_ body: () throws(ContentError) -> Made) throws(HTTPFailure) -> Made {
        do throws(ContentError) { return try body() } catch {
            throw HTTPFailure(422, "Validation failed: \(error)")
        }
    }
}

extension HTTPFailure {
    static var notFound: HTTPFailure { HTTPFailure(404, "Record not found") }

    init(_ error: StoreError) {
        if case .tooMany = error {
            self.init(422, "Validation failed: \(error)")
        } else {
            self.init(503, "\(error)")
        }
    }

    init(_ error: NodeError) {
        switch error {
        case .notFound: self.init(404, "\(error)")
        case .badRequest, .usage: self.init(422, "\(error)")
        case .refused: self.init(422, "\(error)")
        default: self.init(503, "\(error)")
        }
    }
}

extension HTTPRequest {
    /// Bearer, or the parameter that event streams use.
    var token: String? { bearer ?? (try? parameters().text("access_token")) ?? nil }
}

/// Posts by the key that a client sends along, so that one that asks again after a lost answer does
/// not post twice. Kept for an hour at most, and no more than so many.
final class SentPosts: Sendable {
    private struct Sent {
        var key: String
        var at: Instant
        var id: Int64
    }

    private let sent = Mutex<[Sent]>([])

    func find(_ key: String) -> Int64? {
        sent.withLock { sent in
            let now = Clock.now
            sent.removeAll { now - $0.at > Limits.HTTP.idempotency }
            return sent.first { $0.key == key }?.id
        }
    }

    func note(_ key: String, _ id: Int64) {
        sent.withLock { sent in
            if sent.count >= Limits.HTTP.idempotencyKeys { sent.removeFirst() }
            sent.append(Sent(key: key, at: Clock.now, id: id))
        }
    }
}
