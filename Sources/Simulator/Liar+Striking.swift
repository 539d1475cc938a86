import Crypto
import MerkleLog
import Mesh
import Primitives
import Wire

/// What a liar says unasked.
extension Liar {
    func strike(
        _ mesh: inout Mesh?, _ session: SessionID, at now: Instant, into effects: inout [Effect]
    ) {
        guard let habit = habits.randomOne(&random) else { return }
        let byDatagram = random.happens(200)
        for message in lies(habit) where !message.isEmpty {
            mesh?.say(message, in: session, byDatagram: byDatagram, at: now, into: &effects)
        }
        // Not even a frame.
        if habit == .babble, random.happens(50) {
            effects.append(.send(session, random.bytes(1 + random.below(100))))
        }
    }

    private func lies(_ habit: Habit) -> [[UInt8]] {
        switch habit {
        case .equivocate: [bothHistories().encoded()]
        case .withhold: [promise().encoded()]
        case .misstate: [falseHeads().encoded()]
        case .replay: words.randomOne(&random).map { [$0] } ?? []
        case .mislead: [overlayLie().encoded()]
        case .poison: [comparisonLie()]
        case .babble: [babble()]
        }
    }

    /// Both of two heads that cannot be true together, for whoever cares to compare.
    private func bothHistories() -> Message {
        let size = 1 + random.below(max(1, twin.size))
        return .heads([twin.checkpoint(size)].compactMap { $0 }, done: true)
    }

    /// More of somebody's log than it will ever serve.
    private func promise() -> Message {
        let log = heads.randomOne(&random)?.log ?? random.hash()
        return .have([Message.Have(log: log, size: size(10), root: random.next())])
    }

    private func falseHeads() -> Message {
        if inventions > 0, random.happens(200) { return invention() }
        let list = (0...random.below(3)).compactMap { _ in
            heads.randomOne(&random).flatMap { misstated($0) }
        }
        return random.happens(500) ? .heads(list, done: random.happens(500)) : .ownHeads(list)
    }

    /// A log of somebody who has never been: valid, and told to one peer alone.
    private func invention() -> Message {
        inventions -= 1
        let key = SigningKey(seed: SecretBytes(random.hash().array))
        let time = random.happens(500) ? 0 : UnixTime.latest.milliseconds
        let entry = Entry(
            time: UnixTime(milliseconds: time), body: .present(random.bytes(17 + random.below(40))))
        var frontier = Frontier()
        frontier.append(EntryHeader(log: key.publicKey, index: 0, entry: entry).leafHash)
        return .batch(
            stream: 0,
            Batch(
                log: key.publicKey, frontier: Frontier(), entries: [entry],
                checkpoint: Checkpoint(signing: 1, root: frontier.root, with: key), tail: []))
    }

    private func overlayLie() -> Message {
        let contacts = (0..<random.below(8)).map { _ in
            Contact(key: random.hash(), endpoints: [place()])
        }
        let one = Contact(key: random.hash(), endpoints: [place()])
        switch random.below(7) {
        case 0: return .join([place()])
        case 1: return .forwardJoin(new: one, ttl: random.below(7))
        case 2: return .neighbor(high: random.happens(500), [place()])
        case 3: return .neighborReply(accepted: random.happens(500))
        case 4: return .disconnect
        case 5:
            return .shuffle(
                nonce: random.next(), origin: one, ttl: random.below(7), nodes: contacts)
        default: return .shuffleReply(nonce: random.next(), nodes: contacts)
        }
    }

    /// Sketches of nothing, names of nobody, in rounds of no number.
    private func comparisonLie() -> [UInt8] {
        let cells = 16 + random.below(100)
        let round = CBORValue.unsigned(1 + random.below(20 as UInt64))
        let message: [CBORValue] =
            switch random.below(4) {
            case 0:
                [
                    .unsigned(18), round, .unsigned(random.below(1_000)),
                    .bytes(sums(1)), .unsigned(random.happens(500) ? 0 : UInt64(cells)),
                    .bytes(random.happens(500) ? [] : random.bytes(256)),
                ]
            case 1: [.unsigned(19), round, .unsigned(0), .bytes(sums(cells))]
            case 2:
                [
                    .unsigned(20), round,
                    .array([.unsigned(random.extreme()), .unsigned(size(1))]),
                    .array([.unsigned(random.below(1 << 32))]),
                    .array([.array([.bytes(random.hash().array), .unsigned(size(1))])]),
                ]
            default:
                [.unsigned(16), .bytes(random.bytes(8)), .unsigned(random.extreme())]
            }
        return CBORValue.array(message).encoded
    }

    /// Cells whose sums are all below their primes.
    private func sums(_ cells: Int) -> [UInt8] {
        (0..<cells).flatMap { _ in random.bytes(10).map { $0 & 0x3f } }
    }
}
