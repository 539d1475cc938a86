import CSQLite

/// SQLite with nothing around it: a table as the store's, durable commits, and no signatures,
/// trees, checks or second index. What a store of posts can reach at the most.
@safe final class BareTable {
    private let handle: OpaquePointer
    private var insertRow: OpaquePointer?
    private var next: Int64 = 0

    init(path: String) throws {
        var opened: OpaquePointer?
        guard unsafe sqlite3_open(path, &opened) == SQLITE_OK, let opened = unsafe opened else {
            throw BenchError.failed("SQLite cannot open \(path)")
        }
        unsafe handle = unsafe opened
        try run("PRAGMA page_size = 4096")
        try run("PRAGMA journal_mode = WAL")
        try run("PRAGMA synchronous = FULL")
        try run("PRAGMA cache_size = -2048")
        try run("PRAGMA wal_autocheckpoint = 2000")
        try run(
            "CREATE TABLE posts(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, leaf BLOB NOT NULL, "
                + "body BLOB)"
        )
        let sql = "INSERT INTO posts(id, time, leaf, body) VALUES(?1, ?2, ?3, ?4)"
        guard unsafe sqlite3_prepare_v2(handle, sql, -1, &insertRow, nil) == SQLITE_OK else {
            throw failure
        }
    }

    deinit {
        unsafe sqlite3_finalize(insertRow)
        unsafe sqlite3_close(handle)
    }

    /// Rows of 300-byte posts under log and index, so many a commit.
    func insert(_ count: Int, perCommit: Int) throws {
        let leaf = [UInt8](repeating: 1, count: 32)
        let body = [UInt8](repeating: 2, count: 300)
        var done = 0
        while done < count {
            try run("BEGIN IMMEDIATE")
            for _ in 0..<min(perCommit, count - done) {
                try insert(leaf, body)
                done += 1
            }
            try run("COMMIT")
        }
    }

    private func insert(_ leaf: [UInt8], _ body: [UInt8]) throws {
        let id = 1 << 32 | next
        next += 1
        try unsafe leaf.withUnsafeBytes { leaf in
            try unsafe body.withUnsafeBytes { body in
                unsafe sqlite3_bind_int64(insertRow, 1, id)
                unsafe sqlite3_bind_int64(insertRow, 2, 1_700_000_000_000 + next)
                // No copies: both stay where they are until the row is written.
                unsafe sqlite3_bind_blob(insertRow, 3, leaf.baseAddress, Int32(leaf.count), nil)
                unsafe sqlite3_bind_blob(insertRow, 4, body.baseAddress, Int32(body.count), nil)
                guard unsafe sqlite3_step(insertRow) == SQLITE_DONE else { throw failure }
                unsafe sqlite3_reset(insertRow)
            }
        }
    }

    private func run(_ sql: String) throws {
        guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    private var failure: BenchError {
        .failed("SQLite: \(unsafe String(cString: sqlite3_errmsg(handle)))")
    }
}
