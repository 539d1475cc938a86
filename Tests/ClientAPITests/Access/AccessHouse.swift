import Crypto
import Foundation
import Primitives
import Store
import Synchronization
import Testing

@testable import ClientAPI
@testable import Node

/// A clock that is set by hand.
final class HandClock: Sendable {
    private let milliseconds = Atomic<UInt64>(1_700_000_000_000)

    var wall: UnixTime { UnixTime(milliseconds: milliseconds.load(ordering: .relaxed)) }
    var now: Instant { Instant(nanoseconds: wall.milliseconds * 1_000_000) }

    func pass(seconds: UInt64) { milliseconds.add(seconds * 1_000, ordering: .relaxed) }
}

/// A node's client API for tests: accounts, a password, and a server.
final class AccessHouse {
    static let password = "correct horse battery"

    let paths: Paths
    let accounts: [Account]
    let access: Access
    let clock = HandClock()
    let port: UInt16
    private let folder: URL
    private let server: HTTPServer

    init(_ names: [String] = ["ada"], facts: Instance.Facts = Instance.Facts()) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "starling-access-\(UUID().uuidString)")
        paths = Paths(data: folder.path + "/data", fences: folder.path + "/fences")
        try OwnerPassword.set(Self.password, paths, keepsSessions: false)
        accounts = names.map { name in
            Account(
                name: name, identity: SigningKey.generate().publicKey,
                device: SigningKey.generate().publicKey)
        }
        access = try Self.open(paths, accounts, clock)
        var router = Router(open: ["/api"])
        access.addRoutes(to: &router)
        Instance(access: access, facts: { facts }).addRoutes(to: &router)
        Self.addTestRoutes(to: &router, access)
        var options = HTTPServer.Options()
        options.spoolDirectory = folder.path
        options.hostNames = ["social.example"]
        options.addressRequests = 1_000_000
        options.tokenRequests = 1_000_000
        server = try HTTPServer(options, router)
        port = server.endpoints.first?.port ?? 0
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    static func open(_ paths: Paths, _ accounts: [Account], _ clock: HandClock) throws -> Access {
        try Access(
            path: paths.access,
            password: OwnerPassword(paths, now: { clock.now }),
            accounts: { accounts }, wall: { clock.wall })
    }

    private static func addTestRoutes(to router: inout Router, _ access: Access) {
        for scope in ["read:statuses", "write:statuses", "write:mutes"] {
            router.add(.get, "/api/test/" + scope) { request throws(HTTPFailure) in
                let caller = try access.caller(of: request, for: scope)
                return .json(["name": .string(caller.account.name)])
            }
        }
        router.add(.get, "/api/test/open") { request throws(HTTPFailure) in
            let caller = try access.reader(of: request, for: "read:statuses")
            return .json(["name": caller.map { .string($0.account.name) } ?? .null])
        }
    }

    // MARK: Requests

    func ask(
        _ line: String, _ fields: [String] = [], host: String? = nil, body: [UInt8]? = nil,
        source: UInt32 = 0x7f00_0001
    ) throws -> Answer {
        let client = try RawClient(port, source: source)
        var lines = [line + " HTTP/1.1", "Host: " + (host ?? "localhost:\(port)")] + fields
        if let body { lines.append("Content-Length: \(body.count)") }
        client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        if let body { client.send(body) }
        return try client.answer(20)
    }

    func post(
        _ path: String, _ form: [(String, String)], _ fields: [String] = [],
        source: UInt32 = 0x7f00_0001
    ) throws -> Answer {
        try ask(
            "POST " + path, ["Content-Type: application/x-www-form-urlencoded"] + fields,
            body: Array(Self.encoded(form).utf8), source: source)
    }

    static func encoded(_ form: [(String, String)]) -> String {
        form.map { URLText.encode($0.0) + "=" + URLText.encode($0.1) }
            .joined(separator: "&")
    }

    /// What a route for `scope` answers with this token.
    func status(_ token: String, _ scope: String = "read:statuses") throws -> Int {
        try ask("GET /api/test/" + scope, ["Authorization: Bearer " + token]).status
    }

    // MARK: Steps

    struct Registered {
        var id: String
        var secret: String
        var form: [(String, String)] { [("client_id", id), ("client_secret", secret)] }
    }

    func register(
        _ redirect: String = "https://app.example/back", scopes: String = "read write follow",
        name: String = "An app"
    ) throws -> Registered {
        let answer = try post(
            "/api/v1/apps",
            [("client_name", name), ("redirect_uris", redirect), ("scopes", scopes)])
        #expect(answer.status == 200, "\(answer.text)")
        return Registered(
            id: try #require(answer["client_id"]), secret: try #require(answer["client_secret"]))
    }

    /// The page, and the form as a browser would send it back.
    func page(
        _ app: Registered, redirect: String = "https://app.example/back",
        _ more: [(String, String)] = [("scope", "read write"), ("state", "a&b=c")]
    ) throws -> (answer: Answer, form: [(String, String)]) {
        let query = Self.encoded(
            [("response_type", "code"), ("client_id", app.id), ("redirect_uri", redirect)] + more)
        let answer = try ask("GET /oauth/authorize?" + query)
        return (answer, Self.hidden(in: answer.text))
    }

    /// Names and values of a page's hidden fields.
    static func hidden(in page: String) -> [(String, String)] {
        page.components(separatedBy: "<input type=\"hidden\" name=\"").dropFirst().map { part in
            let texts = part.components(separatedBy: "\"")
            return (plain(texts[0]), plain(texts[2]))
        }
    }

    private static func plain(_ html: String) -> String {
        html.replacingOccurrences(of: "&lt;", with: "<").replacingOccurrences(of: "&gt;", with: ">")
            .replacingOccurrences(of: "&quot;", with: "\"")
            .replacingOccurrences(of: "&#39;", with: "'")
            .replacingOccurrences(of: "&amp;", with: "&")
    }

    /// Sends the page's form from this node's own page.
    func send(
        _ form: [(String, String)], password: String = AccessHouse.password,
        decision: String = "allow", source: UInt32 = 0x7f00_0001
    ) throws -> Answer {
        try post(
            "/oauth/authorize", form + [("password", password), ("decision", decision)],
            ["Origin: http://localhost:\(port)", "Sec-Fetch-Site: same-origin"], source: source)
    }

    /// Registers nothing; the code that allowing gives.
    func code(
        _ app: Registered, _ more: [(String, String)] = [("scope", "read write")]
    ) throws -> String {
        let answer = try send(try page(app, more).form)
        #expect(answer.status == 303, "\(answer.text)")
        let location = try #require(answer.headers["Location"])
        let query = try #require(location.components(separatedBy: "code=").last)
        return query.components(separatedBy: "&")[0]
    }

    func trade(
        _ code: String, _ app: Registered, redirect: String = "https://app.example/back",
        _ more: [(String, String)] = []
    ) throws -> Answer {
        try post(
            "/oauth/token",
            app.form + [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect),
            ] + more)
    }

    /// A token of the first account.
    func token(_ app: Registered, scope: String = "read write") throws -> String {
        try #require(try trade(try code(app, [("scope", scope)]), app)["access_token"])
    }
}

extension Answer {
    subscript(name: String) -> String? {
        guard case .string(let text)? = json?[name] else { return nil }
        return text
    }
}
