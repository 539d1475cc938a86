package import MerkleLog
import Primitives
package import Store

/// The feed's one writer, used on one thread.
package final class FeedWriter {
    let database: Database
    let statements: FeedWriteStatements
    private let path: String
    /// Rows below this id are named by `refill`, and by nobody else; 0 when it has named all.
    var refillFrom: Int64 = 0
    /// Bytes of the write-ahead log from which on it is moved into the file.
    package var aheadLimit = Limits.Feed.ahead
    /// Hears of every new row.
    package var onInsert: ((Act) -> Void)?

    /// Opens the feed in the file at `path`, empty when it is new, damaged, of another version, or
    /// to be made anew.
    package init(path: String, isAnew: Bool = false) throws(StoreError) {
        self.path = path
        database = try ProjectionFile.write(
            path, application: FeedSchema.application, version: FeedSchema.version,
            schema: FeedSchema.tables, isAnew: isAnew, cache: Limits.Feed.cache)
        statements = try FeedWriteStatements(database)
        try loadRefill()
    }

    /// What was written ahead goes into the file: left beside it, it would speak for a file that
    /// somebody damaged meanwhile.
    deinit { try? database.checkpoint() }

    /// How many entries of a log are in the feed.
    package func done(ofLog number: Int64) throws(StoreError) -> UInt64 {
        statements.done.bind(1, number)
        defer { statements.done.reset() }
        return try statements.done.step() ? UInt64(clamping: statements.done.int(0)) : 0
    }

    /// Runs `body` in one transaction: all of it is kept, or nothing.
    package func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        try database.run("BEGIN IMMEDIATE")
        do {
            try body()
            try database.run("COMMIT")
        } catch {
            if !database.isIdle { try? database.run("ROLLBACK") }
            throw error
        }
        if ProjectionFile.bytesAhead(path) > aheadLimit { try database.checkpoint() }
    }

    /// Takes entries of a log, the first of them at `from`. Once more changes nothing.
    package func take(
        _ entries: [Entry], _ leaves: [Hash], log: LogKey, number: Int64, from: UInt64
    ) throws(StoreError) {
        for (offset, (entry, leaf)) in zip(entries, leaves).enumerated() {
            let index = from + UInt64(offset)
            guard let found = Projector.project(entry, leaf, log: log, number: number, index: index)
            else { continue }
            try insert(found)
        }
    }

    /// All entries of the log before `count` are in the feed.
    package func finish(log number: Int64, count: UInt64) throws(StoreError) {
        statements.finish.bind(1, number)
        statements.finish.bind(2, Int64(count))
        try statements.finish.run()
    }

    private func insert(_ found: Projected) throws(StoreError) {
        var act = found.act
        guard try place(&act) else { return }
        onInsert?(act)
        for tag in found.tags {
            statements.tag.bind(1, tag)
            statements.tag.bind(2, act.id)
            try statements.tag.run()
        }
        for account in found.about {
            statements.about.bind(1, account)
            statements.about.bind(2, act.id)
            try statements.about.run()
        }
        if act.kind == .note || act.kind == .edit, act.id >= refillFrom {
            statements.wordless.bind(1, act.id)
            try statements.wordless.run()
        }
    }

    /// Puts the row into its place, or into the next one that is free; false when it is there.
    private func place(_ act: inout Act) throws(StoreError) -> Bool {
        for _ in 0..<Limits.Feed.crowd {
            bind(act)
            try statements.act.run()
            if database.changes > 0 { return true }
            if try isThere(act) { return false }
            act.id += 1
        }
        return false
    }

    private func bind(_ act: Act) {
        statements.act.bind(1, act.id)
        statements.act.bind(2, act.log)
        statements.act.bind(3, Int64(act.index))
        statements.act.bind(4, act.ref)
        statements.act.bind(5, act.kind.rawValue)
        statements.act.bind(6, act.flags.rawValue)
        bind(7, act.parent)
        bind(8, act.root)
        bind(9, act.target)
        if let word = act.word {
            statements.act.bind(10, word)
        } else {
            statements.act.bindNull(10)
        }
    }

    private func bind(_ column: Int32, _ value: Int64?) {
        if let value { statements.act.bind(column, value) } else { statements.act.bindNull(column) }
    }

    private func isThere(_ act: Act) throws(StoreError) -> Bool {
        statements.same.bind(1, act.id)
        defer { statements.same.reset() }
        guard try statements.same.step() else { return false }
        return statements.same.int(0) == act.log && statements.same.int(1) == Int64(act.index)
    }
}

/// The writer's prepared statements.
struct FeedWriteStatements: ~Copyable {
    let act: Store.Statement
    let same: Store.Statement
    let tag: Store.Statement
    let about: Store.Statement
    let wordless: Store.Statement
    let word: Store.Statement
    let done: Store.Statement
    let finish: Store.Statement

    /// Prepared as locals first: a value that owns its parts cannot be half made.
    init(_ database: Database) throws(StoreError) {
        let act = try Store.Statement(
            database, "INSERT OR IGNORE INTO acts VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
        let same = try Store.Statement(database, "SELECT log, idx FROM acts WHERE id = ?1")
        let tag = try Store.Statement(database, "INSERT OR IGNORE INTO tags VALUES(?1, ?2)")
        let about = try Store.Statement(database, "INSERT OR IGNORE INTO about VALUES(?1, ?2)")
        let word = try Store.Statement(database, "INSERT INTO words(rowid, text) VALUES(?1, ?2)")
        let wordless = try Store.Statement(
            database, "INSERT OR IGNORE INTO wordless VALUES(?1)")
        let done = try Store.Statement(database, "SELECT entries FROM done WHERE log = ?1")
        let finish = try Store.Statement(
            database,
            """
            INSERT INTO done(log, entries) VALUES(?1, ?2)
            ON CONFLICT(log) DO UPDATE SET entries = ?2
            """)
        self.act = act
        self.same = same
        self.tag = tag
        self.about = about
        self.wordless = wordless
        self.word = word
        self.done = done
        self.finish = finish
    }
}
