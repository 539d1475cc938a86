import Crypto
import Primitives
import Wire

/// Secrets that are handed out once and kept as hashes: codes, tokens, secrets of apps.
enum Token {
    /// 256 random bits: nobody finds them from a fast hash.
    static func make() -> String { Base64URL.encode(SystemRandom.bytes(32)) }

    /// What is kept.
    static func hash(_ text: String) -> Bytes32 { SHA256.hash(Array(text.utf8)) }

    /// Whether both are the same, in a time that does not tell where they differ.
    static func same(_ a: Bytes32, _ b: Bytes32) -> Bool {
        (a.w0 ^ b.w0) | (a.w1 ^ b.w1) | (a.w2 ^ b.w2) | (a.w3 ^ b.w3) == 0
    }
}

/// Base64 with the alphabet for addresses, without padding (RFC 4648 §5).
enum Base64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        let text = Base64.encode(bytes).utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil unless it is exactly what `encode` writes.
    static func decode(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(where: { Array("+/=".utf8).contains($0) }) else { return nil }
        var plain = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        while plain.count % 4 != 0 { plain.append(UInt8(ascii: "=")) }
        return Base64.decode(String(decoding: plain, as: UTF8.self))
    }
}

/// PKCE (RFC 7636): only who asked for a code can trade it.
enum Challenge {
    /// What is kept of a challenge: the hash of the verifier, by either method. Nil for a method
    /// or a challenge that is none.
    static func kept(_ challenge: String, method: String?) -> Bytes32? {
        switch method {
        case "S256":
            guard let bytes = Base64URL.decode(challenge) else { return nil }
            return Bytes32(bytes)
        case nil, "", "plain":
            return isVerifier(challenge) ? Token.hash(challenge) : nil
        default: return nil
        }
    }

    /// RFC 7636 §4.1.
    static func isVerifier(_ text: String) -> Bool {
        (43...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122: true
                default: Array("-._~".utf8).contains(byte)
                }
            }
    }
}
