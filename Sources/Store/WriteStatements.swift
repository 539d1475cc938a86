import Content
import Crypto
import MerkleLog
import Mesh
import Primitives
import Wire

/// The writer's prepared statements, and what each kind of write does with them.
struct WriteStatements: ~Copyable {
    let begin: Statement
    let commit: Statement
    private let database: Database
    private let findLog: Statement
    private let addLog: Statement
    private let updateLog: Statement
    private let addEntry: Statement
    private let addNode: Statement
    private let addMark: Statement
    private let addMedia: Statement
    private let freezeLog: Statement
    private let addForkProof: Statement
    private let readBody: Statement
    private let writeEntry: Statement
    private let setSetting: Statement
    private let dropSetting: Statement
    private let setResume: Statement
    private let setNewest: Statement
    private let dropNewest: Statement
    private let counts: CountStatements

    /// Prepared as locals first: a value that owns its parts cannot be half made.
    init(_ database: Database) throws(StoreError) {
        let begin = try Statement(database, "BEGIN IMMEDIATE")
        let commit = try Statement(database, "COMMIT")
        let findLog = try Statement(
            database, "SELECT number, size, cp_size, cp_root, frozen FROM logs WHERE key = ?1")
        let addLog = try Statement(
            database,
            """
            INSERT INTO logs(
                size, frontier, cp_size, cp_root, cp_signature, tail, changed, bytes, key, frozen)
            VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)
            """)
        let updateLog = try Statement(
            database,
            """
            UPDATE logs SET size = ?1, frontier = ?2, cp_size = ?3, cp_root = ?4,
                cp_signature = ?5, tail = ?6, changed = ?7, bytes = bytes + ?8
                WHERE number = ?9
            """)
        let addEntry = try Statement(
            database, "INSERT INTO entries(id, time, leaf, body, stub) VALUES(?1, ?2, ?3, ?4, ?5)")
        let addNode = try Statement(
            database, "INSERT INTO nodes(log, level, idx, hash) VALUES(?1, ?2, ?3, ?4)")
        let addMark = try Statement(
            database, "INSERT OR IGNORE INTO marks(log, idx) VALUES(?1, ?2)")
        let addMedia = try Statement(
            database, "INSERT OR IGNORE INTO media VALUES(?1, ?2, ?3, ?4, ?5)")
        let freezeLog = try Statement(
            database,
            """
            UPDATE logs SET frozen = ?2, changed = ?3
                WHERE key = ?1 AND (frozen = 0 OR frozen > ?2)
            """)
        let addForkProof = try Statement(
            database, "INSERT OR REPLACE INTO fork_proofs(key, proof) VALUES(?1, ?2)")
        let readBody = try Statement(
            database, "SELECT time, leaf, body, stub FROM entries WHERE id = ?1")
        let writeEntry = try Statement(
            database,
            "INSERT OR REPLACE INTO entries(id, time, leaf, body, stub) VALUES(?1, ?2, ?3, ?4, ?5)")
        let setSetting = try Statement(
            database, "INSERT OR REPLACE INTO settings(name, value) VALUES(?1, ?2)")
        let dropSetting = try Statement(database, "DELETE FROM settings WHERE name = ?1")
        let counts = try CountStatements(database)
        let setResume = try Statement(
            database, "INSERT OR REPLACE INTO resumes(peer, store, change) VALUES(?1, ?2, ?3)")
        let setNewest = try Statement(
            database, "INSERT OR REPLACE INTO newest(key, batch) VALUES(?1, ?2)")
        let dropNewest = try Statement(database, "DELETE FROM newest WHERE key = ?1")
        self.begin = begin
        self.commit = commit
        self.database = database
        self.findLog = findLog
        self.addLog = addLog
        self.updateLog = updateLog
        self.addEntry = addEntry
        self.addNode = addNode
        self.addMark = addMark
        self.addMedia = addMedia
        self.freezeLog = freezeLog
        self.addForkProof = addForkProof
        self.readBody = readBody
        self.writeEntry = writeEntry
        self.setSetting = setSetting
        self.dropSetting = dropSetting
        self.setResume = setResume
        self.setNewest = setNewest
        self.dropNewest = dropNewest
        self.counts = counts
    }

