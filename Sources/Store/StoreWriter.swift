import CSQLite
import Glibc
import MerkleLog
package import Mesh
import Primitives

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

    let database: Database
    let statements: WriteStatements
    let log: WriteAheadLog
    let directory: String
    /// Keeps to the owner's plan, once there is one.
    var keeper: StorageKeeper?
    /// Pages have been given back that are still in the file.
    var isShrinking = false
    /// The number of the last change of a head.
    package private(set) var lastChange: UInt64

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
        self.directory = directory.path
        try Schema.migrate(database)
        try database.run("PRAGMA synchronous = FULL")
        try database.run("PRAGMA secure_delete = ON")
        try database.run("PRAGMA journal_size_limit = \(WriteAheadLog.mostKept)")
        let running = try Statement(database, "SELECT 1 FROM settings WHERE name = 'running'")
        wasStopped = try !running.step()
        running.reset()
        // Newer marks of peers have larger row ids.
        try database.run(
            """
            DELETE FROM resumes WHERE rowid <=
                (SELECT max(rowid) FROM resumes) - \(Limits.resumes)
            """)
        // Numbers that no store gives were edited: they begin anew, under another name.
        let odd = "typeof(changed) <> 'integer' OR changed NOT BETWEEN 0 AND \(Limits.changes / 2)"
        if try database.number("SELECT count(*) FROM logs WHERE \(odd)") != 0 {
            try database.run("UPDATE logs SET changed = number")
            try database.run("DELETE FROM settings WHERE name = '\(StoreReader.namesSetting)'")
        }
        lastChange = UInt64(
            clamping: try database.number("SELECT max(changed) FROM logs") ?? 0)
        statements = try WriteStatements(database)
        log = WriteAheadLog(path: directory.database + "-wal")
        log.watch(database)
    }

    /// Makes all of `writes` durable, or none; the change number of each, 0 where it changed no
    /// head. Numbers rise from commit to commit.
    @discardableResult
    package func commit(
        _ writes: [StoreWrite], tidying: Bool = true
    ) throws(StoreError) -> [UInt64] {
        guard !hasFailed else { throw .failed }
        var changes: [UInt64] = []
        var next = lastChange + 1
        do {
            try statements.begin.run()
            for write in writes {
                let isChange = try statements.apply(write, change: next)
                changes.append(isChange ? next : 0)
                if isChange { next += 1 }
                if case .extend(let more) = write { keeper?.note(more.head.key) }
            }
            try statements.commit.run()
        } catch {
            rollBack(after: error)
            throw error
        }
        lastChange = next - 1
        if tidying { tidy() }
        return changes
    }

    /// Moves the write-ahead log when it is long, and makes room for it: after a commit's answer
    /// has gone out, where `commit` was told to leave it.
    package func tidy() {
        moveLogIfLong()
        if !hasFailed { log.makeRoom() }
    }

    /// From now on changes are numbered under another name, which peers have never seen: whatever
    /// image of the store was put back, no number stands for two changes under one name. All names,
    /// the new one last.
    package func beginNames(
        after names: [StoreHistory.EarlierName], _ name: UInt64
    ) throws(StoreError) -> [StoreHistory.EarlierName] {
        var names = Array(names.suffix(Limits.storeNames))
        if let newest = names.indices.last { names[newest].upTo = lastChange }
        names.append(StoreHistory.EarlierName(name: name, upTo: Limits.changes))
        let bytes = names.flatMap { [$0.name, $0.upTo] }.flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
        }
        try commit([.setting(StoreReader.namesSetting, bytes)])
        return names
    }

    /// Leaves a mark that a clean stop takes away: see `wasStopped`.
    package func markRunning() throws(StoreError) { try commit([.setting("running", [1])]) }

    /// Says that everything ended in order, and leaves no log behind.
    package func markStopped() throws(StoreError) {
        try commit([.setting("running", nil)])
        log.close(database)
    }

    /// The store is left as it was before the commit that failed.
    func rollBack(after error: StoreError) {
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

/// How long the write-ahead log is, when it moves into the database, and the room ahead of it.
///
/// A commit that makes the file longer syncs its new length, too: measured at twice the time of
/// one that writes over what is there. So the file is kept longer than the log, filled with zeros,
/// which SQLite takes for the end: a frame's checksum and salts never match them.
final class WriteAheadLog {
    /// Pages after which it moves, at the most. Longer saves syncs in bulk, and costs disk and the
    /// time of a start.
    private static let mostPages = 2_000
    /// Bytes of the file that are kept for reuse once it has moved, at the most.
    static let mostKept = 8 << 20
    /// Bytes of one frame: a page and its header.
    private static let frame = Schema.pageSize + 24

    private var pages = WriteAheadLog.mostPages
    private(set) var bytesKept = WriteAheadLog.mostKept
    /// How far the file is made longer at a time, and how near its end the log comes before that.
    private var room = 1 << 20
    private var margin: Int { room / 4 }

    private let path: String
    private var length = 0
    private var next = WriteAheadLog.mostPages
    /// Bytes of the file that are allocated, as far as this knows.
    private var allocated = 0

    /// `path` is the log's, beside the database.
    init(path: String) { self.path = path }

    /// Keeps the file below `bytes`, where no reader holds it back.
    func keepWithin(_ bytes: Int, _ database: Database) {
        // It moves when half of that is used: one commit may come on top.
        pages = min(Self.mostPages, bytes / 2 / Self.frame)
        bytesKept = min(Self.mostKept, bytes / 3 * 2)
        room = min(1 << 20, bytes / 8)
        next = min(next, pages)
        guard let status = try? FileMode.status(of: path), Int(status.st_size) > bytes else {
            return
        }
        close(database)
        allocated = 0
    }

    /// Whether more than `bytes` of it wait, since a reader holds them back.
    func isOver(_ bytes: Int, _ database: Database) -> Bool {
        guard length * Self.frame > bytes else { return false }
        var (all, moved): (Int32, Int32) = (0, 0)
        _ = unsafe sqlite3_wal_checkpoint_v2(
            database.handle, nil, SQLITE_CHECKPOINT_PASSIVE, &all, &moved)
        return moved < all
    }

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

    /// Makes room for the commits to come. Failing is no harm: the next commit is slower, or says
    /// why.
    func makeRoom() {
        let used = length * Self.frame
        guard used + margin > allocated, used < bytesKept + room else { return }
        guard let file = try? FileDescriptor(path, O_WRONLY) else { return }
        guard let size = try? Int(file.status().st_size) else { return }
        if size >= used + margin {
            allocated = size
            return
        }
        // A nearly full disk keeps its last room for entries.
        let zeros = [UInt8](repeating: 0, count: room)
        guard (try? file.write(zeros, at: size)) != nil, (try? file.syncData()) != nil else {
            _ = unsafe truncate(path, off_t(size))
            allocated = Int.max
            return
        }
        allocated = size + room
    }

    /// A reader may hold back a move; then it is tried again only after a quarter more.
    var isDue: Bool {
        if length < pages { next = pages }
        return length >= next
    }

    func checkpoint(_ database: Database) throws(StoreError) {
        next = length + pages / 4
        let code = unsafe sqlite3_wal_checkpoint_v2(
            database.handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        guard code == SQLITE_OK || code & 0xff == SQLITE_BUSY else { throw database.error(code) }
    }

    /// Moves everything and gives the file's room back.
    func close(_ database: Database) {
        _ = unsafe sqlite3_wal_checkpoint_v2(
            database.handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    }
}
