import Crypto
import Node
import Primitives

/// How programs that know only a name or an address find out what is here.
extension Instance {
    func addDiscovery(to router: inout Router) {
        open(&router, .get, "/.well-known/nodeinfo") { request in
            .json([
                "links": [
                    [
                        "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
                        "href": .string(request.origin + "/nodeinfo/2.0"),
                    ]
                ]
            ])
        }
        open(&router, .get, "/nodeinfo/2.0") { _ in .json(self.nodeInfo()) }
        open(&router, .get, "/.well-known/webfinger") { request throws(HTTPFailure) in
            try self.finger(request)
        }
        open(&router, .get, "/.well-known/host-meta") { request in
            .text(
                """
                <?xml version="1.0" encoding="UTF-8"?>
                <XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" \
                template="\(DisplayText.html(request.origin))/.well-known/webfinger?resource={uri}"\
                /></XRD>

                """, type: "application/xrd+xml")
        }
    }

    private func nodeInfo() -> JSONValue {
        let facts = facts()
        return [
            "version": "2.0",
            "software": ["name": "starling", "version": .string(Node.version)],
            "protocols": ["starling"], "services": ["inbound": [], "outbound": []],
            "openRegistrations": false,
            "usage": [
                "users": [
                    "total": .integer(Int64(access.accounts().count)),
                    "activeMonth": .integer(facts.active),
                ],
                "localPosts": .integer(facts.localPosts),
            ],
            "metadata": ["nodeName": .string(facts.title)],
        ]
    }

    /// RFC 7033: `acct:me@social.example`, or the address of a profile's page here.
    private func finger(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPResponse {
        guard let resource = try request.parameters().text("resource"), !resource.isEmpty else {
            throw HTTPFailure(400, "The resource is missing")
        }
        guard let name = Self.name(in: resource, request),
            let account = access.accounts().first(where: { account in
                account.name.utf8.elementsEqual(name)
                    || DIDKey.encode(account.identity).utf8.elementsEqual(name)
            })
        else { throw HTTPFailure(404, "There is nobody of that name here") }
        let escaped = URLText.encode(account.name)
        let page = request.origin + "/@" + escaped
        var response = HTTPResponse.json([
            "subject": .string("acct:\(escaped)@\(request.host)"),
            "aliases": [.string(page), .string(DIDKey.encode(account.identity))],
            "links": [
                [
                    "rel": "http://webfinger.net/rel/profile-page", "type": "text/html",
                    "href": .string(page),
                ]
            ],
        ])
        response.headers["Content-Type"] = "application/jrd+json; charset=utf-8"
        return response
    }

    /// The decoded name in a resource of this host; the host with its port or without.
    private static func name(in resource: String, _ request: HTTPRequest) -> [UInt8]? {
        let bytes = Array(resource.utf8)
        let hosts = [request.host, String(request.host.prefix { $0 != ":" })]
        if resource.hasPrefix("acct:") || !resource.contains("://") {
            let start = resource.hasPrefix("acct:") ? 5 : 0
            guard let at = bytes.lastIndex(of: UInt8(ascii: "@")), at >= start else { return nil }
            let host = String(decoding: bytes[(at + 1)...].map(lower), as: UTF8.self)
            guard hosts.contains(host) else { return nil }
            let name = bytes[start..<at]
            return percentDecoded(
                name.first == UInt8(ascii: "@") ? name.dropFirst() : name, plusIsSpace: false)
        }
        for prefix in [request.origin + "/@", request.origin + "/users/"]
        where resource.hasPrefix(prefix) {
            return percentDecoded(bytes[prefix.utf8.count...], plusIsSpace: false)
        }
        return nil
    }
}
