package import Crypto
import MerkleLog
package import Mesh
import Primitives
import Wire

/// The grammar of `Protocol/identifiers.md` for places: `HOST:PORT`, HOST a name, IPv4 or [IPv6].
package enum HostPort {
    /// Host without brackets, and port from 1 to 65535; nil for anything but the one spelling.
    package static func parse(_ text: String) -> (host: String, port: UInt16)? {
        guard let (host, isBracketed, port) = split(text), port > 0 else { return nil }
        let fits = isBracketed ? isIPv6(host) : isIPv4(host) || isName(host)
        return fits ? (host, port) : nil
    }

    /// Where to listen: port 0 lets the system choose, and a bare `::` or `*` stands for all
    /// addresses.
    package static func parseListening(_ text: String) -> (host: String, port: UInt16)? {
        guard let (host, _, port) = split(text), host.utf8.count <= 253 else { return nil }
        return (host, port)
    }

    private static func split(_ text: String) -> (String, Bool, UInt16)? {
        guard let colon = text.utf8.lastIndex(of: 0x3a),
            let number = Decimal.parse(text[text.utf8.index(after: colon)...]),
            let port = UInt16(exactly: number)
        else { return nil }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]"), host.utf8.count > 2 {
            return (String(host.dropFirst().dropLast()), true, port)
        }
        return (String(host), false, port)
    }

    private static func isIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { Decimal.parse($0).map { $0 <= 255 } ?? false }
    }

    /// Groups of one to four hexadecimal digits, with at most one `::` for one or more groups.
    private static func isIPv6(_ host: String) -> Bool {
        let bytes = Array(host.utf8)
        var gap: Int?
        for i in bytes.indices.dropLast() where bytes[i] == 0x3a && bytes[i + 1] == 0x3a {
            gap = i
            break
        }
        guard let gap else { return groups(bytes[...]) == 8 }
        guard let left = groups(bytes[..<gap]), let right = groups(bytes[(gap + 2)...]) else {
            return false
        }
        return left + right <= 7
    }

    /// How many groups; nil when one is not of one to four digits.
    private static func groups(_ bytes: ArraySlice<UInt8>) -> Int? {
        if bytes.isEmpty { return 0 }
        let parts = bytes.split(separator: 0x3a, omittingEmptySubsequences: false)
        let fine = parts.allSatisfy { part in
            (1...4).contains(part.count)
                && part.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x46).contains($0)
                        || (0x61...0x66).contains($0)
                }
        }
        return fine ? parts.count : nil
    }

    /// A host name (RFC 1123): labels of letters, digits and inner hyphens; the last is no number.
    private static func isName(_ host: String) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        let labels = host.utf8.split(separator: 0x2e, omittingEmptySubsequences: false)
        let fine = labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != 0x2d && label.last != 0x2d
                && label.allSatisfy { isAlphanumeric($0) || $0 == 0x2d }
        }
        return fine && labels.last?.allSatisfy { (0x30...0x39).contains($0) } == false
    }

    static func isAlphanumeric(_ c: UInt8) -> Bool {
        (0x30...0x39).contains(c) || (0x41...0x5a).contains(c) || (0x61...0x7a).contains(c)
    }
}

/// `starling://KEY@host:port,…`: a node's address, and an invite.
extension PeerAddress {
    package static let scheme = "starling://"

    package var text: String {
        Self.scheme + DIDKey.multibase(key) + "@" + endpoints.joined(separator: ",")
    }

    /// Reads an address, and passes over the options behind it; says what is wrong with it.
    package init(parsing text: String) throws(NodeError) {
        self = try Invite(parsing: text).address
    }

    /// Reads `KEY@PLACE,…`.
    fileprivate init(places rest: Substring) throws(NodeError) {
        let parts = rest.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw .badRequest("an invite has the form \(Self.scheme)KEY@host:port")
        }
        guard let key = DIDKey.parse(multibase: String(parts[0])) else {
            throw .badRequest("the key in this invite is damaged: copy it again, whole")
        }
        let endpoints = parts[1].split(separator: ",", omittingEmptySubsequences: false)
            .map(String.init)
        guard endpoints.count <= Limits.Addresses.places,
            endpoints.allSatisfy({ HostPort.parse($0) != nil })
        else { throw .badRequest("the address in this invite is not host:port") }
        self.init(key: key, endpoints: endpoints)
    }
}

/// A node's address with what an invite adds to it: `[ID-5]`.
package struct Invite: Hashable, Sendable {
    package var address: PeerAddress
    /// Good once: its bearer gets a slot of its own, and is followed.
    package var secret: [UInt8]?
    /// Who invites, and is to be followed.
    package var identity: PublicKey?

    package init(address: PeerAddress, secret: [UInt8]? = nil, identity: PublicKey? = nil) {
        self.address = address
        self.secret = secret
        self.identity = identity
    }

    private static let secretName = "secret"
    private static let identityName = "who"

    package var text: String {
        var options: [String] = []
        if let secret {
            options.append(Self.secretName + "=z" + Base58.encode(secret))
        }
        if let identity { options.append(Self.identityName + "=" + DIDKey.multibase(identity)) }
        return address.text + (options.isEmpty ? "" : "?" + options.joined(separator: "&"))
    }

    /// Reads an invite; says what is wrong with it.
    package init(parsing text: String) throws(NodeError) {
        guard text.hasPrefix(PeerAddress.scheme), text.utf8.count <= Limits.Addresses.text,
            text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw .badRequest("an invite begins with \(PeerAddress.scheme)")
        }
        let rest = text.dropFirst(PeerAddress.scheme.count)
        let mark = rest.firstIndex(of: "?")
        address = try PeerAddress(places: rest[..<(mark ?? rest.endIndex)])
        guard let mark else { return }
        try readOptions(rest[rest.index(after: mark)...])
    }

    /// `name=value` pairs joined by `&`: names of small letters, digits and hyphens. Unknown ones
    /// are room to grow.
    private mutating func readOptions(_ text: Substring) throws(NodeError) {
        let damaged = NodeError.badRequest("what stands behind the ? of this invite is damaged")
        for pair in text.split(separator: "&", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isName(parts[0]), Self.isValue(parts[1]) else {
                throw damaged
            }
            let value = String(parts[1])
            switch String(parts[0]) {
            case Self.secretName:
                guard secret == nil, value.hasPrefix("z"),
                    let bytes = Base58.decode(String(value.dropFirst())),
                    bytes.count == Limits.Invites.secret
                else { throw damaged }
                secret = bytes
            case Self.identityName:
                guard identity == nil, let key = DIDKey.parse(multibase: value) else {
                    throw damaged
                }
                identity = key
            default: break
            }
        }
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d
            }
    }

    private static func isValue(_ text: Substring) -> Bool {
        text.utf8.allSatisfy {
            HostPort.isAlphanumeric($0) || [0x2d, 0x2e, 0x5f, 0x7e].contains($0)
        }
    }
}
