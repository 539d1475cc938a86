import Crypto
import Feed
package import MerkleLog
import Node
import Primitives

/// How people are written: `alice` for an account of this node, `alice@z6MkqR7xv2mPa9` for others.
///
/// A name alone says nothing of who somebody is: anybody may take it. What stands behind the `@` is
/// the beginning of their key, in the place where programs expect a server, and it stands beside
/// every name that they show (THREATS row 21).
package struct Handles {
    /// Base58 characters of a key: 10 behind the 4 that all have in common, some 58 bits.
    private static let keyCharacters = 14

    let people: People
    let accounts: [Account]

    init(people: People, accounts: [Account]) {
        self.people = people
        self.accounts = accounts
    }

    // MARK: From identities

    /// What somebody is called, without what could turn the text around it.
    package func displayName(_ identity: LogKey) -> String {
        let name = people.name(of: identity) ?? accounts.first { $0.identity == identity }?.name
        let clean = DisplayText.line(name ?? "")
        return clean.isEmpty ? Self.fingerprint(identity) : clean
    }

    /// Letters and digits of a name, as programs expect them.
    package func username(_ identity: LogKey) -> String {
        let name = displayName(identity)
        var out = String.UnicodeScalarView()
        for scalar in name.lowercased().unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9", "_": out.append(scalar)
            case " ", "-", ".": out.append("_")
            default: continue
            }
        }
        return out.isEmpty ? "someone" : String(out.prefix(30))
    }

    package func acct(_ identity: LogKey) -> String {
        let username = username(identity)
        let isOurs = accounts.contains { $0.identity == identity }
        let isAlone =
            accounts.count { self.username($0.identity) == username } == 1
        return isOurs && isAlone ? username : username + "@" + Self.fingerprint(identity)
    }

    package static func fingerprint(_ identity: LogKey) -> String {
        String(DIDKey.multibase(identity).prefix(keyCharacters))
    }

    // MARK: To identities

    /// Whom a handle means: `alice`, `alice@z6Mk…`, with or without a leading `@`, a did, a key.
    /// Nil for nobody, and for a name that several have.
    package func find(_ handle: String) -> LogKey? {
        let text = handle.hasPrefix("@") ? String(handle.dropFirst()) : handle
        if let key = DIDKey.parse(text) ?? DIDKey.parse(multibase: text) {
            return people.identity(of: key, at: 0) ?? key
        }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let name = parts[0].lowercased()
        if parts.count == 2, parts[1].hasPrefix("z6Mk"), parts[1].utf8.count >= Self.keyCharacters {
            let found = people.identities { DIDKey.multibase($0).hasPrefix(parts[1]) }
            return found.count == 1 ? found.first : nil
        }
        guard parts.count == 1 || parts.count == 2 else { return nil }
        let ours = accounts.filter { username($0.identity) == name || $0.name == text }
        if ours.count == 1 { return ours.first?.identity }
        guard parts.count == 1 else { return nil }
        let named = people.identities { username($0) == name }
        return named.count == 1 ? named.first : nil
    }
}