    /// Does one write inside the open transaction; true when it took `change`, the number for the
    /// next change of a head.
    func apply(_ write: StoreWrite, change: UInt64) throws(StoreError) -> Bool {
        switch write {
        case .extend(let more):
            try extend(more, change)
            return true
        case .checkpoint(let head):
            try raise(head, change)
            return true
        case .fork(let key, let bound, let proof):
            freezeLog.bind(1, key)
            freezeLog.bind(2, Int64(clamping: bound) + 1)
            freezeLog.bind(3, Int64(clamping: change))
            try freezeLog.run()
            addForkProof.bind(1, key)
            addForkProof.bind(2, proof)
            try addForkProof.run()
            return true
        case .dropBody(let key, let index): try dropBody(key, index)
        case .replace(let key, let index, let entry): try replace(key, index, entry)
        case .recount(let key): try counts.recount(key)
        case .setting(let name, let value): try set(name, value)
        case .resume(let mark):
            setResume.bind(1, mark.peer)
            setResume.bind(2, Int64(bitPattern: mark.store))
            setResume.bind(3, Int64(clamping: mark.change))
            try setResume.run()
        case .newest(let key, let batch): try keep(key, batch)
        }
        return false
    }

    private func keep(_ key: LogKey, _ newest: Batch?) throws(StoreError) {
        guard let newest else {
            dropNewest.bind(1, key)
            return try dropNewest.run()
        }
        var encoder = CBOREncoder()
        newest.encode(into: &encoder)
        setNewest.bind(1, key)
        setNewest.bind(2, encoder.bytes)
        try setNewest.run()
    }

    private func set(_ name: String, _ value: [UInt8]?) throws(StoreError) {
        guard let value else {
            dropSetting.bind(1, name)
            return try dropSetting.run()
        }
        setSetting.bind(1, name)
        setSetting.bind(2, value)
        try setSetting.run()
    }
}

// MARK: - Logs

extension WriteStatements {
    /// What the store holds of a log now, read inside the transaction.
    private struct Stored {
        var number: Int64
        var size: UInt64
        var checkpointSize: UInt64
        var root: Hash
        /// See `LogHead.forkedAt`.
        var forkedAt: UInt64?
    }

    private func find(_ key: LogKey) throws(StoreError) -> Stored? {
        findLog.bind(1, key)
        defer { findLog.reset() }
        guard try findLog.step() else { return nil }
        guard let root = findLog.bytes32(3), let size = UInt64(exactly: findLog.int(1)),
            let checkpointSize = UInt64(exactly: findLog.int(2))
        else { throw .corrupt(what: "its head does not decode", place: .log(key)) }
        return Stored(
            number: findLog.int(0), size: size, checkpointSize: checkpointSize, root: root,
            forkedAt: HeadRow.forkedAt(findLog.int(4)))
    }

    /// Invariant 1: a write that does not continue the stored head is refused with its whole
    /// commit.
    private func fit(_ head: LogHead, from: UInt64, on stored: Stored?) throws(StoreError) {
        func refuse(_ why: String) -> StoreError { .conflict(head.key, why) }
        let size = stored?.size ?? 0
        guard from == size else { throw refuse("entries from \(from), but \(size) are held") }
        guard head.checkpoint.log == head.key, head.size >= 1, head.size <= LogLimits.size,
            head.checkpoint.size >= head.size, head.checkpoint.size <= LogLimits.size
        else { throw refuse("the head is not one of this log") }
        guard let stored else { return }
        if let bound = stored.forkedAt {
            // Either history leads to what is common.
            guard head.size <= bound else { throw refuse("the log has forked at \(bound)") }
            return
        }
        guard head.checkpoint.size >= stored.checkpointSize else {
            throw refuse(
                "checkpoint \(head.checkpoint.size) is below \(stored.checkpointSize)")
        }
        guard head.checkpoint.size > stored.checkpointSize || head.checkpoint.root == stored.root
        else { throw refuse("another root at size \(stored.checkpointSize)") }
    }

