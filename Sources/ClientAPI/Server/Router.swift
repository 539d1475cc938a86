import Primitives

/// Answers one request. Runs on a thread of the server's; whatever it throws is told as JSON.
package typealias Handler = @Sendable (HTTPRequest) throws(HTTPFailure) -> HTTPResponse

/// What a route takes, and from whom.
package struct Route: Sendable {
    package enum Bodies: Sendable {
        /// In memory, up to `Limits.HTTP.body`.
        case small
        /// In a file beyond the first bytes, up to `Limits.HTTP.upload`.
        case upload
        /// The same up to `Limits.HTTP.archive`, one at a time. Nothing of it is read before the
        /// route's `admits` has let it in.
        case archive
    }

    package enum Origins: Sendable {
        /// As the router's open prefixes say.
        case byPrefix
        /// Pages of this node only, whatever the prefix: where cookies count.
        case own
        /// Any page: only tokens count.
        case any
    }

    package var method: HTTPMethod
    /// `/api/v1/statuses/:id`: a part that begins with a colon stands for any one.
    package var pattern: String
    package var bodies = Bodies.small
    package var origins = Origins.byPrefix
    package var handler: Handler
    /// Asked before the body is read: whoever may not do this fills no disk.
    package var admits: (@Sendable (HTTPRequest) throws(HTTPFailure) -> Void)?

    package init(
        _ method: HTTPMethod, _ pattern: String, bodies: Bodies = .small,
        origins: Origins = .byPrefix, handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.bodies = bodies
        self.origins = origins
        self.handler = handler
    }

    var bodyLimit: Int {
        switch bodies {
        case .small: Limits.HTTP.body
        case .upload: Limits.HTTP.upload
        case .archive: Limits.HTTP.archive
        }
    }

    var bodyDeadline: Instant.Span {
        switch bodies {
        case .small: Limits.HTTP.bodyDeadline
        case .upload: Limits.HTTP.uploadDeadline
        case .archive: Limits.HTTP.archiveDeadline
        }
    }
}

/// All routes, and which of them pages of others may call.
package struct Router: Sendable {
    /// What stands at a path.
    package enum Found {
        case route(Route, captures: [String: String], isOpen: Bool)
        /// The path is there, with these methods only.
        case otherMethods([HTTPMethod], isOpen: Bool)
        case nothing(isOpen: Bool)
    }

    private struct Entry {
        var parts: [Substring]
        var route: Route
    }

    private var entries: [Entry] = []
    /// What answers a GET of a path that no route has and that is under no open prefix.
    package var rest: Route?
    /// The parts of each open prefix.
    private let open: [[Substring]]

    /// `open` are prefixes like `/api`, under which pages of any origin may call what is there, by
    /// CORS and with tokens: that is how web clients of the Mastodon API work.
    package init(open: [String] = []) {
        self.open = open.map { $0.split(separator: "/") }
    }

    /// The first of two routes that fit counts: fixed paths stand before those with names.
    package mutating func add(_ route: Route) {
        entries.append(Entry(parts: route.pattern.split(separator: "/"), route: route))
    }

    package mutating func add(
        _ method: HTTPMethod, _ pattern: String, handler: @escaping Handler
    ) {
        add(Route(method, pattern, handler: handler))
    }

    package func find(_ method: HTTPMethod, _ path: [String]) -> Found {
        let isUnderOpen = open.contains { prefix in
            prefix.count <= path.count && zip(prefix, path).allSatisfy { $0 == $1 }
        }
        // HEAD is answered by what answers GET: the server leaves out the body.
        let wanted = method == .head ? .get : method
        var methods: [HTTPMethod] = []
        var isOpen = isUnderOpen
        for entry in entries {
            guard let captures = Self.match(entry.parts, path) else { continue }
            let route = entry.route
            let takesAny = route.origins == .any || route.origins == .byPrefix && isUnderOpen
            if route.method == wanted {
                return .route(route, captures: captures, isOpen: takesAny)
            }
            if !methods.contains(route.method) { methods.append(route.method) }
            isOpen = isOpen || takesAny
        }
        if methods.isEmpty {
            guard let rest, rest.method == wanted, !isUnderOpen else {
                return .nothing(isOpen: isUnderOpen)
            }
            return .route(rest, captures: [:], isOpen: rest.origins == .any)
        }
        if methods.contains(.get) { methods.append(.head) }
        return .otherMethods(methods + [.options], isOpen: isOpen)
    }

    private static func match(_ parts: [Substring], _ path: [String]) -> [String: String]? {
        guard parts.count == path.count else { return nil }
        var captures: [String: String] = [:]
        for (part, segment) in zip(parts, path) {
            if part.utf8.first == UInt8(ascii: ":") {
                captures[String(part.dropFirst())] = segment
            } else if part != segment {
                return nil
            }
        }
        return captures
    }
}
