import Content
import MerkleLog
import Primitives

@testable import Mesh

/// Media on a node's disk, in memory.
struct TestBlobs {
    struct Part {
        var list: ChunkList
        var chunks: [Int: [UInt8]] = [:]
    }

    var whole: [Hash: (list: ChunkList, bytes: [UInt8])] = [:]
    var parts: [Hash: Part] = [:]
    var named: Set<Hash> = []
    /// Chunks that were written though they were there.
    var writtenTwice = 0
    var writes = 0
    var isFull = false
    /// What it gives is wrong from this chunk on: a disk, or a program, that lies.
    var liesFrom: Int?
    var liesAboutList = false
    /// Reads are never answered.
    var isStuck = false

    static func list(_ bytes: [UInt8]) throws -> ChunkList {
        var hasher = BlobHasher()
        hasher.append(bytes[...])
        return try hasher.finish()
    }

    @discardableResult
    mutating func add(_ bytes: [UInt8]) throws -> Blob {
        let list = try Self.list(bytes)
        whole[list.blob.root] = (list, bytes)
        return list.blob
    }

    mutating func carryOut(_ effect: BlobEffect) -> BlobEvent? {
        switch effect {
        case .find(let session, let list):
            return .found(
                session,
                list.filter { whole[$0.root]?.list.blob == $0 && named.contains($0.root) })
        case .read(let session, let request):
            return isStuck ? nil : .read(session, read(request))
        case .begin(let blob, let hashes):
            if isFull { return .failed(blob, .full) }
            if parts[blob.root] == nil, let list = ChunkList(blob, hashes) {
                parts[blob.root] = Part(list: list)
            }
            guard let part = parts[blob.root] else { return .begun(blob, hashes: [], present: []) }
            return .begun(blob, hashes: part.list.hashes, present: part.chunks.keys.sorted())
        case .write(let blob, let index, let bytes):
            if isFull { return .failed(blob, .full) }
            writes += 1
            if parts[blob.root]?.chunks.updateValue(bytes, forKey: index) != nil {
                writtenTwice += 1
            }
            return .written(blob, index: index)
        case .finish(let blob):
            guard let part = parts.removeValue(forKey: blob.root) else { return nil }
            whole[blob.root] = (part.list, (0..<blob.chunks).flatMap { part.chunks[$0] ?? [] })
            return .held(blob)
        }
    }

    private func read(_ request: BlobRequest) -> BlobPiece {
        var piece = BlobPiece(
            blob: request.blob, part: request.part, index: request.from, bytes: [])
        guard let (list, bytes) = whole[request.blob.root], named.contains(request.blob.root) else {
            return piece
        }
        switch request.part {
        case .hashes:
            piece.bytes = list.page(request.from)
            if liesAboutList { piece.bytes[5] ^= 1 }
        case .chunk:
            let start = request.from * Limits.Blobs.chunk
            piece.bytes = Array(bytes[start..<(start + list.blob.length(ofChunk: request.from))])
            if let liesFrom, request.from >= liesFrom { piece.bytes[0] ^= 0x80 }
        }
        return piece
    }
}

extension TestNet {
    func carryOut(_ node: TestNode, _ effect: BlobEffect) {
        guard let answer = node.blobs.carryOut(effect) else { return }
        feedLater(node.index, .blob(answer), after: .milliseconds(1))
    }

    /// What a durable entry names is fetched, unless it is here.
    func nameBlobs(_ node: TestNode, _ found: Extension) {
        for entry in found.entries {
            for blob in NamedBlobs.of(entry) {
                node.blobs.named.insert(blob.root)
                let mention = BlobMention(blob: blob, hop: 1, time: entry.time)
                let isHere = node.blobs.whole[blob.root] != nil
                feed(node.index, .blob(isHere ? .ask(blob) : .mentioned([mention])))
            }
        }
    }

    /// As at a start: what is named and not here.
    func nameAgain(_ index: Int, _ blobs: [Blob]) {
        for blob in blobs where nodes[index].blobs.whole[blob.root] == nil {
            let mention = BlobMention(blob: blob, hop: 1, time: nodes[index].wallClock(now))
            feed(index, .blob(.mentioned([mention])))
        }
    }

    /// Posts a note with this file, which is put on the node's disk unless it `lacks` it.
    @discardableResult
    func post(_ log: LogKey, at node: Int, file bytes: [UInt8], lacks: Bool = false) throws -> Blob
    {
        let blob = try TestBlobs.list(bytes).blob
        if !lacks { try nodes[node].blobs.add(bytes) }
        let picture = try Attachment(blob: blob, mediaType: "image/png")
        nodes[node].posts += 1
        let note = try Note(text: "picture \(nodes[node].posts)", attachments: [picture])
        let body = Content.note(note).body(salt: [UInt8](repeating: 7, count: 16))
        let draft = Draft(time: nodes[node].wallClock(now), body: body)
        feed(node, .publish(log, [draft], 900_000 + UInt64(nodes[node].posts)))
        return blob
    }

    func has(_ node: Int, _ blob: Blob, _ bytes: [UInt8]) -> Bool {
        nodes[node].blobs.whole[blob.root].map { $0.bytes == bytes } ?? false
    }
}

/// Bytes that are the same for the same seed.
func file(_ count: Int, _ seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    var out: [UInt8] = []
    out.reserveCapacity(count + 8)
    while out.count < count {
        let word = random.next()
        for shift in stride(from: 0, to: 64, by: 8) {
            out.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }
    return Array(out.prefix(count))
}
