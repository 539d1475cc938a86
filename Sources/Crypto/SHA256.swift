import COpenSSL
import CSodium
package import Primitives

/// SHA-256 (FIPS 180-4): the one hash of Starling. Every digest in the tree comes through here.
package enum SHA256 {
    /// The digest of `bytes`.
    package static func hash(_ bytes: [UInt8]) -> Bytes32 {
        unsafe bytes.withUnsafeBytes { unsafe hash($0) }
    }

    /// The digest of `bytes[range]`. The caller took the range from this array.
    package static func hash(_ bytes: [UInt8], in range: Range<Int>) -> Bytes32 {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        return unsafe bytes.withUnsafeBytes {
            unsafe hash(UnsafeRawBufferPointer(rebasing: $0[range]))
        }
    }

    /// The digest of the bytes behind `buffer`.
    package static func hash(_ buffer: UnsafeRawBufferPointer) -> Bytes32 {
        unsafe Raw.bytes32 { out in
            if let algorithm = unsafe OpenSSL.sha256,
                unsafe starling_sha256(algorithm, buffer.baseAddress, buffer.count, out) == 1
            {
                return
            }
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe crypto_hash_sha256(out, start, UInt64(buffer.count))
        }
    }

    /// The hash of a leaf of an RFC 6962 tree: SHA-256(0x00 ‖ data).
    package static func leaf(_ data: [UInt8]) -> Bytes32 {
        unsafe withUnsafeTemporaryAllocation(byteCount: data.count + 1, alignment: 8) { buffer in
            unsafe buffer[0] = 0
            unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[1...]).copyBytes(from: data)
            return unsafe hash(UnsafeRawBufferPointer(buffer))
        }
    }

    /// The hash of an inner node of an RFC 6962 tree: SHA-256(0x01 ‖ left ‖ right).
    package static func node(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        unsafe withUnsafeTemporaryAllocation(byteCount: 65, alignment: 8) { buffer in
            let base = unsafe buffer.baseAddress.unsafelyUnwrapped
            unsafe buffer[0] = 1
            unsafe left.store(to: base + 1)
            unsafe right.store(to: base + 33)
            return unsafe hash(UnsafeRawBufferPointer(buffer))
        }
    }
}

/// The digest that OpenSSL was asked for once; without it libsodium's is used, about three times
/// slower.
private enum OpenSSL {
    nonisolated(unsafe) static let sha256: OpaquePointer? = unsafe starling_sha256_algorithm()
}
