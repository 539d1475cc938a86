import Crypto
import Node
import Primitives
import Store
import Wire

/// What an app asks for when it sends a person here (RFC 6749 §4.1.1).
struct AuthorizationRequest: Sendable {
    var app: App
    var redirect: String
    var scopes: Scopes
    var state: String?
    var challenge: Bytes32?
    /// All that was asked, as the form carries it and its token signs it.
    var fields: [(name: String, value: String)]

    var signed: [String] { fields.flatMap { [$0.name, $0.value] } }

    /// Names of what makes up a request, in the form's order.
    static let names = [
        "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge",
        "code_challenge_method",
    ]

    /// Nobody is sent back with an error before a person has said so: anybody can register an app,
    /// and this node would then lead to any page (RFC 9700 §4.11.2).
    init(
        _ parameters: Parameters, _ find: (String) throws(HTTPFailure) -> App?
    ) throws(HTTPFailure) {
        fields = []
        for name in Self.names {
            guard let value = try parameters.text(name) else { continue }
            // A form gives line ends back in another way: what it signed would not be the same.
            guard name == "scope" || value.utf8.allSatisfy({ $0 >= 0x20 }) else {
                throw HTTPFailure(400, "The app's request has control characters.")
            }
            fields.append((name, name == "scope" ? DisplayText.line(value) : value))
        }
        guard let client = try parameters.text("client_id"),
            client.utf8.count <= Limits.Access.secret, let app = try find(client)
        else { throw HTTPFailure(400, "This node does not know the app that sent you here.") }
        let redirect = try parameters.text("redirect_uri") ?? app.redirects.first ?? ""
        guard app.redirects.contains(where: { $0.utf8.elementsEqual(redirect.utf8) }) else {
            throw HTTPFailure(
                400, "The address to send you back to is not one that the app has registered.")
        }
        guard try parameters.text("response_type") == "code" else {
            throw HTTPFailure(400, "The app asks in a way that this node does not know.")
        }
        state = try parameters.text("state")
        guard state?.utf8.count ?? 0 <= Limits.Access.state else {
            throw HTTPFailure(400, "What the app wants handed back is too long.")
        }
        self.app = app
        self.redirect = redirect
        scopes = try Self.scopes(parameters, app)
        challenge = try Self.challenge(parameters)
    }

    private static func scopes(
        _ parameters: Parameters, _ app: App
    ) throws(HTTPFailure) -> Scopes {
        let text = try parameters.text("scope")
        let scopes: Scopes
        do throws(OAuthError) { scopes = try Scopes.wanted(text) } catch {
            throw HTTPFailure(400, "The app asks for something that this node does not know.")
        }
        guard app.scopes.covers(scopes) else {
            throw HTTPFailure(400, "The app asks for more than it has registered for.")
        }
        return scopes
    }

    private static func challenge(_ parameters: Parameters) throws(HTTPFailure) -> Bytes32? {
        let method = try parameters.text("code_challenge_method")
        guard let text = try parameters.text("code_challenge"), !text.isEmpty else {
            guard method == nil || method == "" else {
                throw HTTPFailure(400, "The app's request lacks its challenge.")
            }
            return nil
        }
        guard let challenge = Challenge.kept(text, method: method) else {
            throw HTTPFailure(400, "The app's challenge is none that this node knows.")
        }
        return challenge
    }
}

/// The page on which a person lets an app in, or not.
extension Access {
    /// `GET /oauth/authorize`
    func showAuthorization(_ request: HTTPRequest) -> HTTPResponse {
        do throws(HTTPFailure) {
            let asked = try authorization(request)
            return page(asked, problem: nil).response()
        } catch {
            return AuthorizePage.refusal(error)
        }
    }

    /// `POST /oauth/authorize`: the form of that page came back.
    func authorize(_ request: HTTPRequest) -> HTTPResponse {
        do throws(HTTPFailure) {
            let parameters = try request.parameters()
            let asked = try authorization(request)
            let token = try parameters.text("form") ?? ""
            guard forms.isGood(token, asked.signed) else {
                return page(asked, problem: "This page was too old, or was sent before.")
                    .response(status: 403)
            }
            guard try parameters.text("decision") == "allow" else {
                return deny(asked, token)
            }
            guard let account = try chosen(parameters) else {
                return page(asked, problem: "Choose who you are.").response(status: 422)
            }
            let password = try parameters.text("password") ?? ""
            guard try isOwner(password, request) else {
                return page(asked, problem: "That is not the password.", account: account)
                    .response(status: 403)
            }
            return try allow(asked, account, token)
        } catch {
            return AuthorizePage.refusal(error)
        }
    }

    private func authorization(
        _ request: HTTPRequest
    ) throws(HTTPFailure) -> AuthorizationRequest {
        try AuthorizationRequest(try request.parameters()) { (client) throws(HTTPFailure) in
            try locked { tables throws(StoreError) in try tables.app(client: client)?.app }
        }
    }

    private func isOwner(_ text: String, _ request: HTTPRequest) throws(HTTPFailure) -> Bool {
        if text.isEmpty { return false }
        return try password.check(text, from: request.remote)
    }

    private func chosen(_ parameters: Parameters) throws(HTTPFailure) -> Account? {
        let did = try parameters.text("account") ?? ""
        return accounts().first {
            DIDKey.encode($0.identity).utf8.elementsEqual(did.utf8)
        }
    }

    private func page(
        _ asked: AuthorizationRequest, problem: String?, account: Account? = nil
    ) -> AuthorizePage {
        AuthorizePage(
            asked: asked, accounts: accounts(), chosen: account,
            token: forms.make(asked.signed), problem: problem)
    }

    private func deny(_ asked: AuthorizationRequest, _ token: String) -> HTTPResponse {
        guard forms.spend(token, asked.signed) else {
            return AuthorizePage.refusal(HTTPFailure(403, "This page was sent before."))
        }
        return answer(asked, [("error", "access_denied")])
            ?? AuthorizePage.message("Not allowed", "The app was not let in. Close this page.")
    }

    private func allow(
        _ asked: AuthorizationRequest, _ account: Account, _ token: String
    ) throws(HTTPFailure) -> HTTPResponse {
        guard forms.spend(token, asked.signed) else {
            throw HTTPFailure(403, "This page was sent before.")
        }
        let text = Token.make()
        let now = seconds
        let code = AccessTables.Code(
            app: asked.app.number, identity: account.identity, scopes: asked.scopes,
            redirect: asked.redirect, challenge: asked.challenge, made: now)
        try locked { tables throws(StoreError) in
            try tables.add(code, hash: Token.hash(text), now)
        }
        return answer(asked, [("code", text)]) ?? AuthorizePage.code(text, for: asked.app)
    }

    /// Back to the app; nil where the person carries the code.
    private func answer(
        _ asked: AuthorizationRequest, _ fields: [(String, String)]
    ) -> HTTPResponse? {
        guard asked.redirect != RedirectURI.outOfBand else { return nil }
        var fields = fields
        if let state = asked.state { fields.append(("state", state)) }
        let target = RedirectURI.adding(fields, to: asked.redirect)
        return HTTPResponse(status: 303, headers: [("Location", target)])
    }
}
