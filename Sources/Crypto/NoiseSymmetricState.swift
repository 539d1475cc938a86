import CSodium
import Primitives

/// Noise's SymmetricState and the CipherState in it (revision 34, §5.1, §5.2).
///
/// XK and XKpsk3 encrypt nothing before their first key, so the case without a key is left out.
struct NoiseSymmetricState: ~Copyable {
    /// Offsets in `secrets`: the chaining key, the cipher key, then room to work in.
    private enum Slot {
        static let chain = 0
        static let key = 32
        static let work = 64
        static let end = 192
    }

    private var secrets: SecretBytes
    /// The handshake hash h: what both sides have seen so far.
    private(set) var hash: Bytes32
    private var counter: UInt64 = 0

    /// InitializeSymmetric: names of up to 32 bytes stand for themselves, longer ones are hashed.
    init(protocolName: String) {
        let name = Array(protocolName.utf8)
        let padding = [UInt8](repeating: 0, count: max(0, 32 - name.count))
        let first = name.count <= 32 ? Bytes32(name + padding, at: 0) : SHA256.hash(name)
        hash = first
        secrets = SecretBytes(writable: Slot.end)
        unsafe secrets.withUnsafeMutableBytes {
            unsafe first.store(to: $0.baseAddress.unsafelyUnwrapped)
        }
    }

    /// Forgets every secret.
    mutating func wipe() {
        unsafe secrets.withUnsafeMutableBytes {
            unsafe sodium_memzero($0.baseAddress.unsafelyUnwrapped, $0.count)
        }
    }

    mutating func mixHash(_ data: [UInt8]) {
        hash = SHA256.hash(hash.array + data)
    }

    /// MixKey with bytes that everybody may know.
    mutating func mixKey(public data: Bytes32) {
        unsafe secrets.withUnsafeMutableBytes { bytes in
            let input = unsafe Raw.part(bytes, Slot.work, 32)
            unsafe data.store(to: input.baseAddress.unsafelyUnwrapped)
            unsafe Self.mixKey(bytes, input)
        }
        counter = 0
    }

    /// MixKey with the X25519 secret of `key` and `peer`.
    mutating func mixKey(_ key: AgreementKey, _ peer: Bytes32) throws(CryptoError) {
        let isGood = unsafe secrets.withUnsafeMutableBytes { bytes in
            let input = unsafe Raw.part(bytes, Slot.work, 32)
            guard unsafe key.agree(peer, into: input) else { return false }
            unsafe Self.mixKey(bytes, input)
            return true
        }
        if !isGood { throw .weakPublicKey }
        counter = 0
    }

    /// The outputs of HKDF replace chaining key and cipher key where they stand, side by side.
    private static func mixKey(
        _ bytes: UnsafeMutableRawBufferPointer, _ input: UnsafeMutableRawBufferPointer
    ) {
        unsafe HKDF.derive(
            salt: UnsafeRawBufferPointer(Raw.part(bytes, Slot.chain, 32)),
            ikm: UnsafeRawBufferPointer(input), info: [], into: Raw.part(bytes, Slot.chain, 64))
    }

    /// MixKeyAndHash: the three outputs are chaining key, what goes into h, cipher key (§9.2).
    mutating func mixKeyAndHash(_ psk: PresharedKey) {
        let middle = unsafe secrets.withUnsafeMutableBytes { bytes in
            let work = unsafe Raw.part(bytes, Slot.work, 96)
            unsafe psk.secret.withUnsafeBytes { psk in
                unsafe HKDF.derive(
                    salt: UnsafeRawBufferPointer(Raw.part(bytes, Slot.chain, 32)), ikm: psk,
                    info: [], into: work)
            }
            unsafe Raw.part(bytes, Slot.chain, 32).copyBytes(from: work[..<32])
            unsafe Raw.part(bytes, Slot.key, 32).copyBytes(from: work[64...])
            return unsafe Bytes32(loading: work.baseAddress.unsafelyUnwrapped + 32)
        }
        mixHash(middle.array)
        counter = 0
    }

    /// EncryptAndHash: appends the sealed form of `plaintext` to `out`.
    mutating func encryptAndHash(_ plaintext: [UInt8], into out: inout [UInt8]) {
        var sealed: [UInt8] = []
        ChaChaPoly.seal(
            plaintext, ad: hash.array, key: secrets, slot: Slot.key,
            nonce: ChaChaPoly.Nonce(counter: counter), into: &sealed)
        counter += 1
        mixHash(sealed)
        out += sealed
    }

    /// DecryptAndHash.
    mutating func decryptAndHash(_ sealed: [UInt8]) throws(CryptoError) -> [UInt8] {
        var plaintext: [UInt8] = []
        try ChaChaPoly.open(
            sealed, in: sealed.indices, ad: hash.array, key: secrets, slot: Slot.key,
            nonce: ChaChaPoly.Nonce(counter: counter), into: &plaintext)
        counter += 1
        mixHash(sealed)
        return plaintext
    }

    /// Split (§5.2) into `out`: the key of the initiator's messages, then the responder's.
    func split(into out: UnsafeMutableRawBufferPointer) {
        unsafe secrets.withUnsafeBytes { bytes in
            unsafe HKDF.derive(
                salt: UnsafeRawBufferPointer(rebasing: bytes[..<32]),
                ikm: UnsafeRawBufferPointer(rebasing: bytes[..<0]), info: [], into: out)
        }
    }

    /// Fills `out` with a key for another use of the session, bound to both sides' view of it:
    /// HKDF with salt h, the chaining key that Split takes, and `label`.
    func export(_ label: String, into out: UnsafeMutableRawBufferPointer) {
        unsafe secrets.withUnsafeBytes { bytes in
            unsafe hash.array.withUnsafeBytes { salt in
                unsafe HKDF.derive(
                    salt: salt, ikm: UnsafeRawBufferPointer(rebasing: bytes[..<32]),
                    info: Array(label.utf8), into: out)
            }
        }
    }
}
