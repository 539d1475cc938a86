import Crypto
import Foundation
import Node
import Primitives
import Testing

@testable import ClientAPI

/// The page on which an app is let in, as a browser and as an attacker sees it.
@Suite(.serialized) struct AuthorizePageTests {
    @Test func thePageLoadsNothingAndLeadsToTheAppOnly() throws {
        let house = try AccessHouse()
        let page = try house.page(try house.register()).answer
        let policy = try #require(page.headers["Content-Security-Policy"])
        #expect(policy.contains("default-src 'none'") && policy.contains("base-uri 'none'"))
        #expect(policy.contains("form-action 'self' https://app.example;"))
        #expect(policy.contains("frame-ancestors 'none'"))
        #expect(page.headers["X-Frame-Options"] == "DENY")
        #expect(page.headers["Cache-Control"] == "no-store")
        // With no-referrer a browser would hide the form's origin, and the gate refuse it.
        #expect(page.headers["Referrer-Policy"] == "same-origin")
        #expect(page.headers["Access-Control-Allow-Origin"] == nil)
        #expect(!page.text.contains("<script"))
        let style = page.text.components(separatedBy: "<style>")[1]
            .components(separatedBy: "</style>")[0]
        let hash = Data(SHA256.hash(Array(style.utf8)).array).base64EncodedString()
        #expect(policy.contains("style-src 'sha256-\(hash)'"))
        #expect(page.text.contains("<html lang=\"en\">"))
        #expect(page.text.contains("<label for=\"password\">"))
        #expect(page.text.contains("autocomplete=\"current-password\""))
    }

    @Test(arguments: [
        ("app.example://callback", "app.example:"), ("http://[::1]:8080/x", "http:"),
        ("http://localhost:1234/", "http://localhost:1234"),
        ("https://a.example;script-src'*'/", "https:"), ("HTTPS://A.example/", "https://A.example"),
    ]) func otherWaysBack(redirect: String, source: String) throws {
        let house = try AccessHouse()
        let app = try house.register(redirect)
        let (page, form) = try house.page(app, redirect: redirect, [("state", "s")])
        let policy = try #require(page.headers["Content-Security-Policy"])
        #expect(policy.contains("form-action 'self' \(source); "), "\(policy)")
        let location = try #require(try house.send(form).headers["Location"])
        #expect(location.hasPrefix(redirect + "?code=") && location.hasSuffix("&state=s"))
    }

    @Test func aQueryStays() throws {
        let house = try AccessHouse()
        let redirect = "https://app.example/back?server=a"
        let app = try house.register(redirect)
        let form = try house.page(app, redirect: redirect, []).form
        let answer = try house.send(form, password: "", decision: "deny")
        #expect(answer.status == 303)
        #expect(answer.headers["Location"] == redirect + "&error=access_denied")
    }

    @Test func aCodeThatIsCarriedByHand() throws {
        let house = try AccessHouse()
        let oob = "urn:ietf:wg:oauth:2.0:oob"
        let app = try house.register(oob)
        let (page, form) = try house.page(app, redirect: oob, [("scope", "read")])
        let policy = try #require(page.headers["Content-Security-Policy"])
        #expect(policy.contains("form-action 'self';"))
        let shown = try house.send(form)
        #expect(shown.status == 200 && shown.headers["Location"] == nil)
        let code = shown.text.components(separatedBy: "<code class=\"code\">")[1]
            .components(separatedBy: "<")[0]
        #expect(try house.trade(code, app, redirect: oob).status == 200)
        let denied = try house.send(
            try house.page(app, redirect: oob, []).form, password: "", decision: "deny")
        #expect(denied.status == 200 && !denied.text.contains("class=\"code\""))
    }

