import CArchive
import Glibc
import Primitives

/// Reads the files of a zip or tar archive, one after the other, and writes nothing anywhere.
@safe package final class PackedFiles {
    private let handle: OpaquePointer
    /// What it is called in messages.
    private let name: String
    private var files = 0
    /// Bytes that may be unpacked of one file.
    private let most: Int64

    /// `name` is what the archive is called in messages, where that is not its path.
    package init(_ path: String, name: String? = nil) throws(ArchiveError) {
        guard let handle = unsafe starling_archive_open(path) else {
            throw .unreadable("\(name ?? path) cannot be opened as a zip or tar archive")
        }
        unsafe self.handle = handle
        self.name = name ?? path
        var status = stat()
        let size = unsafe stat(path, &status) == 0 ? Int64(status.st_size) : 0
        most = min(
            max(
                size.multipliedReportingOverflow(by: Limits.Archive.ratio).partialValue,
                Limits.Archive.unsuspicious), Limits.Archive.unpacked)
    }

    deinit { unsafe archive_read_free(handle) }

    /// The name of the next plain file; nil at the end. Its bytes are read with `read` or passed
    /// over.
    package func next() throws(ArchiveError) -> String? {
        while true {
            var entry: OpaquePointer?
            let code = unsafe archive_read_next_header(handle, &entry)
            if code == ARCHIVE_EOF { return nil }
            guard code == ARCHIVE_OK || code == ARCHIVE_WARN, let entry = unsafe entry else {
                throw damage()
            }
            files += 1
            guard files <= Limits.Archive.files else {
                throw .refused("\(name) has more files than any archive of a person")
            }
            guard let raw = unsafe archive_entry_pathname(entry) else { throw damage() }
            let file = unsafe String(cString: raw)
            try check(file)
            guard unsafe archive_entry_size(entry) <= Limits.Archive.skipped else {
                throw .refused("\(name) has a file that is too large: \(file.prefix(200))")
            }
            if unsafe starling_archive_is_file(entry) != 0 { return file }
        }
    }

    /// No name is ever written to, but an archive with such a name was made to do harm.
    private func check(_ file: String) throws(ArchiveError) {
        let parts = file.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let leads = parts.contains { $0.elementsEqual("..".utf8) }
        guard !leads, file.utf8.first != UInt8(ascii: "/"),
            !file.utf8.contains(UInt8(ascii: "\\"))
        else { throw .refused("\(name) has a file with a name that leads out of it") }
    }

    /// The bytes of the file at hand, a block at a time.
    package func read(
        _ body: (ArraySlice<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var buffer = [UInt8](repeating: 0, count: Limits.Archive.block)
        var total: Int64 = 0
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe archive_read_data(handle, bytes.baseAddress, bytes.count)
            }
            guard count >= 0 else { throw damage() }
            if count == 0 { return }
            total += Int64(count)
            guard total <= most else {
                throw .refused("\(name) unpacks to more than any person has written")
            }
            try body(buffer[..<count])
        }
    }

    private func damage() -> ArchiveError {
        let words = unsafe archive_error_string(handle).map { unsafe String(cString: $0) }
        return .unreadable("\(name) is damaged" + (words.map { ": " + $0 } ?? ""))
    }
}
