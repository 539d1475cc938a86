import Primitives
package import Store

/// Reads the feed; used on one thread, any number beside the writer.
///
/// It gives rows as they are, newest first and a page at a time: `before` and `after` are ids that
/// are not in the answer. What rows mean together, `Square` works out.
package final class FeedReader {
    let database: Database
    private let statements: FeedReadStatements
    /// Posts of logs that were counted, and how long the logs were then.
    private var counted: [Int64: (size: Int64, count: Int, newest: Int64?)] = [:]

    package init(path: String) throws(StoreError) {
        database = try ProjectionFile.read(path)
        statements = try FeedReadStatements(database)
    }

    /// Ids between two bounds that are not among them.
    package struct Page: Sendable {
        package var before: Int64
        package var after: Int64
        package var limit: Int
        /// The oldest of those behind `after`, rather than the newest before `before`.
        package var isFromBelow: Bool

        package init(
            before: Int64 = .max, after: Int64 = -1, limit: Int, isFromBelow: Bool = false
        ) {
            self.before = before
            self.after = after
            self.limit = limit
            self.isFromBelow = isFromBelow
        }
    }

    package func act(_ id: Int64) throws(StoreError) -> Act? {
        statements.one.bind(1, id)
        return try acts(statements.one).first
    }

    // MARK: Timelines

    /// Notes and reposts of everybody.
    package func everybody(_ page: Page) throws(StoreError) -> [Act] {
        page.isFromBelow
            ? try acts(statements.allUp, page, from: 1)
            : try acts(statements.allDown, page, from: 1)
    }

    /// Notes and reposts of these logs: merged, so that a page costs a look at each log and not at
    /// what others wrote meanwhile.
    package func of(_ logs: [Int64], _ page: Page) throws(StoreError) -> [Act] {
        if logs.count > Limits.Feed.logsMerged, let found = try scan(logs, page) { return found }
        var found: [Act] = []
        var page = page
        for log in logs {
            found +=
                page.isFromBelow
                ? try acts(statements.logUp, log, page) : try acts(statements.logDown, log, page)
            guard found.count > 2 * page.limit else { continue }
            // What is further away than a whole page cannot be in it.
            found = Self.first(found, page)
            if let last = found.last {
                if page.isFromBelow { page.before = last.id } else { page.after = last.id }
            }
        }
        return Self.first(found, page)
    }

    /// What these logs say of one kind that is not in timelines.
    package func of(
        _ logs: [Int64], _ kind: Act.Kind, _ page: Page
    ) throws(StoreError) -> [Act] {
        var found: [Act] = []
        for log in logs {
            statements.kind.bind(1, log)
            statements.kind.bind(2, kind.rawValue)
            found += try acts(statements.kind, page, from: 3)
        }
        return Self.first(found, page)
    }

    /// How many notes and reposts there are.
    package func count() throws(StoreError) -> Int64 {
        try database.number("SELECT count(*) FROM acts WHERE kind <= 1") ?? 0
    }

    /// How many notes and reposts of a log are to be seen, and the newest of them.
    package func posts(ofLog log: Int64) throws(StoreError) -> (count: Int, newest: Int64?) {
        statements.size.bind(1, log)
        defer { statements.size.reset() }
        let size = try statements.size.step() ? statements.size.int(0) : 0
        if let known = counted[log], known.size == size { return (known.count, known.newest) }
        statements.posts.bind(1, log)
        defer { statements.posts.reset() }
        guard try statements.posts.step() else { return (0, nil) }
        let count = Int(clamping: statements.posts.int(0))
        let newest = statements.posts.isNull(1) ? nil : statements.posts.int(1)
        counted[log] = (size, count, newest)
        return (count, newest)
    }

    /// The same for many logs, by looking at what everybody wrote: where the reader reads much of
    /// it, that is soon enough. Nil when it is not.
    private func scan(_ logs: [Int64], _ page: Page) throws(StoreError) -> [Act]? {
        let logs = Set(logs)
        var found: [Act] = []
        var next = page
        next.limit = 4 * page.limit
        for _ in 0..<Limits.Feed.scans {
            let acts = try everybody(next)
            found += acts.lazy.filter { logs.contains($0.log) }.prefix(page.limit - found.count)
            guard found.count < page.limit, acts.count == next.limit, let last = acts.last else {
                return found
            }
            if page.isFromBelow { next.after = last.id } else { next.before = last.id }
        }
        return nil
    }

    private static func first(_ acts: [Act], _ page: Page) -> [Act] {
        let sorted = acts.sorted { page.isFromBelow ? $0.id < $1.id : $0.id > $1.id }
        // An answer that also names its reader is about them twice.
        var found: [Act] = []
        for act in sorted where found.last?.id != act.id {
            if found.count == page.limit { break }
            found.append(act)
        }
        return found
    }

    package func tagged(_ tag: String, _ page: Page) throws(StoreError) -> [Act] {
        if page.isFromBelow {
            statements.tagUp.bind(1, tag)
            return try acts(statements.tagUp, page, from: 2)
        }
        statements.tagDown.bind(1, tag)
        return try acts(statements.tagDown, page, from: 2)
    }

    /// What concerns somebody: `marks` are those of an identity and its logs.
    package func about(_ marks: [Int64], _ page: Page) throws(StoreError) -> [Act] {
        var found: [Act] = []
        for mark in marks {
            found +=
                page.isFromBelow
                ? try acts(statements.aboutUp, mark, page)
                : try acts(statements.aboutDown, mark, page)
        }
        return Self.first(found, page)
    }

    /// Notes, and versions of notes, that have all of these words.
    package func search(_ words: String, _ page: Page) throws(StoreError) -> [Act] {
        guard let query = SearchText.query(words) else { return [] }
        statements.search.bind(1, query)
        statements.search.bind(2, page.before)
        statements.search.bind(3, page.after)
        statements.search.bind(4, Int64(page.limit))
        return try acts(statements.search)
    }

    // MARK: Around one entry

    /// Notes that answer the entry directly, oldest first.
    package func answers(to ref: Int64, limit: Int) throws(StoreError) -> [Act] {
        try list(statements.answers, ref, limit)
    }

    /// Notes that say their thread began with the entry, oldest first; those that answer it
    /// directly need not say so.
    package func thread(of ref: Int64, limit: Int) throws(StoreError) -> [Act] {
        try list(statements.thread, ref, limit)
    }

    /// What was said about the entry, oldest first.
    package func said(
        _ kind: Act.Kind, about ref: Int64, limit: Int
    ) throws(StoreError) -> [Act] {
        statements.said.bind(1, ref)
        statements.said.bind(2, kind.rawValue)
        statements.said.bind(3, Int64(limit))
        return try acts(statements.said)
    }

    private func list(
        _ row: borrowing Store.Statement, _ ref: Int64, _ limit: Int
    ) throws(StoreError) -> [Act] {
        row.bind(1, ref)
        row.bind(2, Int64(limit))
        return try acts(row)
    }

    // MARK: Rows

    /// A page of a query whose bounds begin at the parameter `first`.
    private func acts(
        _ row: borrowing Store.Statement, _ page: Page, from first: Int32
    ) throws(StoreError) -> [Act] {
        row.bind(first, page.before)
        row.bind(first + 1, page.after)
        row.bind(first + 2, Int64(page.limit))
        return try acts(row)
    }

    /// A page of what has `key`.
    private func acts(
        _ row: borrowing Store.Statement, _ key: Int64, _ page: Page
    ) throws(StoreError) -> [Act] {
        row.bind(1, key)
        return try acts(row, page, from: 2)
    }

    private func acts(_ row: borrowing Store.Statement) throws(StoreError) -> [Act] {
        defer { row.reset() }
        var out: [Act] = []
        while try row.step() {
            guard let kind = Act.Kind(rawValue: row.int(4)), let index = UInt64(exactly: row.int(2))
            else { throw .corrupt(what: "a row of the feed is damaged", place: .file) }
            func mark(_ column: Int32) -> Int64? { row.isNull(column) ? nil : row.int(column) }
            out.append(
                Act(
                    id: row.int(0), log: row.int(1), index: index, ref: row.int(3), kind: kind,
                    flags: Act.Flags(rawValue: row.int(5)), parent: mark(6), root: mark(7),
                    target: mark(8), word: row.text(9)))
        }
        return out
    }
}

