import CSQLite
import Glibc
import Primitives

/// A database beside the store that holds what the owner alone knows: it cannot be made anew, so
/// every commit is on the disk before it counts, and a file that cannot be read is left as it is.
package enum OwnedFile {
    /// Opens the file for its one writer, and makes it, for the owner alone, when there is none.
    /// `schema` makes its tables.
    package static func open(
        _ path: String, application: Int64, version: Int64, schema: String
    ) throws(StoreError) -> Database {
        let lock = try FileDescriptor(path + ".lock", O_RDWR | O_CREAT)
        try lock.lockExclusively()
        if try FileMode.status(of: path) == nil {
            try FileDescriptor(path, O_WRONLY | O_CREAT | O_EXCL).sync()
        }
        let database = try Database(path: path, lock: lock)
        guard try database.text("PRAGMA journal_mode = WAL") == "wal" else {
            throw .io("this file system does not carry SQLite's write-ahead log")
        }
        try database.run("PRAGMA synchronous = FULL")
        switch try database.number("PRAGMA user_version") {
        case 0:
            try database.run("BEGIN IMMEDIATE; \(schema)")
            try database.run("PRAGMA application_id = \(application)")
            try database.run("PRAGMA user_version = \(version); COMMIT")
        case version where try database.number("PRAGMA application_id") == application: break
        default:
            throw .corrupt(what: "\(path) is of another version, or another file", place: .file)
        }
        return database
    }
}
