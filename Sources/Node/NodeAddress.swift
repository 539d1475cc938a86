import Crypto
package import Mesh

/// `starling://KEY@host:port,…`: a node's address, and an invite.
extension PeerAddress {
    package static let scheme = "starling://"

    package var text: String {
        Self.scheme + DIDKey.multibase(key) + "@" + endpoints.joined(separator: ",")
    }

    /// Reads an address; says what is wrong with it.
    package init(parsing text: String) throws(NodeError) {
        let trimmed = String(
            text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        guard trimmed.hasPrefix(Self.scheme), trimmed.utf8.count <= 4_096 else {
            throw .badRequest("an invite begins with \(Self.scheme)")
        }
        let rest = trimmed.dropFirst(Self.scheme.count).prefix { $0 != "?" }
        let parts = rest.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw .badRequest("an invite has the form \(Self.scheme)KEY@host:port")
        }
        guard let key = DIDKey.parse(multibase: String(parts[0])) else {
            throw .badRequest("the key in this invite is damaged: copy it again, whole")
        }
        let endpoints = parts[1].split(separator: ",", omittingEmptySubsequences: false)
            .map(String.init)
        guard endpoints.count <= 8, endpoints.allSatisfy({ HostPort.split($0) != nil }) else {
            throw .badRequest("the address in this invite is not host:port")
        }
        self.init(key: key, endpoints: endpoints)
    }
}
