import Crypto
import MerkleLog
import Mesh
import Primitives

/// A run in words: one line for each thing that happens.
extension World {
    func say(_ text: String, _ nodes: Any...) {
        guard let trace else { return }
        let list = nodes.map { " \($0)" }.joined()
        trace("\(timestamp) --- \(text):\(list)")
    }

    private var timestamp: String {
        let milliseconds = now.nanoseconds / 1_000_000 - 1_000_000
        let text = String(milliseconds)
        return String(repeating: " ", count: max(0, 8 - text.count)) + text
    }

    /// A log's author, or the beginning of its key.
    private func name(_ log: LogKey) -> String {
        if let author = safety.authors[log] { return "log\(author.node)" }
        if let node = nodes.first(where: { $0.key.publicKey == log }) { return "node\(node.index)" }
        return String(log.w0 >> 40, radix: 16)
    }

    private func name(_ session: SessionID) -> String {
        let slot = Int(session & 0xff_ffff)
        let isOpen = slot < ends.count && ends[slot].id == session
        let peer = isOpen ? "→\(ends[slot].peerNode)" : "gone"
        return "s\(session >> 24)\(peer)"
    }

    func tell(_ node: Int, _ event: Event) {
        let text: String
        switch event {
        case .accepted(let id, _): text = "accepted \(name(id))"
        case .connected(let id, let dial, _): text = "connected \(name(id)) by \(dial)"
        case .dialFailed(let token): text = "dial \(token) failed"
        case .closed(let id): text = "closed \(name(id))"
        case .stored(let token, let change): text = "durable \(token), change \(change)"
        case .storeFailed(let token, let why): text = "write \(token) failed: \(why)"
        case .damaged(let log, let index): text = "damaged \(name(log)) \(index)"
        case .publish(let log, let drafts, let token):
            text = "publish \(drafts.count) to \(name(log)) as \(token)"
        case .adopt(let start): text = "adopt \(name(start.key.publicKey)) \(start.trust)"
        case .disown(let log): text = "disown \(name(log))"
        case .addPeer(let address, _, _): text = "add peer \(name(address.key))"
        case .stop: text = "stop"
        default: return
        }
        trace?("\(timestamp) \(node) < \(text)")
    }

    func tell(_ node: Int, _ effect: Effect) {
        let text: String
        switch effect {
        case .dial(let address, _, let token): text = "dial \(name(address.key)) as \(token)"
        case .close(let id, let atOnce): text = "close \(name(id))\(atOnce ? " at once" : "")"
        case .store(.extend(let found, let isOwn), let token):
            text =
                "write \(token): \(name(found.head.key)) \(found.from)..<\(found.head.size)"
                + " of \(found.head.checkpoint.size)\(isOwn ? ", own" : "")"
        case .store(.newest(let log, let batch), let token):
            let range = batch.map { "\($0.from)..<\($0.to)" } ?? "none"
            text = "write \(token): newest of \(name(log)), \(range)"
        case .store(.fork(let proof), let token): text = "write \(token): fork \(name(proof.log))"
        case .store(.resume(let mark), _): text = "mark \(name(mark.peer)) \(mark.change)"
        case .store(.replace(let log, let index, _), let token):
            text = "write \(token): repair \(name(log)) \(index)"
        case .read(let id, let stream, let request):
            text = "read \(name(request.head.key)) from \(request.from) for \(name(id))/\(stream)"
        case .published(let token, _, let from, let leaves):
            text = "published \(token) at \(from), \(leaves.count)"
        case .refused(let token, let why): text = "refused \(token): \(why)"
        case .note(let notice): text = "note \(describe(notice))"
        case .stored(let log, let from, let to): text = "stored \(name(log)) \(from)..<\(to)"
        default: return
        }
        trace?("\(timestamp) \(node) > \(text)")
    }

    private func describe(_ notice: Notice) -> String {
        switch notice {
        case .sessionOpened(let peer, _, let outbound, _):
            "session with \(name(peer))\(outbound ? ", ours" : "")"
        case .sessionClosed(let peer, let why):
            "session with \(peer.map { name($0) } ?? "somebody") ended: \(why)"
        case .forkProven(let log, let bound): "FORK of \(name(log)) from \(bound) on"
        case .ownLogBehind(let log, let held, let published):
            "\(name(log)) is behind: \(held) of \(published)"
        case .ownLogConfirmed(let log): "\(name(log)) may be written"
        case .repaired(let log, let index): "repaired \(name(log)) \(index)"
        case .badBatch(let log, let peer, let why):
            "bad batch of \(name(log)) from \(name(peer)): \(why)"
        case .badBlob(_, let peer): "bad part of a blob from \(name(peer))"
        }
    }

    func tell(_ node: Int, _ seen: ObservedMessage) {
        let sign = seen.direction == .said ? ">" : "<"
        let way = seen.byDatagram ? "udp " : ""
        let text = (try? Message(decoding: seen.bytes)).map { describe($0) } ?? "nonsense"
        trace?("\(timestamp) \(node) \(sign) \(way)\(name(seen.session)) \(text)")
    }

    private func describe(_ message: Message) -> String {
        func list(_ heads: [Checkpoint]) -> String {
            heads.map { "\(name($0.log)):\($0.size)" }.joined(separator: " ")
        }
        return switch message {
        case .heads(let heads, let done): "heads \(list(heads))\(done ? "." : "…")"
        case .own(let own): "own \(own.map { name($0) }.joined(separator: " "))"
        case .ownHeads(let heads): "own-heads \(list(heads))"
        case .get(let stream, let log, let from, let to, let credit):
            "get/\(stream) \(name(log)) from \(from)\(to.map { " to \($0)" } ?? ""), \(credit)"
        case .batch(let stream, let batch):
            "batch/\(stream) \(name(batch.log)) \(batch.from)..<\(batch.to) of "
                + "\(batch.checkpoint.size)"
        case .have(let haves):
            "have " + haves.map { "\(name($0.log)):\($0.size)" }.joined(separator: " ")
        case .fork(let proof):
            "fork \(name(proof.log)) \(proof.a.size) \(proof.b.size), "
                + "\(proof.parting == nil ? "before" : "at") \(proof.bound)"
        default: String(String(describing: message).prefix(100))
        }
    }
}