    private func raise(_ head: LogHead, _ change: UInt64) throws(StoreError) {
        guard let stored = try find(head.key) else {
            throw .conflict(head.key, "a checkpoint of a log that is not held")
        }
        try fit(head, from: head.size, on: stored)
        _ = try write(head, stored.number, change, bytes: 0)
    }

    private func extend(_ more: Extension, _ change: UInt64) throws(StoreError) {
        let key = more.head.key
        let stored = try find(key)
        try fit(more.head, from: more.from, on: stored)
        guard more.entries.count == more.leaves.count,
            more.head.size - more.from == UInt64(more.entries.count)
        else { throw .conflict(key, "entries, leaves and head do not go together") }
        let bytes = more.entries.reduce(0) { $0 + $1.keptBytes }
        let number = try write(more.head, stored?.number, change, bytes: bytes)
        try insert(more, number)
        try mark(more, number)
        try nameMedia(more, number)
        for node in more.nodes {
            let (level, index) = (node.position.level, node.position.index)
            guard Extension.StoredNode.isStored(level: level), level < 32,
                index < more.head.size >> UInt64(level)
            else { throw .conflict(key, "a node outside the tree") }
            addNode.bind(1, number)
            addNode.bind(2, Int64(level))
            addNode.bind(3, Int64(index))
            addNode.bind(4, node.hash)
            try addNode.run()
        }
    }

    /// Lists the entries that are not posts.
    private func mark(_ more: Extension, _ number: Int64) throws(StoreError) {
        for (offset, entry) in more.entries.enumerated() where StoreMark.isMarked(entry) {
            addMark.bind(1, number)
            addMark.bind(2, Int64(more.from) + Int64(offset))
            try addMark.run()
        }
    }

    /// Lists the blobs that entries name.
    private func nameMedia(_ more: Extension, _ number: Int64) throws(StoreError) {
        for (offset, entry) in more.entries.enumerated() {
            for blob in NamedBlobs.of(entry) {
                addMedia.bind(1, number)
                addMedia.bind(2, Int64(more.from) + Int64(offset))
                addMedia.bind(3, blob.root)
                addMedia.bind(4, Int64(clamping: blob.size))
                addMedia.bind(5, Int64(clamping: entry.time.milliseconds))
                try addMedia.run()
            }
        }
    }

    /// Writes the head's row; a new log gets the next number.
    private func write(
        _ head: LogHead, _ number: Int64?, _ change: UInt64, bytes: Int64
    ) throws(StoreError) -> Int64 {
        if let number {
            bind(head, change, bytes, updateLog)
            updateLog.bind(9, number)
            try updateLog.run()
            return number
        }
        bind(head, change, bytes, addLog)
        addLog.bind(9, head.key)
        try addLog.run()
        guard database.lastRow > 0, database.lastRow < RowID.logs else {
            throw .conflict(head.key, "the store holds as many logs as it can")
        }
        return database.lastRow
    }

    private func bind(
        _ head: LogHead, _ change: UInt64, _ bytes: Int64, _ statement: borrowing Statement
    ) {
        statement.bind(1, Int64(head.size))
        statement.bind(2, head.frontier.hashes.flatMap(\.array))
        statement.bind(3, Int64(head.checkpoint.size))
        statement.bind(4, head.checkpoint.root)
        statement.bind(5, head.checkpoint.signature.array)
        statement.bind(6, head.tail.flatMap(\.array))
        statement.bind(7, Int64(clamping: change))
        statement.bind(8, bytes)
    }
}

// MARK: - Entries

