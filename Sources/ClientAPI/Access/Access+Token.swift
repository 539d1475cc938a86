import Crypto
import Node
import Primitives
import Store
import Wire

/// Tokens: what codes, passwords and apps' secrets are traded for (RFC 6749 §4, RFC 7009).
extension Access {
    /// `POST /oauth/token`
    func giveToken(_ request: HTTPRequest) throws(OAuthError) -> HTTPResponse {
        let parameters = try OAuthError.of { () throws(HTTPFailure) in try request.parameters() }
        let grant = try Self.text(parameters, "grant_type")
        switch grant {
        case "authorization_code":
            let app = try client(request, parameters)
            return app.isPage ? try tradeLink(parameters, app) : try tradeCode(parameters, app)
        case "client_credentials":
            let app = try client(request, parameters)
            guard !app.isPage else {
                throw OAuthError("unauthorized_client", "The page is nobody by itself")
            }
            return try give(app, nil, try wanted(parameters, of: app))
        case "password":
            return try tradePassword(request, parameters, try client(request, parameters))
        case nil, "": throw OAuthError("invalid_request", "The grant_type is missing")
        default: throw OAuthError("unsupported_grant_type", "That grant_type is not known here")
        }
    }

    private func tradeCode(
        _ parameters: Parameters, _ app: App
    ) throws(OAuthError) -> HTTPResponse {
        guard let text = try Self.text(parameters, "code"), !text.isEmpty else {
            throw OAuthError("invalid_request", "The code is missing")
        }
        guard text.utf8.count <= Limits.Access.secret else { throw .grant }
        let hash = Token.hash(text)
        let found = try kept { tables throws(StoreError) in try tables.code(hash) }
        guard let code = found, code.app == app.number else { throw .grant }
        if code.isSpent {
            try kept { tables throws(StoreError) in try tables.endTokens(ofCode: hash) }
            throw .grant
        }
        let now = seconds
        let age = now > code.made ? now - code.made : 0
        guard age < Limits.Access.codeSeconds,
            try Self.text(parameters, "redirect_uri") == code.redirect
        else { throw .grant }
        try Self.check(try Self.text(parameters, "code_verifier"), code.challenge)
        return try give(app, code.identity, code.scopes, code: hash)
    }

    /// The page of this node shows the code of a link that its owner was given: see `LoginLinks`.
    private func tradeLink(
        _ parameters: Parameters, _ app: App
    ) throws(OAuthError) -> HTTPResponse {
        guard let text = try Self.text(parameters, "code"), !text.isEmpty else {
            throw OAuthError("invalid_request", "The code is missing")
        }
        guard text.utf8.count <= Limits.Access.secret, let identity = links.take(text),
            accounts().contains(where: { $0.identity == identity })
        else {
            throw OAuthError(
                "invalid_grant",
                "The link was used before or is too old: starling web  prints another one")
        }
        return try give(app, identity, app.scopes)
    }

    /// RFC 7636 §4.6. A verifier where there was no challenge is refused, too: somebody took the
    /// challenge away on the way here (RFC 9700 §2.1.1).
    private static func check(_ verifier: String?, _ challenge: Bytes32?) throws(OAuthError) {
        switch (verifier.flatMap { $0.isEmpty ? nil : $0 }, challenge) {
        case (nil, nil): return
        case (let verifier?, let challenge?):
            guard Challenge.isVerifier(verifier), Token.same(Token.hash(verifier), challenge)
            else { throw .grant }
        default: throw .grant
        }
    }

    private func tradePassword(
        _ request: HTTPRequest, _ parameters: Parameters, _ app: App
    ) throws(OAuthError) -> HTTPResponse {
        let scopes = try wanted(parameters, of: app)
        let name = try Self.text(parameters, "username") ?? ""
        guard let password = try Self.text(parameters, "password"), !password.isEmpty else {
            throw OAuthError("invalid_request", "The password is missing")
        }
        let isRight = try OAuthError.of { () throws(HTTPFailure) in
            try self.password.check(password, from: request.remote)
        }
        guard isRight, let account = account(named: name) else {
            throw OAuthError("invalid_grant", "The password or the name is wrong")
        }
        return try give(app, account.identity, scopes)
    }

    /// The account that somebody names when logging in: `me`, `@me@social.example`, a DID. Where
    /// there is one account only, it is that one, whatever is said: clients ask for an address of
    /// e-mail, which nobody has here.
    func account(named text: String) -> Account? {
        let accounts = accounts()
        if let only = accounts.first, accounts.count == 1 { return only }
        let bare = text.utf8.first == UInt8(ascii: "@") ? String(text.dropFirst()) : text
        let name = bare.utf8.prefix { $0 != UInt8(ascii: "@") }
        return accounts.first { account in
            account.name.utf8.elementsEqual(text.utf8)
                || account.name.utf8.elementsEqual(name)
                || DIDKey.encode(account.identity).utf8.elementsEqual(name)
        }
    }

