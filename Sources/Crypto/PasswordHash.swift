import CSodium

/// Passwords as they are kept: Argon2id (RFC 9106) of libsodium's, salt and cost in the text.
package enum PasswordHash {
    /// Bytes of UTF-8 that a password may have: what is hashed is bounded, whoever asks.
    package static let passwordLimit = 1_024
    /// Bytes of a hash's text, libsodium's bound.
    private static let textLimit = 128

    /// The text to keep; nil when the password is empty or too long, or there is no memory for it:
    /// 64 MiB for about 100 ms (libsodium's "interactive", RFC 9106 §4's second choice with more
    /// passes).
    package static func make(_ password: String) -> String? {
        Sodium.start()
        let bytes = password.utf8.map { CChar(bitPattern: $0) }
        guard (1...passwordLimit).contains(bytes.count) else { return nil }
        var out = [CChar](repeating: 0, count: textLimit)
        let isDone =
            unsafe crypto_pwhash_str(
                &out, bytes, UInt64(bytes.count), UInt64(crypto_pwhash_opslimit_interactive()),
                crypto_pwhash_memlimit_interactive()) == 0
        guard isDone else { return nil }
        return String(decoding: out.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether `password` is the one that `kept` was made of. It takes as long whatever the answer.
    package static func verify(_ password: String, _ kept: String) -> Bool {
        Sodium.start()
        let bytes = password.utf8.map { CChar(bitPattern: $0) }
        guard (1...passwordLimit).contains(bytes.count), kept.utf8.count < textLimit else {
            return false
        }
        var text = kept.utf8.map { CChar(bitPattern: $0) }
        text += [CChar](repeating: 0, count: textLimit - text.count)
        return unsafe crypto_pwhash_str_verify(text, bytes, UInt64(bytes.count)) == 0
    }
}
