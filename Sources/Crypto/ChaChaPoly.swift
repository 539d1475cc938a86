import CSodium

/// ChaCha20-Poly1305 with a 12-byte nonce (RFC 8439 §2.8).
package enum ChaChaPoly {
    /// What sealing adds: the tag, in bytes.
    package static let overhead = 16

    /// Twelve bytes that must never come twice under one key.
    package struct Nonce: Equatable, Sendable {
        private let words: (UInt32, UInt32, UInt32)

        /// Four zero bytes, then `counter` little-endian, as Noise has it (§12.3).
        package init(counter: UInt64) {
            words = (
                0, UInt32(truncatingIfNeeded: counter).littleEndian,
                UInt32(truncatingIfNeeded: counter >> 32).littleEndian
            )
        }

        /// The nonce of exactly 12 bytes; nil for any other count.
        package init?(_ bytes: [UInt8]) {
            guard bytes.count == 12 else { return nil }
            func word(_ at: Int) -> UInt32 {
                let value = (0..<4).reversed().reduce(UInt32(0)) {
                    $0 << 8 | UInt32(bytes[at + $1])
                }
                return value.littleEndian
            }
            words = (word(0), word(4), word(8))
        }

        func withUnsafeBytes<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
            unsafe Swift.withUnsafeBytes(of: words) { unsafe body(Raw.uint8($0)) }
        }

        package static func == (a: Nonce, b: Nonce) -> Bool { a.words == b.words }
    }

    /// Encrypts what `buffer` holds from `start` where it stands, and puts the tag behind it.
    ///
    /// The key is the 32 bytes of `key` from `slot`. No copy is made when the buffer has room for
    /// 16 bytes more.
    package static func seal(
        inPlace buffer: inout [UInt8], from start: Int, ad: [UInt8] = [],
        key: borrowing SecretBytes, slot: Int = 0, nonce: Nonce
    ) {
        precondition(start >= 0 && start <= buffer.count, "seal from \(start) of \(buffer.count)")
        precondition(slot >= 0 && slot + 32 <= key.count, "key at \(slot) of \(key.count)")
        let count = buffer.count - start
        for _ in 0..<overhead { buffer.append(0) }
        unsafe key.withUnsafeBytes { key in
            unsafe nonce.withUnsafeBytes { nonce in
                unsafe buffer.withUnsafeMutableBytes { bytes in
                    let text = unsafe Raw.uint8(bytes) + start
                    let key = unsafe Raw.uint8(key) + slot
                    _ = unsafe crypto_aead_chacha20poly1305_ietf_encrypt(
                        text, nil, text, UInt64(count), ad, UInt64(ad.count), nil, nonce, key)
                }
            }
        }
    }

    /// Appends to `out` the sealed form of `plaintext`, which is 16 bytes longer.
    package static func seal(
        _ plaintext: [UInt8], ad: [UInt8] = [], key: borrowing SecretBytes, slot: Int = 0,
        nonce: Nonce, into out: inout [UInt8]
    ) {
        let start = out.count
        out.reserve(plaintext.count + overhead)
        out.append(contentsOf: plaintext)
        seal(inPlace: &out, from: start, ad: ad, key: key, slot: slot, nonce: nonce)
    }

    /// Appends to `out` what `bytes[range]` holds, sealed.
    ///
    /// Throws `.notAuthentic`, and leaves `out` as it was, unless key, nonce, `ad` and every byte
    /// are those of the sealing.
    package static func open(
        _ bytes: [UInt8], in range: Range<Int>, ad: [UInt8] = [], key: borrowing SecretBytes,
        slot: Int = 0, nonce: Nonce, into out: inout [UInt8]
    ) throws(CryptoError) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        precondition(slot >= 0 && slot + 32 <= key.count, "key at \(slot) of \(key.count)")
        if range.count < overhead { throw .notAuthentic }
        let start = out.count
        out.reserve(range.count)
        // The sealed bytes go in whole and are opened where they stand.
        out.append(contentsOf: bytes[range])
        let status = unsafe key.withUnsafeBytes { key in
            unsafe nonce.withUnsafeBytes { nonce in
                unsafe out.withUnsafeMutableBytes { bytes in
                    let text = unsafe Raw.uint8(bytes) + start
                    let key = unsafe Raw.uint8(key) + slot
                    return unsafe crypto_aead_chacha20poly1305_ietf_decrypt(
                        text, nil, nil, text, UInt64(range.count), ad, UInt64(ad.count), nonce, key)
                }
            }
        }
        out.removeLast(status == 0 ? overhead : range.count)
        if status != 0 { throw .notAuthentic }
    }
}

extension [UInt8] {
    /// Room for `more` bytes; grows by doubling, which `reserveCapacity` alone would not.
    mutating func reserve(_ more: Int) {
        if capacity - count < more { reserveCapacity(Swift.max(count + more, capacity * 2)) }
    }
}
