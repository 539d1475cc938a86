import Primitives
import Wire

/// `did:key` names of Ed25519 keys: multibase base58btc over the multicodec 0xed 0x01 and the key.
///
/// A key has exactly one spelling, 48 characters that begin with `z6Mk` after `did:key:`.
package enum DIDKey {
    private static let prefix = "did:key:"
    private static let multicodec: [UInt8] = [0xed, 0x01]

    /// `did:key:z6Mk…`
    package static func encode(_ key: PublicKey) -> String { prefix + multibase(key) }

    /// `z6Mk…`, as node addresses carry it.
    package static func multibase(_ key: PublicKey) -> String {
        "z" + Base58.encode(multicodec + key.array)
    }

    /// The key that `text` names; nil for anything that `encode` would not write.
    ///
    /// Any 32 bytes make a name: whether they are a point of the curve shows when they verify.
    package static func parse(_ text: String) -> PublicKey? {
        let utf8 = text.utf8
        guard utf8.starts(with: prefix.utf8) else { return nil }
        return parse(multibase: utf8.dropFirst(prefix.utf8.count))
    }

    /// The key that `z6Mk…` names.
    package static func parse(multibase text: String) -> PublicKey? {
        parse(multibase: text.utf8[...])
    }

    private static func parse(multibase utf8: Substring.UTF8View) -> PublicKey? {
        guard utf8.count == 48, utf8.first == UInt8(ascii: "z"),
            let digits = String(utf8.dropFirst()),
            let bytes = Base58.decode(digits, max: 34),
            bytes.count == 34, bytes.starts(with: multicodec)
        else { return nil }
        return Bytes32(bytes, at: 2)
    }
}
