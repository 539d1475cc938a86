import Crypto
import Primitives
import Store

/// Apps make themselves known before anybody lets them in.
extension Access {
    /// `POST /api/v1/apps`: open to all.
    func registerApp(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPResponse {
        let parameters = try request.parameters()
        let name = DisplayText.line(try parameters.required("client_name"))
        guard (1...Limits.Access.appName).contains(name.utf8.count) else {
            throw HTTPFailure(422, "Validation failed: client_name is empty or too long")
        }
        var app = App(
            number: 0, client: Base64URL.encode(SystemRandom.bytes(32)), name: name,
            website: try Self.website(parameters), redirects: try Self.redirects(parameters),
            scopes: .standard)
        if let scopes = try Self.scopes(parameters, "scopes") { app.scopes = scopes }
        let secret = Token.make()
        let now = seconds
        let kept = app
        let isKept = try locked { tables throws(StoreError) in
            try tables.add(kept, secret: Token.hash(secret), now)
        }
        guard isKept else { throw HTTPFailure(503, "There are too many apps here already") }
        guard case .object(var members) = try Self.json(known(app.client)) else {
            throw HTTPFailure(500, "An app has no text")
        }
        members += [
            .init("client_id", .string(app.client)), .init("client_secret", .string(secret)),
            .init("client_secret_expires_at", 0),
        ]
        return .json(.object(members))
    }

    /// `GET /api/v1/apps/verify_credentials`
    func verifyApp(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPResponse {
        .json(Self.json(try app(of: request)))
    }

    private func known(_ client: String) throws(HTTPFailure) -> App {
        let found = try locked { tables throws(StoreError) in try tables.app(client: client)?.app }
        guard let found else { throw HTTPFailure(500, "The app was not kept") }
        return found
    }

    /// Mastodon's entity. Nobody pushes from here, so there is no key for it.
    private static func json(_ app: App) -> JSONValue {
        [
            "id": .string(String(app.number)), "name": .string(app.name),
            "website": app.website.map { .string($0) } ?? .null,
            "scopes": .array(app.scopes.names.map { .string($0) }),
            "redirect_uri": .string(app.redirects.joined(separator: "\n")),
            "redirect_uris": .array(app.redirects.map { .string($0) }), "vapid_key": "",
        ]
    }

    private static func website(_ parameters: Parameters) throws(HTTPFailure) -> String? {
        guard let text = try parameters.text("website"), !text.isEmpty else { return nil }
        let scheme = RedirectURI.scheme(text)
        guard scheme == "http" || scheme == "https", RedirectURI.problem(text) == nil,
            text.utf8.count <= Limits.Access.website
        else { throw HTTPFailure(422, "Validation failed: website is no address of a page") }
        return text
    }

    private static func redirects(_ parameters: Parameters) throws(HTTPFailure) -> [String] {
        var redirects: [String] = []
        for text in try parameters.texts("redirect_uris") {
            for part in text.utf8.split(whereSeparator: { $0 == 0x20 || 0x09...0x0d ~= $0 }) {
                let redirect = String(decoding: part, as: UTF8.self)
                if let problem = RedirectURI.problem(redirect) {
                    throw HTTPFailure(422, "Validation failed: a redirect URI \(problem)")
                }
                if !redirects.contains(redirect) { redirects.append(redirect) }
            }
        }
        guard (1...Limits.Access.redirects).contains(redirects.count) else {
            throw HTTPFailure(
                422, "Validation failed: 1 to \(Limits.Access.redirects) redirect URIs are needed")
        }
        return redirects
    }

    /// Nil when nothing is asked for.
    static func scopes(
        _ parameters: Parameters, _ name: String
    ) throws(HTTPFailure) -> Scopes? {
        let text = try parameters.texts(name).joined(separator: " ")
        do throws(Scopes.Unknown) {
            let scopes = try Scopes(text)
            return scopes.names.isEmpty ? nil : scopes
        } catch {
            throw HTTPFailure(422, "Validation failed: there is no scope \(error.name)")
        }
    }
}
