import Content
import Primitives

/// Names of blobs, their lists and their chunks.
extension Conform {
    static let blobOperations: [String: Operation] = [
        "blob-name": { fields throws(ConformError) in
            let data = try fields.bytes("data")
            do throws(ContentError) {
                var hasher = BlobHasher()
                hasher.append(data[...])
                let blob = try hasher.finish().blob
                return ["root": .hex(blob.root), "size": .integer(blob.size)]
            } catch { throw ConformError(error) }
        },
        "blob-list-verify": { fields throws(ConformError) in
            _ = try chunkList(fields)
            return [:]
        },
        "blob-chunk-verify": { fields throws(ConformError) in
            let list = try chunkList(fields)
            guard let index = Int(exactly: try fields.number("index")),
                list.holds(try fields.bytes("data"), at: index)
            else { throw ConformError("the chunk is not the blob's") }
            return [:]
        },
    ]

    private static func chunkList(_ fields: ConformFields) throws(ConformError) -> ChunkList {
        let (root, size) = (try fields.bytes32("root"), try fields.number("size"))
        let hashes = try fields.hashes("hashes")
        do throws(ContentError) {
            guard let list = ChunkList(try Blob(root: root, size: size), hashes) else {
                throw .refused("the hashes do not lead to the root")
            }
            return list
        } catch { throw ConformError(error) }
    }
}
