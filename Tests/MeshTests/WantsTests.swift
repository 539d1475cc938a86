import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Only wanted logs travel, and what is wanted comes: `Protocol/wants.md`.
struct WantsTests {
    /// Everything that a raw peer was told or pushed of a log.
    private static func mentions(_ raw: RawPeer, _ log: LogKey) -> Int {
        raw.messages.count { message in
            switch message {
            case .heads(let heads, _): heads.contains { $0.log == log }
            case .have(let list): list.contains { $0.log == log }
            case .batch(_, let batch): batch.log == log
            default: false
            }
        }
    }

    private static func only(_ logs: [LogKey], isWider: Bool = false) -> Event {
        .want(.only(logs.sorted()), EntryQuotas(), isWider: isWider)
    }

    /// Two nodes that are connected, and logs of the first.
    private static func pair(seed: UInt64, logs count: Int) -> (TestNet, [LogKey]) {
        let net = TestNet(seed: seed)
        net.chain(2)
        let logs = (1...count).map { net.author(UInt8($0), at: 0) }
        return (net, logs)
    }

    // MARK: Ours

    @Test func onlyWantedLogsAreFetched() {
        let (net, logs) = Self.pair(seed: 300, logs: 6)
        net.feed(1, Self.only([logs[1], logs[4]]))
        for log in logs { net.post(log, at: 0, 3) }
        net.run(for: .seconds(30))
        #expect(logs.map { net.nodes[1].size($0) } == [0, 3, 0, 0, 3, 0])
        #expect(net.nodes[1].mesh.refusals.overQuota == 0)
        // The peer knows, and sends nothing that would be refused after the first moment.
        let before = net.nodes[0].mesh.counters.postsPushed
        for log in logs { net.post(log, at: 0) }
        net.run(for: .seconds(30))
        #expect(logs.map { net.nodes[1].size($0) } == [0, 4, 0, 0, 4, 0])
        #expect(net.nodes[0].mesh.counters.postsPushed == before + 2)
    }

    /// A follow: the log comes at once, over the session that is open.
    @Test func whatIsNewlyWantedComesSoon() {
        let (net, logs) = Self.pair(seed: 301, logs: 4)
        net.feed(1, Self.only([logs[0]]))
        for log in logs { net.post(log, at: 0, 5) }
        net.run(for: .seconds(30))
        net.feed(1, Self.only([logs[0], logs[2]], isWider: true))
        #expect(net.run(within: .seconds(1)) { net.nodes[1].size(logs[2]) == 5 })
        #expect(net.nodes[1].size(logs[3]) == 0)
        net.feed(1, .want(.everything, EntryQuotas(), isWider: true))
        #expect(net.run(within: .seconds(1)) { net.nodes[1].size(logs[3]) == 5 })
    }

    /// Wanted while no peer was there: the mark of before says nothing about this log, and is
    /// forgotten.
    @Test func whatWasWantedOffLineComesToo() {
        let (net, logs) = Self.pair(seed: 302, logs: 4)
        net.feed(1, Self.only([logs[0]]))
        for log in logs { net.post(log, at: 0, 5) }
        net.run(for: .seconds(60))
        #expect(net.nodes[1].store.marks.contains { $0.change > 0 })
        net.cut(0, 1)
        net.run(for: .seconds(1))
        net.feed(1, Self.only([logs[0], logs[2]], isWider: true))
        net.run(for: .seconds(1))
        #expect(!net.nodes[1].store.marks.contains { $0.change > 0 })
        net.crash(1)
        net.restart(1)
        net.feed(1, Self.only([logs[0], logs[2]]))
        net.heal(0, 1)
        net.join(1, to: 0)
        #expect(net.run(within: .seconds(60)) { net.nodes[1].size(logs[2]) == 5 })
        #expect(net.nodes[1].size(logs[1]) == 0)
    }

