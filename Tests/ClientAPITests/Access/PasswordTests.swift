import Crypto
import Foundation
import Glibc
import Primitives
import Testing

@testable import ClientAPI
@testable import Node
@testable import Store

/// The owner's password, and what is left of secrets on the disk.
@Suite(.serialized) struct PasswordTests {
    @Test func wrongPasswordsAreFew() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let form = try house.page(app).form
        // Right ones do not count: nobody is shut out by logging in.
        for _ in 0..<3 { _ = try house.code(app) }
        for _ in 0..<Limits.Access.attemptsOfAddress {
            let wrong = try house.send(form, password: "wrong password")
            #expect(wrong.status == 403 && wrong.text.contains("role=\"alert\""))
        }
        // Now not even the right one is tried, here or for a token.
        #expect(try house.send(form).status == 429)
        let grant =
            app.form + [
                ("grant_type", "password"), ("username", "ada"), ("password", AccessHouse.password),
            ]
        let refused = try house.post("/oauth/token", grant)
        #expect(refused.status == 429 && refused["error"] == "temporarily_unavailable")
        // From elsewhere it is.
        #expect(try house.post("/oauth/token", grant, source: 0x7f00_0002).status == 200)
        house.clock.pass(seconds: 300)
        #expect(try house.send(try house.page(app).form).status == 303)
    }

    @Test func wrongPasswordsFromEverywhereAreFew() throws {
        let clock = HandClock()
        let scratch = try AccessHouse()
        let password = OwnerPassword(scratch.paths, now: { clock.now })
        var tried = 0
        for address in UInt32(1)...100 {
            for _ in 0..<5 where tried < 1_000 {
                do {
                    let isRight = try password.check("no", from: IPAddress(v4: address << 8))
                    #expect(!isRight)
                    tried += 1
                } catch {
                    #expect(error.status == 429)
                    #expect(tried == Limits.Access.attempts)
                    return
                }
            }
        }
        Issue.record("\(tried) wrong passwords were tried")
    }

    /// A customer of a provider has a whole /64: it counts as one address.
    @Test func addressesOfOneLineAreOne() throws {
        let clock = HandClock()
        let scratch = try AccessHouse()
        let password = OwnerPassword(scratch.paths, now: { clock.now })
        for low in 0..<UInt64(Limits.Access.attemptsOfAddress) {
            _ = try password.check("no", from: IPAddress(high: 0x2001 << 48, low: low))
        }
        #expect(throws: HTTPFailure.self) {
            try password.check("no", from: IPAddress(high: 0x2001 << 48, low: 99))
        }
        #expect(try !password.check("no", from: IPAddress(high: 0x2002 << 48, low: 99)))
    }

    @Test func aNewPasswordEndsWhatAnOldOneLetIn() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let token = try house.token(app)
        let code = try house.code(app)
        try OwnerPassword.set("another password", house.paths, keepsSessions: true)
        #expect(try house.status(token) == 200)
        #expect(try house.send(try house.page(app).form).status == 403)
        try OwnerPassword.set("and another one", house.paths, keepsSessions: false)
        #expect(try house.status(token) == 401)
        #expect(try house.trade(code, app)["error"] == "invalid_grant")
        #expect(
            try house.send(try house.page(app).form, password: "and another one").status == 303)
    }

    @Test func whatIsLetInOutlivesARestart() throws {
        let paths: Paths
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "starling-access-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        paths = Paths(data: scratch.path + "/data", fences: scratch.path + "/fences")
        try OwnerPassword.set("a first password", paths, keepsSessions: false)
        let account = Account(
            name: "ada", identity: Bytes32(1, 2, 3, 4), device: Bytes32(5, 6, 7, 8))
        let clock = HandClock()
        func add(_ access: Access, _ token: String) throws {
            let found = AccessTables.FoundToken(
                number: 0, app: 1, identity: account.identity, scopes: .standard, made: 0, used: 0)
            try access.locked { tables throws(StoreError) in
                if try tables.app(1) == nil {
                    _ = try tables.add(Self.app("a"), secret: Token.hash("s"), 0)
                }
                try tables.add(found, hash: Token.hash(token), code: nil, 0)
            }
        }
        try add(try AccessHouse.open(paths, [account], clock), "one")
        do {
            let access = try AccessHouse.open(paths, [account], clock)
            #expect(try access.caller(token: "one", for: ["read"]).account == account)
            // Nobody else opens the file meanwhile.
            #expect(throws: StoreError.self) { try AccessHouse.open(paths, [account], clock) }
        }
        // An account that left takes its tokens with it.
        do {
            let access = try AccessHouse.open(paths, [], clock)
            #expect(throws: HTTPFailure(401, "The access token is invalid")) {
                try access.caller(token: "one", for: ["read"])
            }
        }
        // The password changed while the node was off.
        try OwnerPassword.set("a second password", paths, keepsSessions: false)
        let access = try AccessHouse.open(paths, [account], clock)
        #expect(throws: HTTPFailure.self) { try access.caller(token: "one", for: ["read"]) }
    }

    // MARK: Files

    @Test func nothingIsThereInClear() throws {
        let house = try AccessHouse()
        let app = try house.register()
        let verifier = String(repeating: "verifier-", count: 6)
        let code = try house.code(app, [("code_challenge", verifier)])
        let given = try house.trade(code, app, [("code_verifier", verifier)])
        let token = try #require(given["access_token"])
        let own = try house.post(
            "/oauth/token", app.form + [("grant_type", "client_credentials")])
        let unused = try house.code(app)
        let secrets = [
            app.secret, code, unused, token, try #require(own["access_token"]), verifier,
            AccessHouse.password,
        ]
        var seen = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: house.paths.data) {
            let path = house.paths.data + "/" + name
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
            seen += bytes.count
            for secret in secrets {
                #expect(MultipartReader.position(Array(secret.utf8), in: bytes) == nil, "\(name)")
            }
            let mode = try #require(try FileMode.status(of: path)).st_mode & 0o777
            #expect(mode == 0o600, "\(name) \(String(mode, radix: 8))")
            // The app's public name is there: it is the file that counts.
            if name == "access.sqlite" {
                #expect(MultipartReader.position(Array(app.id.utf8), in: bytes) != nil)
            }
        }
        #expect(seen > 4_096)
    }

    @Test func aFirstStartMakesWords() throws {
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "starling-access-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let paths = Paths(data: scratch.path + "/data", fences: scratch.path + "/fences")
        try PrivateDirectory.create(paths.data)
        let path = try #require(try OwnerPassword.first(paths))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let words = text.components(separatedBy: "\n")[0]
        #expect(words.components(separatedBy: "-").count == 6)
        let password = OwnerPassword(paths)
        #expect(try password.check(words, from: .loopback4))
        #expect(try !password.check(words + " ", from: .loopback4))
        for file in [paths.ownerPassword, path] {
            #expect(try #require(try FileMode.status(of: file)).st_mode & 0o777 == 0o600)
        }
        // It stays the same at the next start, and goes with the owner's own.
        #expect(try OwnerPassword.first(paths) == path)
        #expect(try password.check(words, from: .loopback4))
        try OwnerPassword.set("my own password", paths, keepsSessions: false)
        #expect(try OwnerPassword.first(paths) == nil)
        #expect(try !password.check(words, from: .loopback4))
        #expect(try password.check("my own password", from: .loopback4))
    }

    @Test func filesThatAreNotUsed() throws {
        let house = try AccessHouse()
        let password = OwnerPassword(house.paths)
        for text in ["short", String(repeating: "a", count: 1_025)] {
            #expect(throws: NodeError.self) {
                try OwnerPassword.set(text, house.paths, keepsSessions: false)
            }
        }
        #expect(try password.check(AccessHouse.password, from: .loopback4))
        // Open to others: it counts no more, and what it let in stays until the owner mends it.
        #expect(unsafe chmod(house.paths.ownerPassword, 0o644) == 0)
        let other = OwnerPassword(house.paths)
        #expect(throws: HTTPFailure.self) {
            try other.check(AccessHouse.password, from: .loopback4)
        }
        #expect(throws: NodeError.self) { try OwnerPassword.first(house.paths) }
        for text in ["", "$argon2id$x\n", "$argon2id$x\nsessions 00\n", "plain\nsessions 00\n"] {
            try SecretFile.replace(house.paths.ownerPassword, contents: Array(text.utf8))
            #expect(throws: NodeError.self) { try OwnerPassword.first(house.paths) }
            #expect(throws: HTTPFailure.self) { try password.check(text, from: .loopback4) }
        }
    }

    // MARK: Bounds

    @Test func tablesAreBounded() throws {
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "starling-access-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        try PrivateDirectory.create(scratch.path)
        let tables = try AccessTables(scratch.path + "/access.sqlite")
        let ada = Bytes32(1, 2, 3, 4)
        func token(_ app: Int64, _ identity: Bytes32?, _ now: UInt64) -> AccessTables.FoundToken {
            AccessTables.FoundToken(
                number: 0, app: app, identity: identity, scopes: .standard, made: now, used: now)
        }
        for number in 1...UInt64(Limits.Access.apps) {
            #expect(try tables.add(Self.app("\(number)"), secret: .zero, number))
        }
        // The oldest is in use, the second only by itself.
        try tables.add(token(1, ada, 1), hash: Token.hash("a"), code: nil, 1)
        try tables.add(token(2, nil, 1), hash: Token.hash("b"), code: nil, 1)
        #expect(try tables.add(Self.app("new"), secret: .zero, 2_000))
        #expect(try tables.app(client: "1") != nil && tables.app(client: "2") == nil)
        #expect(try tables.token(Token.hash("b")) == nil)
        #expect(try tables.app(client: "3") != nil)
        // Of an account's tokens the one that was used longest ago goes.
        for number in 1..<UInt64(Limits.Access.tokens) {
            try tables.add(
                token(1, ada, number + 10), hash: Token.hash("\(number)"), code: nil, number)
        }
        let oldest = try #require(try tables.token(Token.hash("a")))
        try tables.touch(oldest, 5_000)
        try tables.add(token(1, ada, 3_000), hash: Token.hash("z"), code: nil, 3_000)
        #expect(try tables.token(Token.hash("a")) != nil)
        #expect(try tables.token(Token.hash("1")) == nil)
        #expect(try tables.token(Token.hash("2")) != nil)
        // Codes.
        for number in 0...UInt64(Limits.Access.codes) {
            let code = AccessTables.Code(
                app: 1, identity: ada, scopes: .standard, redirect: "a:b", challenge: nil,
                made: 5_000 + number)
            try tables.add(code, hash: Token.hash("\(number)"), 5_000 + number)
        }
        #expect(try tables.code(Token.hash("0")) == nil)
        #expect(try tables.code(Token.hash("1")) != nil)
    }

    private static func app(_ client: String) -> App {
        App(
            number: 0, client: client, name: "an app", website: nil, redirects: ["a:b"],
            scopes: .standard)
    }
}
