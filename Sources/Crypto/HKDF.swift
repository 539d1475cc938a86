import CSodium
package import Primitives

/// HMAC-SHA256 (RFC 2104).
package enum HMACSHA256 {
    /// The tag of `message` under `key` of any length.
    package static func tag(_ message: [UInt8], key: [UInt8]) -> Bytes32 {
        unsafe Raw.bytes32 { out in
            unsafe key.withUnsafeBytes { key in
                unsafe message.withUnsafeBytes { message in
                    unsafe tag(key: key, [message], into: out)
                }
            }
        }
    }

    /// Writes the tag of `parts`, one behind the other, to `out` (32 bytes), which may lie in any
    /// of them.
    static func tag(
        key: UnsafeRawBufferPointer, _ parts: [UnsafeRawBufferPointer],
        into out: UnsafeMutablePointer<UInt8>
    ) {
        var state = crypto_auth_hmacsha256_state()
        defer { unsafe sodium_memzero(&state, MemoryLayout<crypto_auth_hmacsha256_state>.size) }
        _ = unsafe crypto_auth_hmacsha256_init(&state, Raw.uint8(key), key.count)
        for i in unsafe parts.indices {
            let part = unsafe parts[i]
            _ = unsafe crypto_auth_hmacsha256_update(&state, Raw.uint8(part), UInt64(part.count))
        }
        _ = unsafe crypto_auth_hmacsha256_final(&state, out)
    }
}

/// HKDF with HMAC-SHA256 (RFC 5869).
package enum HKDF {
    /// The most bytes that one expansion gives (RFC 5869 §2.3).
    package static let maximumCount = 255 * 32

    /// `count` bytes of key material from `ikm`: extract, then expand.
    package static func derive(
        salt: [UInt8], ikm: borrowing SecretBytes, info: [UInt8], count: Int
    ) -> SecretBytes {
        unsafe SecretBytes(count: count) { out in
            unsafe salt.withUnsafeBytes { salt in
                unsafe ikm.withUnsafeBytes { ikm in
                    unsafe derive(salt: salt, ikm: ikm, info: info, into: out)
                }
            }
        }
    }

    /// The pseudorandom key, 32 bytes (RFC 5869 §2.2).
    package static func extract(salt: [UInt8], ikm: borrowing SecretBytes) -> SecretBytes {
        unsafe SecretBytes(count: 32) { out in
            unsafe salt.withUnsafeBytes { salt in
                unsafe ikm.withUnsafeBytes { ikm in
                    unsafe HMACSHA256.tag(
                        key: salt, [ikm],
                        into: Raw.uint8(out))
                }
            }
        }
    }

    /// `count` bytes from the pseudorandom key `prk` (RFC 5869 §2.3).
    package static func expand(
        prk: borrowing SecretBytes, info: [UInt8], count: Int
    ) -> SecretBytes {
        unsafe SecretBytes(count: count) { out in
            unsafe prk.withUnsafeBytes { unsafe expand(prk: $0, info: info, into: out) }
        }
    }

    /// Fills `out`, which may overlap `salt` and `ikm`.
    ///
    /// With an empty `info` and 64 or 96 bytes this is Noise's HKDF of two or three outputs (§4.3).
    static func derive(
        salt: UnsafeRawBufferPointer, ikm: UnsafeRawBufferPointer, info: [UInt8],
        into out: UnsafeMutableRawBufferPointer
    ) {
        unsafe Raw.withScratch(32) { prk in
            unsafe HMACSHA256.tag(key: salt, [ikm], into: Raw.uint8(prk))
            unsafe expand(prk: UnsafeRawBufferPointer(prk), info: info, into: out)
        }
    }

    private static func expand(
        prk: UnsafeRawBufferPointer, info: [UInt8], into out: UnsafeMutableRawBufferPointer
    ) {
        precondition(out.count <= maximumCount, "\(out.count) bytes of one expansion")
        unsafe Raw.withScratch(33) { block in
            let last = unsafe UnsafeRawBufferPointer(rebasing: block[..<32])
            let counter = unsafe UnsafeRawBufferPointer(rebasing: block[32...])
            var done = 0
            while done < out.count {
                unsafe block[32] &+= 1
                unsafe info.withUnsafeBytes { info in
                    let previous = unsafe UnsafeRawBufferPointer(
                        rebasing: last[..<(done == 0 ? 0 : 32)])
                    unsafe HMACSHA256.tag(
                        key: prk, [previous, info, counter],
                        into: Raw.uint8(block))
                }
                let count = min(32, out.count - done)
                let target = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: out[done..<(done + count)])
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: last[..<count]))
                done += count
            }
        }
    }
}
