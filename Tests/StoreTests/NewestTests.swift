import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Store

/// The newest entries of a log, kept beside it.
struct NewestTests {
    private static func newest(_ author: Author, _ from: Int) throws -> Batch {
        var frontier = Frontier()
        for leaf in author.leaves[..<from] { frontier.append(leaf) }
        let head = try #require(author.head)
        return Batch(
            log: author.log, frontier: frontier, entries: Array(author.entries[from...]),
            checkpoint: head.checkpoint, tail: [])
    }

    @Test func whatIsKeptComesBack() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var authors = [Author(1), Author(2)]
        let first = authors[0].post(3)
        _ = authors[0].post(90)
        _ = authors[1].post(40)
        let one = try Self.newest(authors[0], 80)
        try writer.commit([
            .extend(first), .newest(authors[0].log, try Self.newest(authors[0], 70)),
        ])
        try writer.commit([.newest(authors[0].log, one)])
        try writer.commit([.newest(authors[1].log, try Self.newest(authors[1], 9))])
        let reader = try StoreReader(directory: scratch.store)
        #expect(try reader.newestBatch(of: authors[0].log) == one)
        #expect(try reader.newestBatches().map(\.log) == authors.map(\.log))
        // They are no part of the log.
        #expect(try reader.head(of: authors[0].log)?.size == 3 && reader.check().isClean)
        try writer.commit([.newest(authors[0].log, nil)])
        #expect(try reader.newestBatch(of: authors[0].log) == nil)
        #expect(try reader.newestBatches().count == 1)
    }

    /// What the disk changed is never shown: every bit of the row, one after the other.
    @Test func damageIsNotShown() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var author = Author(3)
        try writer.commit([.extend(author.post(2))])
        _ = author.post(20)
        let batch = try Self.newest(author, 19)
        try writer.commit([.newest(author.log, batch)])
        let reader = try StoreReader(directory: scratch.store)
        let bytes = try #require(try writer.database.number("SELECT length(batch) FROM newest"))
        var shown = 0
        for at in 1...bytes {
            // Another byte there, the rest as it was.
            try writer.database.run(
                """
                UPDATE newest SET batch = CAST(substr(batch, 1, \(at - 1)) || CASE
                    WHEN substr(batch, \(at), 1) = x'5a' THEN x'a5' ELSE x'5a' END
                    || substr(batch, \(at + 1)) AS BLOB)
                """)
            // The signature was checked when it came, and is checked again by `check`.
            if try reader.newestBatch(of: author.log) != nil { shown += 1 }
            #expect(try !reader.check().isClean, "byte \(at)")
            try writer.commit([.newest(author.log, batch)])
        }
        #expect(shown <= 64)
    }
}
