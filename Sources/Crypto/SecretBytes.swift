import CSodium
import Synchronization

/// Secret bytes in memory of their own, between guard pages, zeroed on release.
///
/// libsodium's `sodium_malloc` keeps the page out of swap where the system allows it. Read-only
/// once filled, so a stray write faults. Never printable, and a copy has to be asked for. An
/// allocation costs some microseconds and four pages: for keys, not for messages.
@safe
package struct SecretBytes: ~Copyable, @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    package let count: Int
    private let isGuarded: Bool

    /// `count` bytes that `fill` writes; they are zero before, and read-only after.
    package init(count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) -> Void) {
        self.init(writable: count)
        unsafe fill(UnsafeMutableRawBufferPointer(start: base, count: count))
        protect()
    }

    /// A copy of `bytes`. The array itself stays as it is: for tests and for what was read from a
    /// file.
    package init(_ bytes: [UInt8]) {
        unsafe self.init(count: bytes.count) { unsafe $0.copyBytes(from: bytes) }
    }

    /// Zeroed bytes that stay writable until `protect()`.
    init(writable count: Int) {
        precondition(count >= 0, "\(count) secret bytes")
        Sodium.start()
        isGuarded = SecretMemory.isGuarded
        let size = max(count, 1)
        guard
            let pointer = unsafe isGuarded
                ? sodium_malloc(size) : .allocate(byteCount: size, alignment: 16)
        else { preconditionFailure("no memory for \(count) secret bytes") }
        unsafe sodium_memzero(pointer, size)
        unsafe base = pointer
        self.count = count
    }

    deinit {
        if isGuarded {
            unsafe sodium_free(base)
        } else {
            unsafe sodium_memzero(base, count)
            unsafe base.deallocate()
        }
    }

    /// Makes the bytes read-only. A system that cannot loses only the second line of defence.
    func protect() {
        if isGuarded { _ = unsafe sodium_mprotect_readonly(base) }
    }

    /// Hands out the bytes for as long as `body` runs; the pointer must not outlive it.
    package func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Only before `protect()`.
    mutating func withUnsafeMutableBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe try body(UnsafeMutableRawBufferPointer(start: base, count: count))
    }

    /// The same bytes in memory of their own.
    package func copy() -> SecretBytes {
        unsafe SecretBytes(count: count) { target in
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: base, count: count))
        }
    }

    /// Whether both hold the same bytes, in a time that does not tell where they differ.
    package func equals(_ other: borrowing SecretBytes) -> Bool {
        unsafe count == other.count && sodium_memcmp(base, other.base, count) == 0
    }
}

/// Where secret bytes lie.
package enum SecretMemory {
    private static let plain = Atomic<Bool>(false)

    /// Whether each secret has guarded pages of its own, as in every process that holds real ones.
    static var isGuarded: Bool { !plain.load(ordering: .relaxed) }

    /// From now on secrets lie in ordinary memory: for simulations alone, where a hundred thousand
    /// sessions would need more mappings than the kernel gives to a process (65,530), and where all
    /// keys come from a seed anyway.
    package static func usePlainMemory() { plain.store(true, ordering: .relaxed) }
}
