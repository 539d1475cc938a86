import CSQLite
import Glibc
import Primitives

/// A database beside the store that holds nothing which could not be made anew from it.
///
/// The same rules as for the store's own file, but for one: a commit need not be on the disk. What
/// a power cut takes is projected again, since the note of how far it came goes with it.
package enum ProjectionFile {
    /// Opens the file for its one writer, and makes it when there is none. `application` tells it
    /// from other SQLite files; `cache` are bytes of pages kept in memory. One of another version,
    /// or that SQLite cannot read, is thrown away, and so is any when it is to be made anew;
    /// `schema` then makes its tables.
    package static func write(
        _ path: String, application: Int64, version: Int64, schema: String, isAnew: Bool,
        cache: Int = 2 << 20
    ) throws(StoreError) -> Database {
        let lock = try FileDescriptor(path + ".lock", O_RDWR | O_CREAT)
        try lock.lockExclusively()
        if isAnew || !isUsable(path, application, version) { try remove(path) }
        if try FileMode.status(of: path) == nil {
            try FileDescriptor(path, O_WRONLY | O_CREAT | O_EXCL).sync()
        }
        let database = try Database(path: path, lock: lock)
        // Before there is a table: pages of what goes can be given back.
        try database.run("PRAGMA auto_vacuum = INCREMENTAL")
        try database.run("PRAGMA cache_size = -\(cache >> 10)")
        guard try database.text("PRAGMA journal_mode = WAL") == "wal" else {
            throw .io("this file system does not carry SQLite's write-ahead log")
        }
        try database.run("PRAGMA synchronous = NORMAL")
        if try database.number("PRAGMA user_version") == 0 {
            try database.run("BEGIN IMMEDIATE; \(schema)")
            try database.run("PRAGMA application_id = \(application)")
            try database.run("PRAGMA user_version = \(version); COMMIT")
        }
        return database
    }

    /// Opens the file for reading; any number may, beside the writer.
    package static func read(_ path: String) throws(StoreError) -> Database {
        try Database(path: path, lock: nil)
    }

    /// What the file takes of the disk, with what was written ahead; 0 when there is none.
    package static func bytes(_ path: String) -> UInt64 {
        [path, path + "-wal"].reduce(0) { sum, file in
            sum + UInt64(clamping: (try? FileMode.status(of: file))?.st_size ?? 0)
        }
    }

    /// What is written ahead and not yet in the file.
    package static func bytesAhead(_ path: String) -> UInt64 {
        UInt64(clamping: (try? FileMode.status(of: path + "-wal"))?.st_size ?? 0)
    }

    /// Takes the file away with all that belongs to it: the writer's lock is held.
    private static func remove(_ path: String) throws(StoreError) {
        for file in [path, path + "-wal", path + "-shm"] {
            guard unsafe unlink(file) != 0, errno != ENOENT else { continue }
            throw SystemError.store(errno, "remove", file)
        }
    }

    private static func isUsable(_ path: String, _ application: Int64, _ version: Int64) -> Bool {
        guard let database = try? Database(path: path, lock: nil) else { return false }
        return (try? database.number("PRAGMA application_id")) == application
            && (try? database.number("PRAGMA user_version")) == version
    }
}

extension Database {
    /// Moves the write-ahead log into the file. By hand, as for the store.
    package func checkpoint() throws(StoreError) {
        let statement = try Statement(self, "PRAGMA wal_checkpoint(TRUNCATE)")
        _ = try statement.step()
    }
}
