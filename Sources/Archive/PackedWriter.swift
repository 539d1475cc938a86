import CArchive
import Glibc
import Primitives

/// Writes a zip archive into an open file, one file after the other.
@safe package final class PackedWriter {
    private let handle: OpaquePointer

    /// `descriptor` stays the caller's, and open.
    package init(descriptor: Int32) throws(ArchiveError) {
        guard let handle = unsafe starling_archive_create(descriptor) else {
            throw .unreadable("no archive can be written")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe archive_write_free(handle) }

    /// Adds a file with the `size` bytes that `source` has from its beginning on.
    package func add(
        _ name: String, size: Int64, seconds: Int64, from source: Int32
    ) throws(ArchiveError) {
        let begun = unsafe starling_archive_begin_file(handle, name, size, seconds)
        guard begun == ARCHIVE_OK || begun == ARCHIVE_WARN else { throw failure() }
        var buffer = [UInt8](repeating: 0, count: Limits.Archive.block)
        var done: Int64 = 0
        while done < size {
            let wanted = Int(min(Int64(buffer.count), size - done))
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe pread(source, bytes.baseAddress, wanted, off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .unreadable("\(name) cannot be read again") }
            let written = unsafe buffer.withUnsafeBytes { bytes in
                unsafe archive_write_data(handle, bytes.baseAddress, count)
            }
            guard written == count else { throw failure() }
            done += Int64(count)
        }
    }

    /// Writes the end: an archive without it is none.
    package func finish() throws(ArchiveError) {
        guard unsafe archive_write_close(handle) == ARCHIVE_OK else { throw failure() }
    }

    private func failure() -> ArchiveError {
        let words = unsafe archive_error_string(handle).map { unsafe String(cString: $0) }
        return .unreadable("the archive cannot be written" + (words.map { ": " + $0 } ?? ""))
    }
}
