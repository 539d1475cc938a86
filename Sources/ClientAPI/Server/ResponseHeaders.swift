import Primitives

/// What every answer carries.
enum ResponseHeaders {
    /// The page that this answer could be taken for may load nothing and stand in no other page.
    static let policy = "default-src 'none'; frame-ancestors 'none'"
    private static let exposed =
        "Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Idempotency-Key"

    /// Adds what is missing: a route's own values stay.
    static func complete(_ headers: inout HTTPHeaders, isOpen: Bool) {
        var missing = [
            ("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", policy),
            ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
            ("Cross-Origin-Resource-Policy", isOpen ? "cross-origin" : "same-origin"),
        ]
        if isOpen {
            missing.append(("Access-Control-Allow-Origin", "*"))
            missing.append(("Access-Control-Expose-Headers", exposed))
        }
        for (name, value) in missing where headers[name] == nil { headers.add(name, value) }
    }

    /// The answer to `OPTIONS`: to a preflight of CORS where the path is open, and else what the
    /// path has. Never with credentials: a cookie is for pages of this node.
    static func options(_ methods: [HTTPMethod], isOpen: Bool) -> HTTPResponse {
        let list = methods.map(\.rawValue).joined(separator: ", ")
        var response = HTTPResponse(status: 204, headers: [("Allow", list)])
        if isOpen {
            response.headers.add("Access-Control-Allow-Methods", list)
            response.headers.add(
                "Access-Control-Allow-Headers",
                "Authorization, Content-Type, Idempotency-Key, Accept, Accept-Language, "
                    + "Cache-Control, Last-Event-ID, X-Requested-With")
            response.headers.add(
                "Access-Control-Max-Age", String(Limits.HTTP.preflightSeconds))
            response.headers.add("Vary", "Access-Control-Request-Method")
        }
        return response
    }
}
