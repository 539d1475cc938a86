package import Content
import MerkleLog
import Primitives
import Wire

/// What of a blob travels by itself.
package enum BlobPart: UInt64, Sendable {
    /// Up to 4,096 of its chunks' hashes.
    case hashes = 0
    case chunk = 1

    /// How many of them a blob has.
    package func count(of blob: Blob) -> Int {
        switch self {
        case .hashes: blob.pages
        case .chunk: blob.chunks
        }
    }

    /// Bytes of the part at `index`.
    package func length(at index: Int, of blob: Blob) -> Int {
        switch self {
        case .hashes: 32 * blob.chunks(ofPage: index).count
        case .chunk: blob.length(ofChunk: index)
        }
    }
}

/// A request for some parts of a blob, one after the other.
package struct BlobRequest: Hashable, Sendable {
    package var blob: Blob
    package var part: BlobPart
    package var from: Int
    package var count: Int

    package init(blob: Blob, part: BlobPart, from: Int, count: Int) {
        self.blob = blob
        self.part = part
        self.from = from
        self.count = count
    }
}

/// The answer to a request for one part: no bytes when it is not to be had.
package struct BlobPiece: Hashable, Sendable {
    package var blob: Blob
    package var part: BlobPart
    package var index: Int
    package var bytes: [UInt8]

    package init(blob: Blob, part: BlobPart, index: Int, bytes: [UInt8]) {
        self.blob = blob
        self.part = part
        self.index = index
        self.bytes = bytes
    }
}

extension Message {
    func encodeBlob(into encoder: inout CBOREncoder) {
        switch self {
        case .blobAsk(let blobs):
            encoder.begin(2, type: 28)
            encoder.array(blobs.count)
            for blob in blobs { encoder.blob(blob) }
        case .blobHave(let isAnswer, let blobs):
            encoder.begin(3, type: 29)
            encoder.bool(isAnswer)
            encoder.array(blobs.count)
            for blob in blobs { encoder.blob(blob) }
        case .blobGet(let request):
            encoder.begin(5, type: 30)
            encoder.blob(request.blob)
            encoder.uint(request.part.rawValue)
            encoder.uint(request.from)
            encoder.uint(request.count)
        case .blobPiece(let piece):
            encoder.begin(5, type: 31)
            encoder.blob(piece.blob)
            encoder.uint(piece.part.rawValue)
            encoder.uint(piece.index)
            encoder.bytes(piece.bytes)
        default: preconditionFailure("no message of media")
        }
    }

    static func readBlob(
        _ type: UInt64, _ decoder: inout CBORDecoder
    ) throws(WireError) -> Message {
        switch type {
        case 28:
            let list = try blobs(&decoder)
            if list.isEmpty { throw .malformed }
            return .blobAsk(list)
        case 29:
            let isAnswer = try decoder.bool()
            let list = try blobs(&decoder)
            // Nobody says unasked that there is nothing.
            if list.isEmpty && !isAnswer { throw .malformed }
            return .blobHave(answer: isAnswer, list)
        case 30:
            let blob = try decoder.blob()
            let part = try decoder.blobPart()
            let from = try decoder.count(max: part.count(of: blob) - 1)
            let count = try decoder.count(
                max: min(Limits.Blobs.partsPerGet, part.count(of: blob) - from))
            if count == 0 { throw .malformed }
            return .blobGet(BlobRequest(blob: blob, part: part, from: from, count: count))
        default:
            let blob = try decoder.blob()
            let part = try decoder.blobPart()
            let index = try decoder.count(max: part.count(of: blob) - 1)
            let length = part.length(at: index, of: blob)
            let bytes = try decoder.byteString(max: length)
            if !bytes.isEmpty && bytes.count != length { throw .malformed }
            return .blobPiece(BlobPiece(blob: blob, part: part, index: index, bytes: bytes))
        }
    }

    private static func blobs(_ decoder: inout CBORDecoder) throws(WireError) -> [Blob] {
        var list: [Blob] = []
        for _ in 0..<(try decoder.array(max: Limits.Blobs.named)) {
            list.append(try decoder.blob())
        }
        return list
    }
}

extension CBOREncoder {
    fileprivate mutating func blob(_ blob: Blob) {
        array(2)
        bytes(blob.root)
        uint(blob.size)
    }
}

extension CBORDecoder {
    fileprivate mutating func blob() throws(WireError) -> Blob {
        try array(exactly: 2)
        let root = try bytes32()
        let size = try uint(max: ContentLimits.blob.upperBound)
        do throws(ContentError) { return try Blob(root: root, size: size) } catch {
            throw .malformed
        }
    }

    fileprivate mutating func blobPart() throws(WireError) -> BlobPart {
        guard let part = BlobPart(rawValue: try uint()) else { throw .malformed }
        return part
    }
}
