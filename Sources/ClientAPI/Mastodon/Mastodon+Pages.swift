import Crypto
import Feed
import Primitives

/// Pictures that stand for people without one.
extension Mastodon {
    func addPages(_ router: inout Router) {
        router.add(
            Route(.get, "/avatars/:name", origins: .any) { request throws(HTTPFailure) in
                let name = request.captures["name"] ?? ""
                guard name.hasSuffix(".png") else { throw .notFound }
                let seed = Int64(name.dropLast(4)) ?? 0
                let bytes = name == "header.png" ? Identicon.header : Identicon.png(seed)
                return HTTPResponse(
                    headers: [
                        ("Content-Type", "image/png"), ("Cache-Control", "public, max-age=604800"),
                    ], body: .bytes(bytes))
            })
    }
}
