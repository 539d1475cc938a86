import Crypto
import MerkleLog
import Testing

@testable import Store

@Suite struct HashReaderTests {
    /// Every perfect subtree of every tree to 700 leaves, against a tree made in memory.
    @Test func agreesWithTheNaiveTree() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        let reader = try StoreReader(directory: scratch.store)
        var author = Author(5)
        var compared = 0
        for size in 1...700 {
            try writer.commit([.extend(author.post(1, bytes: 17))])
            let hashes = try #require(try reader.hashes(of: author.log))
            // Subtrees that this entry completed, and at round sizes all of them.
            let all = size % 100 == 0 || size == 513
            for level in 0..<10 where size >> level > 0 {
                let last = size >> level
                for index in all ? 0..<last : last - 1..<last {
                    let position = NodePosition(level: UInt8(level), index: UInt64(index))
                    let leaves = author.leaves[index << level..<(index + 1) << level]
                    #expect(try hashes.hash(at: position) == naive(leaves))
                    compared += 1
                }
                let behind = NodePosition(level: UInt8(level), index: UInt64(last))
                #expect(throws: StoreError.self) { try hashes.hash(at: behind) }
            }
        }
        print("HashReader: \(compared) subtrees compared")
        #expect(try reader.hashes(of: Author(6).log) == nil)
        #expect(throws: StoreError.self) {
            try reader.hash(at: NodePosition(level: 200, index: 0), in: author.log)
        }
    }

    /// RFC 6962 §2.1 as it is written.
    private func naive(_ leaves: ArraySlice<Hash>) -> Hash {
        guard leaves.count > 1, let first = leaves.indices.first else {
            return leaves[leaves.startIndex]
        }
        let middle = first + leaves.count / 2
        return SHA256.node(naive(leaves[..<middle]), naive(leaves[middle...]))
    }

    @Test func levelSixteenIsRead() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var author = Author(5)
        for _ in 0..<33 { try writer.commit([.extend(author.post(4_096, bytes: 17))]) }
        let reader = try StoreReader(directory: scratch.store)
        let hashes = try #require(try reader.hashes(of: author.log))
        for (level, index) in [(16, 0), (16, 1), (17, 0), (15, 2), (12, 32), (8, 511)] {
            let range = index << level..<(index + 1) << level
            let position = NodePosition(level: UInt8(level), index: UInt64(index))
            #expect(try hashes.hash(at: position) == naive(author.leaves[range]))
        }
        let head = try #require(author.head)
        let view = try #require(LogView(head: head, reader: hashes))
        for index in [0, 65_535, 65_536, 135_167] as [UInt64] {
            #expect(
                MerkleProof.verifyInclusion(
                    leaf: author.leaves[Int(index)], index: index, size: 135_168,
                    proof: try view.inclusionProof(index: index), root: author.frontier.root))
        }
        #expect(try reader.check().isClean)
    }
}
