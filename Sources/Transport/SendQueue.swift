import CLinux
import Primitives

/// Bytes that wait to be sent, in order, written many pieces at a time.
///
/// Large messages are kept as the caller's array, without a copy. Small ones are copied together,
/// so that a queue of one-byte messages costs about as much memory as it has bytes.
struct SendQueue {
    private var pieces = Deque<[UInt8]>()
    /// The last piece, still open for small messages; not in `pieces`.
    private var tail: [UInt8] = []
    /// Bytes of the first piece that are sent.
    private var offset = 0
    /// Bytes that wait.
    private(set) var count = 0

    private static let smallMessage = 4096
    private static let tailSize = 16_384
    private static let piecesAtOnce = 16

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        count += bytes.count
        if bytes.count <= Self.smallMessage {
            if tail.count + bytes.count > Self.tailSize { closeTail() }
            tail.append(contentsOf: bytes)
        } else {
            closeTail()
            pieces.append(bytes)
        }
    }

    private mutating func closeTail() {
        guard !tail.isEmpty else { return }
        pieces.append(tail)
        tail = []
    }

    /// Calls `body` with the first pieces that wait; there must be some.
    mutating func withVectors<Result>(
        _ body: (UnsafeMutableBufferPointer<iovec>) -> Result
    ) -> Result {
        closeTail()
        return unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.piecesAtOnce) {
            unsafe fill($0, 0, body)
        }
    }

    /// Nested, so that each array is held in place while the kernel reads from it.
    private func fill<Result>(
        _ vectors: UnsafeMutableBufferPointer<iovec>, _ index: Int,
        _ body: (UnsafeMutableBufferPointer<iovec>) -> Result
    ) -> Result {
        guard index < pieces.count, index < vectors.count else {
            return unsafe body(UnsafeMutableBufferPointer(rebasing: vectors[..<index]))
        }
        let skipped = index == 0 ? offset : 0
        return unsafe pieces[index].withUnsafeBytes { bytes in
            let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            unsafe vectors.initializeElement(
                at: index,
                to: iovec(
                    iov_base: start.map { unsafe $0 + skipped }, iov_len: bytes.count - skipped))
            return unsafe fill(vectors, index + 1, body)
        }
    }

    /// Drops the first `sent` bytes.
    mutating func consume(_ sent: Int) {
        precondition(sent >= 0 && sent <= count, "\(sent) sent of \(count)")
        count -= sent
        offset += sent
        while let first = pieces.first, offset >= first.count {
            offset -= first.count
            _ = pieces.popFirst()
        }
    }
}
