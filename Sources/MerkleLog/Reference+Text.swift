import Crypto
import Primitives
import Wire

/// The text form of a reference, a post's address: `did:key:z6Mk…/17/z8Fj…`.
extension Reference {
    package var text: String {
        "\(DIDKey.encode(log))/\(index)/z\(Base58.encode(address.array))"
    }

    /// Nil unless `text` is the one spelling of an address.
    package init?(text: String) {
        guard text.utf8.count <= 160 else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let log = DIDKey.parse(String(parts[0])),
            let index = Decimal.parse(parts[1]), index < LogLimits.size, parts[2].first == "z",
            let bytes = Base58.decode(String(parts[2].dropFirst()), max: 32),
            let address = Hash(bytes)
        else { return nil }
        self.init(log: log, index: index, address: address)
    }
}
