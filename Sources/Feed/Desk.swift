import Content
import Crypto
package import MerkleLog
import Primitives
package import Store
import Synchronization

/// What a reader keeps to themselves: bookmarks, notes on people, whom they hide, how far they have
/// read. Nobody else hears of it, and it cannot be made anew from the logs.
///
/// One file beside the store. All of it is rows of one shape: what kind of thing, of which account,
/// and about what.
package final class Desk: Sendable {
    /// What a row says.
    package enum Kind: Int64, Sendable {
        /// Of a post, by its id: the value is its address.
        case bookmark = 1
        /// A notification that was put away, by its id.
        case dismissed = 2
        /// All notifications up to the id of the value were.
        case cleared = 3
        /// How far a timeline was read; by the timeline's number.
        case marker = 4
        /// The reader's own words on somebody, by the mark of their key.
        case note = 5
        /// From -100 to 100, by the mark of a key: see `Feature.authorWeight`.
        case weight = 6
        case mute = 7
        case block = 8
        /// Of a thread, by the mark of its first note.
        case mutedThread = 9
        case list = 10
        /// By list, then by the mark of a key.
        case listMember = 11
        case filter = 12
        /// Lists of labels that the reader chose, by the mark of who publishes them; the value is
        /// the list's name.
        case labels = 13
        /// A file that was uploaded and not posted yet, by the mark of its root.
        case upload = 14
        /// Recipes that the reader chose, by the mark of who publishes them and of their name; the
        /// value is the address of the version.
        case recipe = 15
        /// Of the first run, by the step's number: what the owner said of it.
        case setup = 20
        /// Somebody whom the reader does not want to be suggested, by the mark of their key.
        case notSuggested = 21
    }

    package struct Row: Sendable {
        package var id: Int64
        package var sub: Int64
        package var value: String
    }

    private static let application: Int64 = 0x5354_5244  // "STRD"
    private static let version: Int64 = 1
    private static let schema = """
        CREATE TABLE rows(
            account INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            id INTEGER NOT NULL,
            sub INTEGER NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY(account, kind, id, sub)) WITHOUT ROWID;
        """

    /// The file's connection and statements: one thread at a time, by the mutex.
    private final class Parts: @unchecked Sendable {
        let database: Database
        let put: Store.Statement
        let remove: Store.Statement
        let removeAll: Store.Statement
        let one: Store.Statement
        let page: Store.Statement
        let below: Store.Statement
        let count: Store.Statement

        init(_ path: String) throws(StoreError) {
            database = try LedgerFile.open(
                path, application: Desk.application, version: Desk.version, schema: Desk.schema)
            let key = "account = ?1 AND kind = ?2"
            let put = try Store.Statement(
                database, "INSERT OR REPLACE INTO rows VALUES(?1, ?2, ?3, ?4, ?5)")
            let remove = try Store.Statement(
                database, "DELETE FROM rows WHERE \(key) AND id = ?3 AND sub = ?4")
            let removeAll = try Store.Statement(
                database, "DELETE FROM rows WHERE \(key) AND id = ?3")
            let one = try Store.Statement(
                database, "SELECT id, sub, value FROM rows WHERE \(key) AND id = ?3 AND sub = ?4")
            let page = try Store.Statement(
                database,
                """
                SELECT id, sub, value FROM rows WHERE \(key) AND id < ?3 AND id > ?4
                ORDER BY id DESC, sub LIMIT ?5
                """)
            let below = try Store.Statement(
                database,
                "SELECT id, sub, value FROM rows WHERE \(key) AND id = ?3 ORDER BY sub LIMIT ?4")
            let count = try Store.Statement(
                database, "SELECT count(*) FROM rows WHERE \(key)")
            self.put = put
            self.remove = remove
            self.removeAll = removeAll
            self.one = one
            self.page = page
            self.below = below
            self.count = count
        }

        func rows(_ statement: borrowing Store.Statement) throws(StoreError) -> [Row] {
            defer { statement.reset() }
            var rows: [Row] = []
            while try statement.step() {
                rows.append(
                    Row(
                        id: statement.int(0), sub: statement.int(1),
                        value: statement.text(2) ?? ""))
            }
            return rows
        }
    }

    private let parts: Mutex<Parts>

    package init(path: String) throws(StoreError) { parts = Mutex(try Parts(path)) }

    /// Runs `body` with the file alone.
    private func with<Answer: Sendable>(
        _ body: (Parts) throws(StoreError) -> Answer
    ) throws(StoreError) -> Answer {
        let result = parts.withLock { parts -> Result<Answer, StoreError> in
            do throws(StoreError) { return .success(try body(parts)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    // MARK: Rows

    /// Keeps a row, in the place of one about the same. Throws when it is a new one, and there are
    /// as many as may be.
    package func put(
        _ kind: Kind, of account: LogKey, _ id: Int64 = 0, _ sub: Int64 = 0, _ value: String = "",
        most: Int = Limits.HTTP.deskRows
    ) throws(StoreError) {
        try with { parts throws(StoreError) in
            parts.count.bind(1, Mark.of(account))
            parts.count.bind(2, kind.rawValue)
            let count = try parts.count.step() ? parts.count.int(0) : 0
            parts.count.reset()
            if count >= Int64(most), try !Self.has(parts, kind, account, id, sub) {
                throw .tooMany("there are \(count) of these already, as many as may be")
            }
            Self.bind(parts.put, kind, account)
            parts.put.bind(3, id)
            parts.put.bind(4, sub)
            parts.put.bind(5, value)
            try parts.put.run()
        }
    }

    private static func has(
        _ parts: Parts, _ kind: Kind, _ account: LogKey, _ id: Int64, _ sub: Int64
    ) throws(StoreError) -> Bool {
        bind(parts.one, kind, account)
        parts.one.bind(3, id)
        parts.one.bind(4, sub)
        return try !parts.rows(parts.one).isEmpty
    }

    package func remove(
        _ kind: Kind, of account: LogKey, _ id: Int64 = 0, _ sub: Int64 = 0
    ) throws(StoreError) {
        try with { parts throws(StoreError) in
            Self.bind(parts.remove, kind, account)
            parts.remove.bind(3, id)
            parts.remove.bind(4, sub)
            try parts.remove.run()
        }
    }

    /// Takes away all rows about `id`.
    package func removeAll(
        _ kind: Kind, of account: LogKey, _ id: Int64
    ) throws(StoreError) {
        try with { parts throws(StoreError) in
            Self.bind(parts.removeAll, kind, account)
            parts.removeAll.bind(3, id)
            try parts.removeAll.run()
        }
    }

    package func value(
        _ kind: Kind, of account: LogKey, _ id: Int64 = 0, _ sub: Int64 = 0
    ) throws(StoreError) -> String? {
        try with { parts throws(StoreError) in
            Self.bind(parts.one, kind, account)
            parts.one.bind(3, id)
            parts.one.bind(4, sub)
            return try parts.rows(parts.one).first?.value
        }
    }

    /// Rows between two ids, the largest first.
    package func rows(
        _ kind: Kind, of account: LogKey, before: Int64 = .max, after: Int64 = -1,
        limit: Int = Limits.HTTP.deskRows
    ) throws(StoreError) -> [Row] {
        try with { parts throws(StoreError) in
            Self.bind(parts.page, kind, account)
            parts.page.bind(3, before)
            parts.page.bind(4, after)
            parts.page.bind(5, Int64(limit))
            return try parts.rows(parts.page)
        }
    }

    /// The rows about `id`.
    package func rows(
        _ kind: Kind, of account: LogKey, at id: Int64
    ) throws(StoreError) -> [Row] {
        try with { parts throws(StoreError) in
            Self.bind(parts.below, kind, account)
            parts.below.bind(3, id)
            parts.below.bind(4, Int64(Limits.HTTP.deskRows))
            return try parts.rows(parts.below)
        }
    }

    private static func bind(
        _ statement: borrowing Store.Statement, _ kind: Kind, _ account: LogKey
    ) {
        statement.bind(1, Mark.of(account))
        statement.bind(2, kind.rawValue)
    }
}
