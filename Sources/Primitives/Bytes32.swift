/// Thirty-two bytes by value: a SHA-256 digest, a public key, a content address.
///
/// Kept as four big-endian words, so that comparing is lexicographic and hashing is four loads
/// (measured: half the cost of `[UInt8]` as a set's element).
package struct Bytes32: Hashable, Comparable, Sendable {
    package var w0: UInt64
    package var w1: UInt64
    package var w2: UInt64
    package var w3: UInt64

    @inlinable
    package init(_ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64) {
        self.w0 = w0
        self.w1 = w1
        self.w2 = w2
        self.w3 = w3
    }

    /// All zero: never a valid key, and no known preimage as a digest.
    package static let zero = Bytes32(0, 0, 0, 0)

    /// Length in bytes.
    package static let count = 32

    /// The value of the first 32 bytes behind `pointer`.
    @inlinable
    package init(loading pointer: UnsafeRawPointer) {
        unsafe self.init(
            ByteOrder.load(pointer, 0), ByteOrder.load(pointer, 8),
            ByteOrder.load(pointer, 16), ByteOrder.load(pointer, 24))
    }

    /// Writes the 32 bytes to `pointer`.
    @inlinable
    package func store(to pointer: UnsafeMutableRawPointer) {
        unsafe ByteOrder.store(w0, pointer, 0)
        unsafe ByteOrder.store(w1, pointer, 8)
        unsafe ByteOrder.store(w2, pointer, 16)
        unsafe ByteOrder.store(w3, pointer, 24)
    }

    /// The value of exactly 32 bytes; nil for any other count.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        let array = Array(bytes)
        self.init(array, at: 0)
    }

    /// The 32 bytes of `bytes` from `offset`. The caller has checked that they are there.
    @inlinable
    package init(_ bytes: [UInt8], at offset: Int) {
        precondition(offset >= 0 && bytes.count - offset >= 32, "32 bytes at \(offset)")
        self = unsafe bytes.withUnsafeBytes {
            unsafe Bytes32(loading: $0.baseAddress.unsafelyUnwrapped + offset)
        }
    }

    /// A copy as an array of 32 bytes.
    package var array: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            unsafe store(to: UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped))
            count = 32
        }
    }

    @inlinable
    package static func < (a: Bytes32, b: Bytes32) -> Bool {
        if a.w0 != b.w0 { return a.w0 < b.w0 }
        if a.w1 != b.w1 { return a.w1 < b.w1 }
        if a.w2 != b.w2 { return a.w2 < b.w2 }
        return a.w3 < b.w3
    }
}

/// Unaligned big-endian loads and stores: with `Bytes32`, the only raw memory access of the pure
/// layers.
package enum ByteOrder {
    /// The big-endian word at `pointer + offset`.
    @inlinable
    package static func load(_ pointer: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        unsafe UInt64(
            bigEndian: pointer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Writes `word` big-endian at `pointer + offset`.
    @inlinable
    package static func store(_ word: UInt64, _ pointer: UnsafeMutableRawPointer, _ offset: Int) {
        unsafe pointer.storeBytes(of: word.bigEndian, toByteOffset: offset, as: UInt64.self)
    }
}
