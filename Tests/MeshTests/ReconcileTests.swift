import Crypto
import MerkleLog
import Primitives
import Reconciliation
import Testing

@testable import Mesh

/// Strangers find out by a sketch which heads differ, and everything arrives.
struct ReconcileTests {
    /// Two nodes that hold the same logs, with stores of their own names, as if they had met by
    /// way of others only: what differs is added by the test.
    private static func strangers(
        seed: UInt64, logs count: Int, posts: Int = 2
    ) -> (net: TestNet, logs: [LogKey]) {
        let net = TestNet(seed: seed)
        net.addNode()
        let logs = (0..<count).map { net.author(UInt8(1 + $0), at: 0) }
        for log in logs { net.post(log, at: 0, posts) }
        net.run(for: .seconds(5))
        let store = net.nodes[0].store
        net.addNode(heads: store)
        for log in logs { #expect(net.nodes[1].size(log) == UInt64(posts)) }
        return (net, logs)
    }

    private static func bytes(_ net: TestNet) -> UInt64 {
        net.nodes.reduce(0) { $0 + $1.mesh.counters.reconcileBytes }
    }

    /// What each lacks of what both know arrives at a cost far below that of all heads, whichever
    /// side dials.
    @Test(arguments: [0, 1])
    func bothLackSomething(dialler: Int) {
        let (net, logs) = Self.strangers(seed: 100, logs: 150)
        // Written by the second node, on the device of its own.
        let other = (160..<170).map { net.author(UInt8($0), at: 1) }
        for log in other { net.post(log, at: 1, 3) }
        for log in logs.prefix(7) { net.post(log, at: 0) }
        net.run(for: .seconds(2))
        let before = Self.bytes(net)
        net.join(dialler, to: 1 - dialler)
        for (at, log) in logs.enumerated() { SyncTests.check(net, log, at < 7 ? 3 : 2) }
        for log in other { SyncTests.check(net, log, 3) }
        let spent = Self.bytes(net) - before
        #expect(spent < 2_000 && spent > 100, "\(spent) bytes")
    }

    /// Nothing differs: one sum each way says so.
    @Test func equalStrangersSayLittle() {
        let (net, _) = Self.strangers(seed: 101, logs: 100)
        net.join(0, to: 1)
        net.run(for: .seconds(20))
        #expect(Self.bytes(net) > 0 && Self.bytes(net) < 400, "\(Self.bytes(net)) bytes")
        #expect(net.nodes[0].mesh.counters.postsReceived == 0)
    }

    /// Nearly all differ on both sides, and all of it arrives without a page.
    @Test func everyHeadDiffers() {
        let (net, logs) = Self.strangers(seed: 102, logs: 100)
        for log in logs { net.post(log, at: 0, 2) }
        net.run(for: .seconds(3))
        net.join(1, to: 0)
        for log in logs { SyncTests.check(net, log, 4, within: 60) }
        #expect(Self.bytes(net) < 6_000, "\(Self.bytes(net)) bytes")
    }

    /// Who has nothing gets pages.
    @Test(arguments: [0, 1])
    func aNewcomerGetsEverything(dialler: Int) {
        let net = TestNet(seed: 103)
        net.addNode()
        net.addNode()
        let logs = (0..<60).map { net.author(UInt8(1 + $0), at: 0) }
        for log in logs { net.post(log, at: 0) }
        net.run(for: .seconds(2))
        net.join(dialler, to: 1 - dialler)
        for log in logs { SyncTests.check(net, log, 1) }
    }

    /// Posts written while two strangers compare arrive as well.
    @Test(arguments: 0..<10)
    func whatIsWrittenMeanwhileArrives(seed: UInt64) {
        let (net, logs) = Self.strangers(seed: 110 + seed, logs: 40)
        net.latency = .milliseconds(40)
        for log in logs.prefix(5) { net.post(log, at: 0) }
        net.run(for: .seconds(1))
        net.join(seed % 2 == 0 ? 0 : 1, to: seed % 2 == 0 ? 1 : 0)
        for log in logs.prefix(20) {
            net.run(for: .milliseconds(3 + seed * 4))
            net.post(log, at: 0)
        }
        for (at, log) in logs.enumerated() {
            SyncTests.check(net, log, 2 + (at < 5 ? 1 : 0) + (at < 20 ? 1 : 0))
        }
    }

    /// A fork at one size shows as a difference, and is proven to both.
    @Test(arguments: [0, 1])
    func aForkIsFound(dialler: Int) {
        let (net, logs) = Self.strangers(seed: 120, logs: 40)
        // The same device goes on in two copies.
        net.nodes[1].own = [signingKey(1)]
        net.restart(1)
        net.post(logs[0], at: 0, text: "here")
        net.post(logs[0], at: 1, text: "there")
        net.run(for: .seconds(1))
        net.join(dialler, to: 1 - dialler)
        #expect(
            net.run(within: .seconds(30)) {
                net.nodes.allSatisfy { $0.mesh.logs[logs[0]]?.isFrozen == true }
            })
        for log in logs.dropFirst() { SyncTests.checkArrived(net, log, 2) }
    }

