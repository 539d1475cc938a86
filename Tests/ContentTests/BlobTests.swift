import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Content

/// How a blob is cut and named (CONT-9), and which entries name one.
struct BlobTests {
    static let chunk = Limits.Blobs.chunk

    static func bytes(_ count: Int, _ seed: UInt64 = 1) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    static func list(_ bytes: [UInt8], step: Int = .max) throws -> ChunkList {
        var hasher = BlobHasher()
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, step == .max ? bytes.count : at + step)
            hasher.append(bytes[at..<end])
            at = end
        }
        return try hasher.finish()
    }

    /// The tree as RFC 6962 §2.1 has it, in its own recursive words.
    static func root(_ leaves: ArraySlice<Bytes32>) -> Bytes32 {
        if leaves.count == 1, let only = leaves.first { return only }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        let middle = leaves.startIndex + split
        return SHA256.node(root(leaves[..<middle]), root(leaves[middle...]))
    }

    @Test(arguments: [
        1, 2, 65_535, 65_536, 65_537, 131_072, 131_073, 5 * 65_536, 7 * 65_536 + 9,
    ])
    func aBlobIsTheTreeOfItsChunks(_ size: Int) throws {
        let bytes = Self.bytes(size, UInt64(size))
        let pieces = stride(from: 0, to: size, by: Self.chunk).map {
            Array(bytes[$0..<min($0 + Self.chunk, size)])
        }
        let list = try Self.list(bytes)
        #expect(list.blob.size == UInt64(size))
        #expect(list.blob.chunks == pieces.count)
        #expect(list.blob.root == Self.root(pieces.map { SHA256.leaf($0) }[...]))
        for (index, piece) in pieces.enumerated() {
            #expect(list.blob.length(ofChunk: index) == piece.count)
            #expect(list.holds(piece, at: index))
            var wrong = piece
            wrong[wrong.count / 2] ^= 1
            #expect(!list.holds(wrong, at: index))
            #expect(!list.holds(Array(piece.dropLast()), at: index))
            #expect(!list.holds(piece + [0], at: index))
            #expect(!list.holds(piece, at: index + 1))
            #expect(!list.holds(piece, at: index - 1))
        }
        // However the bytes came.
        for step in [1_000, 65_536, 100_000] {
            #expect(try Self.list(bytes, step: step) == list)
        }
    }

    @Test func nothingIsNoBlob() {
        #expect(throws: ContentError.self) { try BlobHasher().finish() }
    }

    @Test func aListHoldsForItsBlobOnly() throws {
        let list = try Self.list(Self.bytes(5 * Self.chunk + 1))
        #expect(ChunkList(list.blob, list.hashes) == list)
        for index in list.hashes.indices {
            var wrong = list.hashes
            wrong[index].w3 ^= 1
            #expect(ChunkList(list.blob, wrong) == nil)
        }
        #expect(ChunkList(list.blob, list.hashes.dropLast()) == nil)
        #expect(ChunkList(list.blob, list.hashes + [.zero]) == nil)
        #expect(ChunkList(list.blob, list.hashes.reversed()) == nil)
        // The root of the first two is a hash too, and no list.
        let joined = [SHA256.node(list.hashes[0], list.hashes[1])] + list.hashes[2...]
        #expect(ChunkList(list.blob, joined) == nil)
        // The same root over another number of chunks names nothing.
        let longer = try Blob(root: list.blob.root, size: list.blob.size + UInt64(Self.chunk))
        #expect(ChunkList(longer, list.hashes) == nil)
    }

    @Test func aListTravelsInPages() throws {
        let hashes = (0..<10_000).map { SHA256.hash(Array("\($0)".utf8)) }
        var frontier = Frontier()
        for hash in hashes { frontier.append(hash) }
        let blob = try Blob(root: frontier.root, size: UInt64(9_999 * Self.chunk + 5))
        let list = try #require(ChunkList(blob, hashes))
        #expect(blob.pages == 3)
        #expect((0..<3).map { list.page($0).count } == [131_072, 131_072, 1_808 * 32])
        let whole = (0..<3).flatMap { ChunkList.hashes(in: list.page($0)) ?? [] }
        #expect(ChunkList(blob, whole) == list)
        #expect(ChunkList.hashes(in: [1, 2, 3]) == nil)
        #expect(blob.chunks(ofPage: 3).isEmpty)
        let largest = try Blob(root: .zero, size: 1 << 30)
        #expect(largest.pages == 4 && largest.chunks == 16_384)
    }

    @Test func blobsAreFoundInEveryKindThatNamesThem() throws {
        func blobs(_ content: Content) -> [Blob] {
            let body = content.body(salt: Samples.salt)
            return NamedBlobs.of(Entry(time: .latest, body: .present(body)))
        }
        let (picture, film) = (try Samples.picture(), try Samples.film())
        #expect(blobs(.note(try Samples.fullNote())) == [picture.blob, film.blob])
        #expect(blobs(.note(try Note(attachments: [film, film]))) == [film.blob])
        let edit = try Edit(of: Samples.post, note: Note(text: "x", attachments: [picture]))
        #expect(blobs(.edit(edit)) == [picture.blob])
        let profile = try Profile(name: "n", avatar: picture, header: film)
        #expect(blobs(.profile(profile)) == [picture.blob, film.blob])
        for content in Samples.all {
            let found = blobs(content)
            switch content {
            case .note(let note): #expect(found == note.attachments.map(\.blob))
            case .edit(let edit): #expect(found == edit.note.attachments.map(\.blob))
            case .profile: break
            default: #expect(found.isEmpty)
            }
        }
    }

    @Test func whatNobodyCanReadNamesNothing() throws {
        let body = Content.note(try Samples.fullNote()).body(salt: Samples.salt)
        let absent = Entry.Body.absent(length: UInt32(body.count), hash: SHA256.hash(body))
        #expect(NamedBlobs.of(Entry(time: .latest, body: absent)).isEmpty)
        for end in 0..<body.count {
            let entry = Entry(time: .latest, body: .present(Array(body[..<end])))
            #expect(NamedBlobs.of(entry).isEmpty)
        }
    }
}
