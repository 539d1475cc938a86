import Crypto
import Feed
import Foundation
import Node
import Primitives
import Testing

@testable import ClientAPI

/// Who is let in, how, and who is not: RFC 6749, 7009 and 7636 over real sockets.
@Suite(.serialized) struct OAuthTests {
    // MARK: Apps

    @Test func appsRegisterInEveryWayThatClientsWrite() throws {
        let house = try AccessHouse()
        let form = try house.post(
            "/api/v1/apps/",
            [
                ("client_name", "toot"), ("website", "https://toot.example"),
                ("redirect_uris", "urn:ietf:wg:oauth:2.0:oob app.example://callback"),
                ("scopes", "read write:media"),
            ])
        #expect(form.status == 200 && form["name"] == "toot")
        #expect(form["website"] == "https://toot.example")
        #expect(
            form.json?["redirect_uris"]
                == ["urn:ietf:wg:oauth:2.0:oob", "app.example://callback"])
        #expect(form.json?["scopes"] == ["read", "write:media"])
        #expect(form["client_id"] != form["client_secret"])
        let json = try house.ask(
            "POST /api/v1/apps", ["Content-Type: application/json"],
            body: Array(#"{"client_name":"a","redirect_uris":["https://a.example/"]}"#.utf8))
        #expect(json.status == 200 && json.json?["scopes"] == ["read"])
        #expect(json.headers["Access-Control-Allow-Origin"] == "*")
        let part = "--x\r\nContent-Disposition: form-data; name=\"client_name\"\r\n\r\nb\r\n"
        let multipart = try house.ask(
            "POST /api/v1/apps", ["Content-Type: multipart/form-data; boundary=x"],
            body: Array(
                (part
                    + part.replacingOccurrences(of: "client_name", with: "redirect_uris")
                    .replacingOccurrences(of: "\nb\r", with: "\nhttps://b.example\r") + "--x--\r\n")
                    .utf8))
        #expect(multipart.status == 200 && multipart["redirect_uri"] == "https://b.example")
    }

    @Test func appsThatAreRefused() throws {
        let house = try AccessHouse()
        func register(_ changes: [String: String]) throws -> Answer {
            var form = ["client_name": "a", "redirect_uris": "https://a.example", "scopes": "read"]
            form.merge(changes) { $1 }
            return try house.post("/api/v1/apps", form.map { ($0.key, $0.value) })
        }
        #expect(try register([:]).status == 200)
        for redirect in [
            "", "a.example", "/back", "https://", "https:back", "https://a@b.example/",
            "https://a.example/#x", "javascript:alert(1)", "JavaScript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd", "vbscript:x", "about:blank", "https://a.example/\u{e4}",
            "https://a.example/<x>", "https://a.example/\u{1}", "app:", "1app://x",
            "https://a.example/" + String(repeating: "a", count: Limits.Access.redirect),
            (0...Limits.Access.redirects).map { "https://a.example/\($0)" }
                .joined(separator: "\n"),
        ] {
            let answer = try register(["redirect_uris": redirect])
            #expect(answer.status == 422 && answer.json?["error"] != nil, "\(redirect)")
        }
        for name in ["", " \n ", "\u{202e}", String(repeating: "a", count: 300)] {
            #expect(try register(["client_name": name]).status == 422, "\(name)")
        }
        for scopes in ["all", "read:everything", "read,write", "Read", "admin"] {
            #expect(try register(["scopes": scopes]).status == 422, "\(scopes)")
        }
        #expect(try register(["website": "javascript:alert(1)"]).status == 422)
    }

    @Test func anAppAloneHasATokenThatOpensNothing() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let answer = try house.post(
            "/oauth/token", app.form + [("grant_type", "client_credentials"), ("scope", "read")])
        #expect(answer.status == 200 && answer["token_type"] == "Bearer")
        #expect(answer["scope"] == "read")
        #expect(answer.headers["Cache-Control"] == "no-store")
        let bearer = "Authorization: Bearer " + (answer["access_token"] ?? "")
        let verified = try house.ask("GET /api/v1/apps/verify_credentials", [bearer])
        #expect(verified.status == 200 && verified["name"] == "An app")
        #expect(verified.json?["client_secret"] == nil)
        #expect(try house.ask("GET /api/test/read:statuses", [bearer]).status == 422)
        #expect(try house.ask("GET /api/v1/apps/verify_credentials").status == 401)
    }

    // MARK: Codes

