import Crypto
import Foundation
import MerkleLog
import Primitives
import Testing

@testable import Store

/// Invariant 5: what does not verify is reported, never served, and never a crash (THREATS row 23).
@Suite struct DamageTests {
    /// A store of two logs, closed; with stored nodes, a dropped body and a checkpoint further on.
    private func make(_ scratch: Scratch) throws -> [Author] {
        let writer = try StoreWriter(directory: scratch.store)
        var a = Author(1)
        var b = Author(2)
        try writer.commit([.extend(a.post(600, bytes: 120)), .extend(b.post(20, bytes: 2_000))])
        return [a, b]
    }

    private struct Case: CustomStringConvertible {
        var sql: String
        /// What the report has to name: nil for the log as a whole.
        var index: UInt64?
        var description: String { sql }

        init(_ sql: String, at index: UInt64? = nil) {
            self.sql = sql
            self.index = index
        }
    }

    private static let row = Int64(1) << 32 | 300

    private static let cases = [
        Case("UPDATE entries SET body = zeroblob(120) WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET body = zeroblob(0) WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET body = NULL WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET body = 'text' WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET body = 5 WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET body = NULL, stub = zeroblob(36) WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET body = NULL, stub = zeroblob(35) WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET time = time + 1 WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET time = -1 WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET time = 'x' WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET leaf = zeroblob(32) WHERE id = \(row)", at: 300),
        Case("UPDATE entries SET leaf = zeroblob(31) WHERE id = \(row)", at: 300),
        Case("DELETE FROM entries WHERE id = \(row)", at: 300),
        Case("UPDATE nodes SET hash = zeroblob(32) WHERE log = 1 AND idx = 1", at: 256),
        Case("UPDATE nodes SET hash = zeroblob(3) WHERE log = 1 AND idx = 1", at: 256),
        Case("DELETE FROM nodes WHERE log = 1 AND idx = 0", at: 0),
        Case("INSERT INTO nodes VALUES(1, 8, 2, zeroblob(32))"),
        Case("INSERT INTO entries VALUES(\(row + 300), 0, zeroblob(32), zeroblob(20), NULL)"),
        Case("INSERT INTO entries VALUES(\(row << 1), 0, zeroblob(32), zeroblob(20), NULL)"),
        Case("INSERT INTO entries VALUES(-5, 0, zeroblob(32), zeroblob(20), NULL)"),
        Case("UPDATE logs SET size = 599 WHERE number = 1"),
        Case("UPDATE logs SET size = -1 WHERE number = 1"),
        Case("UPDATE logs SET size = 1 << 40 WHERE number = 1"),
        Case("UPDATE logs SET frontier = zeroblob(128) WHERE number = 1"),
        Case("UPDATE logs SET frontier = zeroblob(127) WHERE number = 1"),
        Case("UPDATE logs SET frontier = zeroblob(0) WHERE number = 1"),
        Case("UPDATE logs SET cp_size = 601 WHERE number = 1"),
        Case("UPDATE logs SET cp_size = 9223372036854775807 WHERE number = 1"),
        Case("UPDATE logs SET cp_size = 0 WHERE number = 1"),
        Case("UPDATE logs SET cp_root = zeroblob(32) WHERE number = 1"),
        Case("UPDATE logs SET cp_signature = zeroblob(64) WHERE number = 1"),
        Case("UPDATE logs SET cp_signature = zeroblob(63) WHERE number = 1"),
        Case("UPDATE logs SET tail = zeroblob(32) WHERE number = 1"),
        Case("UPDATE logs SET tail = zeroblob(3200000) WHERE number = 1"),
        Case("UPDATE logs SET key = zeroblob(32) WHERE number = 1"),
        Case("UPDATE logs SET key = zeroblob(1) WHERE number = 1"),
        Case("UPDATE logs SET number = 7 WHERE number = 1"),
        Case("DELETE FROM logs WHERE number = 1"),
    ]

