import Crypto
package import MerkleLog
import Primitives
package import Store

extension Square {
    /// A hash of everything in the feed, whatever the store's numbers of logs: two feeds of one
    /// store have the same, however each came to be. What is left of rows that are gone is not
    /// found, and does not count.
    package func digest() throws(StoreError) -> Hash {
        var sum = Hash.zero
        func fold(_ parts: [String]) {
            sum = SHA256.hash(sum.array + Array(parts.joined(separator: "\u{0}").utf8))
        }
        try feed.rows(
            """
            SELECT id, log, idx, ref, kind, flags, parent, root, target, word FROM acts ORDER BY id
            """
        ) {
            (row) throws(StoreError) in
            let log = try self.log(row.int(1)).map { DIDKey.encode($0) } ?? ""
            fold([log] + (0..<10).filter { $0 != 1 }.map { row.text(Int32($0)) ?? "" })
        }
        try feed.rows(
            """
            SELECT tag, id FROM tags WHERE id IN (SELECT id FROM acts) ORDER BY tag, id
            """
        ) { (row) throws(StoreError) in
            fold([row.text(0) ?? "", row.text(1) ?? ""])
        }
        try feed.rows(
            """
            SELECT account, id FROM about WHERE id IN (SELECT id FROM acts) ORDER BY account, id
            """
        ) { (row) throws(StoreError) in
            fold([row.text(0) ?? "", row.text(1) ?? ""])
        }
        try feed.prepareWordList()
        try feed.rows(
            """
            SELECT doc, term, offset FROM temp.word_list WHERE doc IN (SELECT id FROM acts)
                ORDER BY doc, offset, term
            """
        ) { (row) throws(StoreError) in
            fold((0..<3).map { row.text(Int32($0)) ?? "" })
        }
        return sum
    }
}

extension FeedReader {
    /// Hands out every row of a query of this program's own.
    func rows(
        _ sql: String, _ body: (borrowing Store.Statement) throws(StoreError) -> Void
    ) throws(StoreError) {
        let statement = try Store.Statement(database, sql)
        while try statement.step() { try body(statement) }
    }

    /// A table, of this connection alone, of which word stands where.
    func prepareWordList() throws(StoreError) {
        try database.run(
            """
            CREATE VIRTUAL TABLE IF NOT EXISTS temp.word_list
                USING fts5vocab('main', 'words', 'instance')
            """)
    }
}
