import Crypto
import MerkleLog
import Mesh
import Primitives

/// What becomes of the words of an honest mesh before they leave.
extension Liar {
    /// What is said instead of `bytes`.
    func bend(_ bytes: [UInt8], in session: SessionID) -> [[UInt8]] {
        guard let message = try? Message(decoding: bytes) else { return [bytes] }
        if case .hello = message {
            return [does(.babble) && random.happens(100) ? damaged(bytes) : bytes]
        }
        note(session)
        overhear(bytes)
        guard let bent = bend(message, session) else { return [] }
        var said = [bent.encoded()]
        if does(.babble), random.happens(50) { said[0] = damaged(said[0]) }
        if does(.replay), random.happens(100), let old = words.randomOne(&random) {
            said.append(old)
        }
        return said
    }

    private func bend(_ message: Message, _ session: SessionID) -> Message? {
        switch message {
        case .heads(let list, let done):
            return .heads(list.compactMap { bend($0, session) }, done: done)
        case .ownHeads(let list):
            return .ownHeads(list.compactMap { bend($0, session) })
        case .have(let list):
            return .have(
                list.map { have in
                    guard does(.misstate) else { return have }
                    let root = random.happens(500) ? have.root : random.next()
                    return Message.Have(log: have.log, size: size(have.size), root: root)
                })
        case .batch(let stream, let batch): return bend(stream, batch, session)
        case .end(let stream, let held):
            if does(.withhold) { return nil }
            return .end(stream: stream, size: does(.misstate) ? size(held) : held)
        case .fork, .credit: return does(.withhold) ? nil : message
        case .since(let mine, let yours, let change) where does(.misstate):
            return random.happens(500)
                ? .since(mine: mine, yours: yours, change: size(change))
                : .since(mine: random.extreme(), yours: yours, change: change)
        case .mark(let store, let change):
            return .mark(store: store, change: does(.misstate) ? size(change) : change)
        case .names(var names) where does(.poison):
            for at in names.names.indices { names.names[at].size = size(names.names[at].size) }
            if !names.names.isEmpty { names.names[0].log = random.hash() }
            return .names(names)
        case .shuffle(let nonce, let origin, let ttl, let nodes):
            return .shuffle(
                nonce: nonce, origin: bend(origin), ttl: ttl, nodes: nodes.map { bend($0) })
        case .shuffleReply(let nonce, let nodes):
            return .shuffleReply(nonce: nonce, nodes: nodes.map { bend($0) })
        case .join(let list): return .join(does(.mislead) ? [place()] : list)
        case .neighborReply(let accepted):
            return .neighborReply(accepted: accepted != does(.mislead))
        default: return message
        }
    }

    /// Another size: a little or much more, less, or any that a message may name.
    func size(_ size: UInt64) -> UInt64 {
        switch random.below(4) {
        case 0: min(LogLimits.size, size + 1 + random.below(3 as UInt64))
        case 1: max(1, size / 2)
        case 2: 1
        default: max(1, min(LogLimits.size, random.extreme()))
        }
    }

    // MARK: Heads

    private func showsTwin(_ session: SessionID) -> Bool {
        has(.equivocate) && seesTwin[session] == true
    }

    /// Nil where it says nothing of the log.
    private func bend(_ head: Checkpoint, _ session: SessionID) -> Checkpoint? {
        if does(.misstate) { return misstated(head) }
        if does(.replay) { return heads.last { $0.log == head.log } ?? head }
        if does(.withhold), random.happens(200) { return nil }
        guard head.log == twin.log, showsTwin(session) else { return head }
        return twin.checkpoint(head.size) ?? head
    }

    func misstated(_ head: Checkpoint) -> Checkpoint? {
        switch random.below(5) {
        case 0: return nil
        case 1: return heads.randomOne(&random) ?? head
        case 2 where head.log == twin.log: return twin.invented(size(head.size), random.hash())
        case 3:
            var head = head
            head.root = random.hash()
            return head
        default:
            var head = head
            head.size = size(head.size)
            return head
        }
    }

    // MARK: Entries

    private func bend(_ stream: UInt64, _ batch: Batch, _ session: SessionID) -> Message? {
        if does(.withhold) {
            guard stream > 0, random.happens(300) else { return nil }
            return .end(stream: stream, size: size(batch.to))
        }
        if does(.misstate) { return .batch(stream: stream, misstated(batch)) }
        guard batch.log == twin.log, showsTwin(session) else {
            return .batch(stream: stream, batch)
        }
        return .batch(stream: stream, twin.counterpart(of: batch) ?? batch)
    }

    private func misstated(_ batch: Batch) -> Batch {
        var bent = batch
        switch random.below(7) {
        case 0: bent.entries.removeLast()
        case 1: bent.entries[0].body = .absent(length: 17, hash: random.hash())
        case 2: bent.entries[0].time = UnixTime(milliseconds: 0)
        case 3: bent.tail.append(random.hash())
        case 4: bent.checkpoint.root = random.hash()
        case 5: bent.log = random.hash()
        default:
            let size = batch.to + 1 + random.below(LogLimits.size - batch.to)
            return twin.overstated(batch, size: size, &random) ?? batch
        }
        return bent
    }

    // MARK: Addresses

    private func bend(_ contact: Contact) -> Contact {
        guard does(.mislead) else { return contact }
        return Contact(
            key: random.happens(500) ? contact.key : random.hash(), endpoints: [place()])
    }

    /// Where somebody is, or nobody.
    func place() -> Endpoint {
        if random.happens(500), let there = places.randomOne(&random) { return there }
        let bits = UInt32(truncatingIfNeeded: random.next())
        return Endpoint(IPAddress(v4: bits), port: UInt16(1 + random.below(65_535)))
    }
}
