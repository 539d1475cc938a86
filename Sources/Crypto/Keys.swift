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
