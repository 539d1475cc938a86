import CSodium

/// PBKDF2 with HMAC-SHA512 (RFC 8018 §5.2), as BIP-39 turns words into a seed.
enum PBKDF2 {
    /// What one block gives, and BIP-39 asks for.
    static let count = 64

    /// Writes the first block, 64 bytes, to `out`.
    static func hmacSHA512(
        password: UnsafeRawBufferPointer, salt: [UInt8], iterations: Int,
        into out: UnsafeMutableRawBufferPointer
    ) {
        precondition(out.count == count && iterations >= 1, "\(out.count) bytes, \(iterations)")
        // The state after the password: each round starts from a copy of it.
        var keyed = crypto_auth_hmacsha512_state()
        var state = keyed
        let size = MemoryLayout<crypto_auth_hmacsha512_state>.size
        defer {
            unsafe sodium_memzero(&keyed, size)
            unsafe sodium_memzero(&state, size)
        }
        _ = unsafe crypto_auth_hmacsha512_init(&keyed, Raw.uint8(password), password.count)
        state = keyed
        let first = salt + [0, 0, 0, 1]
        _ = unsafe crypto_auth_hmacsha512_update(&state, first, UInt64(first.count))
        unsafe Raw.withScratch(count) { block in
            let bytes = unsafe Raw.uint8(block)
            _ = unsafe crypto_auth_hmacsha512_final(&state, bytes)
            unsafe out.copyMemory(from: UnsafeRawBufferPointer(block))
            for _ in 1..<iterations {
                state = keyed
                _ = unsafe crypto_auth_hmacsha512_update(&state, bytes, UInt64(count))
                _ = unsafe crypto_auth_hmacsha512_final(&state, bytes)
                for i in 0..<count { unsafe out[i] ^= block[i] }
            }
        }
    }
}