    private func give(
        _ app: App, _ identity: Bytes32?, _ scopes: Scopes, code: Bytes32? = nil
    ) throws(OAuthError) -> HTTPResponse {
        let text = Token.make()
        let now = seconds
        let token = AccessTables.FoundToken(
            number: 0, app: app.number, identity: identity, scopes: scopes, made: now, used: now)
        let isGiven = try kept { tables throws(StoreError) in
            // Two requests with one code may be here at once: only one finds it unspent.
            if let code {
                guard try tables.code(code)?.isSpent == false else { return false }
            }
            try tables.add(token, hash: Token.hash(text), code: code, now)
            return true
        }
        guard isGiven else { throw .grant }
        var response = HTTPResponse.json([
            "access_token": .string(text), "token_type": "Bearer", "scope": .string(scopes.text),
            "created_at": .integer(Int64(clamping: now)),
        ])
        response.headers["Pragma"] = "no-cache"
        return response
    }

    // MARK: Ending them

    /// `POST /oauth/revoke`
    func revokeToken(_ request: HTTPRequest) throws(OAuthError) -> HTTPResponse {
        let parameters = try OAuthError.of { () throws(HTTPFailure) in try request.parameters() }
        let app = try client(request, parameters)
        guard let text = try Self.text(parameters, "token"), !text.isEmpty else {
            throw OAuthError("invalid_request", "The token is missing")
        }
        let hash = Token.hash(String(text.prefix(Limits.Access.secret)))
        let isOthers = try kept { tables throws(StoreError) in
            guard let token = try tables.token(hash) else { return false }
            guard token.app == app.number else { return true }
            try tables.remove(token: token.number)
            return false
        }
        if isOthers {
            throw OAuthError(
                "unauthorized_client", "The token is another app's", status: 403)
        }
        return .json(.object([]))
    }

    /// `GET /oauth/userinfo`: who let the app in.
    func userInfo(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPResponse {
        let caller = try caller(of: request, for: "profile", or: "read:accounts")
        let did = DIDKey.encode(caller.account.identity)
        return .json([
            "iss": .string(request.origin + "/"), "sub": .string(did),
            "name": .string(caller.account.name),
            "preferred_username": .string(caller.account.name),
            "profile": .string(request.origin + "/@" + URLText.encode(caller.account.name)),
        ])
    }

    // MARK: Parts of requests

    /// The app that a request is from, by its id and secret in the body or by HTTP Basic.
    private func client(
        _ request: HTTPRequest, _ parameters: Parameters
    ) throws(OAuthError) -> App {
        var client = try Self.text(parameters, "client_id")
        var secret = try Self.text(parameters, "client_secret")
        if let basic = BasicCredentials(request.headers["Authorization"]) {
            guard client == nil || client == basic.name, secret == nil || secret == basic.secret
            else { throw OAuthError("invalid_request", "The app says in two ways who it is") }
            client = basic.name
            secret = basic.secret
        }
        if client == App.page, secret == nil || secret == "" {
            return try page(request)
        }
        guard let client, let secret, client.utf8.count <= Limits.Access.secret,
            secret.utf8.count <= Limits.Access.secret
        else { throw .client }
        let found = try kept { tables throws(StoreError) in
            try tables.app(client: client).map { ClientSecret(app: $0.app, secret: $0.secret) }
        }
        guard let found, Token.same(Token.hash(secret), found.secret) else { throw .client }
        return found.app
    }

    /// The page of this node is served by it, and so needs no secret; a page of another origin is
    /// not it.
    private func page(_ request: HTTPRequest) throws(OAuthError) -> App {
        guard request.site != .other else { throw .client }
        let found = try kept { tables throws(StoreError) in try tables.app(client: App.page)?.app }
        guard let found else { throw .client }
        return found
    }

    private struct ClientSecret: Sendable {
        var app: App
        var secret: Bytes32
    }

    private func wanted(_ parameters: Parameters, of app: App) throws(OAuthError) -> Scopes {
        let wanted = try Scopes.wanted(try Self.text(parameters, "scope"))
        guard app.scopes.covers(wanted) else { throw .scope("The app was registered for less") }
        return wanted
    }

    static func text(_ parameters: Parameters, _ name: String) throws(OAuthError) -> String? {
        try OAuthError.of { () throws(HTTPFailure) in try parameters.text(name) }
    }

    private func kept<Result: Sendable>(
        _ body: (borrowing AccessTables) throws(StoreError) -> Result
    ) throws(OAuthError) -> Result {
        try OAuthError.of { () throws(HTTPFailure) in try locked(body) }
    }
}

/// `Authorization: Basic …` (RFC 7617), each part written as in a form (RFC 6749 §2.3.1).
struct BasicCredentials {
    var name: String
    var secret: String

    init?(_ field: String?) {
        let parts = (field ?? "").split(separator: " ")
        guard parts.count == 2, HTTPHeaders.same(String(parts[0]), "Basic"),
            parts[1].utf8.count <= 4 * Limits.Access.secret,
            let bytes = Base64.decode(String(parts[1])),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let name = percentDecoded(bytes[..<colon], plusIsSpace: true),
            let secret = percentDecoded(bytes[(colon + 1)...], plusIsSpace: true)
        else { return nil }
        self.name = String(decoding: name, as: UTF8.self)
        self.secret = String(decoding: secret, as: UTF8.self)
    }
}