    @Test func damagedRowsAreReportedWithTheirPlace() throws {
        let scratch = try Scratch()
        let authors = try make(scratch)
        for damaged in Self.cases {
            let image = try scratch.image()
            try alter(image, damaged.sql)
            let reader = try StoreReader(directory: image)
            let report = try reader.check()
            #expect(!report.isClean, "\(damaged)")
            if let index = damaged.index {
                let place = StoreError.Place.entry(authors[0].log, index: index)
                #expect(
                    report.damage.contains { $0.place == place }, "\(damaged): \(report.damage)")
                if damaged.sql.contains("entries") {
                    #expect(throws: StoreError.self, "\(damaged)") {
                        try reader.entry(of: authors[0].log, at: index)
                    }
                }
            }
            expectOnlyTruth(image, authors, "\(damaged)")
        }
        print("\(Self.cases.count) kinds of damaged rows reported")
    }

    /// What a reader gives out of this image is what was written, or an error.
    private func expectOnlyTruth(_ image: String, _ authors: [Author], _ comment: Comment) {
        guard let reader = try? StoreReader(directory: image) else { return }
        for author in authors {
            if let head = try? reader.head(of: author.log) {
                #expect(head.frontier == author.frontier, comment)
                #expect(head.checkpoint.root == author.frontier.root, comment)
            }
            for index in stride(from: 0, to: author.entries.count, by: 1) {
                if let entry = try? reader.entry(of: author.log, at: UInt64(index)) {
                    #expect(entry == author.entries[index], comment)
                }
            }
            if let all = try? reader.entries(of: author.log, from: 0, limit: .max), !all.isEmpty {
                #expect(all.elementsEqual(author.entries.prefix(all.count)), comment)
            }
        }
    }

    @Test func flippedBytesAnywhereInTheFile() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("flippedBytesAnywhereInTheFile seed \(seed)")
        var random = SeededRandom(seed: seed)
        let scratch = try Scratch()
        let authors = try make(scratch)
        let original = try Data(contentsOf: URL(fileURLWithPath: scratch.store + "/store.sqlite"))
        var outcomes = (refused: 0, reported: 0, harmless: 0)
        for round in 0..<150 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                // Half of them in the pages' heads, where they do the most harm.
                var at = Int.random(in: 0..<bytes.count, using: &random)
                if round % 2 == 0 { at = at / 4_096 * 4_096 + at % 100 }
                if at < bytes.count { bytes[at] ^= UInt8.random(in: 1...255, using: &random) }
            }
            let image = try scratch.image()
            try bytes.write(to: URL(fileURLWithPath: image + "/store.sqlite"))
            outcomes = try judge(image, authors, outcomes, "seed \(seed) round \(round)")
        }
        print("flipped bytes: \(outcomes)")
    }

    private func judge(
        _ image: String, _ authors: [Author],
        _ before: (refused: Int, reported: Int, harmless: Int),
        _ comment: Comment
    ) throws -> (refused: Int, reported: Int, harmless: Int) {
        var outcomes = before
        expectOnlyTruth(image, authors, comment)
        guard let report = try? StoreReader(directory: image).check() else {
            outcomes.refused += 1
            return outcomes
        }
        guard report.isClean else {
            outcomes.reported += 1
            return outcomes
        }
        outcomes.harmless += 1
        let reader = try StoreReader(directory: image)
        for author in authors {
            #expect(try reader.head(of: author.log) == author.head, comment)
            #expect(try reader.all(author.log) == author.entries, comment)
        }
        return outcomes
    }

    /// Writing to a damaged store gives an error or goes on; it never crashes or spoils other logs.
    @Test func writingBesideDamage() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("writingBesideDamage seed \(seed)")
        var random = SeededRandom(seed: seed)
        let scratch = try Scratch()
        let authors = try make(scratch)
        let original = try Data(contentsOf: URL(fileURLWithPath: scratch.store + "/store.sqlite"))
        var thrown = 0
        for _ in 0..<60 {
            var bytes = original
            let at = Int.random(in: 0..<bytes.count, using: &random)
            for i in at..<min(at + 40, bytes.count) { bytes[i] ^= 0xa5 }
            let image = try scratch.image()
            try bytes.write(to: URL(fileURLWithPath: image + "/store.sqlite"))
            guard let writer = try? StoreWriter(directory: image) else {
                thrown += 1
                continue
            }
            var more = authors
            for i in more.indices {
                do {
                    try writer.commit([.extend(more[i].post(10)), .dropBody(more[i].log, index: 3)])
                } catch {
                    thrown += 1
                }
            }
            _ = try? StoreReader(directory: image).check()
        }
        print("writing beside damage: \(thrown) errors")
    }

    @Test func oneDamagedHeadDoesNotHideTheOthers() throws {
        let scratch = try Scratch()
        let authors = try make(scratch)
        try alter(scratch.store, "UPDATE logs SET cp_root = zeroblob(32) WHERE number = 1")
        let reader = try StoreReader(directory: scratch.store)
        #expect(throws: StoreError.self) { try reader.heads() }
        var damage: [StoreError] = []
        #expect(try reader.heads { damage.append($0) } == [authors[1].head])
        #expect(damage.count == 1)
        guard case .corrupt(_, .log(authors[0].log)) = damage.first else {
            Issue.record("\(damage)")
            return
        }
    }

    @Test func aDamagedEntryIsReplaced() throws {
        let scratch = try Scratch()
        let authors = try make(scratch)
        try alter(
            scratch.store, "UPDATE entries SET body = zeroblob(120) WHERE id = \(Self.row)")
        let writer = try StoreWriter(directory: scratch.store)
        #expect(throws: StoreError.self, "a damaged body is not hashed into the log") {
            try writer.commit([.dropBody(authors[0].log, index: 300)])
        }
        try writer.commit([.replace(authors[0].log, index: 300, authors[0].entries[300])])
        let reader = try StoreReader(directory: scratch.store)
        #expect(try reader.all(authors[0].log) == authors[0].entries)
        #expect(try reader.check().isClean)
    }
}
