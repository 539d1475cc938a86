import Crypto
import Foundation
import Node
import Primitives
import Store
import Testing

@testable import ClientAPI

/// The page of the node itself: links that let its owner in, and the client that has no secret.
@Suite(.serialized) struct LinkTests {
    private func trade(
        _ house: AccessHouse, _ code: String, _ more: [(String, String)] = [],
        _ fields: [String] = []
    ) throws -> Answer {
        try house.post(
            "/oauth/token",
            [("grant_type", "authorization_code"), ("client_id", "web"), ("code", code)] + more,
            fields)
    }

    @Test func aLinkEndsByUseAndByTime() throws {
        let clock = HandClock()
        let links = LoginLinks(now: { clock.now })
        let (ada, bob) = (SigningKey.generate().publicKey, SigningKey.generate().publicKey)
        let codes = [links.make(for: ada), links.make(for: bob)]
        #expect(Set(codes).count == 2 && codes.allSatisfy { $0.utf8.count == 43 })
        #expect(links.take(codes[1]) == bob && links.take(codes[1]) == nil)
        #expect(links.take("") == nil && links.take(codes[0] + "=") == nil)
        clock.pass(seconds: 899)
        #expect(links.take(codes[0]) == ada)
        let late = links.make(for: ada)
        clock.pass(seconds: 900)
        #expect(links.take(late) == nil)
    }

    @Test func ofTooManyTheOldestGo() {
        let links = LoginLinks(now: { Instant(nanoseconds: 0) })
        let me = SigningKey.generate().publicKey
        let codes = (0...Limits.Access.links).map { _ in links.make(for: me) }
        #expect(links.take(codes[0]) == nil)
        #expect(codes.dropFirst().allSatisfy { links.take($0) == me })
    }

    @Test func eachAccountHasItsOwn() throws {
        let house = try AccessHouse(["ada", "bob"])
        for account in house.accounts {
            let code = house.access.links.make(for: account.identity)
            let token = try #require(try trade(house, code)["access_token"])
            let told = try house.ask(
                "GET /api/test/read:statuses", ["Authorization: Bearer " + token])
            #expect(told["name"] == account.name)
        }
        let stranger = house.access.links.make(for: SigningKey.generate().publicKey)
        #expect(try trade(house, stranger)["error"] == "invalid_grant")
    }

    @Test func thePageHasNoSecretAndNeedsNone() throws {
        let house = try AccessHouse()
        func code() -> String { house.access.links.make(for: house.accounts[0].identity) }
        // Whoever makes one up is no app that is known.
        #expect(try trade(house, code(), [("client_secret", "guess")]).status == 401)
        #expect(
            try trade(house, code(), [("client_secret", String(repeating: "\0", count: 32))])
                .status == 401)
        #expect(try trade(house, code(), [("client_secret", "")]).status == 200)
        #expect(try trade(house, code(), [], ["Origin: http://localhost:1"]).status == 401)
        let own = ["Origin: http://localhost:\(house.port)", "Sec-Fetch-Site: same-origin"]
        let token = try #require(try trade(house, code(), [], own)["access_token"])
        #expect(try house.status(token, "write:statuses") == 200)
        // A new password ends what links let in, too.
        try OwnerPassword.set("another battery staple", house.paths, keepsSessions: false)
        #expect(try house.status(token) == 401)
    }

    @Test func thePageStaysHoweverManyAppsRegister() throws {
        let house = try AccessHouse()
        for number in 0..<(Limits.Access.apps + 3) {
            let form = [
                ("client_name", "app \(number)"), ("redirect_uris", "https://a.example"),
            ]
            guard number % 100 == 0 || number > Limits.Access.apps - 3 else {
                // As the table sees it, without a request for each.
                let app = App(
                    number: 0, client: "c\(number)", name: "app", website: nil, redirects: [],
                    scopes: .standard)
                _ = try house.access.locked { (tables) throws(StoreError) in
                    try tables.add(app, secret: Token.hash("\(number)"), 1)
                }
                continue
            }
            #expect(try house.post("/api/v1/apps", form).status == 200)
        }
        let code = house.access.links.make(for: house.accounts[0].identity)
        #expect(try trade(house, code).status == 200)
    }
}

/// QR codes as the page draws them; `test_first_run.py` has another program read them again.
struct QRCodeTests {
    @Test func aCodeIsSquareAndHasItsCorners() throws {
        for (text, side) in [("a", 21), (String(repeating: "starling", count: 32), 65)] {
            let rows = try #require(QRCode.rows(of: text))
            #expect(rows.count == side && rows.allSatisfy { $0.utf8.count == side })
            #expect(rows[0].hasPrefix("11111110") && rows[0].hasSuffix("01111111"))
            #expect(rows[side - 1].hasPrefix("11111110"))
            #expect(rows.joined().utf8.allSatisfy { $0 == 48 || $0 == 49 })
        }
    }

    @Test func boundsOfATextHold() {
        #expect(QRCode.rows(of: "") == nil)
        #expect(QRCode.rows(of: String(repeating: "x", count: Limits.Setup.codeText)) != nil)
        #expect(QRCode.rows(of: String(repeating: "x", count: Limits.Setup.codeText + 1)) == nil)
        #expect(QRCode.rows(of: "a\0b") != QRCode.rows(of: "a"), "no text ends at a zero")
    }
}