extension WriteStatements {
    /// The hot loop of bulk work: nothing is allocated or copied for a row; SQLite reads each body
    /// where it stands.
    private func insert(_ more: Extension, _ number: Int64) throws(StoreError) {
        let first = RowID.of(log: number, index: more.from)
        defer { addEntry.clearBindings() }
        try unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) {
            leaf throws(StoreError) in
            guard let base = leaf.baseAddress else { throw .misuse("no room for a hash") }
            unsafe addEntry.bindStatic(3, UnsafeRawBufferPointer(leaf))
            for i in more.entries.indices {
                unsafe more.leaves[i].store(to: base)
                try insert(more.entries[i], id: first + Int64(i))
            }
        }
    }

    private func insert(_ entry: Entry, id: Int64) throws(StoreError) {
        guard let time = Int64(exactly: entry.time.milliseconds) else {
            throw .misuse("a time that no header holds")
        }
        addEntry.bind(1, id)
        addEntry.bind(2, time)
        switch entry.body {
        case .present(let body): try run(addEntry, body: body)
        case .absent(let length, let hash):
            addEntry.bindNull(4)
            addEntry.bind(5, Stub.encode(length: length, hash: hash))
            try addEntry.run()
            addEntry.bindNull(5)
        }
    }

    /// Runs the statement with the body bound where it stands.
    private func run(_ statement: borrowing Statement, body: [UInt8]) throws(StoreError) {
        try unsafe body.span.bytes.withUnsafeBytes { buffer throws(StoreError) in
            unsafe statement.bindStatic(4, buffer)
            try statement.run()
        }
    }

    /// The row of an entry that is held.
    private func held(_ key: LogKey, _ index: UInt64) throws(StoreError) -> (Int64, UInt64) {
        guard let stored = try find(key), index < stored.size else {
            throw .conflict(key, "entry \(index) is not held")
        }
        return (RowID.of(log: stored.number, index: index), index)
    }

    private func dropBody(_ key: LogKey, _ index: UInt64) throws(StoreError) {
        let place = try held(key, index)
        readBody.bind(1, place.0)
        let row = try readBody.step()
        let entry = row ? EntryRow.decode(readBody, from: 0) : nil
        let leaf = row ? readBody.bytes32(1) : nil
        readBody.reset()
        guard let entry else {
            throw .corrupt(what: "the row does not decode", place: .entry(key, index: index))
        }
        guard case .present = entry.body else { return }
        let header = EntryHeader(log: key, index: index, entry: entry)
        guard header.leafHash == leaf else {
            throw .corrupt(
                what: "the body is not the one written", place: .entry(key, index: index))
        }
        let stub = Entry(
            time: entry.time,
            body: .absent(length: UInt32(header.bodyLength), hash: header.bodyHash))
        try put(stub, with: writeEntry, log: key, at: place)
        try counts.add(-Int64(header.bodyLength), to: key)
    }

    private func replace(_ key: LogKey, _ index: UInt64, _ entry: Entry) throws(StoreError) {
        let place = try held(key, index)
        readBody.bind(1, place.0)
        let before = try readBody.step() ? EntryRow.decode(readBody, from: 0)?.keptBytes ?? 0 : 0
        readBody.reset()
        try put(entry, with: writeEntry, log: key, at: place)
        try counts.add(entry.keptBytes - before, to: key)
    }

    private func put(
        _ entry: Entry, with statement: borrowing Statement, log: LogKey, at place: (Int64, UInt64)
    ) throws(StoreError) {
        let header = EntryHeader(log: log, index: place.1, entry: entry)
        statement.bind(1, place.0)
        statement.bind(2, Int64(clamping: entry.time.milliseconds))
        statement.bind(3, header.leafHash)
        statement.bindNull(4)
        statement.bindNull(5)
        switch entry.body {
        case .present(let body): statement.bind(4, body)
        case .absent(let length, let hash):
            statement.bind(5, Stub.encode(length: length, hash: hash))
        }
        try statement.run()
    }
}
