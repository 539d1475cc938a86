package import Content
import Crypto
import MerkleLog
import Mesh
import Primitives

/// Media in the world: files of owners, and what nodes fetch of each other.
extension World {
    /// The owner of `node` posts a note with this file; its name.
    @discardableResult
    package func post(
        _ node: SimulatedNode, file bytes: [UInt8], log: Int = 0
    ) throws(ContentError) -> Blob {
        precondition(log < node.own.count, "node \(node.index) writes \(node.own.count) logs")
        let blob = try node.blobs.add(bytes)
        node.posts += 1
        let salt = [UInt8](repeating: UInt8(truncatingIfNeeded: node.posts), count: 16)
        let picture = try Attachment(blob: blob, mediaType: "image/png")
        let note = try Note(text: "picture \(node.posts) of \(node.life)", attachments: [picture])
        let draft = Draft(
            time: node.wallClock(now), body: Content.note(note).body(salt: salt))
        let token = nextToken
        nextToken += 1
        feed(node.index, .publish(node.own[log].publicKey, [draft], token))
        return blob
    }

    /// What entries that are durable now name is fetched, or others are asked about it.
    func nameBlobs(_ node: SimulatedNode, _ write: Write) {
        guard case .extend(let found, _) = write, node.mesh != nil else { return }
        for entry in found.entries {
            for blob in NamedBlobs.of(entry) {
                let isLacking = node.blobs.name(blob)
                let mention = BlobMention(blob: blob, hop: 1, time: entry.time)
                feed(node.index, .blob(isLacking ? .mentioned([mention]) : .ask(blob)))
            }
        }
    }

    /// The disk takes what it takes at once, and answers a read's time later.
    func carryOut(_ node: SimulatedNode, _ effect: BlobEffect) {
        var answer = node.blobs.carryOut(effect)
        if node.isDiskFull, case .written(let blob, _) = answer { answer = .failed(blob, .full) }
        heap.push(.blob(life(of: node), answer), at: now + weather.read)
    }

    /// As at each start: what entries name and is not here.
    func nameBlobsAgain(_ node: SimulatedNode) {
        for log in node.store.order {
            for run in node.store.logs[log]?.runs ?? [] {
                nameBlobs(node, .extend(run.found, isOwn: false))
            }
        }
    }
}
