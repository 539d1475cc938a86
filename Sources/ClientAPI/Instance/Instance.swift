import Node
import Primitives

/// What the Mastodon client API asks of a server as a whole, and answers for all that a node
/// without a centre does not have: no moderators, no directory, no push server.
package final class Instance: Sendable {
    /// What changes, or what only the node knows.
    package struct Facts: Sendable {
        package var title = "Starling"
        package var description =
            "A node of Starling, a square that no one owns: your node signs what you write and "
            + "passes it on."
        /// People and posts that this node knows.
        package var people: Int64 = 0
        package var posts: Int64 = 0
        /// Posts of this node's own accounts.
        package var localPosts: Int64 = 0
        /// Accounts of this node that posted within a month.
        package var active: Int64 = 0
        /// The owner's account, as the API writes accounts.
        package var contact: JSONValue = .null
        package var rules: [String] = []
        package var languages: [String] = ["en"]
        /// Kinds of files that can be attached.
        package var mediaTypes: [String] = [
            "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "video/mp4",
            "video/webm", "audio/mpeg", "audio/ogg", "audio/flac", "audio/wav",
        ]

        package init() {}
    }

    /// A picture of a profile.
    package enum Picture: Sendable {
        case avatar
        case header
    }

    let access: Access
    let facts: @Sendable () -> Facts
    /// The page of a post as others show it: nil for an address that is none of a post here.
    let embed: @Sendable (String) throws(HTTPFailure) -> JSONValue?
    /// Takes a picture off the caller's profile; the account as it is then.
    let remove: @Sendable (Picture, Caller) throws(HTTPFailure) -> JSONValue

    package init(
        access: Access, facts: @escaping @Sendable () -> Facts,
        embed: @escaping @Sendable (String) throws(HTTPFailure) -> JSONValue? = {
            _ throws(HTTPFailure) in nil
        },
        remove: @escaping @Sendable (Picture, Caller) throws(HTTPFailure) -> JSONValue = {
            _, _ throws(HTTPFailure) in throw HTTPFailure(501, "Pictures cannot be changed yet")
        }
    ) {
        self.access = access
        self.facts = facts
        self.embed = embed
        self.remove = remove
    }

    package func addRoutes(to router: inout Router) {
        addDescriptions(to: &router)
        addDiscovery(to: &router)
        addEmpties(to: &router)
        addPersonal(to: &router)
        addRefusals(to: &router)
    }

    /// A version of Mastodon whose API is meant, and the true one: clients read the first number.
    static let version = "4.3.0 (compatible; starling \(Node.version))"

    // MARK: Routes of each kind

    /// Open to all, on pages of any origin.
    func open(
        _ router: inout Router, _ method: HTTPMethod, _ pattern: String,
        _ handler: @escaping Handler
    ) {
        router.add(Route(method, pattern, origins: .any, handler: handler))
    }

    /// For whoever has a token with this scope.
    func own(
        _ router: inout Router, _ method: HTTPMethod, _ pattern: String, _ scope: String,
        _ handler:
            @escaping @Sendable (HTTPRequest, Caller) throws(HTTPFailure) -> HTTPResponse
    ) {
        let access = access
        router.add(
            Route(method, pattern, origins: .any) { request throws(HTTPFailure) in
                try handler(request, try access.caller(of: request, for: scope))
            })
    }

    /// For whoever has such a token, and always the same refusal.
    func refused(
        _ router: inout Router, _ method: HTTPMethod, _ pattern: String, _ scope: String,
        _ failure: HTTPFailure
    ) {
        own(&router, method, pattern, scope) { _, _ throws(HTTPFailure) in throw failure }
    }
}
