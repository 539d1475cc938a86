import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Peers that lie about logs and throw datagrams: what does not verify changes nothing.
struct HostileLogTests {
    // MARK: Logs

    /// A peer offers a log and never sends it: another is asked, and then it again.
    @Test func anOfferThatIsNotKept() {
        let scene = HostileTests.Scene(seed: 18)
        let log = HostileLog(30, count: 6)
        let (liar, honest) = (scene.peer(91), scene.peer(92))
        liar.say(.heads([log.checkpoint(6)], done: true))
        honest.say(.heads([log.checkpoint(6)], done: true))
        for second in 0..<70 {
            for raw in [liar, honest] { raw.say(.pong(1)) }
            for case .get(let stream, _, let from, _, _) in honest.messages.suffix(
                second == 0 ? 0 : 1)
            where from == 0 {
                honest.say(.batch(stream: stream, log.batch(0, 6)))
                honest.say(.end(stream: stream, size: 6))
            }
            scene.net.run(for: .seconds(1))
        }
        #expect(scene.net.nodes[0].size(log.key.publicKey) == 6)
        #expect(!liar.isClosed && !honest.isClosed)
        scene.check()
    }

    @Test func offersOfFakeLogsAreBounded() {
        let scene = HostileTests.Scene(seed: 19)
        let raw = scene.peer()
        raw.isQuiet = true
        var random = SeededRandom(seed: 19)
        for _ in 0..<140 {
            let page = (0..<512).map { _ in
                Checkpoint(
                    log: Bytes32(random.next(), random.next(), 1, 1), size: 1 + random.next() % 9,
                    root: .zero, signature: Signature(r: .zero, s: .zero))
            }
            raw.say(.heads(page, done: false))
        }
        let session = scene.net.nodes[0].mesh.session(of: raw.key.publicKey)
        #expect((session?.offers.count ?? 0) <= Limits.offers)
        #expect((session?.offered.count ?? 0) <= Limits.offers)
        #expect((session?.known.count ?? 0) <= 2)
        #expect(scene.net.nodes[0].mesh.logs.count == 1)
        scene.check()
    }

    @Test func batchesThatDoNotHoldEndTheSession() {
        let log = HostileLog(31, count: 9)
        var wrong = log.batch(0, 5)
        wrong.entries[2].time = UnixTime(milliseconds: 1)
        var unsigned = log.batch(0, 5)
        unsigned.checkpoint.signature.s = .zero
        for bad in [wrong, unsigned] {
            for isPush in [true, false] {
                let scene = HostileTests.Scene(seed: 20)
                let raw = scene.peer()
                if isPush {
                    raw.say(.batch(stream: 0, bad))
                } else {
                    raw.say(.heads([log.checkpoint(9)], done: true))
                    raw.say(.batch(stream: 1, bad))
                }
                #expect(raw.farewell == .protocolError)
                #expect(scene.net.nodes[0].mesh.logs.count == 1)
                scene.check()
            }
        }
        // A gap, another log, and a stream that nobody opened.
        let scene = HostileTests.Scene(seed: 21)
        let gap = scene.peer()
        gap.say(.heads([log.checkpoint(9)], done: true))
        gap.say(.batch(stream: 1, log.batch(3, 9)))
        #expect(gap.farewell == .protocolError)
        let other = scene.peer(92)
        other.say(.heads([log.checkpoint(9)], done: true))
        other.say(.batch(stream: 1, HostileLog(32, count: 2).batch(0, 2)))
        #expect(other.farewell == .protocolError)
        let stray = scene.peer(93)
        stray.say(.batch(stream: 77, log.batch(0, 9)))
        #expect(!stray.isClosed && scene.net.nodes[0].mesh.logs.count == 1)
        scene.check()
    }

    /// What was asked for behind entries whose write fails then is nobody's fault.
    @Test func aGapThatTheDiskMadeIsNotBlamedOnThePeer() {
        let scene = HostileTests.Scene(seed: 28)
        let log = HostileLog(36, count: 9)
        let (first, second) = (scene.peer(91), scene.peer(92))
        scene.net.nodes[0].isFull = true
        first.say(.batch(stream: 0, log.batch(0, 4, under: 4)))
        second.say(.heads([log.checkpoint(9)], done: true))
        let isAsked = second.messages.contains {
            if case .get(1, _, from: 4, _, _) = $0 { true } else { false }
        }
        #expect(isAsked)
        scene.net.run(for: .seconds(1))
        second.say(.batch(stream: 1, log.batch(4, 9)))
        #expect(!second.isClosed)
        scene.net.nodes[0].isFull = false
        scene.check()
    }

