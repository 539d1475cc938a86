import MerkleLog
import Primitives
import Testing

@testable import Store

/// Invariant 1: what does not continue the stored head is refused, with all that was committed with
/// it.
@Suite struct ConflictTests {
    private func refused(
        _ writer: StoreWriter, _ writes: [StoreWrite], _ comment: Comment
    ) {
        var isConflict = false
        do { try writer.commit(writes) } catch { if case .conflict = error { isConflict = true } }
        #expect(isConflict, comment)
    }

    @Test func aWriteThatDoesNotFitRollsBackItsWholeCommit() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var a = Author(1)
        var b = Author(2)
        let first = a.post(10)
        try writer.commit([.extend(first)])
        let held = a
        let good = b.post(3)
        let next = a.post(5)
        let later = a.post(5)

        var wrongCount = next
        wrongCount.entries.removeLast()
        var foreign = next
        foreign.head.checkpoint.log = b.log
        var strayNode = next
        strayNode.nodes = [.init(position: .init(level: 8, index: 0), hash: .zero)]
        var wrongLevel = next
        wrongLevel.nodes = [.init(position: .init(level: 1, index: 0), hash: .zero)]
        var shortCheckpoint = next
        shortCheckpoint.head.checkpoint.size = 14
        let cases: [(StoreWrite, Comment)] = [
            (.extend(first), "again"), (.extend(later), "a gap"), (.extend(wrongCount), "count"),
            (.extend(foreign), "another log's checkpoint"), (.extend(strayNode), "stray node"),
            (.extend(wrongLevel), "level not stored"),
            (.extend(shortCheckpoint), "checkpoint before its end"),
            (.dropBody(a.log, index: 10), "body not held"),
            (.replace(Author(9).log, index: 0, a.entries[0]), "log not held"),
        ]
        for (bad, comment) in cases {
            refused(writer, [.extend(good), .setting("s", [1]), bad], comment)
        }
        let reader = try StoreReader(directory: scratch.store)
        #expect(try reader.heads() == [held.head])
        #expect(try reader.all(a.log) == held.entries)
        #expect(try reader.setting("s") == nil)
        #expect(try reader.check().isClean)
        // The writer goes on.
        try writer.commit([.extend(good), .extend(next), .extend(later)])
        #expect(try reader.heads() == [a.head, b.head])
    }

    @Test func checkpointsOnlyRise() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var full = Author(1)
        _ = full.post(4)
        let whole = try #require(full.head)
        // Holds two of the four entries, under the checkpoint of all four.
        var part = Author(1)
        var more = part.post(2)
        let low = more.head
        more.head.checkpoint = whole.checkpoint
        more.head.tail = [try #require(full.tail(2))]
        try writer.commit([.extend(more)])
        let reader = try StoreReader(directory: scratch.store)
        #expect(try reader.head(of: full.log) == more.head)
        refused(writer, [.checkpoint(low)], "a lower checkpoint")
        var other = more.head
        other.checkpoint.root = .zero
        refused(writer, [.checkpoint(other)], "another root at the same size")
        refused(writer, [.checkpoint(whole)], "a head over entries that are not held")
        refused(writer, [.extend(part.post(1))], "entries under a lower checkpoint")
        try writer.commit([.checkpoint(more.head)])
        #expect(try reader.check().isClean)
    }

    @Test func aFrozenLogTakesNothingMore() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var a = Author(1)
        try writer.commit([.extend(a.post(2))])
        let frozen = try #require(a.head)
        try writer.commit([
            .fork(a.log, bound: 1, proof: [1]), .fork(Author(2).log, bound: 0, proof: [2]),
        ])
        refused(writer, [.extend(a.post(1))], "a frozen log")
        let reader = try StoreReader(directory: scratch.store)
        var expected = frozen
        expected.forkedAt = 1
        #expect(try reader.heads() == [expected])
        #expect(try reader.check().isClean)
    }
}

extension Author {
    /// The hash over entries 2 and 3: the tail from 2 to 4.
    func tail(_ from: Int) -> Hash? {
        guard leaves.count == 4, from == 2 else { return nil }
        var right = Frontier()
        right.append(leaves[2])
        right.append(leaves[3])
        return right.root
    }
}
