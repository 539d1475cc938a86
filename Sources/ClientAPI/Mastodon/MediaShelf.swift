import Content
import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store

/// Pictures and films that clients upload before they post them: the files are blobs, what they are
/// stands on the desk until somebody posts them. Known by the mark of the blob's root, like the
/// attachments of posts.
struct MediaShelf: Sendable {
    let media: Media
    let desk: Desk
    /// Where a file lies while it is looked at.
    let directory: String

    init(_ media: Media, _ desk: Desk, directory: String) {
        self.media = media
        self.desk = desk
        self.directory = directory
    }

    // MARK: Uploads

    /// Takes a file of a form: what tells where it was made is taken out.
    func add(
        _ file: UploadedFile, of account: Account, alternative: String?, focus: String?
    ) throws(HTTPFailure) -> Attachment {
        let attachment = try taken(file).described(alternative, focus)
        do throws(StoreError) {
            try desk.put(
                .upload, of: account.identity, Mark.of(attachment.blob.root), 0,
                String(decoding: attachment.stored.encoded, as: UTF8.self))
        } catch { throw HTTPFailure(error) }
        return attachment
    }

    private func taken(_ file: UploadedFile) throws(HTTPFailure) -> Attachment {
        let copy = try SpoolFile(in: directory)
        var offset = 0
        while offset < file.count {
            let bytes = try file.read(offset, 1 << 16)
            if bytes.isEmpty { throw HTTPFailure(503, "The upload cannot be read") }
            try copy.append(bytes[...])
            offset += bytes.count
        }
        let facts: UploadFacts
        do throws(UploadError) { facts = try media.add(copy.descriptor) } catch {
            switch error {
            case .store: throw HTTPFailure(503, "\(error)")
            case .lacking: throw HTTPFailure(501, "\(error)")
            default: throw HTTPFailure(422, "Validation failed: \(error)")
            }
        }
        do throws(ContentError) { return try facts.attachment() } catch {
            throw HTTPFailure(422, "Validation failed: \(error)")
        }
    }

    /// An upload that was not posted yet.
    func upload(_ id: Int64, of account: Account) throws(HTTPFailure) -> Attachment? {
        do throws(StoreError) {
            guard let row = try desk.value(.upload, of: account.identity, id) else { return nil }
            return Attachment(stored: row)
        } catch { throw HTTPFailure(error) }
    }

    func change(
        _ attachment: Attachment, of account: Account, alternative: String?, focus: String?
    ) throws(HTTPFailure) -> Attachment {
        let changed = try attachment.described(alternative, focus)
        do throws(StoreError) {
            try desk.put(
                .upload, of: account.identity, Mark.of(changed.blob.root), 0,
                String(decoding: changed.stored.encoded, as: UTF8.self))
        } catch { throw HTTPFailure(error) }
        return changed
    }

    func remove(_ id: Int64, of account: Account) throws(HTTPFailure) {
        do throws(StoreError) { try desk.remove(.upload, of: account.identity, id) } catch {
            throw HTTPFailure(error)
        }
    }

    // MARK: Posts

    /// What uploads with these ids are; `beside` are those that a note has already.
    func attachments(
        _ ids: [Int64], of account: Account, beside: [Attachment] = []
    ) throws(HTTPFailure) -> [Attachment] {
        var found: [Attachment] = []
        for id in ids {
            if let known = beside.first(where: { Mark.of($0.blob.root) == id }) {
                found.append(known)
            } else if let upload = try upload(id, of: account) {
                found.append(upload)
            } else {
                throw HTTPFailure(422, "Validation failed: there is no upload \(id)")
            }
        }
        return found
    }

    /// New words for what pictures of a note show: `media_attributes`.
    func redescribe(
        _ parameters: Parameters, _ attachments: inout [Attachment]
    ) throws(HTTPFailure) {
        for change in try parameters.children("media_attributes") {
            guard let id = try change.integer("id"),
                let place = attachments.firstIndex(where: { Mark.of($0.blob.root) == id })
            else { continue }
            attachments[place] = try attachments[place].described(
                try change.text("description"), try change.text("focus"))
        }
    }

    /// A picture sent along with a form; nil when there is none.
    func picture(_ name: String, _ parameters: Parameters) throws(HTTPFailure) -> Attachment? {
        guard let file = try parameters.file(name), file.count > 0 else { return nil }
        let attachment = try taken(file)
        guard attachment.mediaType.hasPrefix("image/") else {
            throw HTTPFailure(422, "Validation failed: \(name) must be a picture")
        }
        return attachment
    }

    /// These were posted: they stand in a note from now on.
    func posted(_ ids: [Int64], of account: Account) {
        for id in ids { try? desk.remove(.upload, of: account.identity, id) }
    }
}

extension Attachment {
    /// The same with other words and another middle; nil leaves what was, an empty text takes it
    /// away. A focus is `x,y`, each from -1 to 1.
    fileprivate func described(
        _ alternative: String?, _ focus: String?
    ) throws(HTTPFailure) -> Attachment {
        do throws(ContentError) {
            var middle = self.focus
            let parts = (focus ?? "").split(separator: ",").compactMap { Double($0) }
            if parts.count == 2, parts.allSatisfy({ abs($0) <= 1 }) {
                middle = try Focus(
                    x: Int64((parts[0] * 1_000).rounded()), y: Int64((parts[1] * 1_000).rounded()))
            }
            let words = alternative.map { $0.isEmpty ? nil : $0 } ?? self.alternative
            return try Attachment(
                blob: blob, mediaType: mediaType, alternative: words, dimensions: dimensions,
                duration: duration, blurhash: blurhash, focus: middle)
        } catch { throw HTTPFailure(422, "Validation failed: \(error)") }
    }

    /// For the desk.
    fileprivate var stored: JSONValue {
        [
            "root": .string(DIDKey.multibase(blob.root)), "size": .integer(Int64(blob.size)),
            "type": .string(mediaType), "alternative": .text(alternative),
            "width": dimensions.map { .integer(Int64($0.width)) } ?? .null,
            "height": dimensions.map { .integer(Int64($0.height)) } ?? .null,
            "duration": duration.map { .integer(Int64($0)) } ?? .null,
            "x": focus.map { .integer($0.x) } ?? .null, "y": focus.map { .integer($0.y) } ?? .null,
        ]
    }

    fileprivate init?(stored text: String) {
        guard let json = try? JSONReader.read(Array(text.utf8)),
            let root = json["root"]?.stringValue.flatMap({ DIDKey.parse(multibase: $0) }),
            let size = json["size"]?.integerValue.flatMap({ UInt64(exactly: $0) }),
            let type = json["type"]?.stringValue, let blob = try? Blob(root: root, size: size)
        else { return nil }
        func number(_ name: String) -> UInt64? {
            json[name]?.integerValue.flatMap { UInt64(exactly: $0) }
        }
        var dimensions: Dimensions?
        if let width = number("width"), let height = number("height") {
            dimensions = try? Dimensions(width: width, height: height)
        }
        var focus: Focus?
        if let x = json["x"]?.integerValue, let y = json["y"]?.integerValue {
            focus = try? Focus(x: x, y: y)
        }
        let made = try? Attachment(
            blob: blob, mediaType: type, alternative: json["alternative"]?.stringValue,
            dimensions: dimensions, duration: number("duration"), focus: focus)
        guard let made else { return nil }
        self = made
    }
}