    @Test func aPersonLetsAnAppIn() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let (page, form) = try house.page(app)
        #expect(page.status == 200)
        #expect(page.headers["Content-Type"] == "text/html; charset=utf-8")
        let allowed = try house.send(form)
        #expect(allowed.status == 303)
        let location = try #require(allowed.headers["Location"])
        #expect(location.hasPrefix("https://app.example/back?code="))
        #expect(location.hasSuffix("&state=a%26b%3Dc"))
        let code = location.components(separatedBy: "code=")[1].components(separatedBy: "&")[0]
        let given = try house.trade(code, app)
        #expect(given.status == 200 && given["scope"] == "read write")
        #expect(given.json?["created_at"] == 1_700_000_000)
        let token = try #require(given["access_token"])
        #expect(try house.status(token) == 200)
        #expect(try house.status(token, "write:statuses") == 200)
        let info = try house.ask("GET /oauth/userinfo", ["Authorization: Bearer " + token])
        #expect(info["sub"] == DIDKey.encode(house.accounts[0].identity))
        #expect(info["name"] == "ada")
    }

    @Test func aCodeIsGoodOnceAndForItsAppAndAddress() throws {
        let house = try AccessHouse()
        let app = try house.register("https://app.example/back https://app.example/other")
        let other = try house.register()
        let code = try house.code(app)
        for wrong in [
            try house.trade(code, other), try house.trade(code + "x", app),
            try house.trade(code, app, redirect: "https://app.example/other"),
            try house.trade(code, app, redirect: "https://app.example/back/"),
            try house.trade(code, app, [("code_verifier", String(repeating: "a", count: 43))]),
        ] {
            #expect(wrong.status == 400 && wrong["error"] == "invalid_grant", "\(wrong.text)")
        }
        let token = try #require(try house.trade(code, app)["access_token"])
        #expect(try house.status(token) == 200)
        // Somebody else has the code, too: what it was traded for ends.
        #expect(try house.trade(code, app)["error"] == "invalid_grant")
        #expect(try house.status(token) == 401)
    }

    @Test func aCodeIsGoodForTenMinutes() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let codes = [try house.code(app), try house.code(app)]
        house.clock.pass(seconds: 599)
        #expect(try house.trade(codes[0], app).status == 200)
        house.clock.pass(seconds: 1)
        #expect(try house.trade(codes[1], app)["error"] == "invalid_grant")
    }

    @Test func manyWithOneCodeGetOneToken() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let code = try house.code(app)
        let body = AccessHouse.encoded(
            app.form + [
                ("grant_type", "authorization_code"), ("code", code),
                ("redirect_uri", "https://app.example/back"),
            ])
        let clients = try (0..<8).map { _ in try RawClient(house.port) }
        for client in clients {
            client.send(
                "POST /oauth/token HTTP/1.1\r\nHost: localhost:\(house.port)\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
        }
        let statuses = try clients.map { try $0.answer().status }
        #expect(statuses.count { $0 == 200 } == 1, "\(statuses)")
    }

    @Test(arguments: ["S256", "plain", ""]) func onlyWhoAskedForACodeCanTradeIt(
        method: String
    ) throws {
        let house = try AccessHouse()
        let app = try house.register()
        let verifier = String(repeating: "aB3-._~", count: 8)
        let challenge =
            method == "S256"
            ? Base64URL.encode(SHA256.hash(Array(verifier.utf8)).array) : verifier
        var asked = [("scope", "read"), ("code_challenge", challenge)]
        if !method.isEmpty { asked.append(("code_challenge_method", method)) }
        let code = try house.code(app, asked)
        for wrong in [
            [], [("code_verifier", verifier + "x")], [("code_verifier", challenge + "=")],
        ] {
            #expect(try house.trade(code, app, wrong)["error"] == "invalid_grant")
        }
        #expect(try house.trade(code, app, [("code_verifier", verifier)]).status == 200)
    }

    @Test func challengesThatAreNone() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let long = String(repeating: "a", count: 43)
        for fields in [
            [("code_challenge", "short")], [("code_challenge_method", "S256")],
            [("code_challenge", long), ("code_challenge_method", "S512")],
            [("code_challenge", long + "="), ("code_challenge_method", "S256")],
            [("code_challenge", String(repeating: "a", count: 129))],
        ] {
            #expect(try house.page(app, fields).answer.status == 400, "\(fields)")
        }
    }

    // MARK: Passwords and secrets

    @Test func aPasswordIsTradedForTheAccountThatIsNamed() throws {
        let house = try AccessHouse(["ada", "Bob B."])
        let app = try house.register()
        func trade(_ name: String, _ password: String = AccessHouse.password) throws -> Answer {
            try house.post(
                "/oauth/token/",
                app.form + [
                    ("grant_type", "password"), ("username", name), ("password", password),
                    ("scope", "read"),
                ])
        }
        func who(_ name: String) throws -> String? {
            let token = try trade(name)["access_token"] ?? ""
            return try house.ask("GET /api/test/read:statuses", ["Authorization: Bearer " + token])[
                "name"]
        }
        #expect(try who("ada") == "ada")
        #expect(try who("Bob B.") == "Bob B.")
        #expect(try who("@ada@social.example") == "ada")
        #expect(try who(DIDKey.encode(house.accounts[1].identity)) == "Bob B.")
        for (name, password) in [
            ("eve", AccessHouse.password), ("", AccessHouse.password), ("ada", "wrong password"),
        ] {
            let answer = try trade(name, password)
            #expect(answer.status == 400 && answer["error"] == "invalid_grant", "\(name)")
        }
        // Where one lives alone, an address of e-mail is as good as a name.
        let alone = try AccessHouse()
        let other = try alone.register()
        let answer = try alone.post(
            "/oauth/token",
            other.form + [
                ("grant_type", "password"), ("username", "ada@mail.example"),
                ("password", AccessHouse.password),
            ])
        #expect(answer.status == 200 && answer["scope"] == "read")
    }

    @Test func anAppSaysWhoItIsInTheBodyOrByBasic() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let grant = [("grant_type", "client_credentials")]
        func basic(_ id: String, _ secret: String) -> [String] {
            ["Authorization: Basic " + Data((id + ":" + secret).utf8).base64EncodedString()]
        }
        #expect(try house.post("/oauth/token", grant, basic(app.id, app.secret)).status == 200)
        for answer in [
            try house.post("/oauth/token", grant),
            try house.post("/oauth/token", grant, basic(app.id, app.secret + "x")),
            try house.post("/oauth/token", grant, basic(app.id, app.id)),
            try house.post("/oauth/token", grant + [("client_id", app.id)]),
            try house.post("/oauth/token", grant + [("client_id", "x"), ("client_secret", "x")]),
        ] {
            #expect(answer.status == 401 && answer["error"] == "invalid_client")
            #expect(answer.headers["WWW-Authenticate"] != nil)
        }
        let twice = try house.post(
            "/oauth/token", grant + [("client_id", "x")], basic(app.id, app.secret))
        #expect(twice["error"] == "invalid_request")
        let json = try house.ask(
            "POST /oauth/token", ["Content-Type: application/json"],
            body: JSONValue.object([
                .init("grant_type", "client_credentials"), .init("client_id", .string(app.id)),
                .init("client_secret", .string(app.secret)),
            ]).encoded)
        #expect(json.status == 200)
    }

    @Test func grantsThatAreNone() throws {
        let house = try AccessHouse()
        let app = try house.register(scopes: "read write:media")
        func error(_ form: [(String, String)]) throws -> String? {
            try house.post("/oauth/token", app.form + form)["error"]
        }
        #expect(try error([]) == "invalid_request")
        #expect(try error([("grant_type", "implicit")]) == "unsupported_grant_type")
        #expect(try error([("grant_type", "authorization_code")]) == "invalid_request")
        #expect(try error([("grant_type", "password")]) == "invalid_request")
        let credentials = ("grant_type", "client_credentials")
        #expect(try error([credentials, ("scope", "write")]) == "invalid_scope")
        #expect(try error([credentials, ("scope", "nothing")]) == "invalid_scope")
        #expect(try error([credentials, ("scope", "read:lists write:media")]) == nil)
        let broken = try house.ask(
            "POST /oauth/token", ["Content-Type: application/json"], body: Array("{".utf8))
        #expect(broken.status == 400 && broken["error"] == "invalid_request")
    }

    // MARK: Tokens

    @Test func aTokenOpensWhatItsScopesCover() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let token = try house.token(app, scope: "read:statuses follow")
        #expect(try house.status(token) == 200)
        #expect(try house.status(token, "write:mutes") == 200)
        let refused = try house.ask(
            "GET /api/test/write:statuses", ["Authorization: Bearer " + token])
        #expect(refused.status == 403 && refused["error"] != nil)
        for wrong in ["", "x", token + "x", String(token.dropLast()), token.uppercased()] {
            #expect(try house.status(wrong) == 401)
        }
        #expect(try house.ask("GET /api/test/read:statuses").status == 401)
        let basic = try house.ask("GET /api/test/read:statuses", ["Authorization: Basic " + token])
        #expect(basic.status == 401)
    }

    @Test func aTokenIsRevokedByItsAppAlone() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let token = try house.token(app)
        let caller = try house.access.caller(token: token, for: ["read"])
        #expect(caller.stillHolds)
        let others = try house.post(
            "/oauth/revoke", try house.register().form + [("token", token)])
        #expect(others.status == 403 && others["error"] == "unauthorized_client")
        #expect(try house.post("/oauth/revoke", [("token", token)]).status == 401)
        #expect(try house.status(token) == 200)
        #expect(try house.post("/oauth/revoke", app.form + [("token", token)]).status == 200)
        #expect(try house.status(token) == 401)
        #expect(!caller.stillHolds)
        #expect(try house.post("/oauth/revoke", app.form + [("token", "none")]).status == 200)
    }

    @Test func aStreamEndsWithItsToken() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let token = try house.token(app)
        let caller = try house.access.caller(token: token, for: ["read"])
        let stream = EventStream(holds: { caller.stillHolds })
        var now = Clock.now
        func passed() -> Bool {
            now = now + .seconds(2)
            stream.look(now, stall: .seconds(60))
            return stream.isOpen
        }
        stream.send(Array("a secret".utf8))
        #expect(passed())
        // A password that is set while the node runs, by whatever program.
        try OwnerPassword.set("quite another one", house.paths, keepsSessions: true)
        #expect(passed())
        try OwnerPassword.set("and another one", house.paths, keepsSessions: false)
        #expect(!passed())
        guard case .end = stream.take(100, park: {}) else {
            Issue.record("what waited is not told any more")
            return
        }
    }

    @Test func onlyThePageDecidesWhoComesIn() throws {
        let house = try AccessHouse()
        let app = try house.register(scopes: "read write admin:read admin:write")
        let token = try house.token(app, scope: "read write admin:read admin:write")
        let base = "/api/starling/v1"
        let ada = Mark.of(house.accounts[0].identity)
        for line in [
            "GET \(base)/apps", "DELETE \(base)/apps/1", "PUT \(base)/password",
            "POST \(base)/identities/\(ada)/token",
        ] {
            #expect(try house.ask(line, ["Authorization: Bearer " + token]).status == 403)
            #expect(try house.ask(line).status == 401)
        }
        #expect(try house.status(token) == 200)
        #expect(
            try house.ask("POST \(base)/logout", ["Authorization: Bearer " + token]).status == 200)
        #expect(try house.status(token) == 401)
    }

    @Test func onThisMachinePublicThingsAreOpen() throws {
        let house = try AccessHouse()
        let token = try house.token(try house.register())
        #expect(try house.ask("GET /api/test/open").text == "{\"name\":null}")
        let named = try house.ask("GET /api/test/open", ["Authorization: Bearer " + token])
        #expect(named["name"] == "ada")
        // A wrong token is not the same as none, and a proxy's requests are not this machine's.
        let wrong = try house.ask("GET /api/test/open", ["Authorization: Bearer x"])
        #expect(wrong.status == 401)
        #expect(try house.ask("GET /api/test/open", ["X-Forwarded-For: ::1"]).status == 401)
        #expect(try house.ask("GET /api/test/open", host: "social.example").status == 401)
    }

    @Test func whereEverythingIs() throws {
        let house = try AccessHouse()
        let local = try house.ask("GET /.well-known/oauth-authorization-server")
        #expect(local["token_endpoint"] == "http://localhost:\(house.port)/oauth/token")
        let behind = try house.ask(
            "GET /.well-known/oauth-authorization-server", ["X-Forwarded-Proto: https"],
            host: "social.example")
        #expect(behind["issuer"] == "https://social.example/")
    }
}

