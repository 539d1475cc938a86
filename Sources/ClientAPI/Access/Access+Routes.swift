import Primitives

/// Where all of this is reached.
extension Access {
    package func addRoutes(to router: inout Router) {
        addOwnerRoutes(to: &router)
        add(to: &router, .post, "/api/v1/apps") { access, request throws(HTTPFailure) in
            try access.registerApp(request)
        }
        add(to: &router, .get, "/api/v1/apps/verify_credentials") {
            access, request throws(HTTPFailure) in
            try access.verifyApp(request)
        }
        add(to: &router, .get, "/.well-known/oauth-authorization-server") { _, request in
            .json(Self.metadata(request.origin))
        }
        router.add(
            Route(.get, "/oauth/authorize", origins: .own) { request in
                self.showAuthorization(request)
            })
        router.add(
            Route(.post, "/oauth/authorize", origins: .own) { request in
                self.authorize(request)
            })
        add(to: &router, .post, "/oauth/token") { access, request in
            OAuthError.told { () throws(OAuthError) in try access.giveToken(request) }
        }
        add(to: &router, .post, "/oauth/revoke") { access, request in
            OAuthError.told { () throws(OAuthError) in try access.revokeToken(request) }
        }
        for method in [HTTPMethod.get, .post] {
            add(to: &router, method, "/oauth/userinfo") { access, request throws(HTTPFailure) in
                try access.userInfo(request)
            }
        }
    }

    /// A route for pages of any origin: what counts is in the request, and no cookie is.
    private func add(
        to router: inout Router, _ method: HTTPMethod, _ pattern: String,
        _ handler: @escaping @Sendable (Access, HTTPRequest) throws(HTTPFailure) -> HTTPResponse
    ) {
        router.add(
            Route(method, pattern, origins: .any) { request throws(HTTPFailure) in
                try handler(self, request)
            })
    }

    /// RFC 8414.
    private static func metadata(_ origin: String) -> JSONValue {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        return [
            "issuer": .string(origin + "/"),
            "authorization_endpoint": .string(origin + "/oauth/authorize"),
            "token_endpoint": .string(origin + "/oauth/token"),
            "app_registration_endpoint": .string(origin + "/api/v1/apps"),
            "revocation_endpoint": .string(origin + "/oauth/revoke"),
            "userinfo_endpoint": .string(origin + "/oauth/userinfo"),
            "scopes_supported": list(Scopes.all),
            "response_types_supported": list(["code"]),
            "response_modes_supported": list(["query"]),
            "grant_types_supported": list([
                "authorization_code", "client_credentials", "password",
            ]),
            "token_endpoint_auth_methods_supported": list([
                "client_secret_basic", "client_secret_post", "none",
            ]),
            "code_challenge_methods_supported": list(["S256", "plain"]),
        ]
    }
}
