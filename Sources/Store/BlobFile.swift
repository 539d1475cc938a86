package import Content
import Glibc
import Primitives

/// A blob that is here, open for reading: what it gives was checked in the same moment. Closed when
/// nobody holds it any more; dropping the blob meanwhile does not harm. Any thread may use it.
package final class BlobFile: Sendable {
    package let list: ChunkList
    private let descriptor: Int32

    package var blob: Blob { list.blob }

    init(_ file: borrowing FileDescriptor, _ list: ChunkList) {
        self.list = list
        descriptor = fcntl(file.number, F_DUPFD_CLOEXEC, 0)
    }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }

    /// The chunk at `index`; nil when it is damaged, or cannot be read.
    package func chunk(_ index: Int) -> [UInt8]? {
        let length = blob.length(ofChunk: index)
        guard length > 0, descriptor >= 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: length)
        var done = 0
        while done < length {
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe pread(
                    descriptor, $0.baseAddress.map { unsafe $0 + done }, length - done,
                    off_t(index * Limits.Blobs.chunk + done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            done += count
        }
        return list.holds(bytes, at: index) ? bytes : nil
    }

    /// At most `count` bytes from `offset` on, fewer at the end; nil when a chunk of them is
    /// damaged. Costs the hashes of the chunks that it touches: read whole chunks where you can.
    package func read(_ count: Int, at offset: UInt64) -> [UInt8]? {
        guard count > 0, offset < blob.size else { return [] }
        let end = min(blob.size, offset + UInt64(count))
        let chunk = UInt64(Limits.Blobs.chunk)
        var out: [UInt8] = []
        out.reserveCapacity(Int(end - offset))
        for index in Int(offset / chunk)...Int((end - 1) / chunk) {
            guard let bytes = self.chunk(index) else { return nil }
            let start = UInt64(index) * chunk
            let from = Int(max(offset, start) - start)
            out += bytes[from..<Int(min(end - start, UInt64(bytes.count)))]
        }
        return out
    }

    /// Whether all bytes of a range are as they should be.
    package func isSound(_ range: Range<UInt64>) -> Bool {
        guard !range.isEmpty, range.upperBound <= blob.size else { return range.isEmpty }
        let chunk = UInt64(Limits.Blobs.chunk)
        for index in Int(range.lowerBound / chunk)...Int((range.upperBound - 1) / chunk) {
            guard self.chunk(index) != nil else { return false }
        }
        return true
    }

    /// Another descriptor of the file, for someone who closes it himself; -1 when there are no
    /// more. What is read through it is not checked: look with `isSound` right before.
    package func duplicate() -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
}
