import Foundation
import Primitives
import Testing

@testable import ClientAPI

/// The requests that Node.js tests its parser with, sent to the running server.
///
/// Most have no `Host`, or another's: they are sent with the right one, so that what is tested is
/// the rest. What the strict parser refuses, the server must not answer with 200; what it takes,
/// the server answers with the same body, unless `policy` says why it does not.
@Suite struct LlhttpTests {
    struct Case {
        var name: String
        var bytes: [UInt8]
        var isStrict: Bool
        var isRefused: Bool
        var messages: Int
        var isWhole: Bool
        var body: String
    }

    /// Good HTTP that the gate refuses nevertheless.
    static let policy: [(part: String, why: String)] = [
        ("connection.md: CRLF between requests, explicit", "nothing is read behind a close"),
        ("connection.md: Resetting flags when keep-alive is off", "nothing is read behind a close"),
        ("content-length.md: Content-Length reset", "its parser is told that no body comes"),
        ("content-length.md: Spaces in `Content-Length` (surrounding)", "the library refuses it"),
        ("content-length.md: Tabs in `Content-Length` (surrounding)", "the library refuses it"),
        ("method.md: ANNOUNCE", "RTSP"), ("method.md: OPTIONS request with RTSP", "RTSP"),
        ("method.md: CONNECT", "no proxy"), ("uri.md: Underscore in hostname", "no proxy"),
        ("method.md: LINK", "not a method here"), ("method.md: M-SEARCH", "not a method here"),
        ("method.md: PRI", "not a method here"), ("method.md: PURGE", "not a method here"),
        ("method.md: QUERY", "not a method here"), ("method.md: REPORT", "not a method here"),
        ("method.md: SEARCH", "not a method here"), ("method.md: SOURCE", "not a method here"),
        ("sample.md: No HTTP version", "HTTP/0.9 is not spoken"),
        // Harmless: nothing is read behind a chunked body.
        ("transfer-encoding.md: No extension after semicolon", "the library takes it"),
        ("transfer-encoding.md: POST with `chunked` as last", "no other coding is known"),
        ("uri.md: Fragment in URI", "a target has no fragment (RFC 9112 3.2)"),
        ("uri.md: Host terminated", "no absolute form"),
        ("uri.md: `host:port`", "no absolute form"),
    ]