    @Test func whoIsAskedFor() throws {
        let house = try AccessHouse(["ada", "Bob B."])
        let app = try house.register()
        let (page, form) = try house.page(app)
        #expect(page.text.contains("<bdi>ada</bdi>") && page.text.contains("<bdi>Bob B.</bdi>"))
        #expect(try house.send(form).status == 422)
        let bob = DIDKey.encode(house.accounts[1].identity)
        let location = try #require(
            try house.send(form + [("account", bob)]).headers["Location"])
        let code = location.components(separatedBy: "code=")[1].components(separatedBy: "&")[0]
        let token = try #require(try house.trade(code, app)["access_token"])
        let who = try house.ask("GET /oauth/userinfo", ["Authorization: Bearer " + token])
        #expect(who["sub"] == bob)
        // Nobody is let in as somebody who does not live here.
        let stranger = DIDKey.encode(SigningKey.generate().publicKey)
        let other = try house.send(try house.page(app).form + [("account", stranger)])
        #expect(other.status == 422)
    }

    @Test func requestsThatShowNoForm() throws {
        let house = try AccessHouse()
        let app = try house.register(scopes: "read")
        let redirect = "https://app.example/back"
        func ask(_ changes: [String: String]) throws -> Answer {
            var form = [
                "response_type": "code", "client_id": app.id, "redirect_uri": redirect,
                "scope": "read",
            ]
            form.merge(changes) { $1 }
            return try house.ask(
                "GET /oauth/authorize?" + AccessHouse.encoded(form.map { ($0.key, $0.value) }))
        }
        #expect(try ask([:]).status == 200)
        for changes in [
            ["client_id": "none"], ["response_type": "token"], ["scope": "write"],
            ["scope": "nothing"], ["redirect_uri": redirect + "/"], ["redirect_uri": ""],
            ["redirect_uri": redirect + "?x"], ["redirect_uri": "https://evil.example/"],
            ["redirect_uri": redirect.uppercased()], ["state": "a\nb"],
            ["state": String(repeating: "a", count: Limits.Access.state + 1)],
        ] {
            let answer = try ask(changes)
            // And nobody is led away from here by it.
            #expect(answer.status == 400 && answer.headers["Location"] == nil, "\(changes)")
            #expect(!answer.text.contains("<form") && !answer.text.contains("evil"))
        }
    }

    // MARK: Forgery

    @Test func onlyThePageItselfSendsItsForm() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let form =
            try house.page(app).form + [
                ("password", AccessHouse.password), ("decision", "allow"),
            ]
        for fields in [
            ["Origin: https://evil.example"], ["Origin: null"], ["Sec-Fetch-Site: cross-site"],
            ["Sec-Fetch-Site: same-site"], ["Cookie: a=b"],
            ["Origin: http://localhost:\(house.port)", "Sec-Fetch-Site: cross-site"],
        ] {
            let answer = try house.post("/oauth/authorize", form, fields)
            #expect(answer.status == 403 && answer.headers["Location"] == nil, "\(fields)")
        }
        #expect(try house.post("/oauth/authorize", form).status == 303)
    }

    @Test func aFormIsGoodOnceAndAsItWasSent() throws {
        let house = try AccessHouse()
        let app = try house.register("https://app.example/back https://app.example/other")
        let form = try house.page(app, [("scope", "read")]).form
        func changed(_ name: String, _ value: String?) -> [(String, String)] {
            form.compactMap { $0.0 == name ? value.map { (name, $0) } : $0 }
        }
        for other in [
            changed("form", nil), changed("form", "x"), changed("scope", "read write"),
            changed("scope", nil), changed("redirect_uri", "https://app.example/other"),
            form + [("state", "new")],
            try house.page(app, [("scope", "read write")]).form.filter { $0.0 != "form" }
                + form.filter { $0.0 == "form" },
        ] {
            let answer = try house.send(other)
            #expect(answer.status == 403 && answer.headers["Location"] == nil)
        }
        #expect(try house.send(form, password: "wrong password").status == 403)
        #expect(try house.send(form).status == 303)
        #expect(try house.send(form).status == 403)
        let late = try house.page(app).form
        house.clock.pass(seconds: 601)
        let answer = try house.send(late)
        #expect(answer.status == 403)
        // The page that comes instead has a form that is good.
        #expect(try house.send(AccessHouse.hidden(in: answer.text)).status == 303)
    }

    // MARK: Hostile texts

    /// Whatever an app calls itself, the page has the same marks as with a plain name.
    @Test func hostileNamesAreText() throws {
        var names = [
            "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus='alert(1)",
            "&lt;b&gt;", "</bdi></h1><form action=//evil.example>", "a\u{202e}b", "a\u{0}b",
            "a\r\nSet-Cookie: x=1", "${7*7}{{7*7}}",
        ]
        names += Self.naughtyStrings()
        let marks = Self.marks(in: try Self.page(name: "Plain"))
        for name in names where !DisplayText.line(name).isEmpty {
            let page = try Self.page(name: name)
            #expect(Self.marks(in: page) == marks, "\(name)")
            let isClean = page.unicodeScalars.allSatisfy {
                ($0.value >= 0x20 || $0 == "\n") && !(0x202a...0x202e).contains($0.value)
            }
            #expect(isClean, "\(name)")
        }
    }

    @Test func hostileNamesThroughTheServer() throws {
        let house = try AccessHouse(["ada"])
        let app = try house.register(name: "<script>alert(1)</script>\"'")
        let (page, form) = try house.page(app, [("state", "\"><script>x</script>")])
        #expect(!page.text.contains("<script"))
        #expect(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;"))
        let location = try #require(try house.send(form).headers["Location"])
        #expect(location.hasSuffix("&state=%22%3E%3Cscript%3Ex%3C%2Fscript%3E"))
    }

    private static func page(name: String) throws -> String {
        let app = App(
            number: 1, client: "client", name: DisplayText.line(name), website: nil,
            redirects: ["https://app.example/"], scopes: .standard)
        let parameters = Parameters([
            (name: "response_type", value: .text("code")),
            (name: "client_id", value: .text("client")),
            (name: "redirect_uri", value: .text("https://app.example/")),
        ])
        let asked = try AuthorizationRequest(parameters) { _ throws(HTTPFailure) in app }
        let response = AuthorizePage(asked: asked, accounts: [], token: "t").response()
        guard case .bytes(let bytes) = response.body else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func marks(in page: String) -> [Unicode.Scalar: Int] {
        var marks: [Unicode.Scalar: Int] = [:]
        for mark in page.unicodeScalars where "<>\"'\n".unicodeScalars.contains(mark) {
            marks[mark, default: 0] += 1
        }
        return marks
    }

    private static func naughtyStrings() -> [String] {
        for name in SharedVectors.names("naughty-strings") where name.hasSuffix(".json") {
            guard let bytes = SharedVectors.read("naughty-strings/" + name),
                let list = try? JSONDecoder().decode([String].self, from: Data(bytes))
            else { continue }
            return list
        }
        return []
    }
}
