import Glibc

/// The names and modes of the store's files in its data directory.
struct DataDirectory {
    let path: String

    init(_ path: String) { self.path = path }

    var database: String { path + "/store.sqlite" }
    /// Locked by the one writer. Its own file, because closing a descriptor of the database file
    /// would drop the POSIX locks that SQLite holds on it.
    var lock: String { path + "/store.lock" }

    /// Refuses a directory or store files that others can reach.
    func checkModes() throws(StoreError) {
        // A link to the directory is the owner's choice: what counts is where it leads.
        guard let status = try FileMode.status(of: path + "/.") else { throw .missing(path: path) }
        try FileMode.check(status, kind: S_IFDIR, path: path)
        for file in [database, database + "-wal", database + "-shm"] {
            guard let status = try FileMode.status(of: file) else { continue }
            try FileMode.check(status, kind: S_IFREG, path: file)
        }
    }

    /// Creates an empty database file, 0600, so that SQLite (whose own default is 0644) finds it
    /// there. No connection of this process can have it open yet.
    func createDatabaseFile() throws(StoreError) {
        guard try FileMode.status(of: database) == nil else { return }
        try FileDescriptor(database, O_WRONLY | O_CREAT | O_EXCL).sync()
        try FileMode.syncDirectory(of: database)
    }
}
