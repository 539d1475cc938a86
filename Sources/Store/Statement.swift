import CSQLite
import MerkleLog
package import Primitives

/// A prepared statement, finalised when it goes out of scope. It keeps its connection open.
@safe package struct Statement: ~Copyable {
    private let handle: OpaquePointer
    private let database: Database

    package init(_ database: Database, _ sql: String) throws(StoreError) {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            database.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared = unsafe prepared else { throw database.error(code) }
        unsafe handle = prepared
        self.database = database
    }

    deinit { unsafe sqlite3_finalize(handle) }

    // Binding. Columns count from 1; bindings last through `reset`.

    package func bind(_ column: Int32, _ value: Int64) {
        check(unsafe sqlite3_bind_int64(handle, column, value))
    }

    package func bindNull(_ column: Int32) {
        check(unsafe sqlite3_bind_null(handle, column))
    }

    /// Binds a copy.
    package func bind(_ column: Int32, _ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, buffer.count > 0 else {
                return check(unsafe sqlite3_bind_zeroblob(handle, column, 0))
            }
            check(
                unsafe starling_sqlite3_bind_copy(handle, column, base, Int32(buffer.count)))
        }
    }

    package func bind(_ column: Int32, _ value: Bytes32) { bind(column, value.array) }

    package func bind(_ column: Int32, _ text: String) {
        check(unsafe starling_sqlite3_bind_text_copy(handle, column, text))
    }

    /// Binds memory of the caller's, which must stay there until the last step or the next binding.
    func bindStatic(_ column: Int32, _ buffer: UnsafeRawBufferPointer) {
        check(
            unsafe sqlite3_bind_blob(
                handle, column, buffer.baseAddress, Int32(buffer.count), nil))
    }

    func clearBindings() {
        unsafe sqlite3_clear_bindings(handle)
    }

    /// Only a wrong column number or a lack of memory can fail here.
    private func check(_ code: Int32) {
        precondition(code == SQLITE_OK, "bind: \(code)")
    }

    // Running.

    /// True when there is a row; false at the end.
    package func step() throws(StoreError) -> Bool {
        let code = unsafe sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        let error = database.error(code)
        unsafe sqlite3_reset(handle)
        throw error
    }

    /// Ready to run again; ends a read transaction, so every read ends with it.
    package func reset() {
        unsafe sqlite3_reset(handle)
    }

    /// Runs to the end a statement that gives no rows.
    package func run() throws(StoreError) {
        let more = try step()
        unsafe sqlite3_reset(handle)
        precondition(!more, "rows from a statement that gives none")
    }

    // Reading the row at hand. Columns count from 0.

    package func int(_ column: Int32) -> Int64 {
        unsafe sqlite3_column_int64(handle, column)
    }

    package func isNull(_ column: Int32) -> Bool {
        unsafe sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    package func text(_ column: Int32) -> String? {
        guard let pointer = unsafe sqlite3_column_text(handle, column) else { return nil }
        return unsafe String(cString: pointer)
    }

    /// The blob's bytes where SQLite keeps them: good until the next step or reset.
    func withBlob<R>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        let base = unsafe sqlite3_column_blob(handle, column)
        let count = unsafe sqlite3_column_bytes(handle, column)
        return unsafe body(UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : Int(count)))
    }

    package func blob(_ column: Int32) -> [UInt8] {
        unsafe withBlob(column) { unsafe [UInt8]($0) }
    }

    /// The blob as 32 bytes; nil when it has another length.
    package func bytes32(_ column: Int32) -> Bytes32? {
        unsafe withBlob(column) { buffer in
            guard buffer.count == 32, let base = buffer.baseAddress else { return nil }
            return unsafe Bytes32(loading: base)
        }
    }

    /// The blob as 32-byte values one after another; nil when its length is no multiple.
    func hashes(_ column: Int32) -> [Bytes32]? {
        unsafe withBlob(column) { buffer in
            guard buffer.count % 32 == 0 else { return nil }
            guard let base = buffer.baseAddress else { return [] }
            return (0..<buffer.count / 32).map { unsafe Bytes32(loading: base + $0 * 32) }
        }
    }
}
