/// The web page: files that ask the client API, as every other app does.
struct Page: Sendable {
    let files: PageFiles

    /// What the page may load: its own files, its node, and pictures that it made itself. No script
    /// out of text, no page around it, and no way from text to HTML (Trusted Types).
    static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
        "img-src 'self' blob:", "media-src 'self' blob:", "manifest-src 'self'",
        "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    /// Whether a path is one of the page's views, which the page itself tells apart.
    private static func isView(_ path: [String]) -> Bool {
        guard let first = path.first else { return true }
        return first == "p" || first.hasPrefix("@")
    }

    func addRoutes(to router: inout Router) {
        router.rest = Route(.get, "", origins: .own) { request throws(HTTPFailure) in
            try answer(request)
        }
    }

    private func answer(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPResponse {
        let path = Self.isView(request.path) ? ["index.html"] : request.path
        guard let file = files[path] else {
            throw HTTPFailure(404, "There is nothing at this address")
        }
        var response = HTTPResponse()
        switch file.content {
        case .read(let open):
            response = try .file(open, type: file.type, for: request)
        case .carried(let bytes, let tag):
            response.headers = HTTPHeaders([
                ("Content-Type", file.type), ("ETag", tag), ("Cache-Control", "no-cache"),
            ])
            let known = request.headers["If-None-Match"]?.split(separator: ",") ?? []
            if known.contains(where: { $0.hasSuffix(tag) }) {
                response.status = 304
            } else {
                response.body = .bytes(bytes)
            }
        }
        response.headers.add("Content-Security-Policy", Self.policy)
        // Its own requests say where they come from; no other host learns anything.
        response.headers.add("Referrer-Policy", "same-origin")
        response.headers.add("Cross-Origin-Opener-Policy", "same-origin")
        return response
    }
}
