/// A reader's prepared statements.
struct ReadStatements: ~Copyable {
    let head: Statement
    let headsAfter: Statement
    let count: Statement
    let totalSize: Statement
    let place: Statement
    let entries: Statement
    let leaves: Statement
    let nodes: Statement
    let setting: Statement
    let forkProofs: Statement
    let forkProof: Statement
    let marks: Statement
    let marksOfLog: Statement
    let countedSize: Statement
    let markCount: Statement
    let changes: Statement
    let resumes: Statement
    let newest: Statement
    let allNewest: Statement

    /// Prepared as locals first: a value that owns its parts cannot be half made.
    init(_ database: Database) throws(StoreError) {
        let columns = HeadRow.columns
        let head = try Statement(database, "SELECT \(columns) FROM logs WHERE key = ?1")
        let headsAfter = try Statement(
            database, "SELECT \(columns) FROM logs WHERE number > ?1 ORDER BY number LIMIT ?2")
        let count = try Statement(database, "SELECT count(*) FROM logs")
        let totalSize = try Statement(database, "SELECT coalesce(sum(size), 0) FROM logs")
        let place = try Statement(database, "SELECT number, size, frozen FROM logs WHERE key = ?1")
        let entries = try Statement(
            database,
            "SELECT id, time, leaf, body, stub FROM entries WHERE id >= ?1 AND id < ?2 ORDER BY id")
        let leaves = try Statement(
            database, "SELECT id, leaf FROM entries WHERE id >= ?1 AND id < ?2 ORDER BY id")
        let nodes = try Statement(
            database,
            """
            SELECT idx, hash FROM nodes WHERE log = ?1 AND level = ?2 AND idx >= ?3 AND idx < ?4
            ORDER BY idx
            """)
        let setting = try Statement(database, "SELECT value FROM settings WHERE name = ?1")
        let forkProofs = try Statement(database, "SELECT key, proof FROM fork_proofs ORDER BY key")
        let forkProof = try Statement(database, "SELECT proof FROM fork_proofs WHERE key = ?1")
        let markCount = try Statement(
            database,
            """
            SELECT count(*) FROM marks JOIN logs ON logs.number = marks.log
            WHERE frozen = 0 OR idx < frozen - 1
            """)
        let marksOfLog = try Statement(
            database,
            """
            SELECT key, idx FROM marks JOIN logs ON number = log WHERE key = ?1 ORDER BY idx
            """)
        let countedSize = try Statement(
            database,
            """
            SELECT coalesce(sum(CASE frozen WHEN 0 THEN size ELSE min(size, frozen - 1) END), 0)
            FROM logs
            """)
        let changes = try Statement(database, "SELECT key, changed FROM logs")
        let resumes = try Statement(
            database, "SELECT peer, store, change FROM resumes ORDER BY rowid")
        let newest = try Statement(database, "SELECT key, batch FROM newest WHERE key = ?1")
        let allNewest = try Statement(database, "SELECT key, batch FROM newest ORDER BY rowid")
        let marks = try Statement(
            database,
            """
            SELECT key, idx FROM marks JOIN logs ON logs.number = marks.log
            ORDER BY marks.log, idx
            """)
        self.head = head
        self.headsAfter = headsAfter
        self.count = count
        self.totalSize = totalSize
        self.place = place
        self.entries = entries
        self.leaves = leaves
        self.nodes = nodes
        self.setting = setting
        self.forkProofs = forkProofs
        self.forkProof = forkProof
        self.marks = marks
        self.marksOfLog = marksOfLog
        self.countedSize = countedSize
        self.markCount = markCount
        self.changes = changes
        self.resumes = resumes
        self.newest = newest
        self.allNewest = allNewest
    }
}