    static func cases() -> [Case] {
        var cases: [Case] = []
        for name in SharedVectors.names("http-llhttp") where name.hasSuffix(".md") {
            guard let bytes = SharedVectors.read("http-llhttp/" + name) else { continue }
            var title = ""
            var meta = ""
            var input: String?
            var block: [String]?
            var kind = ""
            for line in String(decoding: bytes, as: UTF8.self).components(separatedBy: "\n") {
                if let lines = block {
                    guard line.hasPrefix("```") else {
                        block?.append(line)
                        continue
                    }
                    block = nil
                    if kind == "http" { input = lines.joined(separator: "\n") }
                    if kind == "log", let text = input {
                        cases.append(Self.makeCase("\(name): \(title)", meta, text, lines))
                        input = nil
                    }
                } else if line.hasPrefix("```") {
                    kind = String(line.dropFirst(3))
                    block = []
                } else if line.hasPrefix("#") {
                    title = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)
                } else if line.contains("meta=") {
                    meta = line
                }
            }
        }
        return cases
    }

    private static func makeCase(
        _ name: String, _ meta: String, _ input: String, _ log: [String]
    ) -> Case {
        var text = input.replacingOccurrences(of: "\\\n", with: "")
        text = text.replacingOccurrences(of: "\n", with: "\r\n")
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        let escapes: [UInt8: UInt8] = [114: 13, 110: 10, 116: 9, 102: 12]
        while let byte = rest.popFirst() {
            guard byte == 92, let next = rest.first else {
                bytes.append(byte)
                continue
            }
            if let escape = escapes[next] {
                bytes.append(escape)
                rest.removeFirst()
            } else if next == 120, rest.count >= 3,
                let code = UInt8(
                    String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(code)
                rest.removeFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        let spans = log.compactMap { line -> String? in
            guard let range = line.range(of: "span[body]=") else { return nil }
            let rest = line[range.upperBound...]
            switch rest {
            case "cr": return "\r"
            case "lf": return "\n"
            default: return String(rest.dropFirst().dropLast())
            }
        }
        return Case(
            name: name, bytes: bytes, isStrict: !meta.contains("lenient"),
            isRefused: log.contains { $0.contains("error code=") && !$0.contains("Pause") },
            messages: log.filter { $0.hasSuffix("message complete") }.count,
            isWhole: log.last { !$0.isEmpty }?.hasSuffix("message complete") == true,
            body: spans.joined())
    }

    /// With the right Host in the place of any other.
    private static func addressed(_ bytes: [UInt8], _ port: UInt16) -> [UInt8] {
        var text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        let right = "Host: localhost:\(port)"
        let host = "(?i)\r\nhost:[^\r\n]*"
        if text.range(of: host, options: .regularExpression) != nil {
            text = text.replacingOccurrences(
                of: host, with: "\r\n" + right, options: .regularExpression)
        } else {
            text = text.replacingOccurrences(
                of: "( HTTP/[0-9.]+\r\n)", with: "$1\(right)\r\n", options: .regularExpression)
        }
        return text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    /// A route for each target that the vectors have.
    private static func routes(_ cases: [Case]) -> [Route] {
        var paths: Set<String> = []
        for vector in cases {
            let words = String(decoding: vector.bytes, as: UTF8.self)
                .split(whereSeparator: \.isWhitespace)
            for word in words where word.hasPrefix("/") {
                guard let (path, _) = try? RequestTarget.decode(Array(word.utf8)) else { continue }
                paths.insert("/" + path.joined(separator: "/"))
            }
        }
        let methods: [HTTPMethod] = [.get, .post, .put, .patch, .delete]
        return paths.sorted().flatMap { path in
            methods.map { method in
                Route(method, path, origins: .any) { request throws(HTTPFailure) in
                    HTTPResponse(body: .bytes(try request.body.read(0, request.body.count)))
                }
            }
        }
    }

    @Test func everyCase() throws {
        let cases = Self.cases()
        guard !cases.isEmpty else { return }
        let server = try TestServer(routes: Self.routes(cases)) { options in
            options.connections = 256
            options.connectionsOfAddress = 256
            options.headDeadline = .milliseconds(1_500)
            options.bodyDeadline = .milliseconds(1_500)
        }
        let clients = try cases.map { vector in
            let client = try server.client()
            client.send(Self.addressed(vector.bytes, server.port))
            return client
        }
        var tally = Tally()
        for (vector, client) in zip(cases, clients) {
            client.read(5)
            tally.count(vector, client.answers.filter { $0.status >= 200 })
        }
        print("llhttp: \(cases.count) cases: \(tally.counts)")
        for line in tally.odd.sorted() { print("  " + line) }
        #expect(tally.odd.isEmpty)
        #expect(Set(tally.used) == Set(Self.policy.map(\.part)))
        #expect(cases.count == 152)
    }

    private struct Tally {
        var counts: [String: Int] = [:]
        var odd: [String] = []
        var used: [String] = []

        mutating func count(_ vector: Case, _ answers: [Answer]) {
            let isGood = answers.allSatisfy { $0.status == 200 || $0.status == 204 }
            let isAll = isGood && answers.count >= max(vector.messages, 1)
            var kind: String
            if !vector.isStrict {
                // What only a lenient parser takes must not get through as if it were good.
                kind = isAll ? "ODD" : "lenient, refused"
            } else if vector.isRefused {
                // Messages before the one with the error are good.
                kind = isGood && answers.count > vector.messages ? "ODD" : "refused"
            } else {
                let isTaken = isGood && answers.count == vector.messages
                let body = answers.map(\.text).joined()
                // Of what ends in the middle, only the whole requests are answered.
                let isSame =
                    vector.isWhole ? body == vector.body : vector.body.hasPrefix(body)
                kind = isTaken && isSame ? "taken" : "ODD"
            }
            if kind == "ODD",
                let rule = LlhttpTests.policy.first(where: { vector.name.hasPrefix($0.part) })
            {
                kind = "otherwise by policy"
                used.append(rule.part)
            }
            counts[kind, default: 0] += 1
            guard kind == "ODD" else { return }
            odd.append(
                "\(vector.name): \(answers.map(\.status)) of \(vector.messages) "
                    + "\(answers.map(\.text).joined().prefix(90).debugDescription)")
        }
    }
}
