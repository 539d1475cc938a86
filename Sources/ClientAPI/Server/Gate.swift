package import Primitives

/// The gate before every route. Pure: a head goes in, what may be believed of it comes out, or the
/// reason for a refusal.
///
/// libmicrohttpd, even when strict, hands over two `Host` fields, a length beside a chunked body,
/// NUL, dot segments and made-up methods. A page in the user's browser (THREATS row 18) and
/// whoever passes requests on must never understand a request otherwise than the node does.
package struct Gate: Sendable {
    /// What `Host` may say, in small letters: names and addresses of this node, with its ports.
    let hosts: Set<String>

    /// `names` are those that the owner gave: `social.example` stands for itself and for itself
    /// with each port of the node, `social.example:8443` for itself.
    package init(endpoints: [Endpoint], names: [String]) {
        var hosts: Set<String> = []
        var bare = ["localhost", "127.0.0.1", "[::1]"]
        for endpoint in endpoints where !endpoint.address.isUnspecified {
            let address = endpoint.address
            bare.append(address.isIPv4 ? "\(address)" : "[\(address)]")
        }
        for name in names {
            let name = String(decoding: name.utf8.map(lower), as: UTF8.self)
            hosts.insert(name)
            let isV6 = name.hasPrefix("[")
            if isV6 ? name.hasSuffix("]") : !name.contains(":") { bare.append(name) }
        }
        for port in Set(endpoints.map(\.port)).sorted() {
            for name in bare {
                hosts.insert("\(name):\(port)")
                if port == 80 { hosts.insert(name) }
            }
        }
        self.hosts = hosts
    }

    /// Everything that does not need the route.
    package func admit(_ head: RequestHead) throws(HTTPFailure) -> Admitted {
        guard head.isAsSent else {
            throw HTTPFailure(400, "The request's lines are not put together as HTTP says")
        }
        guard let method = HTTPMethod(rawValue: head.method) else {
            throw HTTPFailure(405, "The method is not known here")
        }
        guard head.version == "HTTP/1.1" || head.version == "HTTP/1.0" else {
            throw HTTPFailure(400, "Only HTTP/1.1 and HTTP/1.0 are spoken here")
        }
        let headers = try Self.headers(head.fields)
        try Self.checkSingle(headers)
        let host = try checkHost(headers)
        let (path, query) = try RequestTarget.decode(head.target)
        let body = try Self.body(headers, method, head.version)
        if let expectation = headers["Expect"], !HTTPHeaders.same(expectation, "100-continue") {
            throw HTTPFailure(417, "Nothing but 100-continue can be expected")
        }
        return Admitted(
            method: method, path: path, query: query, headers: headers, body: body,
            site: Self.site(headers, host: host), expectsContinue: headers["Expect"] != nil,
            mayStay: body != .chunked)
    }

    // MARK: Fields

    private static func headers(_ fields: [RequestHead.Field]) throws(HTTPFailure) -> HTTPHeaders {
        guard fields.count <= Limits.HTTP.fields else {
            throw HTTPFailure(431, "The request has too many header fields")
        }
        var headers = HTTPHeaders()
        var total = 0
        for field in fields {
            guard !field.name.isEmpty, field.name.allSatisfy(isToken) else {
                throw HTTPFailure(400, "A header field's name is no token")
            }
            // DEL and what stands below space, but for the tabulator.
            guard field.value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                throw HTTPFailure(400, "A header field has control characters")
            }
            total += field.name.count + field.value.count
            guard field.name.count <= Limits.HTTP.fieldName,
                field.value.count <= Limits.HTTP.fieldValue, total <= Limits.HTTP.head
            else { throw HTTPFailure(431, "The request's header fields are too long") }
            headers.add(
                String(decoding: field.name, as: UTF8.self),
                String(decoding: trimmed(field.value[...]), as: UTF8.self))
        }
        return headers
    }

    /// Fields that two readers would take two different values from when they come twice.
    private static let single = [
        "Host", "Content-Length", "Transfer-Encoding", "Content-Type", "Authorization", "Origin",
        "Expect", "Cookie", "Range", "Idempotency-Key", "Sec-Fetch-Site", "Sec-Fetch-Mode",
        "Sec-Fetch-Dest",
    ]

    private static func checkSingle(_ headers: HTTPHeaders) throws(HTTPFailure) {
        for name in single
        where headers.fields.lazy.filter({ HTTPHeaders.same($0.name, name) }).count > 1 {
            throw HTTPFailure(400, "The header field \(name) may be there once only")
        }
    }

    /// The one `Host`, in small letters. 421 is HTTP's word for a name that is another server's.
    private func checkHost(_ headers: HTTPHeaders) throws(HTTPFailure) -> String {
        guard let host = headers["Host"], !host.isEmpty else {
            throw HTTPFailure(400, "The request does not say which host it is for")
        }
        let name = String(decoding: host.utf8.map(lower), as: UTF8.self)
        guard hosts.contains(name) else {
            throw HTTPFailure(421, "This node does not answer for that host")
        }
        return name
    }

    // MARK: Framing

    private static func body(
        _ headers: HTTPHeaders, _ method: HTTPMethod, _ version: String
    ) throws(HTTPFailure) -> Admitted.Body {
        let length = headers["Content-Length"]
        if let encoding = headers["Transfer-Encoding"] {
            guard length == nil else {
                throw HTTPFailure(400, "A body has a length or a transfer encoding, not both")
            }
            guard version == "HTTP/1.1" else {
                throw HTTPFailure(400, "HTTP/1.0 has no transfer encodings")
            }
            guard HTTPHeaders.same(encoding, "chunked") else {
                throw HTTPFailure(400, "The only transfer encoding known here is chunked")
            }
            guard !method.isSafe else { throw HTTPFailure(400, "That method has no body") }
            return .chunked
        }
        guard let length else { return .none }
        // As many digits as surely fit.
        guard (1...18).contains(length.utf8.count), length.utf8.allSatisfy({ 48...57 ~= $0 }),
            let count = Int(length)
        else { throw HTTPFailure(400, "The body's length is no number") }
        guard count > 0 else { return .none }
        // RFC 9110 §9.3.1 gives a GET's body no meaning; Mastodon.py writes parameters into it.
        guard method == .get || !method.isSafe else {
            throw HTTPFailure(400, "That method has no body")
        }
        return .length(count)
    }
}

/// RFC 9110 §5.6.2.
func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
        UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
        UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
        true
    default: false
    }
}

/// Without spaces and tabulators at both ends.
func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes
    while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    return bytes
}
