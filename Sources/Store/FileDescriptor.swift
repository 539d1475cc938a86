import Glibc

/// An open file of this process, closed when it goes out of scope.
struct FileDescriptor: ~Copyable {
    let number: Int32
    let path: String

    /// Opens `path`; never follows a symlink at its end, never blocks on a pipe.
    init(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(StoreError) {
        let number = unsafe open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode)
        guard number >= 0 else { throw SystemError.store(errno, "open", path) }
        self.number = number
        self.path = path
    }

    deinit { _ = close(number) }

    func status() throws(StoreError) -> stat {
        var out = stat()
        guard unsafe fstat(number, &out) == 0 else { throw SystemError.store(errno, "stat", path) }
        return out
    }

    /// Takes the file's one exclusive lock, or says that it cannot be had: `.locked`.
    ///
    /// Waits up to half a second: a process that ends gives up its locks one after the other, so
    /// that the data directory may be free a moment before the store and the fences are.
    func lockExclusively() throws(StoreError) {
        for _ in 0..<50 {
            if flock(number, LOCK_EX | LOCK_NB) == 0 { return }
            guard errno == EWOULDBLOCK else { throw SystemError.store(errno, "lock", path) }
            usleep(10_000)
        }
        throw .locked(path: path)
    }

    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
        var done = 0
        while done < bytes.count {
            guard let base = bytes.baseAddress else { return }
            let n = unsafe pwrite(number, base + done, bytes.count - done, off_t(offset + done))
            if n > 0 {
                done += n
            } else if n == 0 || errno != EINTR {
                throw SystemError.store(n == 0 ? ENOSPC : errno, "write", path)
            }
        }
    }

    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: [UInt8], at offset: Int) throws(StoreError) {
        try unsafe bytes.span.bytes.withUnsafeBytes { buffer throws(StoreError) in
            try unsafe write(buffer, at: offset)
        }
    }

    /// At most `count` bytes from `offset` on; fewer where the file ends.
    func read(_ count: Int, at offset: Int) throws(StoreError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        let done = try unsafe span.withUnsafeMutableBytes { buffer throws(StoreError) -> Int in
            try unsafe read(into: buffer, at: offset)
        }
        bytes.removeLast(count - done)
        return bytes
    }

    /// Reads until `buffer` is full or the file ends; gives the bytes read.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(StoreError) -> Int
    {
        var done = 0
        while done < buffer.count {
            guard let base = buffer.baseAddress else { return 0 }
            let n = unsafe pread(number, base + done, buffer.count - done, off_t(offset + done))
            if n == 0 { break }
            if n > 0 {
                done += n
            } else if errno != EINTR {
                throw SystemError.store(errno, "read", path)
            }
        }
        return done
    }

    /// Data and metadata reach the disk. After a failure the file's state is unknown: never retry.
    func sync() throws(StoreError) {
        guard fsync(number) == 0 else { throw .io("sync \(path): \(SystemError.text(errno))") }
    }

    /// Data reach the disk. After a failure the file's state is unknown: never retry.
    func syncData() throws(StoreError) {
        guard fdatasync(number) == 0 else { throw .io("sync \(path): \(SystemError.text(errno))") }
    }
}

/// What the operating system's error numbers mean to the store.
enum SystemError {
    static func text(_ number: Int32) -> String {
        unsafe String(cString: strerror(number))
    }

    static func isFull(_ number: Int32) -> Bool {
        number == ENOSPC || number == EDQUOT || number == EFBIG
    }

    static func store(_ number: Int32, _ what: String, _ path: String) -> StoreError {
        switch number {
        case ENOENT: .missing(path: path)
        case EACCES, EPERM, EROFS:
            .permission(path: path, advice: "cannot \(what): \(text(number))")
        case ELOOP: .permission(path: path, advice: "is a symbolic link; put the file itself here")
        case _ where isFull(number): .diskFull
        default: .io("\(what) \(path): \(text(number))")
        }
    }
}

/// Who may reach a file: what the store's files and secrets must be before they are used.
enum FileMode {
    /// Refuses what is not a `kind` (S_IFREG, S_IFDIR) of this user's own, closed to all others.
    static func check(_ status: stat, kind: mode_t, path: String) throws(StoreError) {
        guard status.st_mode & S_IFMT == kind else {
            let wanted = kind == S_IFDIR ? "a directory" : "a plain file"
            throw .permission(path: path, advice: "is not \(wanted)")
        }
        guard status.st_uid == geteuid() else {
            throw .permission(
                path: path, advice: "belongs to another user; run: chown \(geteuid()) '\(path)'")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = kind == S_IFDIR ? "700" : "600"
            throw .permission(
                path: path, advice: "is open to other users; run: chmod \(mode) '\(path)'")
        }
    }

    /// The status of `path` itself, nil when nothing is there. Opens nothing.
    static func status(of path: String) throws(StoreError) -> stat? {
        var out = stat()
        if unsafe lstat(path, &out) == 0 { return out }
        if errno == ENOENT { return nil }
        throw SystemError.store(errno, "look at", path)
    }

    /// Makes a new or changed name in the directory of `path` last through a crash.
    static func syncDirectory(of path: String) throws(StoreError) {
        // A directory may be reached through a link: "/." follows it.
        try FileDescriptor(directory(of: path) + "/.", O_RDONLY | O_DIRECTORY).sync()
    }

    static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
