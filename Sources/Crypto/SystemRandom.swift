import CSodium
package import Primitives

/// The kernel's random source: the only ambient randomness of the whole program.
///
/// This file alone calls it. Pure layers get keys, salts and seeds handed in.
package struct SystemRandom: RandomNumberGenerator, Sendable {
    package init() {}

    package func next() -> UInt64 { Self.uint64() }

    package static func bytes(_ count: Int) -> [UInt8] {
        precondition(count >= 0, "\(count) random bytes")
        Sodium.start()
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            if let base = buffer.baseAddress { unsafe randombytes_buf(base, count) }
            filled = count
        }
    }

    package static func bytes32() -> Bytes32 { Bytes32(bytes(32), at: 0) }

    package static func uint64() -> UInt64 {
        Sodium.start()
        var word: UInt64 = 0
        unsafe randombytes_buf(&word, 8)
        return word
    }

    /// `count` random bytes that never were in ordinary memory.
    package static func secret(_ count: Int) -> SecretBytes {
        unsafe SecretBytes(count: count) { buffer in
            if let base = buffer.baseAddress { unsafe randombytes_buf(base, buffer.count) }
        }
    }
}

extension SigningKey {
    /// A new random key.
    package static func generate() -> SigningKey { SigningKey(seed: SystemRandom.secret(32)) }
}

extension AgreementKey {
    /// A new random key, as each handshake needs one.
    package static func generate() -> AgreementKey { AgreementKey(bytes: SystemRandom.secret(32)) }
}

extension RecoveryWords {
    /// Words for a new identity.
    package static func generate() -> RecoveryWords {
        RecoveryWords(entropy: SystemRandom.secret(32))
    }
}

/// Words of the BIP-39 list for a password that a person can read aloud: 11 bits each.
package enum RandomWords {
    package static func make(_ count: Int) -> [String] {
        (0..<count).map { _ in
            BIP39Words.all[Int(SystemRandom.uint64() % UInt64(BIP39Words.all.count))]
        }
    }
}
