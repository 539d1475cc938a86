import Primitives

/// The 24 English words of BIP-39 that stand for an identity, on paper: 256 bits and a checksum.
package struct RecoveryWords: ~Copyable {
    package static let count = 24

    private let entropy: SecretBytes

    /// The words of exactly 32 bytes.
    package init(entropy: consuming SecretBytes) {
        precondition(entropy.count == 32, "entropy of \(entropy.count) bytes")
        self.entropy = entropy
    }

    /// The words that a person typed: any case, any white space between them.
    ///
    /// Throws `.wordCount`, `.unknownWord` for the first that is not in the list, or
    /// `.wordChecksum`.
    package init(parsing text: String) throws(CryptoError) {
        self.init(entropy: try Self.entropy(of: text))
    }

    /// The words, first to last. Ordinary strings, which nobody zeroes: for showing and writing
    /// once.
    package var words: [String] { (0..<Self.count).map { BIP39Words.all[index($0)] } }

    /// The seed of the identity's root keys, 64 bytes, with BIP-39's empty passphrase.
    package var seed: SecretBytes { seed(passphrase: "") }

    /// Root key `index`, from 0: Ed25519 seed = HKDF-SHA256(salt "starling/1", seed, "root key n").
    package func rootKey(index: Int) -> SigningKey {
        precondition(index >= 0, "root key \(index)")
        return SigningKey(
            seed: HKDF.derive(
                salt: Array("starling/1".utf8), ikm: seed,
                info: Array("root key \(index)".utf8), count: 32))
    }

    /// BIP-39's seed; `passphrase` must be in NFKD.
    func seed(passphrase: String) -> SecretBytes {
        unsafe SecretBytes(count: PBKDF2.count) { out in
            // 24 words of at most 8 letters, and the spaces between them.
            unsafe Raw.withScratch(Self.count * 9) { text in
                var length = 0
                for i in 0..<Self.count {
                    if i > 0 {
                        unsafe text[length] = 0x20
                        length += 1
                    }
                    for letter in BIP39Words.all[index(i)].utf8 {
                        unsafe text[length] = letter
                        length += 1
                    }
                }
                unsafe PBKDF2.hmacSHA512(
                    password: UnsafeRawBufferPointer(rebasing: text[..<length]),
                    salt: Array("mnemonic\(passphrase)".utf8), iterations: 2048, into: out)
            }
        }
    }

    private static func entropy(of text: String) throws(CryptoError) -> SecretBytes {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace)
        if words.count != count { throw .wordCount(words.count) }
        var bits: [Bool] = []
        for (offset, word) in words.enumerated() {
            guard let index = BIP39Words.index(of: String(word)) else {
                throw .unknownWord(position: offset + 1, word: String(word))
            }
            for bit in (0..<11).reversed() { bits.append(index >> bit & 1 == 1) }
        }
        func byte(_ at: Int) -> UInt8 {
            bits[(at * 8)..<(at * 8 + 8)].reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
        }
        let entropy = unsafe SecretBytes(count: 32) { out in
            for i in 0..<32 { unsafe out[i] = byte(i) }
        }
        if byte(32) != checksum(entropy) { throw .wordChecksum }
        return entropy
    }

    /// The first 8 bits of the entropy's SHA-256.
    private static func checksum(_ entropy: borrowing SecretBytes) -> UInt8 {
        unsafe entropy.withUnsafeBytes { bytes in
            UInt8(truncatingIfNeeded: unsafe SHA256.hash(bytes).w0 >> 56)
        }
    }

    /// The 11 bits of word `position` in entropy ‖ checksum, most significant first.
    private func index(_ position: Int) -> Int {
        let last = Self.checksum(entropy)
        return unsafe entropy.withUnsafeBytes { bytes in
            var index = 0
            for bit in (position * 11)..<(position * 11 + 11) {
                let byte = unsafe bit < 256 ? bytes[bit / 8] : last
                index = index << 1 | Int(byte >> UInt8(7 - bit % 8) & 1)
            }
            return index
        }
    }
}
