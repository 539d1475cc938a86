package import Primitives
import Wire

/// What the nodes of a private mesh share, as text: `[DISC-10]`.
package enum NetworkSecret {
    /// Bytes of the text, at least and at most.
    package static let length = 12...1_024
    /// Rounds for a passphrase, as OWASP advised in 2023 for HMAC-SHA512. About 0.2 s.
    static let iterations = 210_000
    private static let salt = Array("starling/1 network".utf8)

    /// The text of a secret of 32 random bytes.
    package static func text(_ random: Bytes32) -> String { "z" + Base58.encode(random.array) }

    /// The key that a text stands for: its 32 bytes in base58, or else what a passphrase gives; nil
    /// when the text is too short or too long for either.
    package static func key(_ text: String) -> PresharedKey? {
        let utf8 = Array(text.utf8)
        guard length.contains(utf8.count) else { return nil }
        if text.hasPrefix("z"), let bytes = Base58.decode(String(text.dropFirst())),
            bytes.count == 32
        {
            return PresharedKey(bytes: SecretBytes(bytes))
        }
        let derived = unsafe SecretBytes(count: PBKDF2.count) { out in
            unsafe utf8.withUnsafeBytes { password in
                unsafe PBKDF2.hmacSHA512(
                    password: password, salt: salt, iterations: iterations, into: out)
            }
        }
        return PresharedKey(
            bytes: unsafe derived.withUnsafeBytes { SecretBytes(unsafe Array($0.prefix(32))) })
    }
}

/// Names a mesh in a beacon, without saying its secret.
package struct NetworkID: Hashable, Sendable {
    package let bytes: [UInt8]
    package static let count = 8

    /// The mesh that `key` is of; the public one without a key.
    package init(of key: PresharedKey?) {
        guard let key else {
            bytes = [UInt8](repeating: 0, count: Self.count)
            return
        }
        let secret = unsafe key.secret.withUnsafeBytes { unsafe Array($0) }
        let tag = HMACSHA256.tag(Array("starling/1 network id".utf8), key: secret)
        bytes = Array(tag.array.prefix(Self.count))
    }

    /// Exactly eight bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.count else { return nil }
        self.bytes = bytes
    }
}

extension PresharedKey {
    /// The 32 bytes: for test vectors, never to be shown or written otherwise.
    package var exposed: [UInt8] { unsafe secret.withUnsafeBytes { unsafe Array($0) } }
}