    /// A node's own logs are always wanted: a restored store gets back what it published.
    @Test func ownLogsAreAlwaysWanted() {
        let net = TestNet(seed: 303)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 5)
        net.run(for: .seconds(10))
        net.crash(0)
        net.nodes[0].store = TestStore()
        net.restart(0, trust: .unknown)
        net.feed(0, Self.only([]))
        net.join(0, to: 1)
        #expect(net.run(within: .seconds(60)) { net.nodes[0].size(log) == 5 })
    }

    /// Who pushes what is not wanted is passed over, and stays a peer.
    @Test func unwantedPushesAreNoOffence() {
        let net = TestNet(seed: 304)
        net.addNode()
        net.feed(0, Self.only([signingKey(9).publicKey]))
        let raw = RawPeer(net, to: 0)
        raw.greet()
        let (log, batch) = Self.batch(of: signingKey(3), count: 2)
        raw.say(.batch(stream: 0, batch))
        raw.say(.have([Message.Have(log: log, size: 2, root: 0)]))
        raw.say(.heads([batch.checkpoint], done: true))
        net.run(for: .seconds(10))
        #expect(net.nodes[0].size(log) == 0 && raw.farewell == nil && !raw.isClosed)
        #expect(net.nodes[0].mesh.refusals == Refusals(unwanted: 1, overQuota: 0))
        #expect(!raw.messages.contains { if case .get = $0 { true } else { false } })
    }

    /// No log takes more than it may; the others go on.
    @Test func aQuotaOfEntriesHolds() {
        let (net, logs) = Self.pair(seed: 305, logs: 3)
        net.entriesPerRead = 40
        net.feed(
            1,
            .want(.everything, EntryQuotas(logs: [logs[1]: 1_000], others: 100), isWider: false))
        for log in logs { for _ in 0..<5 { net.post(log, at: 0, 60) } }
        net.run(for: .seconds(60))
        #expect(net.nodes[1].size(logs[1]) == 300)
        for log in [logs[0], logs[2]] {
            #expect((100...180).contains(net.nodes[1].size(log)), "\(net.nodes[1].size(log))")
            #expect(!net.nodes[1].mesh.isCurrent(log))
        }
        #expect(net.nodes[1].mesh.refusals == Refusals(unwanted: 0, overQuota: 2))
        #expect(net.nodes[1].store.isSound())
        // More room: the rest comes.
        net.feed(1, .want(.everything, EntryQuotas(), isWider: false))
        #expect(net.run(within: .seconds(60)) { logs.allSatisfy { net.nodes[1].size($0) == 300 } })
    }

    /// A disk that is nearly full: nothing of others is fetched, own posts go, reads are served.
    @Test func aLowDiskTakesOnlyOwnPosts() {
        let net = TestNet(seed: 306)
        net.chain(3)
        let (theirs, mine) = (net.author(1, at: 0), net.author(2, at: 1))
        net.post(theirs, at: 0, 3)
        net.run(for: .seconds(10))
        net.feed(1, .diskIsLow(true))
        net.post(theirs, at: 0, 4)
        let token = net.post(mine, at: 1, 2)
        net.run(for: .seconds(20))
        #expect(net.nodes[1].published[token] == 0..<2)
        #expect(net.nodes[1].size(theirs) == 3)
        #expect(net.nodes[0].size(mine) == 2 && net.nodes[2].size(mine) == 2)
        net.feed(1, .diskIsLow(false))
        #expect(net.run(within: .seconds(5)) { net.nodes[2].size(theirs) == 7 })
    }

    @Test func currentIsWhatNobodyOffersMoreOf() {
        let (net, logs) = Self.pair(seed: 307, logs: 2)
        for log in logs { net.post(log, at: 0, 3) }
        net.run(for: .seconds(10))
        #expect(logs.allSatisfy { net.nodes[1].mesh.isCurrent($0) })
        net.feed(1, .diskIsLow(true))
        net.post(logs[0], at: 0)
        net.run(for: .seconds(10))
        #expect(!net.nodes[1].mesh.isCurrent(logs[0]) && net.nodes[1].mesh.isCurrent(logs[1]))
        #expect(!net.nodes[1].mesh.isCurrent(signingKey(77).publicKey))
    }

    // MARK: Theirs

    /// What a peer does not want, it is not told of; what it comes to want, it is.
    @Test func aPeerIsToldOfWhatItWants() {
        let net = TestNet(seed: 308)
        net.addNode()
        let logs = (1...5).map { net.author(UInt8($0), at: 0) }
        for log in logs { net.post(log, at: 0) }
        let raw = RawPeer(net, to: 0)
        raw.greet()
        raw.say(.want(.only, [logs[0], logs[1]]))
        raw.say(.since(mine: 5, yours: 0, change: 0))
        net.run(for: .seconds(1))
        #expect(logs.map { Self.mentions(raw, $0) > 0 } == [true, true, false, false, false])
        raw.say(.want(.also, [logs[2], signingKey(99).publicKey]))
        raw.say(.want(.notThese, [logs[0]]))
        net.run(for: .seconds(1))
        let before = Self.mentions(raw, logs[0])
        for log in logs { net.post(log, at: 0) }
        net.run(for: .seconds(5))
        #expect(
            logs.map { Self.mentions(raw, $0) > 0 } == [true, true, true, false, false])
        #expect(Self.mentions(raw, logs[0]) == before)
        // What is asked for is served, wanted or not.
        raw.say(.get(stream: 1, log: logs[4], from: 0, to: nil, credit: 1))
        net.run(for: .seconds(1))
        #expect(Self.mentions(raw, logs[4]) == 1)
        raw.say(.want(.everything, []))
        net.run(for: .seconds(1))
        #expect(logs.allSatisfy { Self.mentions(raw, $0) > 0 } && raw.farewell == nil)
    }

    /// Going back and forth gets all heads so often and no more; naming too many ends the session.
    @Test func aFickleOrGreedyPeerIsBounded() {
        let net = TestNet(seed: 309)
        net.addNode()
        let log = net.author(1, at: 0)
        net.post(log, at: 0)
        let raw = RawPeer(net, to: 0)
        raw.greet()
        raw.say(.since(mine: 5, yours: 0, change: 0))
        for _ in 0..<200 {
            raw.say(.want(.only, []))
            raw.say(.want(.everything, []))
        }
        net.run(for: .seconds(2))
        #expect(raw.farewell == nil)
        #expect((1...Limits.Wants.retellings + 2).contains(Self.mentions(raw, log)))
        var random = SeededRandom(seed: 1)
        raw.say(.want(.only, []))
        for _ in 0...Limits.Wants.logs / Limits.Wants.perMessage {
            raw.say(
                .want(
                    .also,
                    (0..<Limits.Wants.perMessage).map { _ in Bytes32(random.bytes(32)) ?? .zero }))
        }
        net.run(for: .seconds(1))
        #expect(raw.farewell == .protocolError)
    }

    /// A batch that a signed author wrote.
    static func batch(of key: SigningKey, count: Int) -> (LogKey, Batch) {
        var frontier = Frontier()
        let entries = (0..<count).map {
            Entry(
                time: UnixTime(milliseconds: 1),
                body: .present([UInt8](repeating: UInt8($0), count: 30)))
        }
        for entry in entries {
            frontier.append(
                EntryHeader(log: key.publicKey, index: frontier.size, entry: entry).leafHash)
        }
        let checkpoint = Checkpoint(signing: frontier.size, root: frontier.root, with: key)
        return (
            key.publicKey,
            Batch(
                log: key.publicKey, frontier: Frontier(), entries: entries, checkpoint: checkpoint,
                tail: [])
        )
    }
}
