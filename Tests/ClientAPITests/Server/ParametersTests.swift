import Foundation
import Primitives
import Testing

@testable import ClientAPI

@Suite struct ParametersTests {
    /// What a request with that query and body says.
    static func parameters(
        query: String = "", type: String = "", body: HTTPBody = .bytes([])
    ) throws -> Parameters {
        let request = HTTPRequest(
            method: .post, path: [], query: query,
            headers: HTTPHeaders(type.isEmpty ? [] : [("Content-Type", type)]), body: body,
            remote: .loopback4, site: .unsaid)
        return try request.parameters()
    }

    static func form(_ text: String) throws -> Parameters {
        try parameters(
            type: "application/x-www-form-urlencoded; charset=utf-8", body: .bytes(Array(text.utf8))
        )
    }

    static func json(_ text: String) throws -> Parameters {
        try parameters(type: "Application/JSON", body: .bytes(Array(text.utf8)))
    }

    static func multipart(_ parts: [(String, String)], boundary: String = "b") throws -> Parameters
    {
        var text = ""
        for (name, value) in parts {
            text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n"
            text += value + "\r\n"
        }
        text += "--\(boundary)--\r\n"
        return try parameters(
            type: "multipart/form-data; boundary=\(boundary)", body: .bytes(Array(text.utf8)))
    }

    /// The same request in the three ways that clients send it.
    @Test func threeWaysToSayOneThing() throws {
        let pairs = [
            ("status", "a&b=c +é"), ("sensitive", "1"), ("poll[options][]", "x"),
            ("poll[options][]", "y"), ("poll[expires_in]", "300"), ("media_ids[]", "7"),
            ("fields_attributes[1][name]", "n1"), ("fields_attributes[0][name]", "n0"),
            ("fields_attributes[0][value]", "v0"),
        ]
        let encoded = pairs.map { pair in
            [pair.0, pair.1].map { text in
                text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            }.joined(separator: "=")
        }.joined(separator: "&")
        let json = """
            {"status": "a&b=c +é", "sensitive": true, "media_ids": [7], "language": null,
             "poll": {"options": ["x", "y"], "expires_in": 300},
             "fields_attributes": [{"name": "n0", "value": "v0"}, {"name": "n1"}]}
            """
        let all = [
            try Self.form(encoded), try Self.multipart(pairs), try Self.json(json),
            try Self.parameters(query: encoded),
        ]
        for parameters in all {
            #expect(try parameters.text("status") == "a&b=c +é")
            #expect(try parameters.flag("sensitive") == true)
            #expect(try parameters.text("language") == nil)
            #expect(try parameters.texts("media_ids") == ["7"])
            #expect(try parameters.child("poll")?.texts("options") == ["x", "y"])
            #expect(try parameters.child("poll")?.integer("expires_in") == 300)
            let fields = try parameters.children("fields_attributes")
            #expect(try fields.map { try $0.text("name") } == ["n0", "n1"])
            #expect(try fields.map { try $0.text("value") } == ["v0", nil])
        }
    }

    @Test(
        arguments: [
            ("true", true), ("1", true), ("TRUE", true), ("t", true), ("on", true),
            ("false", false),
            ("0", false), ("f", false), ("off", false), ("", nil),
        ] as [(String, Bool?)])
    func flags(_ text: String, _ value: Bool?) throws {
        #expect(try Self.form("a=\(text)").flag("a") == value)
    }

    @Test func whatIsNotMeant() throws {
        let parameters = try Self.form("a=maybe&b[]=1&c=1.5&d[e]=1&f=99999999999999999999")
        #expect(throws: HTTPFailure.self) { try parameters.flag("a") }
        #expect(throws: HTTPFailure.self) { try parameters.text("b") }
        #expect(throws: HTTPFailure.self) { try parameters.integer("c") }
        #expect(throws: HTTPFailure.self) { try parameters.text("d") }
        #expect(throws: HTTPFailure.self) { try parameters.integer("f") }
        #expect(throws: HTTPFailure.self) { try parameters.file("a") }
        #expect(throws: HTTPFailure.self) { try parameters.required("x") }
        #expect(try parameters.texts("a") == ["maybe"])
        #expect(try parameters.texts("x") == [])
    }

