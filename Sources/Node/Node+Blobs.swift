import CLinux
package import Content
import Glibc
import MerkleLog
import Mesh
import Primitives
import Store
import Synchronization
import Transport

/// Where a blob is.
package struct BlobState: Hashable, Sendable {
    package var isHere: Bool
    /// Chunks that are here, and all of them.
    package var chunksHere: Int
    package var chunks: Int
    /// Peers that are connected now and say that they hold it: what they last said.
    package var holders: Int
}

/// Media, on the loop's thread.
extension Node {
    static func openMedia(
        _ parts: NodeParts, _ paths: Paths
    ) throws(NodeError) -> (media: Media, box: AnswerBox) {
        let box = AnswerBox()
        do {
            let mailbox = try parts.loop.makeMailbox(of: MediaAnswer.self, capacity: 65_536) {
                for answer in $0 { box.node?.take(answer) }
            }
            let media = try Media(
                directory: paths.blobs, mailbox, tasks: parts.tasks.mailbox)
            return (media, box)
        } catch { throw .store("\(error)") }
    }

    func startMedia() {
        media.start(store: paths.store)
        media.submit(.plan(storage.plan))
        media.submit(.refill)
    }

    private func take(_ answer: MediaAnswer) {
        switch answer {
        case .event(let event):
            let wanted = mesh.blobsWanted
            handle(.blob(event))
            // More may be named than is wanted at a time. A refill itself tells of what is held:
            // only the last one that was wanted asks for another.
            if case .held = event, wanted > 0, mesh.blobsWanted == 0 { media.submit(.refill) }
        case .taken(let bytes): mediaTake(bytes)
        case .dropped(let files): mediaDropped(files)
        case .complaint(let text): journal.say(text)
        }
    }

    func badBlob(_ blob: Blob, _ peer: LogKey) {
        journal.say("refused a part of a picture or film of \(blob.size) bytes from \(short(peer))")
    }

    /// Where a blob is; asks the peers anew, so that it is known better the next time.
    func state(of blob: Blob) -> BlobState {
        let isHere = media.files.holds(blob)
        if isHere { handle(.blob(.ask(blob))) }
        let here = isHere ? blob.chunks : mesh.blobProgress(blob)?.here ?? 0
        return BlobState(
            isHere: isHere, chunksHere: here, chunks: blob.chunks, holders: mesh.holders(of: blob))
    }
}

extension Media {
    /// Where a blob is, asked from any thread but the loop's; nil when the node is ending.
    package func state(of blob: Blob) -> BlobState? {
        let answer = LoopAnswer<BlobState>()
        guard tasks.post({ node in answer.give(node.state(of: blob)) }) else { return nil }
        return answer.wait(milliseconds: 2_000)
    }
}

/// What the loop answers to another thread.
private final class LoopAnswer<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let event = eventfd(0, Int32(EFD_CLOEXEC))

    deinit { _ = close(event) }

    func give(_ given: Value) {
        value.withLock { $0 = given }
        var one: UInt64 = 1
        _ = unsafe write(event, &one, 8)
    }

    func wait(milliseconds: Int32) -> Value? {
        var poll = pollfd(fd: event, events: Int16(POLLIN), revents: 0)
        while unsafe Glibc.poll(&poll, 1, milliseconds) < 0 && errno == EINTR {}
        return value.withLock { $0 }
    }
}