@Suite struct ScopesTests {
    @Test func coarseOnesCoverFineOnes() throws {
        let scopes = try Scopes("read  write:media\nfollow")
        #expect(scopes.text == "read write:media follow")
        for name in [
            "read", "read:statuses", "write:media", "follow", "write:follows", "read:mutes",
        ] {
            #expect(scopes.covers(name), "\(name)")
        }
        for name in ["write", "write:statuses", "push", "profile", "admin:read", "readx", "rea"] {
            #expect(!scopes.covers(name), "\(name)")
        }
        #expect(scopes.covers(try Scopes("read:lists write:media write:blocks")))
        #expect(!scopes.covers(try Scopes("read write")))
        #expect(try Scopes("write:media").covers(try Scopes("")))
        #expect(try Scopes("admin:read").covers("admin:read:accounts"))
        #expect(!(try Scopes("admin:read:accounts").covers("admin:read")))
        #expect(!(try Scopes("follow").covers("read:statuses")))
    }

    @Test func namesThatAreNone() throws {
        for text in ["all", "READ", "read:", ":read", "read:nothing", "read;write", "r\u{e9}ad"] {
            #expect(throws: Scopes.Unknown.self, "\(text)") { try Scopes(text) }
        }
        #expect(try Scopes("").names.isEmpty)
        #expect(try Scopes(Scopes.all.joined(separator: " ")).names == Scopes.all)
    }
}
