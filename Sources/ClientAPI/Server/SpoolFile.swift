import Glibc
import Primitives
import Synchronization

/// A file without a name, for a body that is too large for memory.
///
/// It has no name from its first moment on, so that nothing is left of it, however the process or
/// the request ends. Written by one thread while the body comes in, then only read.
package final class SpoolFile: Sendable {
    let descriptor: Int32
    private let size = Mutex(0)

    package var count: Int { size.withLock { $0 } }

    /// A file on the disk that `directory` is on, readable by this user only (THREATS row 22).
    init(in directory: String) throws(HTTPFailure) {
        // O_TMPFILE, which the Glibc module leaves out.
        let unnamed = 0o20000000 | O_DIRECTORY
        var number = unsafe open(directory, unnamed | O_RDWR | O_CLOEXEC, 0o600)
        if number < 0, errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL {
            number = Self.named(in: directory)
        }
        guard number >= 0 else { throw Self.failure }
        descriptor = number
    }

    deinit { _ = close(descriptor) }

    private static let failure = HTTPFailure(503, "There is no room for the upload now")

    /// For file systems that know no files without a name: it loses its name at once.
    private static func named(in directory: String) -> Int32 {
        // The six letters that mkstemp puts others for.
        var path = Array((directory + "/upload-" + String(repeating: "X", count: 6)).utf8CString)
        let number = unsafe mkstemp(&path)
        if number >= 0 { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
        if number >= 0 { _ = unsafe unlink(&path) }
        return number
    }

    /// Where a program that opens files by their names finds it, as long as this is held.
    var path: String { "/proc/self/fd/\(descriptor)" }

    func append(_ bytes: ArraySlice<UInt8>) throws(HTTPFailure) {
        let start = count
        var written = 0
        while written < bytes.count {
            let result = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor, buffer.baseAddress.map { unsafe $0 + written },
                    buffer.count - written, off_t(start + written))
            }
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { throw Self.failure }
            written += result
        }
        size.withLock { $0 = start + written }
    }

    /// Takes note of what others wrote into it by its descriptor.
    func measure() throws(HTTPFailure) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure }
        size.withLock { $0 = Int(clamping: status.st_size) }
    }

    /// Exactly `count` bytes from `offset` on, which the file has.
    func read(_ offset: Int, _ count: Int) throws(HTTPFailure) -> [UInt8] {
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            done = 0
            while done < count {
                let result = unsafe pread(
                    descriptor, buffer.baseAddress.map { unsafe $0 + done }, count - done,
                    off_t(offset + done))
                if result < 0, errno == EINTR { continue }
                guard result > 0 else {
                    failed = true
                    return
                }
                done += result
            }
        }
        if failed { throw HTTPFailure(500, "The upload could not be read again") }
        return bytes
    }
}

/// A file that an answer is read from, closed when nobody holds it any more.
package final class OpenFile: Sendable {
    let descriptor: Int32
    package let size: UInt64

    /// Nil when there is no such plain file, or it cannot be read. Never follows a symlink at its
    /// end, never waits on a pipe.
    package init?(_ path: String) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0,
            status.st_mode & S_IFMT == S_IFREG, let size = UInt64(exactly: status.st_size)
        else {
            if descriptor >= 0 { _ = close(descriptor) }
            return nil
        }
        self.size = size
    }

    /// An open plain file of that size, which is closed with this; nil for no descriptor.
    package init?(descriptor: Int32, size: UInt64) {
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        self.size = size
    }

    deinit { _ = close(descriptor) }

    /// Another descriptor of the same file, for someone who closes it himself; -1 when there are no
    /// more.
    func duplicate() -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
}
