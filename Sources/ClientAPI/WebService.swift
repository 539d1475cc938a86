import Crypto
import Feed
import Glibc
import MerkleLog
package import Node
import Primitives
import Store
import Transport

/// All that a node serves by HTTP: the client API, and what belongs to it.
package final class WebService: Sendable {
    private let server: HTTPServer
    /// Where a browser on this machine finds it.
    package let address: String
    private let access: Access

    /// What the owner chooses.
    package struct Options: Sendable {
        /// Where to listen, `HOST:PORT`. Nil is the standard place, or, when another program has
        /// it, any free port of this machine.
        package var listen: String?
        /// Names by which the owner reaches the node, beside its own.
        package var names: [String] = []
        /// A folder with the web page's files, for who changes them; nil for those that the program
        /// carries.
        package var page: String?

        package init() {}
    }

    package static let standardListen = "127.0.0.1:4647"

    /// Starts to serve; the node's square runs by then, or soon.
    package init(_ options: Options, _ paths: Paths, _ door: NodeDoor) throws(NodeError) {
        let listen = options.listen ?? Self.standardListen
        guard let endpoint = Endpoint(listen) else {
            throw .usage("\"\(listen)\" is no address to serve at: it has the form HOST:PORT")
        }
        let access: Access
        do throws(StoreError) {
            access = try Access(
                path: paths.access, password: OwnerPassword(paths),
                accounts: { door.accounts })
        } catch { throw .store("\(error)") }
        self.access = access
        var router = Router(open: ["api", "oauth/token", "oauth/revoke", ".well-known", "nodeinfo"])
        let mastodon = Mastodon(door: door, directory: paths.blobs) {
            (request, scope, isOpen) throws(HTTPFailure) in
            let token = request.token
            if isOpen, token == nil {
                return try access.reader(of: request, for: scope)
            }
            return try access.caller(token: token, for: [scope])
        }
        mastodon.addRoutes(to: &router)
        access.addRoutes(to: &router)
        Setup(mastodon: mastodon, access: access, paths: paths).addRoutes(to: &router)
        Instance(access: access, facts: Self.facts(door)).addRoutes(to: &router)
        Page(files: PageFiles(folder: options.page)).addRoutes(to: &router)

        var server = HTTPServer.Options()
        server.endpoints = [endpoint]
        server.hostNames = options.names
        server.spoolDirectory = paths.data
        do throws(HTTPServerError) {
            self.server = try Self.start(server, router, isChosen: options.listen != nil)
        } catch {
            switch error {
            case .noListener(let endpoint, let code):
                throw .network(
                    "the client API cannot be served at \(endpoint): "
                        + "\(code == EADDRINUSE ? "the port is in use" : "error \(code)"); choose "
                        + "another place with --web, or none with --no-web")
            case .noResources: throw .network("the client API has no threads to run on")
            }
        }
        let port = self.server.endpoints.first?.port ?? endpoint.port
        let isAny = endpoint.address.isUnspecified
        let host =
            isAny
            ? "localhost"
            : endpoint.address.isIPv4 ? "\(endpoint.address)" : "[\(endpoint.address)]"
        address = "http://\(host):\(port)"
    }

    package func stop() { server.stop() }

    /// A link that lets the account's owner into the page: once, and within so many seconds. What
    /// stands behind the # no browser sends anywhere by itself.
    package func link(for account: Account) -> (link: String, seconds: UInt64) {
        let code = access.links.make(for: account.identity)
        return ("\(address)/#code=\(code)", Limits.Access.linkLife.milliseconds / 1_000)
    }

    private static func start(
        _ options: HTTPServer.Options, _ router: Router, isChosen: Bool
    ) throws(HTTPServerError) -> HTTPServer {
        do throws(HTTPServerError) { return try HTTPServer(options, router) } catch {
            guard !isChosen, case .noListener(_, EADDRINUSE) = error else { throw error }
            var options = options
            options.endpoints = options.endpoints.map { Endpoint($0.address, port: 0) }
            return try HTTPServer(options, router)
        }
    }

    /// Counted once a minute at most, by whoever asks first.
    private static func facts(
        _ door: NodeDoor
    ) -> @Sendable () -> Instance.Facts {
        let last = MutexBox<(at: Instant, facts: Instance.Facts)?>(nil)
        return {
            let now = Clock.now
            if let known = last.withLock({ $0 }), now - known.at < .seconds(60) {
                return known.facts
            }
            var facts = Instance.Facts()
            let accounts = door.accounts
            let counted = try? door.square.read { square throws(StoreError) in
                let viewer = Viewer(account: nil, base: "", accounts: accounts)
                let showing = try Showing(
                    square: square, viewer: viewer, desk: door.desk, now: Clock.wall)
                var posts = 0
                for account in accounts { posts += try square.posts(of: account.identity).count }
                return (
                    people: square.people.count, posts: try square.feed.count(), own: posts,
                    contact: try accounts.first.map { (account) throws(StoreError) in
                        try showing.account(account.identity)
                    }
                )
            }
            if let counted {
                facts.people = Int64(counted.people)
                facts.posts = counted.posts
                facts.localPosts = Int64(counted.own)
                facts.active = Int64(accounts.count)
                facts.contact = counted.contact ?? .null
            }
            let fresh = facts
            last.withLock { $0 = (now, fresh) }
            return fresh
        }
    }
}
