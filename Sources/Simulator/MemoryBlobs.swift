package import Content
import MerkleLog
package import Mesh
import Primitives

/// Media on a node's disk, in memory: what is whole, what is there in part, and what an entry
/// names.
package struct MemoryBlobs {
    private var whole: [Hash: Whole] = [:]
    private var parts: [Hash: Part] = [:]
    private var named: Set<Hash> = []

    private struct Whole {
        var list: ChunkList
        var bytes: [UInt8]
    }

    private struct Part {
        var list: ChunkList
        var chunks: [Int: [UInt8]] = [:]
    }

    package init() {}

    package func holds(_ blob: Blob) -> Bool { whole[blob.root]?.list.blob == blob }

    package func bytes(of blob: Blob) -> [UInt8]? { whole[blob.root]?.bytes }

    /// Puts a file there, as its owner does.
    package mutating func add(_ bytes: [UInt8]) throws(ContentError) -> Blob {
        var hasher = BlobHasher()
        hasher.append(bytes[...])
        let list = try hasher.finish()
        whole[list.blob.root] = Whole(list: list, bytes: bytes)
        return list.blob
    }

    /// An entry that is durable here names it: whether it is still to be fetched.
    package mutating func name(_ blob: Blob) -> Bool {
        named.insert(blob.root)
        return !holds(blob)
    }

    /// Carries out what the mesh asks for; the answer, if there is one.
    package mutating func carryOut(_ effect: BlobEffect) -> BlobEvent {
        switch effect {
        case .find(let session, let list):
            return .found(session, list.filter { holds($0) && named.contains($0.root) })
        case .read(let session, let request): return .read(session, read(request))
        case .begin(let blob, let hashes): return begin(blob, hashes)
        case .write(let blob, let index, let bytes):
            parts[blob.root]?.chunks[index] = bytes
            return .written(blob, index: index)
        case .finish(let blob): return finish(blob)
        }
    }

    private func read(_ request: BlobRequest) -> BlobPiece {
        var piece = BlobPiece(
            blob: request.blob, part: request.part, index: request.from, bytes: [])
        guard let found = whole[request.blob.root], found.list.blob == request.blob,
            named.contains(request.blob.root)
        else { return piece }
        switch request.part {
        case .hashes: piece.bytes = found.list.page(request.from)
        case .chunk:
            let start = request.from * Limits.Blobs.chunk
            let length = request.blob.length(ofChunk: request.from)
            piece.bytes = Array(found.bytes[start..<(start + length)])
        }
        return piece
    }

    private mutating func begin(_ blob: Blob, _ hashes: [Hash]) -> BlobEvent {
        if parts[blob.root] == nil, let list = ChunkList(blob, hashes) {
            parts[blob.root] = Part(list: list)
        }
        guard let part = parts[blob.root] else { return .begun(blob, hashes: [], present: []) }
        return .begun(
            blob, hashes: part.list.hashes, present: part.chunks.keys.sorted())
    }

    /// The simulation fails loudly where the mesh calls something whole that is not.
    private mutating func finish(_ blob: Blob) -> BlobEvent {
        guard let part = parts.removeValue(forKey: blob.root) else { return .failed(blob, .failed) }
        var bytes: [UInt8] = []
        for index in 0..<blob.chunks {
            let chunk = part.chunks[index] ?? []
            precondition(part.list.holds(chunk, at: index), "chunk \(index) of a blob is not right")
            bytes += chunk
        }
        whole[blob.root] = Whole(list: part.list, bytes: bytes)
        return .held(blob)
    }
}