    /// An older head that is signed does not take the place of a newer one.
    @Test func oldHeadsChangeNothing() {
        let scene = HostileTests.Scene(seed: 22)
        let log = HostileLog(33, count: 9)
        let raw = scene.peer()
        raw.say(.batch(stream: 0, log.batch(0, 9)))
        scene.net.run(for: .seconds(1))
        for size in 1...9 {
            raw.say(.heads([log.checkpoint(size)], done: true))
            raw.say(.batch(stream: 0, log.batch(0, size, under: size)))
        }
        scene.net.run(for: .seconds(1))
        #expect(
            scene.net.nodes[0].store.logs[log.key.publicKey]?.head.checkpoint == log.checkpoint(9))
        #expect(!raw.isClosed)
        scene.check()
    }

    /// A head that contradicts what is held, and that its author did not sign, is the peer's own
    /// lie.
    @Test func forgedHeadsEndTheSession() {
        let scene = HostileTests.Scene(seed: 27)
        let forged = Checkpoint(
            log: scene.log, size: 5, root: .zero, signature: Signature(r: .zero, s: .zero))
        let raw = scene.peer()
        raw.say(.heads([Checkpoint](repeating: forged, count: 512), done: true))
        #expect(raw.farewell == .protocolError)
        #expect(scene.net.nodes[0].mesh.logs[scene.log]?.isFrozen == false)
        // Smaller ones are what anybody may hold.
        let slow = scene.peer(92)
        slow.say(.heads([HostileLog(1, count: 3).checkpoint(3)], done: true))
        #expect(!slow.isClosed)
        scene.check()
    }

    // MARK: Datagrams

    @Test func forgedReplayedAndReorderedDatagrams() {
        let scene = HostileTests.Scene(seed: 23)
        let log = HostileLog(34, count: 9)
        let raw = scene.peer()
        scene.net.run(for: .seconds(1))
        var sent: [[UInt8]] = []
        for size in 1...9 {
            sent.append(
                raw.datagram(
                    Message.batch(stream: 0, log.batch(size - 1, size, under: size)).encoded()))
        }
        var random = SeededRandom(seed: 23)
        for datagram in sent {
            for _ in 0..<40 {
                var bad = datagram
                let bit = Int(random.next() % UInt64(bad.count * 8))
                bad[bit / 8] ^= 1 << UInt8(bit % 8)
                scene.net.throwDatagram(bad, at: 0)
                scene.net.throwDatagram(
                    Array(datagram.prefix(Int(random.next() % UInt64(datagram.count)))), at: 0)
                scene.net.throwDatagram(random.bytes(Int(random.next() % 1_300)), at: 0)
            }
        }
        #expect(scene.net.nodes[0].mesh.logs.count == 1 && !raw.isClosed)
        let before = scene.net.nodes[0].mesh.counters.datagramsReceived
        for datagram in sent.reversed() + sent + sent { scene.net.throwDatagram(datagram, at: 0) }
        #expect(scene.net.nodes[0].mesh.counters.datagramsReceived - before == 9)
        // What is old is refused; what is far ahead moves the window.
        let late = raw.datagram(Message.ping(1).encoded())
        raw.datagramCounter += 5_000
        scene.net.throwDatagram(raw.datagram(Message.ping(1).encoded()), at: 0)
        scene.net.throwDatagram(late, at: 0)
        #expect(scene.net.nodes[0].mesh.counters.datagramsReceived - before == 10)
        // What may not come by datagram ends the session.
        scene.net.throwDatagram(raw.datagram(Message.own([]).encoded()), at: 0)
        #expect(raw.isClosed)
        scene.check()
    }

    @Test func theReplayWindowAgainstASet() {
        var random = SeededRandom(seed: 24)
        var window = ReplayWindow()
        var seen: Set<UInt64> = []
        var top: UInt64 = 0
        for _ in 0..<60_000 {
            let jump = random.next() % 100 == 0 ? random.next() % 9_000 : random.next() % 12
            let back = random.next() % 3 == 0 ? random.next() % 3_000 : 0
            let counter = top + jump >= back ? top + jump - back : 0
            let isNew = !seen.contains(counter) && counter + UInt64(Limits.replayWindow) >= top
            #expect(window.allows(counter) == isNew, "\(counter) below \(top)")
            guard isNew else { continue }
            window.insert(counter)
            seen.insert(counter)
            top = max(top, counter + 1)
        }
        window.insert(.max - 1)
        #expect(!window.allows(.max) && !window.allows(.max - 1) && window.allows(.max - 2))
    }
}

/// A log that a scripted peer has: any batch and checkpoint of it.
struct HostileLog {
    let key: SigningKey
    let entries: [Entry]
    let leaves: [Hash]

    init(_ number: UInt8, count: Int, salt: UInt8 = 1) {
        self.init(key: signingKey(number), count: count, salt: salt)
    }

    /// `salt` tells the histories of one key apart; each body has `padding` bytes more.
    init(key: SigningKey, count: Int, salt: UInt8 = 1, padding: Int = 0) {
        entries = (0..<count).map {
            Entry(
                time: UnixTime(milliseconds: 5),
                body: .present(
                    [UInt8](repeating: salt, count: 16 + padding) + Array("entry \($0)".utf8)))
        }
        leaves = entries.enumerated().map {
            EntryHeader(log: key.publicKey, index: UInt64($0), entry: $1).leafHash
        }
        self.key = key
    }

    func frontier(_ size: Int) -> Frontier {
        var frontier = Frontier()
        for leaf in leaves.prefix(size) { frontier.append(leaf) }
        return frontier
    }

    func checkpoint(_ size: Int) -> Checkpoint {
        Checkpoint(signing: UInt64(size), root: frontier(size).root, with: key)
    }

    func batch(_ from: Int, _ to: Int, under size: Int? = nil) -> Batch {
        let size = size ?? entries.count
        let spans = Tail.spans(from: UInt64(to), size: UInt64(size))
        return Batch(
            log: key.publicKey, frontier: frontier(from), entries: Array(entries[from..<to]),
            checkpoint: checkpoint(size), tail: spans.map { root(Int($0.low), Int($0.high)) })
    }

    private func root(_ low: Int, _ high: Int) -> Hash {
        var frontier = Frontier()
        for leaf in leaves[low..<high] { frontier.append(leaf) }
        return frontier.root
    }

    func fork() -> ForkProof {
        ForkProof(equalSizes: checkpoint(3), Checkpoint(signing: 3, root: .zero, with: key))
    }
}
