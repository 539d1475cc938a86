import CLinux
import Content
import Glibc
import MerkleLog
import Primitives
import Store
import Transport
import Wire

/// Media over the control socket: for tests and the command line.
extension Node {
    /// `do` is `add` (a `path`), `post` (a `path`, maybe `text`), `state` (`root`, `size`), or
    /// `fetch` (`root`, `size`, a new file's `path`; maybe `seconds`).
    func media(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        switch parameters["do"]?.text {
        case "add": try addMedia(parameters, reply) { reply(.done($0.value)) }
        case "post":
            let account = try account(parameters)
            let text = parameters["text"]?.text ?? ""
            try addMedia(parameters, reply) { [weak self] facts in
                guard let self else { return }
                do throws(ContentError) {
                    let note = try Note(text: text, attachments: [facts.attachment()])
                    publish([.note(note)], account.device, reply) { published in
                        .object(
                            ("address", published.references.last.map { .string($0.text) }),
                            ("media", facts.value))
                    }
                } catch { reply(.failed(.badRequest("\(error)"))) }
            }
        case "state":
            let state = state(of: try blob(parameters))
            reply(
                .done(
                    .object(
                        ("here", .bool(state.isHere)), ("chunksHere", .int(state.chunksHere)),
                        ("chunks", .int(state.chunks)), ("holders", .int(state.holders)))))
        case "fetch": try fetchMedia(parameters, reply)
        default: throw .badRequest("what is to be done with media? add, post, state or fetch")
        }
    }

    private func blob(_ parameters: Value) throws(NodeError) -> Blob {
        guard let text = parameters["root"]?.text, let bytes = Hex.decode(text),
            let root = Bytes32(bytes), let size = parameters["size"]?.number,
            let blob = try? Blob(root: root, size: size)
        else { throw .badRequest("a blob has a root (64 hex digits) and a size") }
        return blob
    }

    private func path(_ parameters: Value) throws(NodeError) -> String {
        guard let path = parameters["path"]?.text, path.hasPrefix("/") else {
            throw .badRequest("the path of a file is given whole")
        }
        return path
    }

    /// Adds a file on a thread of its own, and goes on with what it is on the loop's.
    private func addMedia(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void,
        then: @escaping (UploadFacts) -> Void
    ) throws(NodeError) {
        let path = try path(parameters)
        let answer = LoopBound((reply: reply, then: then))
        let (media, mailbox) = (media, tasks.mailbox)
        startThread("upload") {
            let result = Result { () throws(UploadError) in try Self.add(path, to: media) }
            _ = mailbox.post { _ in
                switch result {
                case .success(let facts): answer.value.then(facts)
                case .failure(let error): answer.value.reply(.failed(.badRequest("\(error)")))
                }
            }
        }
    }

    private static func add(_ path: String, to media: Media) throws(UploadError) -> UploadFacts {
        let file = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .store("\(path) cannot be read") }
        defer { _ = Glibc.close(file) }
        return try media.add(file)
    }

    /// Waits for a blob and writes it into a new file.
    private func fetchMedia(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let (blob, path) = (try blob(parameters), try path(parameters))
        let seconds = Int(clamping: parameters["seconds"]?.number ?? 10)
        let answer = LoopBound(reply)
        let (media, mailbox) = (media, tasks.mailbox)
        startThread("fetch") {
            let isDone = media.wait(for: blob, seconds: seconds).map { file in
                if Self.copy(file, to: path) { return true }
                // Looked at, and fetched again where it is damaged.
                media.damaged(blob)
                _ = unsafe unlink(path)
                return false
            }
            _ = mailbox.post { _ in
                switch isDone {
                case nil: answer.value(.failed(.notFound("it is not here (yet)")))
                case false?: answer.value(.failed(.store("it is damaged, or cannot be written")))
                default: answer.value(.done(.object(("size", .int(blob.size)))))
                }
            }
        }
    }

    private static func copy(_ blob: BlobFile, to path: String) -> Bool {
        let out = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard out >= 0 else { return false }
        defer { _ = Glibc.close(out) }
        for index in 0..<blob.blob.chunks {
            guard let bytes = blob.chunk(index),
                unsafe Glibc.write(out, bytes, bytes.count) == bytes.count
            else { return false }
        }
        return true
    }
}

extension UploadFacts {
    fileprivate var value: Value {
        .object(
            ("root", .string(Hex.encode(blob.root.array))), ("size", .int(blob.size)),
            ("type", .string(mediaType)), ("width", dimensions.map { .int($0.width) }),
            ("height", dimensions.map { .int($0.height) }), ("duration", duration.map { .int($0) })
        )
    }
}
