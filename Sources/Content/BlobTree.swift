import Crypto
package import MerkleLog
import Primitives

/// How a blob is cut into chunks, `[CONT-9]`: leaves of an RFC 6962 tree, each hashed alone.
extension Blob {
    /// Chunks that `size` bytes make.
    package static func chunks(of size: UInt64) -> Int {
        Int(size / UInt64(Limits.Blobs.chunk)) + (size % UInt64(Limits.Blobs.chunk) == 0 ? 0 : 1)
    }

    package var chunks: Int { Self.chunks(of: size) }

    /// Bytes of the chunk at `index`; 0 where there is none.
    package func length(ofChunk index: Int) -> Int {
        guard index >= 0, index < chunks else { return 0 }
        let rest = size - UInt64(index) * UInt64(Limits.Blobs.chunk)
        return Int(min(rest, UInt64(Limits.Blobs.chunk)))
    }

    /// Parts that its list of chunk hashes travels in.
    package var pages: Int {
        (chunks + Limits.Blobs.hashesPerPage - 1) / Limits.Blobs.hashesPerPage
    }

    /// The chunks whose hashes the part at `index` of the list has.
    package func chunks(ofPage index: Int) -> Range<Int> {
        let start = min(max(0, index) * Limits.Blobs.hashesPerPage, chunks)
        return start..<min(start + Limits.Blobs.hashesPerPage, chunks)
    }
}

/// The hashes of all chunks of a blob, known to be right: with it, each chunk is checked alone.
///
/// The list travels before the chunks rather than a proof with each of them. It is 32 bytes a
/// chunk where a proof is up to 448, a chunk then costs one hash to check, and it is what a node
/// needs on its disk anyway, to find after a crash which chunks it has.
package struct ChunkList: Hashable, Sendable {
    package let blob: Blob
    package let hashes: [Hash]

    /// Nil unless these are the hashes of the blob's chunks.
    package init?(_ blob: Blob, _ hashes: [Hash]) {
        guard hashes.count == blob.chunks else { return nil }
        var frontier = Frontier()
        for hash in hashes { frontier.append(hash) }
        guard frontier.root == blob.root else { return nil }
        self.blob = blob
        self.hashes = hashes
    }

    /// The list of a blob of one chunk, whose root is the hash of that chunk.
    package init?(ofOneChunk blob: Blob) { self.init(blob, [blob.root]) }

    /// Whether these bytes are the chunk at `index`.
    package func holds(_ bytes: [UInt8], at index: Int) -> Bool {
        hashes.indices.contains(index) && bytes.count == blob.length(ofChunk: index)
            && SHA256.leaf(bytes) == hashes[index]
    }

    /// The part of the list at `index`, as it travels.
    package func page(_ index: Int) -> [UInt8] {
        hashes[blob.chunks(ofPage: index)].flatMap(\.array)
    }

    /// The hashes in bytes that are whole hashes, one after the other; nil when they are not.
    package static func hashes(in bytes: [UInt8]) -> [Hash]? {
        guard bytes.count % 32 == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: 32).map { Bytes32(bytes, at: $0) }
    }
}

/// Finds the name of a blob while its bytes pass, a chunk of them in memory.
package struct BlobHasher: Sendable {
    private var rest: [UInt8] = []
    private var hashes: [Hash] = []
    private var size: UInt64 = 0

    package init() {}

    package mutating func append(_ bytes: ArraySlice<UInt8>) {
        size += UInt64(bytes.count)
        rest += bytes
        var start = 0
        while rest.count - start >= Limits.Blobs.chunk {
            hashes.append(SHA256.leaf(Array(rest[start..<(start + Limits.Blobs.chunk)])))
            start += Limits.Blobs.chunk
        }
        rest.removeFirst(start)
    }

    /// Throws when there were no bytes, or more than a blob may have.
    package consuming func finish() throws(ContentError) -> ChunkList {
        var hashes = hashes
        if !rest.isEmpty { hashes.append(SHA256.leaf(rest)) }
        var frontier = Frontier()
        for hash in hashes { frontier.append(hash) }
        guard let list = ChunkList(try Blob(root: frontier.root, size: size), hashes) else {
            throw .refused("a file of no bytes")
        }
        return list
    }
}
