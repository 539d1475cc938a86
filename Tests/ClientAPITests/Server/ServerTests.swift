import Foundation
import Glibc
import Primitives
import Testing

@testable import ClientAPI

/// The server over real sockets.
@Suite(.serialized) struct ServerTests {
    @Test func answersAndTheirFields() throws {
        let server = try TestServer()
        let hello = try server.ask("GET /hello")
        #expect(hello.status == 200 && hello.text == "hello")
        #expect(hello.headers["X-Content-Type-Options"] == "nosniff")
        #expect(hello.headers["Content-Security-Policy"] == ResponseHeaders.policy)
        #expect(hello.headers["Referrer-Policy"] == "no-referrer")
        #expect(hello.headers["Cross-Origin-Resource-Policy"] == "same-origin")
        #expect(hello.headers["Access-Control-Allow-Origin"] == nil)
        #expect(hello.headers["Server"] == nil)
        #expect(hello.headers["X-RateLimit-Limit"] == "1000000")
        #expect(hello.headers["X-RateLimit-Reset"]?.hasSuffix("Z") == true)
        #expect(try server.ask("GET /hello/").text == "hello")
        #expect(
            try server.ask("GET /page").headers["Content-Security-Policy"] == "default-src 'self'")
        let status = try server.ask("GET /api/v1/statuses/caf%C3%A9")
        #expect(status.text == "{\"id\":\"café\"}")
        #expect(status.headers["Content-Type"] == "application/json; charset=utf-8")
        #expect(status.headers["Cross-Origin-Resource-Policy"] == "cross-origin")
        #expect(status.headers["Access-Control-Allow-Origin"] == "*")
        #expect(status.headers["Access-Control-Expose-Headers"]?.contains("Link") == true)
        #expect(status.headers["Access-Control-Allow-Credentials"] == nil)
        let missing = try server.ask("GET /nothing")
        #expect(missing.status == 404 && missing.json?["error"] != nil)
        #expect(missing.headers["X-Content-Type-Options"] == "nosniff")
        let wrong = try server.ask("DELETE /hello")
        #expect(wrong.status == 405 && wrong.headers["Allow"] == "GET, HEAD, OPTIONS")
    }

    @Test func headIsGetWithoutItsBody() throws {
        let server = try TestServer()
        let client = try server.client()
        client.send(server.head("HEAD /hello"))
        client.read { String(decoding: $0, as: UTF8.self).hasSuffix("\r\n\r\n") }
        #expect(client.text.hasPrefix("HTTP/1.1 200"))
        #expect(client.text.contains("Content-Length: 5\r\n"))
        // And nothing behind it: the next answer follows at once.
        client.send(server.head("GET /hello"))
        client.read { String(decoding: $0, as: UTF8.self).hasSuffix("hello") }
        #expect(client.text.components(separatedBy: "HTTP/1.1 200").count == 3)
    }

    @Test func preflights() throws {
        let server = try TestServer()
        let fields = [
            "Origin: https://elk.example", "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: authorization", "Sec-Fetch-Site: cross-site",
        ]
        let open = try server.ask("OPTIONS /api/v1/statuses", fields)
        #expect(open.status == 204)
        #expect(open.headers["Access-Control-Allow-Origin"] == "*")
        #expect(open.headers["Access-Control-Allow-Methods"] == "POST, OPTIONS")
        #expect(open.headers["Access-Control-Allow-Headers"]?.contains("Idempotency-Key") == true)
        #expect(open.headers["Access-Control-Max-Age"] == "86400")
        let own = try server.ask("OPTIONS /settings", fields)
        #expect(own.status == 204 && own.headers["Allow"] == "POST, OPTIONS")
        #expect(own.headers["Access-Control-Allow-Origin"] == nil)
        #expect(own.headers["Access-Control-Allow-Methods"] == nil)
        #expect(try server.ask("OPTIONS /nothing", fields).status == 404)
    }

    @Test func whoMayChangeSomething() throws {
        let server = try TestServer()
        let form = "Content-Type: application/x-www-form-urlencoded"
        let evil = ["Origin: https://evil.example", "Cookie: session=1", form]
        // An open route takes it without the cookie, as the Mastodon API wants.
        let open = try server.ask(
            "POST /api/v1/statuses", evil + ["Authorization: Bearer t"],
            body: Array("status=x".utf8))
        #expect(open.text == "{\"status\":\"x\",\"cookies\":0,\"bearer\":\"t\"}")
        #expect(try server.ask("POST /settings", evil, body: []).status == 403)
        let null = try server.ask("POST /settings", ["Origin: null", form], body: [])
        #expect(null.status == 403)
        let own = ["Origin: http://localhost:\(server.port)", "Cookie: session=1"]
        #expect(try server.ask("POST /settings", own, body: []).text == "{\"cookies\":1}")
        let silent = try server.ask("POST /settings", ["Cookie: session=1"], body: [])
        #expect(silent.status == 403)
        #expect(try server.ask("POST /settings", body: []).text == "{\"cookies\":0}")
    }

    @Test func bodiesAndTheirCaps() throws {
        let server = try TestServer()
        let most = [UInt8](repeating: 97, count: Limits.HTTP.body)
        #expect(try server.ask("POST /echo", body: most).body == most)
        // A little too much is read, so that the answer arrives; with far too much it may not.
        let over = try server.ask("POST /echo", body: most + [97])
        #expect(over.status == 413 && over.json?["error"] != nil)
        let client = try server.client()
        client.send(server.head("POST /echo", ["Content-Length: 999999999999999999"]))
        #expect(try client.answer().status == 413)
        #expect(server.seen.withLock { $0.count } == 1)
        #expect(eventually { server.server.usage.bodies == 0 })
    }

    @Test func chunkedBodies() throws {
        let server = try TestServer()
        func send(_ body: String) throws -> [Answer] {
            try server.raw(
                Array((server.head("POST /echo", ["Transfer-Encoding: chunked"]) + body).utf8))
        }
        let good = try send("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
        #expect(good.map(\.text) == ["abcde"])
        // No second request is read behind it, whoever wrote its lines.
        #expect(good[0].headers["Connection"] == "close")
        let next = server.head("GET /hello")
        #expect(try send("0\r\n\r\n" + next).count == 1)
        for bad in ["x\r\n", "-1\r\n", "0x1\r\na\r\n", "1 \r\na\r\n", "ffffffffffffffffff\r\n"] {
            #expect(try send(bad).allSatisfy { $0.status >= 400 }, "\(bad)")
        }
        let size = Limits.HTTP.body + 1
        let chunk = String(size, radix: 16) + "\r\n" + String(repeating: "a", count: size) + "\r\n"
        #expect(try send(chunk + "0\r\n\r\n").map(\.status) == [413])
        // Without an end it is cut.
        let client = try server.client()
        client.send(server.head("POST /echo", ["Transfer-Encoding: chunked"]))
        for _ in 0..<10 where client.send(chunk) {}
        #expect(client.read(5))
        #expect(client.isAtEnd)
    }

    @Test func continueIsSaidWhenTheBodyIsWanted() throws {
        let server = try TestServer()
        let client = try server.client()
        client.send(server.head("POST /echo", ["Expect: 100-continue", "Content-Length: 2"]))
        #expect(try client.answer().status == 100)
        client.send("ab")
        #expect(try client.answer().text == "ab")
        for (line, length, status) in [("POST /echo", 1 << 30, 413), ("POST /nothing", 2, 404)] {
            let client = try server.client()
            client.send(server.head(line, ["Expect: 100-continue", "Content-Length: \(length)"]))
            #expect(try client.answer().status == status)
        }
    }

    @Test func connectionsAreKept() throws {
        let server = try TestServer()
        let client = try server.client()
        for _ in 0..<50 {
            client.send(server.head("GET /hello"))
            #expect(try client.answer().status == 200)
        }
        // Several at once are answered in their order.
        client.send(server.head("GET /hello") + server.head("GET /slow") + server.head("GET /page"))
        #expect(try (0..<3).map { _ in try client.answer().text } == ["hello", "slow", "0"])
        #expect(server.server.usage.connections == 1)
        let old = try server.client()
        old.send("GET /hello HTTP/1.0\r\nHost: localhost:\(server.port)\r\n\r\n")
        old.read()
        #expect(old.isAtEnd && old.answers.map(\.text) == ["hello"])
    }

    /// What libmicrohttpd lets through in strict mode, and what it mends without a word.
    @Test func oddHeads() throws {
        let server = try TestServer()
        let host = "Host: localhost:\(server.port)\r\n"
        let get = "GET /hello HTTP/1.1\r\n"
        let bad: [String] = [
            get + "\r\n", get + host + host + "\r\n", get + host + "Host: evil.example\r\n\r\n",
            get + "Host: evil.example\r\n\r\n", get + host + "X: a\u{0}b\r\n\r\n",
            get + host + "X: a\u{0}\r\n\r\n", get + host + "X\u{0}: a\r\n\r\n",
            get + host + "X: a\u{0}b\r\nY: c\r\n\r\n", get + host + "X: a\rY: b\r\n\r\n",
            get + host + "X: a\nY: b\r\n\r\n", get + host + "X: a\r\n Y: b\r\n\r\n",
            get + host + "X: a\r\n\tb\r\n\r\n", get + host + " X: a\r\n\r\n",
            get + " " + host + "\r\n", get + host + "X : a\r\n\r\n", get + host + "X\r\n\r\n",
            get + host + ": a\r\n\r\n", get + host + "X: a\u{1}b\r\n\r\n",
            get + host + "X: a\u{7f}\r\n\r\n", get + host + "\n", get + host + "X: a\n\r\n",
            "GET /hello HTTP/1.1\n" + host + "\r\n", get + "Host: localhost:\(server.port)\n\r\n",
            get + "Ho\r\n st: localhost\r\n" + host + "\r\n",
            "GET  /hello HTTP/1.1\r\n" + host + "\r\n",
            "GET /hello HTTP/1.1 \r\n" + host + "\r\n", "GET\t/hello HTTP/1.1\r\n" + host + "\r\n",
            "GET /hello\r\n" + host + "\r\n",
            "GET /hello HTTP/1.2\r\n" + host + "\r\n", "GET /hello HTTP/2.0\r\n" + host + "\r\n",
            "GET /hello\u{0} HTTP/1.1\r\n" + host + "\r\n",
            "GET /hello\u{0}x HTTP/1.1\r\n" + host + "\r\n",
            "GET\u{0} /hello HTTP/1.1\r\n" + host + "\r\n",
            "GET /a%00b HTTP/1.1\r\n" + host + "\r\n",
            "GET /../hello HTTP/1.1\r\n" + host + "\r\n",
            "GET //hello HTTP/1.1\r\n" + host + "\r\n",
            "GET /%2e%2e/hello HTTP/1.1\r\n" + host + "\r\n",
            "GET hello HTTP/1.1\r\n" + host + "\r\n",
            "GET http://localhost:\(server.port)/hello HTTP/1.1\r\n" + host + "\r\n",
            "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", "JUNK /hello HTTP/1.1\r\n" + host + "\r\n",
            "CONNECT localhost:\(server.port) HTTP/1.1\r\n" + host + "\r\n",
            "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
            "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
            "POST /echo HTTP/1.1\r\n" + host
                + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /echo HTTP/1.1\r\n" + host
                + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\na",
            "POST /echo HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\na",
            "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1 \u{0}\r\n\r\na",
            "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 18446744073709551616\r\n\r\na",
            "GET /hello HTTP/1.1\r\n" + host + "X: " + String(repeating: "a", count: 50_000),
            "GET /" + String(repeating: "a", count: 50_000),
            get + host + String(repeating: "X: a\r\n", count: 3_000) + "\r\n",
        ]
        for text in bad {
            let answers = try server.raw(Array(text.utf8), seconds: 3)
            #expect(!answers.isEmpty, "no answer: \(text.debugDescription.prefix(120))")
            #expect(
                answers.allSatisfy { (400..<500).contains($0.status) || $0.status == 505 },
                "\(answers.map(\.status)): \(text.debugDescription.prefix(120))")
        }
        print("Odd heads refused: \(bad.count)")
        // Here the library ends the connection without a word.
        for line in [" GET /hello HTTP/1.1", "GET /hello  HTTP/1.1", "GET /a b HTTP/1.1"] {
            let client = try server.client()
            client.send("\(line)\r\n\(host)\r\n")
            #expect(client.read(3) && client.answers.isEmpty, "\(line)")
        }
        // And the same without what is odd is taken, with all that is allowed.
        let good = get + "hoST:  localhost:\(server.port)\t \r\nX:\r\nY: a:b \r\n\r\n"
        #expect(try server.raw(Array(("\r\n" + good).utf8)).map(\.status) == [200])
    }

    /// A head that comes in any pieces, and of any length that is allowed, reads the same.
    @Test func headsInPieces() throws {
        let server = try TestServer()
        for padding in [0, 1_000, 8_000, 16_000] {
            let fields = (0..<(padding / 500)).map {
                "X-\($0): " + String(repeating: "a", count: 490)
            }
            let head = Array(server.head("GET /api/v1/statuses/5?a=b&c=%20", fields).utf8)
            for step in [head.count, max(head.count / 3, 1), max(head.count / 97, 1)] {
                let client = try server.client()
                for start in stride(from: 0, to: head.count, by: step) {
                    client.send(Array(head[start..<min(start + step, head.count)]))
                    usleep(200)
                }
                #expect(try client.answer().text == "{\"id\":\"5\"}", "\(padding) \(step)")
            }
        }
    }

    @Test func uploadsGoToAFileAndLeaveNothing() throws {
        let server = try TestServer()
        for size in [10, 60_000, Limits.HTTP.bodyInMemory, 3_000_000] {
            let content = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
            let head =
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n"
            let body =
                Array((head + "Content-Type: image/png\r\n\r\n").utf8) + content
                + Array("\r\n--b--\r\n".utf8)
            let answer = try server.ask(
                "POST /upload", ["Content-Type: multipart/form-data; boundary=b"], body: body)
            #expect(answer.json?["count"] == .integer(Int64(size)))
            #expect(answer.json?["sum"] == .integer(content.reduce(0) { $0 + Int64($1) }))
            #expect(answer.json?["name"] == "a.png")
            #expect(answer.json?["spooled"] == .bool(body.count > Limits.HTTP.bodyInMemory))
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.spool).isEmpty)
        }
        #expect(eventually { server.server.usage.uploads == 0 && server.server.usage.bodies == 0 })
    }

    @Test func aClientThatGoesAwayLeavesNothing() throws {
        let server = try TestServer()
        _ = try server.ask("GET /hello")
        #expect(eventually { server.server.usage.connections == 0 })
        for round in 0..<8 {
            let client = try server.client()
            client.send(server.head("POST /upload", ["Content-Length: 2000000"]))
            client.send([UInt8](repeating: 1, count: 500_000 + round))
            #expect(eventually { server.server.usage.uploads == 1 })
            // The file is there, and has no name.
            #expect(eventually { openFiles(below: server.spool) == 1 })
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.spool).isEmpty)
            _ = consume client
            #expect(eventually { server.server.usage.uploads == 0 })
        }
        // Files without a name are known by where they were made.
        #expect(eventually { openFiles(below: server.spool) == 0 })
        #expect(
            eventually {
                server.server.usage == .init(connections: 0, streams: 0, uploads: 0, bodies: 0)
            })
    }

    @Test func uploadsAreCounted() throws {
        let server = try TestServer()
        let clients = try (0..<Limits.HTTP.uploads).map { _ in
            let client = try server.client()
            client.send(server.head("POST /upload", ["Content-Length: 200000"]))
            client.send([1])
            return client
        }
        #expect(eventually { server.server.usage.uploads == Limits.HTTP.uploads })
        let more = try server.client()
        more.send(server.head("POST /upload", ["Content-Length: 200000"]))
        #expect(try more.answer().status == 503)
        #expect(clients.count == Limits.HTTP.uploads)
    }

    @Test func filesAndRanges() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "starling-file-\(UUID().uuidString)").path
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        #expect(FileManager.default.createFile(atPath: path, contents: Data(content)))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let route = Route(.get, "/file") { request throws(HTTPFailure) in
            guard let file = OpenFile(path) else { throw HTTPFailure(404, "gone") }
            return try .file(file, type: "image/png", for: request)
        }
        let server = try TestServer(routes: [route])
        #expect(try server.ask("GET /file").body == content)
        let part = try server.ask("GET /file", ["Range: bytes=100000-199999"])
        #expect(part.status == 206 && part.body == Array(content[100_000..<200_000]))
        #expect(part.headers["Content-Range"] == "bytes 100000-199999/300000")
        #expect(try server.ask("GET /file", ["Range: bytes=300000-"]).status == 416)
        #expect(OpenFile("/tmp") == nil && OpenFile("/nothing") == nil)
    }

    @Test func ratesAreLimited() throws {
        let server = try TestServer { options in
            options.addressRequests = 5
            options.tokenRequests = 2
        }
        let token = ["Authorization: Bearer abc"]
        #expect(
            try (0..<3).map { _ in try server.ask("GET /hello", token).status } == [200, 200, 429])
        let last = try server.ask("GET /hello")
        #expect(last.status == 200 && last.headers["X-RateLimit-Remaining"] == "1")
        _ = try server.ask("GET /hello")
        let none = try server.ask("GET /api/v1/statuses/5")
        #expect(none.headers["Access-Control-Allow-Origin"] == "*")
        #expect(none.status == 429 && none.json?["error"] != nil)
        #expect(none.headers["Retry-After"].flatMap { Int($0) } == 60)
    }

    @Test func severalAddresses() throws {
        let server = try TestServer { options in
            options.endpoints = [
                Endpoint(.loopback4, port: 0), Endpoint(IPAddress(v4: 0x7f00_0002), port: 0),
            ]
        }
        #expect(server.server.endpoints.count == 2)
        #expect(throws: HTTPServerError.self) {
            var options = HTTPServer.Options()
            options.endpoints = [Endpoint(.loopback4, port: server.port)]
            _ = try HTTPServer(options, Router())
        }
        #expect(try server.ask("GET /hello").status == 200)
    }
}
