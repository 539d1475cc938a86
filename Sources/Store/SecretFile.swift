package import Crypto
import Glibc

/// Files that hold keys, passwords and recovery words: 0600, this user's own, and only overwritten
/// where that is asked for.
package enum SecretFile {
    /// Writes a new file that is whole or not there, through any crash: a temporary file, sync,
    /// link, sync of the directory. A link, unlike a rename, never replaces what is there: then
    /// `.exists`.
    package static func create(_ path: String, _ secret: borrowing SecretBytes) throws(StoreError) {
        try unsafe secret.withUnsafeBytes { bytes throws(StoreError) in
            try unsafe create(path, bytes)
        }
    }

    /// The same for text that is not kept in guarded memory.
    package static func create(_ path: String, contents: [UInt8]) throws(StoreError) {
        try create(path, SecretBytes(contents))
    }

    /// The whole file, at most `limit` bytes. Refuses what is open to others, belongs to another
    /// user, or is not a plain file.
    package static func read(_ path: String, limit: Int) throws(StoreError) -> SecretBytes {
        let file = try FileDescriptor(path, O_RDONLY)
        let status = try file.status()
        try FileMode.check(status, kind: S_IFREG, path: path)
        guard status.st_size <= limit else {
            throw .corrupt(
                what: "\(path) has \(status.st_size) bytes, at most \(limit) belong there",
                place: .file)
        }
        let size = Int(status.st_size)
        var failure: StoreError?
        let secret = unsafe SecretBytes(count: size) { buffer in
            do throws(StoreError) {
                guard try unsafe file.read(into: buffer, at: 0) == size else {
                    throw .corrupt(what: "\(path) became shorter while it was read", place: .file)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return secret
    }

    /// Writes a file that may be there already: whoever reads it, and whatever crash comes, finds
    /// the old one or the new one, whole.
    package static func replace(_ path: String, contents: [UInt8]) throws(StoreError) {
        let secret = SecretBytes(contents)
        try unsafe secret.withUnsafeBytes { bytes throws(StoreError) in
            try unsafe write(path, bytes) { (temporary) throws(StoreError) in
                guard unsafe rename(temporary, path) == 0 else {
                    throw SystemError.store(errno, "replace", path)
                }
            }
        }
    }

    /// Takes the file away for good; nothing happens when there is none.
    package static func remove(_ path: String) throws(StoreError) {
        guard unsafe unlink(path) == 0 else {
            if errno == ENOENT { return }
            throw SystemError.store(errno, "remove", path)
        }
        try FileMode.syncDirectory(of: path)
    }

    /// Tells whether a file is still the one that was read: `replace` makes another one.
    package struct Mark: Equatable, Sendable {
        private let number: UInt64
        private let size: Int64
        private let seconds: Int
        private let nanoseconds: Int

        fileprivate init(_ status: stat) {
            number = UInt64(status.st_ino)
            size = Int64(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// Nil when no file can be found there.
    package static func mark(_ path: String) -> Mark? {
        (try? FileMode.status(of: path)).flatMap { $0 }.map { Mark($0) }
    }

    private static func create(
        _ path: String, _ bytes: UnsafeRawBufferPointer
    ) throws(StoreError) {
        try unsafe write(path, bytes) { (temporary) throws(StoreError) in
            guard unsafe link(temporary, path) == 0 else {
                throw errno == EEXIST
                    ? .exists(path: path) : SystemError.store(errno, "create", path)
            }
        }
    }

    /// A temporary file beside `path`, on the disk before `place` gives it its name.
    private static func write(
        _ path: String, _ bytes: UnsafeRawBufferPointer,
        _ place: (String) throws(StoreError) -> Void
    ) throws(StoreError) {
        let temporary = "\(path).new-\(getpid())"
        _ = unsafe unlink(temporary)  // Left by a crash of a process that had this number.
        do throws(StoreError) {
            let file = try FileDescriptor(temporary, O_WRONLY | O_CREAT | O_EXCL)
            try unsafe file.write(bytes, at: 0)
            try file.sync()
            try place(temporary)
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        _ = unsafe unlink(temporary)
        try FileMode.syncDirectory(of: path)
    }
}

/// Directories that only this user can enter.
package enum PrivateDirectory {
    /// Creates `path` and what is missing above it, 0700; what is there stays as it is.
    package static func create(_ path: String) throws(StoreError) {
        if unsafe mkdir(path, 0o700) == 0 { return try FileMode.syncDirectory(of: path) }
        switch errno {
        case EEXIST: return
        case ENOENT:
            let above = FileMode.directory(of: path)
            guard above != path, above != "." else { throw .missing(path: path) }
            try create(above)
            if unsafe mkdir(path, 0o700) != 0 && errno != EEXIST {
                throw SystemError.store(errno, "create", path)
            }
            try FileMode.syncDirectory(of: path)
        default: throw SystemError.store(errno, "create", path)
        }
    }
}
