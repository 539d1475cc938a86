package import Primitives

/// The methods that a route may have, and `OPTIONS`; any other is refused by the gate.
package enum HTTPMethod: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"

    /// RFC 9110 §9.2.1: asks and changes nothing.
    package var isSafe: Bool { self == .get || self == .head || self == .options }
}

/// Fields of a head in the order of sending; names are compared without case.
package struct HTTPHeaders: Sendable, Equatable {
    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    package var fields: [Field] = []

    package init(_ fields: [(String, String)] = []) {
        self.fields = fields.map { Field(name: $0.0, value: $0.1) }
    }

    /// The value of the first field of that name; to set one takes away all others of the name.
    package subscript(name: String) -> String? {
        get { fields.first { Self.same($0.name, name) }?.value }
        set {
            fields.removeAll { Self.same($0.name, name) }
            if let newValue { fields.append(Field(name: name, value: newValue)) }
        }
    }

    /// Adds a field beside others of its name.
    package mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    static func same(_ a: String, _ b: String) -> Bool {
        a.utf8.count == b.utf8.count && zip(a.utf8, b.utf8).allSatisfy { lower($0) == lower($1) }
    }
}

/// An ASCII capital as its small letter, and any other byte as it is.
func lower(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }

/// What a request is refused with: a status, and words for a person. Told as `{"error": …}`.
package struct HTTPFailure: Error, Equatable {
    package var status: Int
    package var message: String

    package init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }
}

/// One request, complete, decoded and let through by the gate.
package struct HTTPRequest: Sendable {
    package var method: HTTPMethod
    /// The decoded segments of the path: `/api/v1/statuses/5` has four.
    package var path: [String]
    /// What the path has where the route's pattern has a name: `:id`.
    package var captures: [String: String] = [:]
    /// What follows the question mark, as it was sent.
    package var query: String
    package var headers: HTTPHeaders
    package var body: HTTPBody = .bytes([])
    /// Who sent it; behind a proxy, the proxy.
    package var remote: IPAddress
    /// Which page sent it, as far as the browser says.
    package var site: Site
    /// Cookies, empty unless the request comes from a page of this node: see `Gate.cookies`.
    package var cookies: [String: String] = [:]

    /// The token of `Authorization: Bearer …`.
    package var bearer: String? { Gate.bearer(headers) }
}

/// The body of a request: in memory, or (only of an upload) in a file without a name.
package enum HTTPBody: Sendable {
    case bytes([UInt8])
    case spooled(SpoolFile)

    package var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .spooled(let file): file.count
        }
    }

    /// Up to `count` bytes from `offset` on; fewer only at the end.
    package func read(_ offset: Int, _ count: Int) throws(HTTPFailure) -> [UInt8] {
        let start = min(max(offset, 0), self.count)
        let end = start + min(max(count, 0), self.count - start)
        switch self {
        case .bytes(let bytes): return Array(bytes[start..<end])
        case .spooled(let file): return try file.read(start, end - start)
        }
    }
}

/// An answer. What every answer carries (see `ResponseHeaders`) is added by the server.
package struct HTTPResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        case file(OpenFile, offset: UInt64, count: UInt64)
        case stream(EventStream)
    }

    package var status: Int
    package var headers: HTTPHeaders
    package var body: Body

    package init(status: Int = 200, headers: [(String, String)] = [], body: Body = .bytes([])) {
        self.status = status
        self.headers = HTTPHeaders(headers)
        self.body = body
    }

    package static func json(_ value: JSONValue, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", "application/json; charset=utf-8")],
            body: .bytes(value.encoded))
    }

    package static func text(_ text: String, type: String = "text/plain") -> HTTPResponse {
        HTTPResponse(
            headers: [("Content-Type", type + "; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }

    package init(_ failure: HTTPFailure) {
        self = .json(["error": .string(failure.message)], status: failure.status)
    }

    /// The file, or the part of it that `request` asks for (RFC 9110 §14): one range, or all.
    package static func file(
        _ file: OpenFile, type: String, for request: HTTPRequest
    ) throws(HTTPFailure) -> HTTPResponse {
        let size = file.size
        var response = HTTPResponse(
            headers: [("Content-Type", type), ("Accept-Ranges", "bytes")],
            body: .file(file, offset: 0, count: size))
        guard request.method == .get, let text = request.headers["Range"],
            request.headers["If-Range"] == nil, let range = ByteRange(text, size: size)
        else { return response }
        guard range.count > 0 else { throw HTTPFailure(416, "The file has no such range") }
        response.status = 206
        response.headers["Content-Range"] =
            "bytes \(range.offset)-\(range.offset + range.count - 1)/\(size)"
        response.body = .file(file, offset: range.offset, count: range.count)
        return response
    }
}

/// The one range that a `Range` field names, cut to the file; empty when it lies outside.
struct ByteRange: Equatable {
    var offset: UInt64
    var count: UInt64

    /// Nil for a field that is not understood, which is to be ignored (RFC 9110 §14.2): other units
    /// and several ranges are.
    init?(_ text: String, size: UInt64) {
        guard text.hasPrefix("bytes=") else { return nil }
        let parts = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { 48...57 ~= $0 } }) else {
            return nil
        }
        // A number that is too long lies behind any file.
        let first = parts[0].isEmpty ? nil : UInt64(parts[0]) ?? .max
        let last = parts[1].isEmpty ? nil : UInt64(parts[1]) ?? .max
        switch (first, last) {
        case (nil, nil): return nil
        case (nil, let tail?):
            count = min(tail, size)
            offset = size - count
        case (let first?, let last):
            if let last, last < first { return nil }
            offset = min(first, size)
            let end = last.map { $0 < size ? $0 + 1 : size } ?? size
            count = end > offset ? end - offset : 0
        }
    }
}
