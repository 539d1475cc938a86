import CSodium
import Primitives

/// Pointers in the shapes that libsodium takes.
enum Raw {
    /// Where an empty buffer stands for C, which wants an address and reads nothing there.
    private static var nowhere: UnsafeMutableRawPointer {
        unsafe UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped
    }

    static func uint8(_ buffer: UnsafeRawBufferPointer) -> UnsafePointer<UInt8> {
        unsafe (buffer.baseAddress ?? UnsafeRawPointer(nowhere)).assumingMemoryBound(
            to: UInt8.self)
    }

    static func uint8(_ buffer: UnsafeMutableRawBufferPointer) -> UnsafeMutablePointer<UInt8> {
        unsafe (buffer.baseAddress ?? nowhere).assumingMemoryBound(to: UInt8.self)
    }

    /// The 32 bytes that `fill` writes.
    static func bytes32(_ fill: (UnsafeMutablePointer<UInt8>) -> Void) -> Bytes32 {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { buffer in
            let base = unsafe buffer.baseAddress.unsafelyUnwrapped
            unsafe fill(base)
            return unsafe Bytes32(loading: base)
        }
    }

    /// `count` bytes of `buffer` from `offset`.
    static func part(
        _ buffer: UnsafeMutableRawBufferPointer, _ offset: Int, _ count: Int
    ) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<(offset + count)])
    }

    /// Memory for secrets in passing: zero at first, zeroed before it is given back.
    static func withScratch<Result>(
        _ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) -> Result {
        unsafe withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) { buffer in
            unsafe sodium_memzero(buffer.baseAddress.unsafelyUnwrapped, count)
            defer { unsafe sodium_memzero(buffer.baseAddress.unsafelyUnwrapped, count) }
            return unsafe body(buffer)
        }
    }
}