    /// Who knows of a fork tells who does not, and then nothing differs any more: a frozen log is
    /// no difference for ever.
    @Test(arguments: [0, 1])
    func aFrozenLogIsNoLastingDifference(dialler: Int) {
        let (net, logs) = Self.strangers(seed: 121, logs: 40)
        let log = logs[0]
        let key = signingKey(1)
        let proof = ForkProof(
            equalSizes: Checkpoint(signing: 9, root: SHA256.hash([1]), with: key),
            Checkpoint(signing: 9, root: SHA256.hash([2]), with: key))
        let raw = RawPeer(net, to: 0)
        raw.greet()
        raw.say(.fork(proof))
        net.run(for: .seconds(1))
        net.close(raw)
        #expect(net.nodes[0].mesh.logs[log]?.isFrozen == true)
        net.join(dialler, to: 1 - dialler)
        #expect(
            net.run(within: .seconds(30)) { net.nodes[1].mesh.logs[log]?.isFrozen == true })
        let key0 = SketchKey(session: .zero, round: 1)
        let sums = net.nodes.map {
            SketchCell(summing: key0.items($0.mesh.logs.marks), key: key0)
        }
        #expect(sums[0] == sums[1])
    }

    /// What a session lost without a trace is found by the comparison that comes from time to time.
    @Test func whatWasLostIsFoundLater() {
        let (net, logs) = Self.strangers(seed: 122, logs: 40)
        net.join(0, to: 1)
        net.run(for: .seconds(30))
        // The peer is believed to hold it, and does not.
        let number = net.nodes[0].mesh.logs.number(of: logs[3]) ?? 0
        for id in net.nodes[0].mesh.sessions.ids {
            net.nodes[0].mesh.sessions[id]?.known[number] = Session.Known(
                confirmed: 1_000, sent: 1_000)
        }
        net.post(logs[3], at: 0)
        net.run(for: .seconds(20))
        #expect(net.nodes[1].size(logs[3]) == 2)
        SyncTests.check(net, logs[3], 3, within: 400)
    }

    /// With a peer that wants few logs only those are compared, and what it holds besides is told.
    @Test(arguments: [0, 1])
    func onlyWhatBothWantIsCompared(dialler: Int) {
        let (net, logs) = Self.strangers(seed: 124, logs: 150)
        // The second node wants every other log, and has dropped none.
        let wanted = logs.enumerated().filter { $0.offset % 2 == 0 }.map(\.element).sorted()
        net.feed(1, .want(.only(wanted), EntryQuotas(), isWider: false))
        for log in logs { net.post(log, at: 0) }
        // Of a log that it wants no more it alone has something new.
        let left = net.author(180, at: 1)
        net.post(left, at: 1, 5)
        net.run(for: .seconds(2))
        net.nodes[1].own.removeAll()
        let before = Self.bytes(net)
        net.join(dialler, to: 1 - dialler)
        #expect(
            net.run(within: .seconds(60)) { wanted.allSatisfy { net.nodes[1].size($0) == 3 } })
        #expect(net.run(within: .seconds(5)) { net.nodes[0].size(left) == 5 })
        for log in logs where !wanted.contains(log) { #expect(net.nodes[1].size(log) == 2) }
        // The heads of 76 logs told besides, and no page of the other 75.
        let spent = Self.bytes(net) - before
        #expect(spent < 76 * 145 + 2_500, "\(spent) bytes")
    }

    /// Comparing again costs little where nothing differs.
    @Test func comparingAgainIsCheap() {
        let (net, _) = Self.strangers(seed: 123, logs: 100)
        net.join(0, to: 1)
        net.run(for: .seconds(30))
        let before = Self.bytes(net)
        net.run(for: .seconds(3_600))
        let spent = Self.bytes(net) - before
        #expect(spent > 0 && spent < 12 * 150, "\(spent) bytes an hour")
    }
}