/// A reader's prepared statements.
struct FeedReadStatements: ~Copyable {
    let one: Store.Statement
    let allDown: Store.Statement
    let allUp: Store.Statement
    let logDown: Store.Statement
    let logUp: Store.Statement
    let tagDown: Store.Statement
    let tagUp: Store.Statement
    let aboutDown: Store.Statement
    let aboutUp: Store.Statement
    let search: Store.Statement
    let answers: Store.Statement
    let thread: Store.Statement
    let said: Store.Statement
    let kind: Store.Statement
    let size: Store.Statement
    let posts: Store.Statement

    private static let columns =
        "acts.id, acts.log, idx, ref, kind, flags, parent, root, target, word"

    /// A page of rows that `rule` lets pass; its bounds are the parameters from `first` on.
    private static func page(
        _ table: String, _ rule: String, _ first: Int, _ up: Bool
    ) -> String {
        let key = table == "acts" ? "acts.id" : "\(table).id"
        let join = table == "acts" ? "acts" : "\(table) JOIN acts ON acts.id = \(table).id"
        let rules = rule.isEmpty ? "" : "\(rule) AND "
        return """
            SELECT \(columns) FROM \(join)
            WHERE \(rules)\(key) < ?\(first) AND \(key) > ?\(first + 1)
            ORDER BY \(key) \(up ? "ASC" : "DESC") LIMIT ?\(first + 2)
            """
    }

