import CSodium
package import Primitives

/// An Ed25519 public key.
package typealias PublicKey = Bytes32

/// An Ed25519 signature: 64 bytes, R then S.
package struct Signature: Hashable, Sendable {
    package var r: Bytes32
    package var s: Bytes32

    package init(r: Bytes32, s: Bytes32) {
        self.r = r
        self.s = s
    }

    /// The signature of exactly 64 bytes; nil for any other count.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 64 else { return nil }
        self.init(r: Bytes32(bytes, at: 0), s: Bytes32(bytes, at: 32))
    }

    package var array: [UInt8] { r.array + s.array }
}

/// Verification of Ed25519 signatures (RFC 8032 §5.1.7).
package enum Ed25519 {
    /// Whether `signature` is `key`'s over `message`.
    ///
    /// Accepts what libsodium 1.0.18 accepts: S below the group order, A and R canonical and not of
    /// low order, the equation without cofactor. Verifiers differ here, and nodes must agree.
    package static func verify(
        _ signature: Signature, _ message: [UInt8], by key: PublicKey
    ) -> Bool {
        SharedWork.verdict(signature, message, key) { compute(signature, message, by: key) }
    }

    private static func compute(
        _ signature: Signature, _ message: [UInt8], by key: PublicKey
    ) -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 96) { buffer in
            let base = unsafe buffer.baseAddress.unsafelyUnwrapped
            unsafe signature.r.store(to: base)
            unsafe signature.s.store(to: base + 32)
            unsafe key.store(to: base + 64)
            return unsafe crypto_sign_verify_detached(
                base, message, UInt64(message.count), base + 64) == 0
        }
    }
}

/// An Ed25519 private key, and the public one that belongs to it.
package final class SigningKey: Sendable {
    /// libsodium's form: seed (32 bytes) ‖ public key (32 bytes).
    private let secret: SecretBytes
    package let publicKey: PublicKey

    /// The key that `seed` (exactly 32 bytes) stands for (RFC 8032 §5.1.5).
    package init(seed: consuming SecretBytes) {
        precondition(seed.count == 32, "a seed of \(seed.count) bytes")
        var publicKey = Bytes32.zero
        secret = unsafe SecretBytes(count: 64) { secret in
            unsafe seed.withUnsafeBytes { seed in
                publicKey = unsafe Raw.bytes32 { out in
                    _ = unsafe crypto_sign_seed_keypair(
                        out, Raw.uint8(secret), Raw.uint8(seed))
                }
            }
        }
        self.publicKey = publicKey
    }

    /// The signature over `message` (RFC 8032 §5.1.6): the same each time.
    package func sign(_ message: [UInt8]) -> Signature {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { out in
            let base = unsafe out.baseAddress.unsafelyUnwrapped
            unsafe secret.withUnsafeBytes { secret in
                _ = unsafe crypto_sign_detached(
                    base, nil, message, UInt64(message.count), Raw.uint8(secret))
            }
            return unsafe Signature(r: Bytes32(loading: base), s: Bytes32(loading: base + 32))
        }
    }

    /// Hands out the 32-byte seed, for saving it.
    package func withSeed<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe try secret.withUnsafeBytes { (bytes) throws(Failure) in
            unsafe try body(UnsafeRawBufferPointer(rebasing: bytes[..<32]))
        }
    }

    /// The X25519 key of the same owner; its public half is `publicKey.x25519`.
    package func x25519() -> AgreementKey {
        AgreementKey(
            bytes: unsafe SecretBytes(count: 32) { out in
                unsafe secret.withUnsafeBytes { secret in
                    _ = unsafe crypto_sign_ed25519_sk_to_curve25519(
                        Raw.uint8(out), Raw.uint8(secret))
                }
            })
    }
}

extension PublicKey {
    /// The X25519 public key of the Ed25519 key that these bytes are.
    ///
    /// Nil when they are not a point of the main subgroup. A key and its negative share one result.
    package var x25519: Bytes32? { SharedWork.point(self) { converted } }

    private var converted: Bytes32? {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
            let base = unsafe buffer.baseAddress.unsafelyUnwrapped
            unsafe store(to: base)
            let status = unsafe crypto_sign_ed25519_pk_to_curve25519(base + 32, base)
            return status == 0 ? unsafe Bytes32(loading: base + 32) : nil
        }
    }
}

/// An X25519 private key (RFC 7748).
package final class AgreementKey: Sendable {
    private let secret: SecretBytes
    package let publicKey: Bytes32

    /// The key of exactly 32 bytes; they need not be clamped.
    package init(bytes: consuming SecretBytes) {
        precondition(bytes.count == 32, "an X25519 key of \(bytes.count) bytes")
        publicKey = unsafe bytes.withUnsafeBytes { secret in
            unsafe Raw.bytes32 { out in
                _ = unsafe crypto_scalarmult_curve25519_base(out, Raw.uint8(secret))
            }
        }
        secret = bytes
    }

    /// The key of exactly 32 bytes, from ordinary memory: for seeded randomness and tests.
    package convenience init(bytes: [UInt8]) {
        self.init(bytes: SecretBytes(bytes))
    }

    /// The secret shared with the owner of `peer`.
    ///
    /// Throws `.weakPublicKey` when it is all zero: such a peer contributed nothing (RFC 7748
    /// §6.1).
    package func agree(_ peer: Bytes32) throws(CryptoError) -> SecretBytes {
        var isGood = false
        let shared = unsafe SecretBytes(count: 32) { isGood = unsafe agree(peer, into: $0) }
        if !isGood { throw .weakPublicKey }
        return shared
    }

    /// Writes the shared secret to `out` (32 bytes); false when it is all zero.
    func agree(_ peer: Bytes32, into out: UnsafeMutableRawBufferPointer) -> Bool {
        if let known = SharedWork.secret(publicKey, peer) {
            unsafe known.store(to: Raw.uint8(out))
            return true
        }
        let isGood = unsafe compute(peer, into: out)
        if isGood {
            SharedWork.keep(unsafe Bytes32(loading: Raw.uint8(out)), publicKey, peer)
        }
        return isGood
    }

    private func compute(_ peer: Bytes32, into out: UnsafeMutableRawBufferPointer) -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { buffer in
            let point = unsafe buffer.baseAddress.unsafelyUnwrapped
            unsafe peer.store(to: point)
            return unsafe secret.withUnsafeBytes { secret in
                unsafe crypto_scalarmult_curve25519(Raw.uint8(out), Raw.uint8(secret), point) == 0
            }
        }
    }
}

/// A secret that all nodes of a private mesh share (Noise's psk): exactly 32 bytes.
package final class PresharedKey: Sendable {
    let secret: SecretBytes

    package init(bytes: consuming SecretBytes) {
        precondition(bytes.count == 32, "a pre-shared key of \(bytes.count) bytes")
        secret = bytes
    }
}
