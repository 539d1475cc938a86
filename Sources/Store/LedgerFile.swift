import CSQLite
import Glibc
import Primitives

/// A database beside the store that holds what nobody else has: it is never thrown away.
///
/// It has one connection, and what is committed is on the disk. A journal that is rolled back takes
/// the place of the write-ahead log: writes are few here, and no second file has to be moved.
package enum LedgerFile {
    /// Opens the file, 0600, for its one user, and makes it when there is none. `application` tells
    /// it from other SQLite files; `schema` makes the tables of `version`.
    package static func open(
        _ path: String, application: Int64, version: Int64, schema: String
    ) throws(StoreError) -> Database {
        let lock = try FileDescriptor(path + ".lock", O_RDWR | O_CREAT)
        try lock.lockExclusively()
        for file in [path, path + "-journal"] {
            guard let status = try FileMode.status(of: file) else { continue }
            try FileMode.check(status, kind: S_IFREG, path: file)
        }
        if try FileMode.status(of: path) == nil {
            try FileDescriptor(path, O_WRONLY | O_CREAT | O_EXCL).sync()
            try FileMode.syncDirectory(of: path)
        }
        let database = try Database(path: path, lock: lock)
        try database.run("PRAGMA locking_mode = EXCLUSIVE")
        guard try database.text("PRAGMA journal_mode = TRUNCATE") == "truncate" else {
            throw .io("this file system does not carry SQLite's journal")
        }
        try database.run("PRAGMA synchronous = FULL")
        try database.run("PRAGMA secure_delete = ON")
        let found = try database.number("PRAGMA user_version") ?? 0
        if found == 0 {
            try database.run("BEGIN IMMEDIATE; \(schema)")
            try database.run("PRAGMA application_id = \(application)")
            try database.run("PRAGMA user_version = \(version); COMMIT")
        } else if try database.number("PRAGMA application_id") != application {
            throw .corrupt(what: "\(path) is another program's file", place: .file)
        } else if found != version {
            throw .newerVersion(found: found, known: version)
        }
        return database
    }
}

extension Database {
    /// All that `body` writes, or nothing of it.
    package func transaction<Result>(
        _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try run("BEGIN IMMEDIATE")
        do throws(StoreError) {
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            if !isIdle { try? run("ROLLBACK") }
            throw error
        }
    }
}
