import Primitives
import Testing

@testable import ClientAPI

/// The gate's table: each row one thing that is wrong with a good request.
@Suite struct GateTests {
    private static let gate = Gate(
        endpoints: [Endpoint(.loopback4, port: 4000), Endpoint(.loopback6, port: 4000)],
        names: ["social.example", "Other.Example:8443"])

    private static func head(
        _ target: String = "/api/v1/statuses", method: String = "GET", version: String = "HTTP/1.1",
        host: String? = "localhost:4000", _ fields: [(String, String)] = [], asSent: Bool = true
    ) -> RequestHead {
        let all = (host.map { [("Host", $0)] } ?? []) + fields
        return RequestHead(
            method: method, target: Array(target.utf8), version: version,
            fields: all.map { RequestHead.Field(Array($0.0.utf8), Array($0.1.utf8)) },
            isAsSent: asSent)
    }

    private static func head(_ fields: [(String, String)]) -> RequestHead {
        head("/api/v1/statuses", fields)
    }

    private static func status(_ head: RequestHead) -> Int {
        do throws(HTTPFailure) {
            _ = try gate.admit(head)
            return 200
        } catch {
            return error.status
        }
    }

    @Test(arguments: [
        ("localhost:4000", 200), ("LOCALHOST:4000", 200), ("127.0.0.1:4000", 200),
        ("[::1]:4000", 200), ("social.example", 200), ("social.example:4000", 200),
        ("other.example:8443", 200), (" localhost:4000 ", 200), ("localhost", 421),
        ("localhost:4001", 421), ("localhost:80", 421), ("localhost.:4000", 421),
        ("127.0.0.2:4000", 421), ("127.1:4000", 421), ("2130706433:4000", 421),
        ("0.0.0.0:4000", 421), ("[::]:4000", 421), ("::1:4000", 421),
        ("[::ffff:127.0.0.1]:4000", 421),
        ("other.example", 421), ("other.example:4000", 421), ("evil.example", 421),
        ("evil.example:4000", 421), ("social.example.evil:4000", 421),
        ("localhost:4000,evil.example", 421), ("evil@localhost:4000", 421),
        ("localhost:4000/x", 421), ("localhost :4000", 421), ("localhost:04000", 421), ("", 400),
    ])
    func host(_ host: String, _ status: Int) {
        #expect(Self.status(Self.head(host: host)) == status, "\(host)")
    }

    @Test func hostMustBeThereOnce() {
        #expect(Self.status(Self.head(host: nil)) == 400)
        #expect(Self.status(Self.head(version: "HTTP/1.0", host: nil)) == 400)
        #expect(Self.status(Self.head([("Host", "localhost:4000")])) == 400)
        #expect(Self.status(Self.head([("hOST", "evil.example")])) == 400)
    }