    /// Prepared as locals first: a value that owns its parts cannot be half made.
    init(_ database: Database) throws(StoreError) {
        let columns = Self.columns
        func page(_ table: String, _ rule: String, _ first: Int, _ up: Bool) -> String {
            Self.page(table, rule, first, up)
        }
        let shown = "kind <= 1"
        let ofLog = "acts.log = ?1 AND kind <= 1"
        let one = try Store.Statement(database, "SELECT \(columns) FROM acts WHERE id = ?1")
        let allDown = try Store.Statement(database, page("acts", shown, 1, false))
        let allUp = try Store.Statement(database, page("acts", shown, 1, true))
        let logDown = try Store.Statement(database, page("acts", ofLog, 2, false))
        let logUp = try Store.Statement(database, page("acts", ofLog, 2, true))
        let tagDown = try Store.Statement(database, page("tags", "tag = ?1", 2, false))
        let tagUp = try Store.Statement(database, page("tags", "tag = ?1", 2, true))
        let aboutDown = try Store.Statement(database, page("about", "account = ?1", 2, false))
        let aboutUp = try Store.Statement(database, page("about", "account = ?1", 2, true))
        let search = try Store.Statement(
            database,
            """
            SELECT \(columns) FROM words JOIN acts ON acts.id = words.rowid
            WHERE words MATCH ?1 AND words.rowid < ?2 AND words.rowid > ?3
            ORDER BY words.rowid DESC LIMIT ?4
            """)
        let answers = try Store.Statement(
            database, "SELECT \(columns) FROM acts WHERE parent = ?1 ORDER BY id LIMIT ?2")
        let thread = try Store.Statement(
            database, "SELECT \(columns) FROM acts WHERE root = ?1 ORDER BY id LIMIT ?2")
        let said = try Store.Statement(
            database,
            """
            SELECT \(columns) FROM acts WHERE target = ?1 AND kind = ?2 ORDER BY id LIMIT ?3
            """)
        let kind = try Store.Statement(
            database,
            """
            SELECT \(columns) FROM acts WHERE acts.log = ?1 AND kind = ?2 AND kind > 1
            AND acts.id < ?3 AND acts.id > ?4 ORDER BY acts.id DESC LIMIT ?5
            """)
        let size = try Store.Statement(database, "SELECT entries FROM done WHERE log = ?1")
        let posts = try Store.Statement(
            database,
            """
            SELECT count(*), max(id) FROM acts WHERE log = ?1 AND kind <= 1
            AND flags & 1 = 0 AND NOT EXISTS(
                SELECT 1 FROM acts AS said
                WHERE said.target = acts.ref AND said.kind = 5 AND said.log = acts.log)
            """)
        self.kind = kind
        self.size = size
        self.posts = posts
        self.one = one
        self.allDown = allDown
        self.allUp = allUp
        self.logDown = logDown
        self.logUp = logUp
        self.tagDown = tagDown
        self.tagUp = tagUp
        self.aboutDown = aboutDown
        self.aboutUp = aboutUp
        self.search = search
        self.answers = answers
        self.thread = thread
        self.said = said
    }
}
