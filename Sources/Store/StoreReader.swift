/// A read-only connection to a store, used on one thread; any number may be open beside the writer.
///
/// Every entry that it gives has been hashed again against its stored leaf, and every head against
/// its checkpoint's root: what does not verify throws `.corrupt` and is never given.
package final class StoreReader {
    let database: Database
    let statements: ReadStatements
    let files: DataDirectory

    /// Opens the store in `directory`, which a writer has created.
    package init(directory path: String) throws(StoreError) {
        let directory = DataDirectory(path)
        files = directory
        try directory.checkModes()
        let database = try Database(path: directory.database, lock: nil)
        self.database = database
        let version = try Schema.check(database)
        guard version != 0 else { throw .missing(path: directory.database) }
        guard version == Schema.version else {
            throw .misuse("a store of version \(version) is opened for writing first")
        }
        statements = try ReadStatements(database)
    }

    /// Cancels what this reader is doing, from any thread.
    package var interrupt: Interrupt { database.interrupt }
}
