package import MerkleLog
import Primitives

extension StoreReader {
    /// Verifies everything that the store holds: each body against its header, each header against
    /// its leaf, the leaves against stored nodes, frontier and signed root, the signature by
    /// `verify`, and the file by SQLite's own check. Damage is reported, never thrown;
    /// `.interrupted` ends it.
    ///
    /// `progress` gets the report so far and the entries that there are in all.
    package func check(
        verify: (Checkpoint) -> Bool = { $0.isVerified },
        progress: (CheckReport, UInt64) -> Void = { _, _ in }
    ) throws(StoreError) -> CheckReport {
        var checker = try StoreChecker(self)
        try checker.run(verify, progress)
        return checker.report
    }

    /// SQLite's fast look over every page; empty when all is well. `interrupt` cancels it.
    package func quickCheck() throws(StoreError) -> [String] {
        do {
            return try database.complaints("PRAGMA quick_check(100)")
        } catch {
            if error == .interrupted { throw error }
            return ["\(error)"]
        }
    }
}

extension Database {
    /// What one of SQLite's checks says; empty for "ok".
    func complaints(_ pragma: String) throws(StoreError) -> [String] {
        let statement = try Statement(self, pragma)
        var out: [String] = []
        while try statement.step() { out.append(statement.text(0) ?? "damage without a text") }
        return out == ["ok"] ? [] : out
    }
}

/// One walk over the whole store.
private struct StoreChecker: ~Copyable {
    var report = CheckReport()
    private let reader: StoreReader
    private let logNumbers: Statement
    private let head: Statement
    private let extraEntries: Statement
    private let nodeCount: Statement
    private let byteCount: Statement

    /// Entries read at once: those of one stored node.
    private static let chunk: UInt64 = 256

    init(_ reader: StoreReader) throws(StoreError) {
        let database = reader.database
        let logNumbers = try Statement(
            database, "SELECT number FROM logs WHERE number > ?1 ORDER BY number LIMIT 1")
        let head = try Statement(
            database, "SELECT \(HeadRow.columns) FROM logs WHERE number = ?1")
        let extraEntries = try Statement(
            database, "SELECT count(*) FROM entries WHERE id >= ?1 AND id < ?2")
        let nodeCount = try Statement(database, "SELECT count(*) FROM nodes WHERE log = ?1")
        let byteCount = try Statement(database, "SELECT bytes FROM logs WHERE number = ?1")
        self.byteCount = byteCount
        self.reader = reader
        self.logNumbers = logNumbers
        self.head = head
        self.extraEntries = extraEntries
        self.nodeCount = nodeCount
    }

    mutating func run(
        _ verify: (Checkpoint) -> Bool, _ progress: (CheckReport, UInt64) -> Void
    ) throws(StoreError) {
        var total: UInt64 = 0
        try tolerate(.file) { checker throws(StoreError) in
            total = try checker.reader.entryCount()
        }
        var number: Int64 = 0
        while let next = try nextLog(after: number) {
            if next != number + 1 { report.add("log number \(number + 1) is missing", .file) }
            number = next
            try log(number, verify) { progress($0, total) }
        }
        try tolerate(.file) { checker throws(StoreError) in
            let strays =
                try checker.count(checker.extraEntries, .min, RowID.of(log: 1, index: 0))
                + checker.count(checker.extraEntries, RowID.of(log: number + 1, index: 0), .max)
            if strays > 0 { checker.report.add("\(strays) entries of no log", .file) }
        }
        try tolerate(.file) { checker throws(StoreError) in
            var damaged: [LogKey] = []
            for batch in try checker.reader.newestBatches(report: { damaged.append($0) })
            where !verify(batch.checkpoint) {
                damaged.append(batch.log)
            }
            for log in damaged {
                checker.report.add("the newest entries, kept beside it, are damaged", .log(log))
            }
        }
        try tolerate(.file) { checker throws(StoreError) in
            let pragma = "PRAGMA integrity_check(\(CheckReport.kept))"
            for what in try checker.reader.database.complaints(pragma) {
                checker.report.add(what, .file)
            }
        }
        progress(report, total)
    }