/// THREATS row 13: a peer that makes up asks, sketches and names.
struct HostileReconcileTests {
    private static func node(logs count: Int) -> TestNet {
        let net = TestNet(seed: 130)
        net.addNode()
        for number in 0..<count {
            let log = net.author(UInt8(1 + number), at: 0)
            net.post(log, at: 0)
        }
        net.run(for: .seconds(2))
        return net
    }

    private static func ask(_ round: UInt64, cells: UInt64 = 64) -> Message {
        .sketchAsk(
            Message.SketchAsk(
                round: round, logs: 40, total: .zero, cells: cells, estimator: nil))
    }

    private static func greeted(_ net: TestNet, number: UInt8 = 90) -> RawPeer {
        let raw = RawPeer(net, to: 0, number: number)
        raw.greet()
        net.run(for: .milliseconds(100))
        return raw
    }

    @Test func asksWithoutEndEndTheSession() {
        let net = Self.node(logs: 40)
        let raw = Self.greeted(net)
        for round in 1...UInt64(Limits.Reconcile.askBurst) { raw.say(Self.ask(round)) }
        net.run(for: .milliseconds(100))
        #expect(!raw.isClosed)
        raw.say(Self.ask(100))
        net.run(for: .milliseconds(100))
        #expect(raw.farewell == .protocolError)
    }

    @Test func oneAskAnIntervalIsAnswered() {
        let net = Self.node(logs: 40)
        let raw = Self.greeted(net)
        for round in 1...40 as ClosedRange<UInt64> {
            raw.say(Self.ask(round))
            net.run(for: Limits.Reconcile.askInterval)
            raw.say(.ping(1))
        }
        #expect(!raw.isClosed)
        let answers = raw.messages.count { if case .sketch = $0 { true } else { false } }
        #expect(answers == 40)
    }

    @Test func aRoundIsAskedOnce() {
        let net = Self.node(logs: 40)
        let raw = Self.greeted(net)
        raw.say(Self.ask(2))
        raw.say(Self.ask(2))
        net.run(for: .milliseconds(100))
        #expect(raw.farewell == .protocolError)
    }

    /// Sketches, names and ids that nobody asked for change nothing.
    @Test func answersWithoutAsksArePassedOver() {
        let net = Self.node(logs: 40)
        let raw = Self.greeted(net)
        for round in 1...5 as ClosedRange<UInt64> {
            raw.say(.sketch(round: round, .equal))
            raw.say(.sketch(round: round, .pages))
            raw.say(
                .names(
                    Message.Names(
                        round: round, lacking: [.init(id: 3, size: 9)], asked: [1, 2, 3],
                        names: [.init(log: SHA256.hash([1]), size: 9)])))
        }
        net.run(for: .milliseconds(100))
        #expect(!raw.isClosed)
        #expect(net.nodes[0].mesh.logsAwaited == 0)
        let answers = raw.messages.count { if case .names = $0 { true } else { false } }
        #expect(answers == 0)
    }

    /// Ids are looked for once a round, and what is claimed only leads to asking.
    @Test func idsAreAnsweredOnceARound() {
        let net = Self.node(logs: 40)
        let raw = Self.greeted(net)
        raw.say(Self.ask(1))
        let asked = (0..<20_000).map { UInt32($0) * 200_000 }
        for _ in 0..<3 {
            raw.say(
                .names(
                    Message.Names(
                        round: 1, asked: asked, names: [.init(log: SHA256.hash([1]), size: 9)])))
        }
        net.run(for: .milliseconds(100))
        #expect(!raw.isClosed)
        let answers = raw.messages.count { if case .names = $0 { true } else { false } }
        #expect(answers == 1)
        // Being fetched, and offered once more.
        #expect(net.nodes[0].mesh.logsAwaited == 2)
        #expect(net.nodes[0].mesh.logs.count == 40)
    }

    /// Sizes that were taken for others end well: who asks from beyond what is held holds more.
    @Test func whoAsksFromBeyondHoldsMore() {
        let net = Self.node(logs: 20)
        let raw = Self.greeted(net)
        let log = signingKey(3).publicKey
        net.nodes[0].mesh.ownLogs.removeAll { $0.key.publicKey == log }
        raw.say(.get(stream: 1, log: log, from: 70_000, to: nil, credit: 8))
        net.run(for: .milliseconds(100))
        let gets = raw.messages.compactMap { message -> UInt64? in
            guard case .get(_, log, let from, _, _) = message else { return nil }
            return from
        }
        // The newest of what it holds.
        #expect(gets == [70_000 - Limits.Newest.entries])
    }

