import Crypto
import Feed
import Node
import Primitives
import Store

/// What the owner decides about who may use their node, under `/api/starling/v1`. But for leaving,
/// it is for the page of this node alone: no app decides that.
extension Access {
    func addOwnerRoutes(to router: inout Router) {
        let base = "/api/starling/v1"
        add(&router, .get, base + "/apps") { request, caller throws(HTTPFailure) in
            try self.listApps(caller)
        }
        add(&router, .delete, base + "/apps/:id") { request, caller throws(HTTPFailure) in
            guard let number = request.captures["id"].flatMap({ Int64($0) }),
                try self.locked({ tables throws(StoreError) in
                    try tables.remove(app: number, but: caller.token)
                })
            else { throw .notFound }
            return .json([:])
        }
        router.add(.post, base + "/logout") { request throws(HTTPFailure) in
            // The token's owner, whatever it may do.
            let caller = try self.caller(token: request.token, for: Scopes.all)
            try self.locked { tables throws(StoreError) in try tables.remove(token: caller.token) }
            return .json([:])
        }
        add(&router, .put, base + "/password") { request, caller throws(HTTPFailure) in
            try self.changePassword(request, caller)
        }
        add(&router, .post, base + "/identities/:id/token") { request, caller throws(HTTPFailure) in
            try self.giveTokenOfOther(request, caller)
        }
    }

    private func add(
        _ router: inout Router, _ method: HTTPMethod, _ path: String,
        _ handler: @escaping @Sendable (HTTPRequest, Caller) throws(HTTPFailure) -> HTTPResponse
    ) {
        let scope = method == .get ? "read" : "write"
        router.add(
            Route(method, path, origins: .own) { [self] request throws(HTTPFailure) in
                let caller = try caller(of: request, for: scope)
                try caller.mustBePage(request)
                return try handler(request, caller)
            })
    }

    private func listApps(_ caller: Caller) throws(HTTPFailure) -> HTTPResponse {
        let found = try locked { tables throws(StoreError) in try tables.letIn() }
        var order: [Int64] = []
        var of: [Int64: [AccessTables.LetIn]] = [:]
        for item in found {
            if of[item.app.number] == nil { order.append(item.app.number) }
            of[item.app.number, default: []].append(item)
        }
        let names = accounts()
        return .json(
            .array(
                order.compactMap { number in
                    guard let items = of[number], let app = items.first?.app else { return nil }
                    return [
                        "id": .string(String(number)), "name": .string(app.name),
                        "website": .text(app.website),
                        "scopes": .array(app.scopes.names.map { .string($0) }),
                        "accounts": .array(
                            items.compactMap { item in
                                names.first { $0.identity == item.identity }.map {
                                    .string($0.name)
                                }
                            }),
                        "created_at": Self.time(items.map(\.made).min()),
                        "last_used_on": Self.day(items.map(\.used).max()),
                        "current": .bool(app.number == caller.app.number),
                        "page": .bool(app.isPage),
                        "sessions": .integer(items.reduce(0) { $0 + $1.tokens }),
                    ]
                }))
    }

    private static func time(_ seconds: UInt64?) -> JSONValue {
        .time(
            seconds.map {
                UnixTime(milliseconds: $0.multipliedReportingOverflow(by: 1_000).partialValue)
            })
    }

    /// Uses are noted once a day: an hour would be made up.
    private static func day(_ seconds: UInt64?) -> JSONValue {
        guard case .string(let text) = time(seconds) else { return .null }
        return .string(String(text.prefix(10)))
    }

    /// Whoever sits at a browser that was left open must know the old one.
    private func changePassword(
        _ request: HTTPRequest, _ caller: Caller
    ) throws(HTTPFailure) -> HTTPResponse {
        let parameters = try request.parameters()
        let current = try parameters.required("current")
        let new = try parameters.required("password")
        let keepsSessions = try parameters.flag("keep_sessions") ?? false
        guard try password.check(current, from: request.remote) else {
            throw HTTPFailure(403, "That is not the password")
        }
        let hash: String
        do throws(NodeError) { hash = try OwnerPassword.hash(new) } catch {
            throw HTTPFailure(error)
        }
        try change(to: hash, by: caller, ends: !keepsSessions)
        return .json([:])
    }

    /// The same password lets in for any account of the node: its owner goes from one to the other
    /// without giving it again.
    private func giveTokenOfOther(
        _ request: HTTPRequest, _ caller: Caller
    ) throws(HTTPFailure) -> HTTPResponse {
        guard let id = request.captures["id"].flatMap({ Int64($0) }),
            let other = accounts().first(where: { Mark.of($0.identity) == id })
        else { throw .notFound }
        let now = seconds
        let token = AccessTables.FoundToken(
            number: 0, app: caller.app.number, identity: other.identity, scopes: caller.scopes,
            made: now, used: now)
        let text = Token.make()
        try locked { tables throws(StoreError) in
            try tables.add(token, hash: Token.hash(text), code: nil, now)
        }
        return .json([
            "access_token": .string(text), "token_type": "Bearer",
            "scope": .string(caller.scopes.text), "created_at": .integer(Int64(clamping: now)),
        ])
    }
}
