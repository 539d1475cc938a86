/// The tables, and how a store of an older version becomes one of this.
enum Schema {
    /// "STRL": tells a store from any other SQLite file.
    static let application: Int64 = 0x5354_524c

    /// One step a version, each run in one transaction; the store's version is how many have run.
    static let migrations: [String] = [
        """
        CREATE TABLE logs(
            number INTEGER PRIMARY KEY,
            key BLOB NOT NULL UNIQUE,
            size INTEGER NOT NULL,
            frontier BLOB NOT NULL,
            cp_size INTEGER NOT NULL,
            cp_root BLOB NOT NULL,
            cp_signature BLOB NOT NULL,
            tail BLOB NOT NULL,
            frozen INTEGER NOT NULL);
        CREATE TABLE entries(
            id INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            leaf BLOB NOT NULL,
            body BLOB,
            stub BLOB);
        CREATE TABLE nodes(
            log INTEGER NOT NULL,
            level INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            hash BLOB NOT NULL,
            PRIMARY KEY(log, level, idx)) WITHOUT ROWID;
        CREATE TABLE marks(
            log INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            PRIMARY KEY(log, idx)) WITHOUT ROWID;
        CREATE TABLE settings(
            name TEXT PRIMARY KEY,
            value BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE fork_proofs(
            key BLOB PRIMARY KEY,
            proof BLOB NOT NULL);
        """,
        // The number of the change that a log's head came with, and what is known of peers'
        // numbers.
        """
        ALTER TABLE logs ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
        UPDATE logs SET changed = number;
        CREATE TABLE resumes(
            peer BLOB PRIMARY KEY,
            store INTEGER NOT NULL,
            change INTEGER NOT NULL);
        """,
        // Bytes of each log's bodies, how far it was swept for them, and what was dropped.
        """
        ALTER TABLE logs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE logs ADD COLUMN swept INTEGER NOT NULL DEFAULT 0;
        UPDATE logs SET bytes =
            (SELECT coalesce(sum(length(body)), 0) FROM entries
                WHERE id >= logs.number << 32 AND id < (logs.number + 1) << 32);
        CREATE TABLE drops(
            rule INTEGER NOT NULL,
            hop INTEGER NOT NULL,
            bodies INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            time INTEGER NOT NULL,
            PRIMARY KEY(rule, hop)) WITHOUT ROWID;
        """,
        // A batch with the newest entries of a log whose earlier ones are still to come.
        """
        CREATE TABLE newest(
            key BLOB PRIMARY KEY,
            batch BLOB NOT NULL);
        """,
        // A forked log has a place where it forks: one more than the entries that count.
        """
        UPDATE logs SET frozen = size + 1 WHERE frozen <> 0;
        """,
        // Which entries name which blobs. None of before does: nothing could make one.
        """
        CREATE TABLE media(
            log INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            root BLOB NOT NULL,
            size INTEGER NOT NULL,
            time INTEGER NOT NULL,
            PRIMARY KEY(log, idx, root)) WITHOUT ROWID;
        CREATE INDEX media_root ON media(root);
        CREATE INDEX media_time ON media(time);
        """,
    ]

    static var version: Int64 { Int64(migrations.count) }

    /// Bytes a page.
    static let pageSize = 4096

    /// Refuses a file of another program or of a newer version; says which version it has.
    static func check(_ database: Database) throws(StoreError) -> Int64 {
        let version = try database.number("PRAGMA user_version") ?? 0
        let application = try database.number("PRAGMA application_id") ?? 0
        let isEmpty = try database.number("SELECT count(*) FROM sqlite_master") == 0
        if version == 0 && application == 0 && isEmpty { return 0 }
        guard application == Schema.application, version > 0 else {
            throw .corrupt(what: "the file is not a store of Starling", place: .file)
        }
        guard version <= Schema.version else {
            throw .newerVersion(found: version, known: Schema.version)
        }
        return version
    }

    /// Brings the store to this program's version.
    static func migrate(_ database: Database) throws(StoreError) {
        let from = try check(database)
        if from == 0 {
            try database.run("PRAGMA page_size = \(pageSize)")
            // Free pages can be given back when the owner lowers the budget. Measured: inserts take
            // 3 % longer. A store of before has none of it, and only uses its free pages again.
            try database.run("PRAGMA auto_vacuum = INCREMENTAL")
        }
        guard try database.text("PRAGMA journal_mode = WAL") == "wal" else {
            throw .io("this file system does not carry SQLite's write-ahead log")
        }
        for version in from..<Schema.version {
            try step(database, to: version + 1)
        }
    }

    private static func step(_ database: Database, to version: Int64) throws(StoreError) {
        do {
            try database.run("BEGIN IMMEDIATE")
            try database.run(migrations[Int(version) - 1])
            try database.run("PRAGMA application_id = \(application)")
            try database.run("PRAGMA user_version = \(version)")
            try database.run("COMMIT")
        } catch {
            if !database.isIdle { try? database.run("ROLLBACK") }
            throw error
        }
    }
}

/// Where an entry stands: log number and index in one SQLite row id, so that a log is one run of
/// the table.
enum RowID {
    /// Log numbers are below this, so that a row id is positive.
    static let logs: Int64 = 1 << 31

    static func of(log number: Int64, index: UInt64) -> Int64 {
        number << 32 | Int64(index)
    }

    static func index(_ id: Int64) -> UInt64 { UInt64(id & 0xffff_ffff) }
}