    /// Runs one part of the check; what goes wrong in it is damage, except a cancellation.
    private mutating func tolerate(
        _ place: StoreError.Place,
        _ part: (inout StoreChecker) throws(StoreError) -> Void
    ) throws(StoreError) {
        do { try part(&self) } catch {
            if error == .interrupted { throw error }
            report.add(error, place)
        }
    }

    private mutating func nextLog(after number: Int64) throws(StoreError) -> Int64? {
        var next: Int64?
        try tolerate(.file) { checker throws(StoreError) in
            checker.logNumbers.bind(1, number)
            defer { checker.logNumbers.reset() }
            next = try checker.logNumbers.step() ? checker.logNumbers.int(0) : nil
        }
        guard let next, next < RowID.logs else { return nil }
        // A damaged tree can lead back: then there is no way on.
        guard next > number else {
            report.add("the table of logs is out of order", .file)
            return nil
        }
        return next
    }

    private func count(
        _ statement: borrowing Statement, _ low: Int64, _ high: Int64
    ) throws(StoreError) -> Int64 {
        statement.bind(1, low)
        statement.bind(2, high)
        defer { statement.reset() }
        return try statement.step() ? statement.int(0) : 0
    }
}

// MARK: - One log

extension StoreChecker {
    /// What is known of the log at hand.
    private struct Row {
        var number: Int64
        var key: LogKey
        var size: UInt64
        var head: LogHead?
    }

    /// Checks one log as it stands at one moment: a writer may go on meanwhile.
    private mutating func log(
        _ number: Int64, _ verify: (Checkpoint) -> Bool, _ progress: (CheckReport) -> Void
    ) throws(StoreError) {
        report.logs += 1
        try tolerate(.file) { checker throws(StoreError) in
            try checker.reader.database.run("BEGIN")
        }
        defer { try? reader.database.run("COMMIT") }
        guard let row = try headRow(number) else { return }
        if let head = row.head, !verify(head.checkpoint) {
            report.add("the checkpoint's signature does not verify", .log(row.key))
        }
        let (bytes, damage) = (report.bytes, report.damageCount)
        let (frontier, nodes) = try walk(row, progress)
        if report.damageCount == damage { try compareCount(row, report.bytes - bytes) }
        guard let frontier else { return }
        if let head = row.head, head.frontier != frontier {
            report.add("the frontier is not that of the entries", .log(row.key))
        }
        try tolerate(.log(row.key)) { checker throws(StoreError) in
            let first = RowID.of(log: number, index: 0)
            let end = RowID.of(log: number, index: row.size)
            if try checker.count(checker.extraEntries, end, first + (1 << 32)) > 0 {
                checker.report.add("entries behind the log's end", .log(row.key))
            }
            checker.nodeCount.bind(1, number)
            defer { checker.nodeCount.reset() }
            guard try checker.nodeCount.step(), checker.nodeCount.int(0) == nodes else {
                return checker.report.add("stored nodes of no subtree", .log(row.key))
            }
        }
    }

    /// What the log's bodies take, beside what was counted as they came.
    private mutating func compareCount(_ row: Row, _ bytes: UInt64) throws(StoreError) {
        try tolerate(.log(row.key)) { checker throws(StoreError) in
            checker.byteCount.bind(1, row.number)
            defer { checker.byteCount.reset() }
            guard try checker.byteCount.step(), checker.byteCount.int(0) != Int64(clamping: bytes),
                checker.report.miscounted.count < CheckReport.kept
            else { return }
            checker.report.miscounted.append(row.key)
        }
    }

    private mutating func headRow(_ number: Int64) throws(StoreError) -> Row? {
        var row: Row?
        try tolerate(.file) { checker throws(StoreError) in
            checker.head.bind(1, number)
            defer { checker.head.reset() }
            guard try checker.head.step(), let key = checker.head.bytes32(1) else {
                return checker.report.add("log number \(number) has no key", .file)
            }
            guard let size = UInt64(exactly: checker.head.int(2)), size <= LogLimits.size else {
                return checker.report.add("the size is none", .log(key))
            }
            row = Row(number: number, key: key, size: size)
            row?.head = try HeadRow.decode(checker.head)
        }
        return row
    }

