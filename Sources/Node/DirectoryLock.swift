import CLinux
import Glibc

/// The data directory, created 0700 and held by this process until it ends.
final class DirectoryLock {
    private let descriptor: Int32

    /// Waits of 20 ms for a command that has the directory for a moment; a node that runs is not
    /// waited for.
    private static let patience = 150

    init(_ paths: Paths) throws(NodeError) {
        try Self.makeDirectory(paths.data)
        try Self.makeDirectory(paths.keys)
        descriptor = unsafe open(paths.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .store("cannot open \(paths.lock): \(Self.message(errno))")
        }
        var waits = Self.patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard waits > 0, ControlClient(paths) == nil else {
                throw .inUse(path: paths.data, process: Self.holder(descriptor))
            }
            waits -= 1
            usleep(20_000)
        }
        let line = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = unsafe pwrite(descriptor, line, line.count, 0)
    }

    deinit { close(descriptor) }

    /// Who wrote its process id into the lock file.
    private static func holder(_ descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = unsafe pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        let line = buffer.prefix(count).prefix { $0 >= 0x30 && $0 <= 0x39 }
        return Int32(String(decoding: line, as: UTF8.self))
    }

    /// Creates `path` and what leads to it, 0700, and refuses it when others can look inside.
    static func makeDirectory(_ path: String) throws(NodeError) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            if unsafe mkdir(made, 0o700) != 0 && errno != EEXIST {
                throw .store("cannot create \(made): \(message(errno))")
            }
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw .store("cannot use \(path): \(message(errno))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .store("\(path) is not a directory")
        }
        guard status.st_uid == geteuid() else {
            throw .store("\(path) belongs to another user")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .store("\(path) is open to other users: run  chmod 700 '\(path)'")
        }
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func message(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
