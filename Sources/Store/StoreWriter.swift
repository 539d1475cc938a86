import CSQLite
import Glibc

/// The one writing connection of a store, and the only one that checkpoints its write-ahead log.
///
/// Used on one thread. When `commit` returns, its writes are on the disk (`synchronous=FULL`); when
/// it throws, none of them is kept. Only after `.io`, a failed sync or write, is that unknown: the
/// writer then refuses everything, and the store says what it holds once it is opened anew.
package final class StoreWriter {
    /// Whether the last program to write here stopped in order; when not, a quick check is due.
    package let wasStopped: Bool
    /// True after a final failure: every commit throws `.failed`.
    package private(set) var hasFailed = false

    private let database: Database
    private let statements: WriteStatements
    private let log = WriteAheadLog()

    /// Opens the store in `directory`, creating it when there is none. Refuses a second writer.
    package init(directory path: String) throws(StoreError) {
        let directory = DataDirectory(path)
        try PrivateDirectory.create(path)
        try directory.checkModes()
        let lock = try FileDescriptor(directory.lock, O_RDWR | O_CREAT)
        try FileMode.check(try lock.status(), kind: S_IFREG, path: directory.lock)
        try lock.lockExclusively()
        try directory.createDatabaseFile()
        let database = try Database(path: directory.database, lock: lock)
        self.database = database
        try Schema.migrate(database)
        try database.run("PRAGMA synchronous = FULL")
        try database.run("PRAGMA secure_delete = ON")
        try database.run("PRAGMA journal_size_limit = \(WriteAheadLog.bytesKept)")
        let running = try Statement(database, "SELECT 1 FROM settings WHERE name = 'running'")
        wasStopped = try !running.step()
        running.reset()
        statements = try WriteStatements(database)
        log.watch(database)
    }

    /// Makes all of `writes` durable, or none.
    package func commit(_ writes: [StoreWrite]) throws(StoreError) {
        guard !hasFailed else { throw .failed }
        do {
            try statements.begin.run()
            for write in writes { try statements.apply(write) }
            try statements.commit.run()
        } catch {
            rollBack(after: error)
            throw error
        }
        moveLogIfLong()
    }

    /// Leaves a mark that a clean stop takes away: see `wasStopped`.
    package func markRunning() throws(StoreError) { try commit([.setting("running", [1])]) }

    /// Says that everything ended in order.
    package func markStopped() throws(StoreError) { try commit([.setting("running", nil)]) }

    /// The store is left as it was before the commit that failed.
    private func rollBack(after error: StoreError) {
        if case .io = error { hasFailed = true }
        guard !database.isIdle else { return }
        do { try database.run("ROLLBACK") } catch { hasFailed = true }
    }

    /// Moves the write-ahead log into the database once it is long. The commit before it is durable
    /// already; a failure here stops the next one, except that a full disk only delays the move.
    private func moveLogIfLong() {
        guard log.isDue else { return }
        do { try log.checkpoint(database) } catch {
            if case .io = error { hasFailed = true }
        }
    }
}

/// How long the write-ahead log is, and when it moves into the database.
private final class WriteAheadLog {
    /// Pages after which it moves. Longer saves syncs in bulk, and costs disk and the time of a
    /// start.
    static let pages = 2_000
    /// Bytes of the file that are kept for reuse once it has moved.
    static let bytesKept = 8 << 20

    private var length = 0
    private var next = WriteAheadLog.pages

    func watch(_ database: Database) {
        unsafe sqlite3_wal_hook(
            database.handle,
            { context, _, _, pages in
                guard let context = unsafe context else { return SQLITE_OK }
                let log = unsafe Unmanaged<WriteAheadLog>.fromOpaque(context).takeUnretainedValue()
                log.length = Int(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// A reader may hold back a move; then it is tried again only after a quarter more.
    var isDue: Bool {
        if length < Self.pages { next = Self.pages }
        return length >= next
    }

    func checkpoint(_ database: Database) throws(StoreError) {
        next = length + Self.pages / 4
        let code = unsafe sqlite3_wal_checkpoint_v2(
            database.handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        guard code == SQLITE_OK || code & 0xff == SQLITE_BUSY else { throw database.error(code) }
    }
}
