import Primitives
import Testing

@testable import ClientAPI

@Suite struct RouterTests {
    private static func router() -> Router {
        var router = Router(open: ["/api", "/oauth/token"])
        router.add(.get, "/api/v1/statuses/context") { _ in .text("fixed") }
        router.add(.get, "/api/v1/statuses/:id") { _ in .text("named") }
        router.add(.post, "/api/v1/statuses") { _ in .text("post") }
        router.add(.put, "/api/v1/statuses/:id") { _ in .text("put") }
        router.add(.get, "/") { _ in .text("root") }
        router.add(.post, "/oauth/token") { _ in .text("token") }
        router.add(.post, "/oauth/authorize") { _ in .text("authorize") }
        router.add(Route(.post, "/api/own", origins: .own) { _ in .text("own") })
        router.add(Route(.get, "/open", origins: .any) { _ in .text("open") })
        return router
    }

    private static func found(_ method: HTTPMethod, _ path: String) -> String {
        let parts = path.split(separator: "/").map(String.init)
        switch router().find(method, parts) {
        case .route(let route, let captures, let isOpen):
            return "\(route.pattern) \(captures.sorted { $0.key < $1.key }.map(\.value)) \(isOpen)"
        case .otherMethods(let methods, let isOpen):
            return "\(methods.map(\.rawValue)) \(isOpen)"
        case .nothing(let isOpen): return "nothing \(isOpen)"
        }
    }

    @Test(arguments: [
        (HTTPMethod.get, "/api/v1/statuses/5", "/api/v1/statuses/:id [\"5\"] true"),
        (.head, "/api/v1/statuses/5", "/api/v1/statuses/:id [\"5\"] true"),
        (.get, "/api/v1/statuses/context", "/api/v1/statuses/context [] true"),
        (.put, "/api/v1/statuses/context", "/api/v1/statuses/:id [\"context\"] true"),
        (.get, "/", "/ [] false"),
        (.get, "/api/v1/statuses", "[\"POST\", \"OPTIONS\"] true"),
        (.delete, "/api/v1/statuses/5", "[\"GET\", \"PUT\", \"HEAD\", \"OPTIONS\"] true"),
        (.options, "/oauth/token", "[\"POST\", \"OPTIONS\"] true"),
        (.options, "/oauth/authorize", "[\"POST\", \"OPTIONS\"] false"),
        (.post, "/oauth/authorize", "/oauth/authorize [] false"),
        (.post, "/api/own", "/api/own [] false"), (.get, "/open", "/open [] true"),
        (.get, "/api/v2", "nothing true"), (.get, "/apix", "nothing false"),
        (.get, "/nothing", "nothing false"), (.get, "/API/v1/statuses/5", "nothing false"),
    ])
    func routes(_ method: HTTPMethod, _ path: String, _ expected: String) {
        #expect(Self.found(method, path) == expected)
    }

    @Test(
        arguments: [
            ("bytes=0-9", 0, 10), ("bytes=5-", 5, 95), ("bytes=-5", 95, 5), ("bytes=0-999", 0, 100),
            ("bytes=99-99", 99, 1), ("bytes=-999", 0, 100), ("bytes=100-", 100, 0),
            ("bytes=-0", 100, 0),
            ("bytes=18446744073709551616-", 100, 0), ("bytes=0-18446744073709551615", 0, 100),
        ] as [(String, UInt64, UInt64)])
    func ranges(_ text: String, _ offset: UInt64, _ count: UInt64) {
        let range = ByteRange(text, size: 100)
        #expect(range?.offset == offset)
        #expect(range?.count == count)
    }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,3-4", "lines=0-1",
        "bytes=+1-2", "bytes=1--2", "bytes= 1-2",
    ])
    func rangesThatAreIgnored(_ text: String) { #expect(ByteRange(text, size: 100) == nil) }
}

@Suite struct RateLimiterTests {
    private static let start = Instant(nanoseconds: 1_000_000_000_000)

    @Test func aBucketEmptiesAndFills() {
        var table = RateLimiter.Table<Int>(limit: 3, period: .seconds(30), capacity: 8)
        let now = Self.start
        #expect((0..<4).map { _ in table.take(1, now).remaining } == [2, 1, 0, 0])
        #expect(!table.take(1, now).isAllowed)
        #expect(table.take(2, now).isAllowed)
        #expect(!table.take(1, now + .seconds(9)).isAllowed)
        let later = table.take(1, now + .seconds(10))
        #expect(later.isAllowed && later.remaining == 0 && later.fullIn == .seconds(30))
        #expect(table.take(1, now + .seconds(100)).remaining == 2)
    }

    @Test func theTableIsBounded() {
        var table = RateLimiter.Table<Int>(limit: 3, period: .seconds(30), capacity: 64)
        // One that is nearly empty stays, however many names are made up.
        for _ in 0..<3 { _ = table.take(-1, Self.start) }
        for name in 0..<10_000 {
            _ = table.take(name, Self.start)
            #expect(table.count <= 64)
        }
        #expect(!table.take(-1, Self.start).isAllowed)
    }

    @Test func tokensAndAddresses() {
        var limiter = RateLimiter(addressRequests: 5, tokenRequests: 2)
        let (a, b) = (IPAddress(v4: 1), IPAddress(v4: 2))
        #expect(limiter.take(a, token: "x", Self.start).isAllowed)
        #expect(limiter.take(a, token: "x", Self.start).isAllowed)
        #expect(!limiter.take(a, token: "x", Self.start).isAllowed)
        // The token is spent wherever it is used; made-up ones spend the address.
        #expect(!limiter.take(b, token: "x", Self.start).isAllowed)
        #expect(limiter.take(a, token: "y", Self.start).isAllowed)
        #expect(limiter.take(a, token: "z", Self.start).isAllowed)
        #expect(!limiter.take(a, token: "w", Self.start).isAllowed)
        // All of a /64 are one.
        let (c, d) = (IPAddress(high: 7, low: 1), IPAddress(high: 7, low: 2))
        for _ in 0..<5 { #expect(limiter.take(c, token: nil, Self.start).isAllowed) }
        #expect(!limiter.take(d, token: nil, Self.start).isAllowed)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_795_651_199_001, "2026-11-25T23:59:59.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (UnixTime.latest.milliseconds, "287396-10-12T08:59:00.991Z"),
        ] as [(UInt64, String)])
    func times(_ milliseconds: UInt64, _ text: String) {
        #expect(Timestamp.text(UnixTime(milliseconds: milliseconds)) == text)
    }
}
