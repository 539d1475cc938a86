import CSQLite
import Glibc
import Synchronization

/// One SQLite connection, used on one thread at a time.
///
/// SQLite 3.7.0 to 3.51.2 can corrupt a WAL that two connections write or checkpoint at once. So
/// one connection owns all writes and all checkpoints; the others are read-only.
@safe package final class Database {
    let handle: OpaquePointer
    let isWriter: Bool
    /// Cancels what this connection is doing, from any thread.
    package let interrupt: Interrupt

    /// The writer's lock: let go only after the connection is closed, which checkpoints.
    private let lock: FileDescriptor?

    /// Opens a file that exists; whoever holds the writer's lock may write.
    init(path: String, lock: consuming FileDescriptor?) throws(StoreError) {
        isWriter = lock != nil
        self.lock = lock
        var opened: OpaquePointer?
        let access = isWriter ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
        // NOMUTEX: the thread rule is ours. EXRESCODE: a failed sync must be told from a full disk.
        let flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            let error = unsafe Database.error(code, opened, path: path)
            _ = unsafe sqlite3_close_v2(opened)
            throw error
        }
        unsafe self.handle = unsafe opened
        interrupt = unsafe Interrupt(opened)
        try harden()
    }

    /// Each statement holds its connection, so all of them are gone by now.
    deinit {
        interrupt.end()
        _ = unsafe sqlite3_close_v2(handle)
    }

    /// A file made by somebody else must not run code or make SQLite trust a cell: THREATS,
    /// platform facts.
    private func harden() throws(StoreError) {
        unsafe sqlite3_busy_timeout(handle, 2_000)
        for (option, on) in [
            (SQLITE_DBCONFIG_DEFENSIVE, Int32(1)), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
            (SQLITE_DBCONFIG_ENABLE_TRIGGER, 0), (SQLITE_DBCONFIG_ENABLE_VIEW, 0),
        ] {
            let code = unsafe starling_sqlite3_db_config_flag(handle, option, on)
            guard code == SQLITE_OK else { throw error(code) }
        }
        try run("PRAGMA cell_size_check = ON")
        try run("PRAGMA mmap_size = 0")
        try run("PRAGMA temp_store = MEMORY")
        try run("PRAGMA cache_size = -2048")
        // Checkpoints are the writer's, by hand: SQLite's own swallows a failed sync.
        try run("PRAGMA wal_autocheckpoint = 0")
    }

    /// Runs SQL of this program's own that gives no rows that matter.
    package func run(_ sql: String) throws(StoreError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// Runs `body`, which only reads: all of it sees one state of the file, and locks are taken
    /// once, not by each statement.
    package func snapshot<Found>(
        _ body: () throws(StoreError) -> Found
    ) throws(StoreError) -> Found {
        guard isIdle else { return try body() }
        try run("BEGIN")
        do {
            let found = try body()
            try run("COMMIT")
            return found
        } catch {
            if !isIdle { try? run("ROLLBACK") }
            throw error
        }
    }

    /// The first column of the first row; nil when there is none.
    package func number(_ sql: String) throws(StoreError) -> Int64? {
        let statement = try Statement(self, sql)
        return try statement.step() ? statement.int(0) : nil
    }

    /// The first column of the first row as text.
    package func text(_ sql: String) throws(StoreError) -> String? {
        let statement = try Statement(self, sql)
        return try statement.step() ? statement.text(0) : nil
    }

    /// Rows that the last statement changed.
    package var changes: Int { Int(unsafe sqlite3_changes(handle)) }

    var lastRow: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

    /// False while a transaction is open.
    package var isIdle: Bool { unsafe sqlite3_get_autocommit(handle) != 0 }

    func error(_ code: Int32) -> StoreError { unsafe Database.error(code, handle, path: nil) }

    private static func error(_ code: Int32, _ handle: OpaquePointer?, path: String?) -> StoreError
    {
        let text = unsafe String(cString: sqlite3_errstr(code))
        let detail = unsafe handle.map { unsafe String(cString: sqlite3_errmsg($0)) } ?? text
        let system = unsafe handle.map { unsafe sqlite3_system_errno($0) } ?? 0
        let place = path ?? "the store"
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED: return .locked(path: place)
        case SQLITE_FULL: return .diskFull
        case SQLITE_IOERR where !isSync(code) && SystemError.isFull(system): return .diskFull
        case SQLITE_IOERR:
            return .io("\(text) \(code >> 8), \(SystemError.text(system))")
        // A row where none can be: left behind the end of a log, say.
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CONSTRAINT:
            return .corrupt(what: detail, place: .file)
        case SQLITE_CANTOPEN where system == ENOENT: return .missing(path: place)
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH, SQLITE_CANTOPEN:
            let why = system == 0 ? detail : SystemError.text(system)
            return .permission(path: place, advice: "cannot be opened or written (\(why))")
        case SQLITE_INTERRUPT: return .interrupted
        case SQLITE_NOMEM: return .io("out of memory")
        default: return .misuse("\(code): \(detail)")
        }
    }

    /// A sync that failed leaves unknown pages behind, whatever the reason: it is never "disk
    /// full".
    private static func isSync(_ code: Int32) -> Bool {
        let (fsync, directory): (Int32, Int32) = (4, 5)  // SQLITE_IOERR_FSYNC, _DIR_FSYNC
        return code == SQLITE_IOERR | fsync << 8 || code == SQLITE_IOERR | directory << 8
    }
}

/// Cancels the work of one connection from another thread; does nothing once it is closed.
package final class Interrupt: Sendable {
    private let handle: Mutex<UInt>

    init(_ pointer: OpaquePointer) {
        handle = Mutex(UInt(bitPattern: pointer))
    }

    /// What the connection is doing now ends with `.interrupted`.
    package func cancel() {
        handle.withLock { bits in
            guard let pointer = unsafe OpaquePointer(bitPattern: bits) else { return }
            unsafe sqlite3_interrupt(pointer)
        }
    }

    /// Nothing is cancelled from here on.
    fileprivate func end() {
        handle.withLock { $0 = 0 }
    }
}