    @Test(arguments: [
        ("a", ["a"]), ("a[]", ["a", ""]), ("a[b][c]", ["a", "b", "c"]), ("a[b][]", ["a", "b", ""]),
        ("a[", ["a["]), ("a]", ["a]"]), ("a[b", ["a[b"]), ("[a]", ["[a]"]), ("a[b]c", ["a[b]c"]),
        ("a[[b]]", ["a[[b]]"]), ("a[b]]", ["a[b]]"]), ("", [""]), ("[]", ["[]"]),
        ("a[]b[]", ["a[]b[]"]),
    ])
    func names(_ name: String, _ keys: [String]) {
        #expect(ParameterBuilder.keys(name) == keys)
    }

    @Test(arguments: [
        "a=1&a[b]=2", "a[b]=1&a[]=2", "a[]=1&a[b]=2", "a[]=1&a=2", "a[b]=1&a=2", "a=%", "a=%f",
        "a=%zz", "%=1", "a=%ff", "a[b][c][d][e][f][g]=1",
    ])
    func formsThatAreRefused(_ text: String) {
        #expect(throws: HTTPFailure.self) { try Self.form(text) }
    }

    @Test func oddForms() throws {
        #expect(try Self.form("a=1&a=2").text("a") == "2")
        #expect(try Self.form("a&b=&=c&&").names == ["a", "b", ""])
        #expect(try Self.form("a=b=c").text("a") == "b=c")
        #expect(try Self.form("a=%00").text("a") == "\u{0}")
        let sets = try Self.form("a[][x]=1&a[][y]=2&a[][x]=3").children("a")
        #expect(try sets.map { try $0.text("x") } == ["1", "3"])
        // The body counts where both speak.
        let both = try Self.parameters(
            query: "a=1&b=2", type: "application/json", body: .bytes(Array("{\"a\": 3}".utf8)))
        #expect(try both.text("a") == "3")
        #expect(try both.text("b") == "2")
        // No names, nothing said.
        #expect(try Self.json("[1]").names.isEmpty)
        #expect(try Self.parameters(type: "image/png", body: .bytes([1])).names.isEmpty)
    }

    @Test func formsAreBounded() throws {
        func pairs(_ count: Int) -> String {
            (0..<count).map { "a\($0)=1" }.joined(separator: "&")
        }
        #expect(try Self.form(pairs(Limits.HTTP.parameters)).names.count == Limits.HTTP.parameters)
        #expect(throws: HTTPFailure.self) { try Self.form(pairs(Limits.HTTP.parameters + 1)) }
        let name = String(repeating: "a", count: Limits.HTTP.parameterName)
        #expect(try Self.form(name + "=1").names == [name])
        #expect(throws: HTTPFailure.self) { try Self.form(name + "a=1") }
    }

    @Test func naughtyStrings() throws {
        guard let file = SharedVectors.read("naughty-strings/blns.json"),
            case .array(let items) = try JSONReader.read(file)
        else { return }
        var count = 0
        for case .string(let text) in items {
            let encoded = text.utf8.map {
                "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
            }
            .joined()
            let json = JSONValue.object([
                .init("a", .string(text)), .init("b", .array([.string(text)])),
            ])
            let ways = [
                try Self.form("a=\(encoded)&b[]=\(encoded)"),
                try Self.multipart([("a", text), ("b[]", text)], boundary: "----WebKit7MA4"),
                try Self.json(String(decoding: json.encoded, as: UTF8.self)),
                try Self.parameters(query: "a=\(encoded)&b[]=\(encoded)"),
            ]
            for way in ways {
                #expect(try way.text("a").map { Array($0.utf8) } == Array(text.utf8))
                #expect(try way.texts("b").map { Array($0.utf8) } == [Array(text.utf8)])
            }
            count += 1
        }
        print("Naughty strings through forms, multipart, JSON and queries: \(count)")
        #expect(count == 515)
    }
}

@Suite struct MultipartTests {
    private static func body(_ parts: [(head: String, value: [UInt8])], _ boundary: String)
        -> [UInt8]
    {
        var bytes: [UInt8] = []
        for part in parts {
            bytes += Array("--\(boundary)\r\n\(part.head)\r\n\r\n".utf8) + part.value + [13, 10]
        }
        return bytes + Array("--\(boundary)--\r\n".utf8)
    }

