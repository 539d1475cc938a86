import Crypto
package import Node
import Primitives
package import Store
import Synchronization

/// Whoever a request acts for, and with what.
package struct Caller: Sendable {
    package var account: Account
    package var scopes: Scopes
    package var app: App
    let token: Int64
    fileprivate let access: Access

    /// For what is the owner's affair, and no app's.
    func mustBePage(_ request: HTTPRequest) throws(HTTPFailure) {
        guard app.isPage, request.site != .other else {
            throw HTTPFailure(403, "Only the page of this node may ask for this")
        }
    }

    /// Whether the token is still there, and its account: for what lasts longer than a request.
    var stillHolds: Bool { access.stillHolds(self) }
}

/// Who may call the client API: apps, which their owner lets in with the node's password (OAuth 2,
/// RFC 6749, in the shape that Mastodon gave it).
///
/// Used from any thread. The one user of `access.sqlite`.
package final class Access: Sendable {
    let accounts: @Sendable () -> [Account]
    let password: OwnerPassword
    let wall: @Sendable () -> UnixTime
    let forms: FormTokens
    let links: LoginLinks
    private let tables: Mutex<AccessTables>
    /// The number of `OwnerPassword` that the tokens were made under.
    private let sessions: Mutex<Bytes32?>

    package convenience init(
        path: String, password: OwnerPassword, accounts: @escaping @Sendable () -> [Account]
    ) throws(StoreError) {
        try self.init(path: path, password: password, accounts: accounts, wall: { Clock.wall })
    }

    init(
        path: String, password: OwnerPassword, accounts: @escaping @Sendable () -> [Account],
        wall: @escaping @Sendable () -> UnixTime,
        now: @escaping @Sendable () -> Instant = { Clock.now }
    ) throws(StoreError) {
        self.accounts = accounts
        self.password = password
        self.wall = wall
        forms = FormTokens(wall: wall)
        links = LoginLinks(now: now)
        tables = Mutex(try AccessTables(path))
        sessions = Mutex(nil)
    }

    // MARK: Who calls

    /// Whoever the request's token belongs to. `scope`, or one of `others`, must be among what the
    /// token was given. 401 and 403 otherwise, as Mastodon has it.
    package func caller(
        of request: HTTPRequest, for scope: String, or others: String...
    ) throws(HTTPFailure) -> Caller {
        try caller(token: request.bearer, for: [scope] + others)
    }

    /// The same for a token that came by another way: streams have it in their address.
    package func caller(token: String?, for scopes: [String]) throws(HTTPFailure) -> Caller {
        let (token, app) = try found(token)
        guard let identity = token.identity else {
            throw HTTPFailure(422, "This method needs a token of a person, not of an app alone")
        }
        guard let account = accounts().first(where: { $0.identity == identity }) else {
            throw HTTPFailure(401, "The access token is invalid")
        }
        guard scopes.contains(where: token.scopes.covers) else {
            throw HTTPFailure(403, "The access token was not given the scope \(scopes[0])")
        }
        return Caller(
            account: account, scopes: token.scopes, app: app, token: token.number, access: self)
    }

    /// The app that the request's token was given to, whether a person stands behind it or not.
    package func app(of request: HTTPRequest) throws(HTTPFailure) -> App {
        try found(request.bearer).app
    }

    /// For what everybody at this machine may read, who has the program `starling` anyway: nil when
    /// such a request has no token. From elsewhere, or through a proxy, a token is needed; one that
    /// is there counts, wherever it comes from.
    package func reader(
        of request: HTTPRequest, for scope: String
    ) throws(HTTPFailure) -> Caller? {
        if request.bearer == nil, request.isLocal { return nil }
        return try caller(token: request.bearer, for: [scope])
    }

    fileprivate func stillHolds(_ caller: Caller) -> Bool {
        accounts().contains { $0.identity == caller.account.identity }
            && (try? locked { (tables) throws(StoreError) in try tables.hasToken(caller.token) })
                == true
    }

    private func found(
        _ text: String?
    ) throws(HTTPFailure) -> (token: AccessTables.FoundToken, app: App) {
        guard let text, text.utf8.count <= Limits.Access.secret else {
            throw HTTPFailure(401, "The access token is invalid")
        }
        let hash = Token.hash(text)
        let now = seconds
        let found = try locked { tables throws(StoreError) in
            guard let token = try tables.token(hash), let app = try tables.app(token.app) else {
                return nil as (AccessTables.FoundToken, App)?
            }
            if now > token.used, now - token.used >= Limits.Access.useSeconds {
                // Only a note of the time: a full disk keeps nobody from reading.
                try? tables.touch(token, now)
            }
            return (token, app)
        }
        guard let found else { throw HTTPFailure(401, "The access token is invalid") }
        return found
    }

    /// Sets a password whose hash was made. Whoever sets it stays in; all others end with `ends`.
    func change(to hash: String, by caller: Caller, ends: Bool) throws(HTTPFailure) {
        let fresh = ends ? SystemRandom.bytes32() : nil
        try locked { tables throws(StoreError) in
            let now = try password.keep(hash, sessions: fresh)
            try tables.begin(sessions: now, keeping: caller.token)
            sessions.withLock { $0 = now }
        }
    }

    // MARK: The tables

    var seconds: UInt64 { wall().milliseconds / 1_000 }

    /// Works on the tables, in which nothing is left that an earlier password let in.
    func locked<Result: Sendable>(
        _ body: (borrowing AccessTables) throws(StoreError) -> Result
    ) throws(HTTPFailure) -> Result {
        do throws(StoreError) {
            return try tables.withLock { tables throws(StoreError) in
                if let current = password.current?.sessions {
                    let isKnown = sessions.withLock { $0 == current }
                    if !isKnown {
                        try tables.begin(sessions: current)
                        sessions.withLock { $0 = current }
                    }
                }
                return try body(tables)
            }
        } catch {
            throw HTTPFailure(
                503, error == .diskFull ? "The node's disk is full" : "The node's disk has failed")
        }
    }
}

extension HTTPRequest {
    /// Whether it was made on this machine and for it, by nobody who passes requests on.
    package var isLocal: Bool {
        guard remote.isLoopback else { return false }
        for name in ["Forwarded", "Via", "X-Forwarded-For", "X-Real-IP", "X-Forwarded-Host"]
        where headers[name] != nil {
            return false
        }
        return HostName(headers["Host"] ?? "").isLoopback
    }

    /// `https://social.example`: this node as whoever asks knows it. A proxy says when it speaks
    /// TLS; what a client makes up it tells to itself alone.
    package var origin: String {
        let isTLS = headers["X-Forwarded-Proto"].map { HTTPHeaders.same($0, "https") } ?? false
        return (isTLS ? "https://" : "http://") + host
    }

    /// The host, with its port, that the gate has let through.
    package var host: String {
        String(decoding: (headers["Host"] ?? "localhost").utf8.map(lower), as: UTF8.self)
    }
}

/// What `Host` names.
private struct HostName {
    let isLoopback: Bool

    init(_ host: String) {
        let name = String(decoding: host.utf8.map(lower), as: UTF8.self)
        let bare =
            name.hasPrefix("[") ? name.prefix { $0 != "]" } + "]" : name.prefix { $0 != ":" }
        isLoopback = bare == "localhost" || bare == "[::1]" || bare == "127.0.0.1"
    }
}