    /// The side that was dialled does not ask.
    @Test func theDialledSideMayNotAsk() {
        let (net, raw) = Self.dialled(logs: 40)
        raw.say(Self.ask(1))
        net.run(for: .milliseconds(100))
        #expect(raw.farewell == .protocolError)
    }

    /// A node whose dial a scripted peer took: the peer is the side that answers.
    private static func dialled(logs: Int) -> (TestNet, RawPeer) {
        let net = node(logs: logs)
        let raw = RawPeer(net, takingDialOf: 0)
        raw.say(.hello(raw.hello()))
        raw.say(.since(mine: 5, yours: 0, change: 0))
        net.run(for: .milliseconds(100))
        return (net, raw)
    }

    private static func asks(_ raw: RawPeer) -> [Message.SketchAsk] {
        raw.messages.compactMap { if case .sketchAsk(let ask) = $0 { ask } else { nil } }
    }

    /// Sketches that cannot be taken apart: a few more are asked for, then pages.
    @Test func sketchesOfJunkEndInPages() throws {
        let (net, raw) = Self.dialled(logs: 40)
        var random = SeededRandom(seed: 4)
        var answered = 0
        while let ask = Self.asks(raw).last, !ask.wantsPages, answered < 20 {
            // Below both primes.
            let bytes = random.bytes(10 * max(64, Int(ask.cells))).map { $0 & 0x7f }
            let sketch = try #require(Sketch(bytes: bytes))
            raw.say(.sketch(round: ask.round, .cells(sketch)))
            answered += 1
            net.run(for: .milliseconds(100))
        }
        #expect(answered == Limits.Reconcile.attempts)
        #expect(Self.asks(raw).last?.wantsPages == true)
        let told = raw.messages.reduce(0) { count, message in
            if case .heads(let heads, _) = message { count + heads.count } else { count }
        }
        #expect(told == 40)
        #expect(!raw.isClosed)
    }

    /// A peer that does not answer is told all heads, and asked for its own.
    @Test func silenceEndsInPages() {
        let (net, raw) = Self.dialled(logs: 40)
        #expect(Self.asks(raw).count == 1)
        raw.say(.ping(1))
        net.run(for: .seconds(20))
        #expect(Self.asks(raw).last?.wantsPages == true)
        let told = raw.messages.reduce(0) { count, message in
            if case .heads(let heads, _) = message { count + heads.count } else { count }
        }
        #expect(told == 40)
    }

    /// A peer that dialled and does not ask is told all heads.
    @Test func whoDoesNotAskIsToldAll() {
        let net = Self.node(logs: 40)
        let raw = Self.greeted(net)
        raw.say(.since(mine: 5, yours: 0, change: 0))
        net.run(for: .seconds(20))
        let told = raw.messages.reduce(0) { count, message in
            if case .heads(let heads, _) = message { count + heads.count } else { count }
        }
        #expect(told == 40)
    }

    /// As many made-up logs as a sketch can tell: their names are asked for, and no more happens
    /// when nobody gives them.
    @Test func madeUpLogsCostNothingLasting() throws {
        let (net, raw) = Self.dialled(logs: 40)
        let ask = try #require(Self.asks(raw).last)
        let session = try #require(net.nodes[0].mesh.sessions.all.first)
        let noise = try #require(session.noise)
        let key = SketchKey(session: noise.handshakeHash, round: ask.round)
        let mine = net.nodes[0].mesh.logs.marks
        let made = (0..<15_000).map { number in
            HeadMark(
                log: SHA256.hash([UInt8(number & 255), UInt8(number >> 8)]), size: 5, checkpoint: 5,
                root: .zero)
        }
        let sketch = Sketch(key.items(mine + made), count: Limits.Reconcile.cells, key: key)
        raw.say(.sketch(round: ask.round, .cells(sketch)))
        net.run(for: .seconds(1))
        let asked = raw.messages.compactMap {
            if case .names(let names) = $0 { names } else { nil }
        }
        #expect(asked.first?.asked.count == 15_000)
        #expect(net.nodes[0].mesh.logs.count == 40)
        #expect(net.nodes[0].mesh.sketchItems == nil)
        raw.say(.ping(1))
        net.run(for: .seconds(20))
        #expect(!raw.isClosed)
    }
}
