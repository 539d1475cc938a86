import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store
import Synchronization

/// Pictures, films and sounds: taken, described, and given to whoever looks at a post.
extension Mastodon {
    func addMedia(_ router: inout Router) {
        for version in ["v1", "v2"] {
            add(
                &router, .post, "/api/\(version)/media", .scope("write:media"), bodies: .upload
            ) { [self] call throws(HTTPFailure) in
                guard let file = try call.parameters.file("file") else {
                    throw HTTPFailure(422, "Validation failed: file is missing")
                }
                let attachment = try media.add(
                    file, of: try call.me(),
                    alternative: try call.parameters.text("description"),
                    focus: try call.parameters.text("focus"))
                return .json(try call.show(attachment))
            }
        }
        let one = "/api/v1/media/:id"
        add(&router, .get, one, .scope("write:media")) { [self] call throws(HTTPFailure) in
            .json(try call.show(try upload(call)))
        }
        add(&router, .put, one, .scope("write:media"), bodies: .upload) {
            [self] call throws(HTTPFailure) in
            .json(
                try call.show(
                    try media.change(
                        try upload(call), of: try call.me(),
                        alternative: try call.parameters.text("description"),
                        focus: try call.parameters.text("focus"))))
        }
        add(&router, .delete, one, .scope("write:media")) { [self] call throws(HTTPFailure) in
            _ = try upload(call)
            try media.remove(try call.id(), of: try call.me())
            return .json([:])
        }
        router.add(
            Route(.get, "/media/:root/:size", origins: .any) {
                [self] request throws(HTTPFailure) in try file(request)
            })
        add(&router, .get, "/api/starling/v1/media/:root/:size", .open("read:statuses")) {
            [media] call throws(HTTPFailure) in
            let state = media.media.state(of: try Self.blob(call.request))
            guard let state else { throw HTTPFailure(503, "The node is stopping") }
            return .json([
                "here": .bool(state.isHere), "chunks_here": .count(state.chunksHere),
                "chunks": .count(state.chunks), "holders": .count(state.holders),
            ])
        }
    }

    private func upload(_ call: Call) throws(HTTPFailure) -> Attachment {
        guard let found = try media.upload(try call.id(), of: try call.me()) else {
            throw .notFound
        }
        return found
    }

    private static func blob(_ request: HTTPRequest) throws(HTTPFailure) -> Blob {
        guard let root = request.captures["root"].flatMap({ DIDKey.parse(multibase: $0) }),
            let size = request.captures["size"].flatMap({ UInt64($0) }),
            let blob = try? Blob(root: root, size: size)
        else { throw .notFound }
        return blob
    }

    /// A blob that is here, or comes within some seconds.
    private func awaited(_ blob: Blob) -> BlobFile? {
        if let file = media.media.open(blob) { return file }
        let mayWait = mediaWaits.withLock { waits in
            guard waits < Limits.HTTP.mediaWaits else { return false }
            waits += 1
            return true
        }
        guard mayWait else {
            media.media.want(blob)
            return nil
        }
        defer { mediaWaits.withLock { $0 -= 1 } }
        return media.media.wait(for: blob, seconds: Limits.HTTP.mediaWait)
    }

    /// A file, or a range of it. What is not here is asked of the mesh, and waited for a little.
    ///
    /// A stranger chose what stands in it: it is shown as what its first bytes are, or not at all,
    /// and whatever it is, it runs nothing.
    private func file(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPResponse {
        let blob = try Self.blob(request)
        guard let file = awaited(blob) else {
            var response = HTTPResponse(
                HTTPFailure(404, "This file is not here yet: the peers are asked for it"))
            response.headers["Retry-After"] = "10"
            return response
        }
        let type = media.media.type(of: file)
        guard let open = OpenFile(descriptor: file.duplicate(), size: blob.size) else {
            throw HTTPFailure(503, "The node has no more file descriptors")
        }
        var response = try HTTPResponse.file(
            open, type: type ?? "application/octet-stream", for: request)
        if case .file(_, let offset, let count) = response.body,
            !file.isSound(offset..<(offset + count))
        {
            media.media.damaged(blob)
            throw HTTPFailure(503, "The disk has damaged this file: it is fetched again")
        }
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if type == nil { response.headers["Content-Disposition"] = "attachment" }
        return response
    }
}

extension Call {
    fileprivate func show(_ attachment: Attachment) throws(HTTPFailure) -> JSONValue {
        try see { showing throws(StoreError) in showing.attachment(attachment) }
    }
}