    /// Reads all entries in order. Gives the frontier, nil when a leaf could not be read, and how
    /// many nodes belong to the log.
    private mutating func walk(
        _ row: Row, _ progress: (CheckReport) -> Void
    ) throws(StoreError) -> (Frontier?, nodes: Int64) {
        var frontier: Frontier? = Frontier()
        var nodes: Int64 = 0
        var index: UInt64 = 0
        while index < row.size {
            let end = min(index + Self.chunk, row.size)
            var completed: [Extension.StoredNode] = []
            var isEmpty = true
            for found in try chunk(row, index..<end) {
                if let leaf = count(found, row.key) {
                    isEmpty = false
                    frontier?.append(leaf, storing: &completed)
                } else {
                    frontier = nil
                }
            }
            // Where the head is damaged too, its size says nothing: the walk ends with the entries.
            if isEmpty && row.head == nil { return (nil, nodes) }
            for node in completed { try compare(node, row) }
            nodes += Int64(completed.count)
            index = end
            if index & 0x3fff == 0 { progress(report) }
        }
        return (frontier, nodes)
    }

    private mutating func compare(
        _ node: Extension.StoredNode, _ row: Row
    ) throws(StoreError) {
        let position = node.position
        let place = StoreError.Place.entry(row.key, index: position.index << UInt64(position.level))
        try tolerate(place) { checker throws(StoreError) in
            let stored = try checker.reader.storedNodes(
                row.key, row.number, level: UInt64(position.level),
                position.index..<position.index + 1)
            if stored != [node.hash] {
                checker.report.add("the stored node of level \(position.level) differs", place)
            }
        }
    }
}

// MARK: - Entries

extension StoreChecker {
    /// What the row of one entry holds.
    private struct Found {
        var index: UInt64
        var leaf: Hash?
        var entry: Entry?
        var problem: StoreError?
    }

    /// The entries of a range, each with what is wrong with it. When a page cannot be read, each
    /// row is asked for alone, so that the report says which.
    private func chunk(_ row: Row, _ range: Range<UInt64>) throws(StoreError) -> [Found] {
        do { return try scan(row, range) } catch {
            if error == .interrupted { throw error }
        }
        var out: [Found] = []
        for index in range {
            do { out += try scan(row, index..<index + 1) } catch {
                if error == .interrupted { throw error }
                out.append(Found(index: index, problem: error))
            }
        }
        return out
    }

    private func scan(_ row: Row, _ range: Range<UInt64>) throws(StoreError) -> [Found] {
        let missing = StoreError.corrupt(what: "the entry is missing", place: .file)
        var out = range.map { Found(index: $0, problem: missing) }
        reader.statements.entries.bind(1, RowID.of(log: row.number, index: range.lowerBound))
        reader.statements.entries.bind(2, RowID.of(log: row.number, index: range.upperBound))
        defer { reader.statements.entries.reset() }
        while try reader.statements.entries.step() {
            let index = RowID.index(reader.statements.entries.int(0))
            guard range.contains(index) else { continue }
            let at = Int(index - range.lowerBound)
            out[at] = Found(index: index, leaf: reader.statements.entries.bytes32(2))
            do {
                out[at].entry = try EntryRow.verified(
                    reader.statements.entries, from: 1, log: row.key, index: index
                ).0
            } catch {
                out[at].problem = error
            }
        }
        return out
    }

    /// Counts an entry and reports its damage; gives its leaf when there is one.
    private mutating func count(_ found: Found, _ key: LogKey) -> Hash? {
        report.entries += 1
        if let problem = found.problem { report.add(problem, .entry(key, index: found.index)) }
        switch found.entry?.body {
        case .present(let bytes): report.bytes += UInt64(bytes.count)
        case .absent: report.bodiesAbsent += 1
        case nil: break
        }
        return found.leaf
    }
}