    @Test func portEightyMayBeLeftOut() throws {
        let gate = Gate(endpoints: [Endpoint(.loopback4, port: 80)], names: ["a.example"])
        #expect(
            gate.hosts.isSuperset(of: ["localhost", "localhost:80", "127.0.0.1", "a.example:80"]))
        #expect(!gate.hosts.contains("0.0.0.0"))
        let any = Gate(endpoints: [Endpoint(.any4, port: 9)], names: [])
        #expect(any.hosts == ["localhost:9", "127.0.0.1:9", "[::1]:9"])
    }

    @Test(arguments: [
        ("/", 200), ("/a", 200), ("/a/", 200), ("/a/b.c/..d", 200), ("/%41", 200),
        ("/a?b=%2e%2e//..", 200), ("/@a:b;c=d", 200), ("/caf%C3%A9", 200), ("/%25", 200),
        ("", 400), ("*", 400), ("a", 400), ("http://localhost:4000/a", 400), ("//a", 400),
        ("/a//b", 400), ("/a//", 400), ("/.", 400), ("/..", 400), ("/a/../b", 400),
        ("/a/./b", 400), ("/a/..", 400), ("/%2e%2e/a", 400), ("/a/.%2E/b", 400), ("/a%2fb", 400),
        ("/a%5cb", 400), ("/a\\b", 400), ("/a%00b", 400), ("/a?b=%00", 400), ("/a%0d%0ab", 400),
        ("/a%7fb", 400), ("/a%", 400), ("/a%4", 400), ("/a%zz", 400), ("/a%ff", 400),
        ("/a%C3", 400), ("/a%ed%a0%80", 400), ("/a%c0%af", 400), ("/a#b", 400), ("/a b", 400),
        ("/a\tb", 400), ("/é", 400), ("/a\u{0}b", 400), ("/a\u{7f}", 400),
    ])
    func target(_ target: String, _ status: Int) {
        let expected = target.contains("\\") ? 400 : status
        #expect(Self.status(Self.head(target)) == expected, "\(target)")
    }

    @Test func targetIsDecodedOnce() throws {
        let admitted = try Self.gate.admit(Self.head("/a%2541/caf%C3%A9/?q=%41&x"))
        #expect(admitted.path == ["a%41", "café"])
        #expect(admitted.query == "q=%41&x")
    }

    @Test func longTargets() {
        let long = "/" + String(repeating: "a/", count: Limits.HTTP.segments)
        #expect(Self.status(Self.head(long)) == 200)
        #expect(Self.status(Self.head(long + "a/")) == 414)
        let part = "/" + String(repeating: "a", count: Limits.HTTP.segment)
        #expect(Self.status(Self.head(part)) == 200)
        #expect(Self.status(Self.head(part + "a")) == 414)
        let query = "/?" + String(repeating: "a", count: Limits.HTTP.target - 2)
        #expect(Self.status(Self.head(query)) == 200)
        #expect(Self.status(Self.head(query + "a")) == 414)
    }

    @Test(arguments: [
        "get", "CONNECT", "TRACE", "PROPFIND", "PRI", "G\u{0}T", "", "GETGET", "QUERY",
    ])
    func unknownMethods(_ method: String) {
        #expect(Self.status(Self.head(method: method)) == 405)
    }

    @Test func knownMethods() {
        for method in HTTPMethod.allCases {
            #expect(Self.status(Self.head(method: method.rawValue)) == 200)
        }
    }

    @Test(arguments: ["HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTP/1.1 ", "", "ICE/1.0", "http/1.1"])
    func versions(_ version: String) {
        #expect(Self.status(Self.head(version: version)) == 400)
    }

    @Test func mendedHeadsAreRefused() {
        #expect(Self.status(Self.head(asSent: false)) == 400)
    }

    @Test(arguments: [
        ([("Content-Length", "3")], 200), ([("Content-Length", "003")], 200),
        ([("Content-Length", "0")], 200), ([("Transfer-Encoding", "chunked")], 200),
        ([("Transfer-Encoding", "Chunked")], 200),
        ([("Content-Length", "999999999999999999")], 200),
        ([("Content-Length", "3"), ("Content-Length", "3")], 400),
        ([("Content-Length", "3"), ("content-length", "4")], 400),
        ([("Content-Length", "3, 3")], 400), ([("Content-Length", "")], 400),
        ([("Content-Length", "-1")], 400), ([("Content-Length", "+1")], 400),
        ([("Content-Length", "0x1")], 400), ([("Content-Length", "1.0")], 400),
        ([("Content-Length", "1 1")], 400), ([("Content-Length", "١")], 400),
        ([("Content-Length", "1000000000000000000")], 400),
        ([("Content-Length", "18446744073709551615")], 400),
        ([("Content-Length", "18446744073709551616")], 400),
        ([("Content-Length", "3"), ("Transfer-Encoding", "chunked")], 400),
        ([("Transfer-Encoding", "chunked"), ("Content-Length", "0")], 400),
        ([("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")], 400),
        ([("Transfer-Encoding", "identity")], 400), ([("Transfer-Encoding", "gzip, chunked")], 400),
        ([("Transfer-Encoding", "chunked, identity")], 400), ([("Transfer-Encoding", "")], 400),
        ([("Transfer-Encoding", "xchunked")], 400), ([("Transfer-Encoding", "chunked;a=b")], 400),
        ([("Transfer-Encoding", "\"chunked\"")], 400), ([("Transfer-Encoding ", "chunked")], 400),
        ([("Expect", "100-continue")], 200), ([("Expect", "200-ok")], 417),
        ([("Expect", "100-continue"), ("Expect", "100-continue")], 400),
    ])
    func framing(_ fields: [(String, String)], _ status: Int) {
        #expect(Self.status(Self.head(method: "POST", fields)) == status, "\(fields)")
    }

    @Test func framingOfWhatHasNoBody() {
        for method in ["GET", "HEAD", "OPTIONS"] {
            // A GET may have a body of a known length: Mastodon.py writes parameters into it.
            #expect(
                Self.status(Self.head(method: method, [("Content-Length", "1")]))
                    == (method == "GET" ? 200 : 400))
            #expect(
                Self.status(Self.head(method: method, [("Transfer-Encoding", "chunked")])) == 400)
            #expect(Self.status(Self.head(method: method, [("Content-Length", "0")])) == 200)
        }
        #expect(
            Self.status(
                Self.head(method: "POST", version: "HTTP/1.0", [("Transfer-Encoding", "chunked")]))
                == 400)
        // Nothing follows a chunked body on its connection.
        let chunked = try? Self.gate.admit(
            Self.head(method: "POST", [("Transfer-Encoding", "chunked")]))
        #expect(chunked?.mayStay == false)
    }

    @Test func everyByteOfAName() {
        for byte in UInt8.min...UInt8.max {
            let field = RequestHead.Field([97, byte, 98], [49])
            var head = Self.head()
            head.fields.append(field)
            #expect(Self.status(head) == (isToken(byte) ? 200 : 400), "\(byte)")
        }
        var head = Self.head()
        head.fields.append(RequestHead.Field([], [49]))
        #expect(Self.status(head) == 400)
    }

    @Test func everyByteOfAValue() {
        for byte in UInt8.min...UInt8.max {
            var head = Self.head()
            head.fields.append(RequestHead.Field([97], [49, byte, 49]))
            let isBad = byte < 0x20 && byte != 9 || byte == 0x7f
            #expect(Self.status(head) == (isBad ? 400 : 200), "\(byte)")
        }
    }

    @Test func fieldsAreCounted() {
        func fields(_ count: Int, _ value: Int) -> [(String, String)] {
            (0..<count).map { ("X-\($0)", String(repeating: "a", count: value)) }
        }
        #expect(Self.status(Self.head(fields(Limits.HTTP.fields - 1, 1))) == 200)
        #expect(Self.status(Self.head(fields(Limits.HTTP.fields, 1))) == 431)
        #expect(Self.status(Self.head(fields(1, Limits.HTTP.fieldValue))) == 200)
        #expect(Self.status(Self.head(fields(1, Limits.HTTP.fieldValue + 1))) == 431)
        #expect(Self.status(Self.head(fields(3, Limits.HTTP.fieldValue))) == 431)
        let name = String(repeating: "a", count: Limits.HTTP.fieldName)
        #expect(Self.status(Self.head([(name, "1")])) == 200)
        #expect(Self.status(Self.head([(name + "a", "1")])) == 431)
    }

    @Test(arguments: [
        "Content-Type", "Authorization", "Origin", "Cookie", "Range", "Idempotency-Key",
        "Sec-Fetch-Site", "SEC-FETCH-MODE", "Sec-Fetch-Dest",
    ])
    func singleFields(_ name: String) {
        #expect(Self.status(Self.head([(name, "a")])) == 200)
        #expect(Self.status(Self.head([(name, "a"), (name, "a")])) == 400)
        #expect(Self.status(Self.head([("Accept", "a"), ("Accept", "b")])) == 200)
    }

    // MARK: Origins

    /// Every combination of what a browser may say, for each kind of route and request.
    @Test func originMatrix() throws {
        let fetches: [String?] = [nil, "same-origin", "none", "same-site", "cross-site", "x"]
        let origins: [String?] = [
            nil, "http://localhost:4000", "https://localhost:4000", "HTTP://LOCALHOST:4000", "null",
            "http://localhost:4001", "http://evil.example", "http://localhost:4000.evil.example",
            "ftp://localhost:4000", "",
        ]
        var passed = 0
        for fetch in fetches {
            for origin in origins {
                let own = origin.map { $0.lowercased().hasSuffix("//localhost:4000") } ?? true
                let isOwn = own && origin?.hasPrefix("ftp") != true
                let fetchOwn = fetch == "same-origin" || fetch == "none"
                let site: Site =
                    fetch == nil && origin == nil
                    ? .unsaid : isOwn && (fetch == nil || fetchOwn) ? .same : .other
                for cookie in [false, true] {
                    var fields: [(String, String)] = []
                    if let fetch { fields.append(("Sec-Fetch-Site", fetch)) }
                    if let origin { fields.append(("Origin", origin)) }
                    if cookie { fields.append(("Cookie", "a=b")) }
                    try check(fields, site, cookie)
                    passed += 1
                }
            }
        }
        print("Origin matrix: \(passed) combinations")
        #expect(passed == 120)
    }

    private func check(_ fields: [(String, String)], _ site: Site, _ cookie: Bool) throws {
        for method in HTTPMethod.allCases {
            let admitted = try Self.gate.admit(Self.head(method: method.rawValue, fields))
            #expect(admitted.site == site, "\(fields)")
            // An open route takes it from anywhere, and without cookies from other pages.
            try Gate.checkOrigin(admitted, isOpen: true)
            let mayAsk = method.isSafe || site == .same || site == .unsaid && !cookie
            let asked: Void? = try? Gate.checkOrigin(admitted, isOpen: false)
            #expect((asked != nil) == mayAsk, "\(fields)")
            let counts = cookie && (site == .same || site == .unsaid && method.isSafe)
            #expect(Gate.cookies(admitted) == (counts ? ["a": "b"] : [:]), "\(fields)")
        }
    }

    @Test func cookiesOfALinkThatIsFollowed() throws {
        func cookies(_ method: String, _ mode: String, _ destination: String) throws -> Int {
            let head = Self.head(
                method: method,
                [
                    ("Cookie", "a=b; c=\"d\";a=e; =x; y"), ("Sec-Fetch-Site", "cross-site"),
                    ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", destination),
                ])
            return Gate.cookies(try Self.gate.admit(head)).count
        }
        #expect(try cookies("GET", "navigate", "document") == 2)
        #expect(try cookies("GET", "navigate", "iframe") == 0)
        #expect(try cookies("GET", "no-cors", "image") == 0)
        #expect(try cookies("GET", "cors", "empty") == 0)
        #expect(try cookies("POST", "navigate", "document") == 0)
    }

    @Test func bearerTokens() {
        func bearer(_ text: String) -> String? {
            Gate.bearer(HTTPHeaders([("Authorization", text)]))
        }
        #expect(bearer("Bearer abc") == "abc")
        #expect(bearer("bearer  abc") == "abc")
        #expect(bearer("Basic abc") == nil)
        #expect(bearer("Bearer") == nil)
        #expect(bearer("Bearer a b") == nil)
        #expect(bearer("Bearer " + String(repeating: "a", count: 513)) == nil)
    }
}