    private static func read(_ bytes: [UInt8], _ boundary: String = "b") throws -> Parameters {
        try ParametersTests.parameters(
            type: "multipart/form-data; boundary=\"\(boundary)\"", body: .bytes(bytes))
    }

    @Test func filesOfEverySize() throws {
        // Around the window, so that the boundary lies across its end at every place.
        let window = Limits.HTTP.window
        let sizes = [0, 1, 2, 63] + Array((window - 120)...(window + 10)) + [2 * window + 1]
        for size in sizes {
            let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let head =
                "Content-Disposition: form-data; name=f; filename=\"a.png\"\r\n"
                + "Content-Type: image/png"
            let spool = try SpoolFile(in: "/tmp")
            try spool.append(Self.body([(head, content)], "bound")[...])
            let parameters = try ParametersTests.parameters(
                type: "multipart/form-data; boundary=bound", body: .spooled(spool))
            let file = try #require(try parameters.file("f"))
            #expect(file.count == size && file.contentType == "image/png")
            #expect(try file.read(0, .max) == content, "\(size)")
            #expect(try file.read(size, 10) == [])
            #expect(try file.read(-5, 1) == Array(content.prefix(1)))
        }
    }

    @Test(arguments: [
        ("filename=\"a.png\"", "a.png"), ("filename=a.png", "a.png"),
        ("filename=\"/etc/passwd\"", "passwd"), ("filename=\"C:\\dir\\a.png\"", "a.png"),
        ("filename=\"..\"", ""), ("filename=\"a/..\"", ""), ("filename=\"\"", ""),
        ("filename=\"a\\\"b\"", "a\"b"), ("filename=\"a;b\"", "a;b"),
        ("filename=\"a\u{1}b\"", "ab"),
        ("filename=\"x\"; filename*=UTF-8''caf%C3%A9.png", "café.png"),
        ("filename*=UTF-8''%ff; filename=\"x\"", "x"),
    ])
    func fileNames(_ parameter: String, _ expected: String) throws {
        let head = "content-disposition: Form-Data; name=\"f\"; " + parameter
        let parameters = try Self.read(Self.body([(head, [1])], "b"))
        #expect(try parameters.file("f")?.fileName == expected)
    }

    @Test func longFileNamesAreCut() throws {
        let name = String(repeating: "é", count: 300)
        let head = "Content-Disposition: form-data; name=f; filename=\"\(name)\""
        let file = try Self.read(Self.body([(head, [1])], "b")).file("f")
        #expect(file?.fileName.utf8.count == 254)
    }

    @Test func everyTruncationIsRefused() throws {
        let head = "Content-Disposition: form-data; name=a"
        let bytes = Self.body(
            [(head, [1, 2, 13, 10, 45, 45]), (head + "b; filename=x", [9])], "b")
        #expect(try Self.read(bytes).names == ["a", "ab"])
        // The last line's end need not be there.
        for count in 1..<(bytes.count - 2) {
            #expect(throws: HTTPFailure.self, "\(count)") { try Self.read(Array(bytes[..<count])) }
        }
    }

    @Test func whatIsRefused() {
        let good = "Content-Disposition: form-data; name=a"
        let many = (0...Limits.HTTP.parts).map { _ in (good + "[]", [UInt8]()) }
        let bad: [[UInt8]] = [
            Self.body([("Content-Disposition: form-data", [1])], "b"),
            Self.body([("Content-Disposition: attachment; name=a", [1])], "b"),
            Self.body([("Content-Type: text/plain", [1])], "b"),
            Self.body([(good, [0xff])], "b"), Self.body(many, "b"),
            Self.body([(good + String(repeating: " ", count: Limits.HTTP.partHead), [1])], "b"),
            Array("--bx\r\n".utf8), Array("x".utf8),
        ]
        for (index, bytes) in bad.enumerated() {
            #expect(throws: HTTPFailure.self, "\(index)") { try Self.read(bytes) }
        }
        let fine = Self.body([(good, [1])], "b")
        for boundary in ["c", String(repeating: "b", count: 71)] {
            #expect(throws: HTTPFailure.self) { try Self.read(fine, boundary) }
        }
        #expect(throws: HTTPFailure.self) {
            try ParametersTests.parameters(type: "multipart/form-data", body: .bytes(fine))
        }
    }
}
