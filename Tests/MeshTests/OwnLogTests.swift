import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// No two heads of one size, ever: whatever copies of a device are put back, and however often.
struct OwnLogTests {
    /// Two nodes that hold 10 posts of node 0's log, and node 0's disk as it was with 4.
    static func restored(seed: UInt64) -> (net: TestNet, log: LogKey, old: TestStore) {
        let net = TestNet(seed: seed)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 4)
        net.run(for: .seconds(3))
        let old = net.nodes[0].store
        net.post(log, at: 0, 6)
        SyncTests.check(net, log, 10)
        net.crash(0)
        net.run(for: .seconds(1))
        return (net, log, old)
    }

    @Test func aPublishIsDurableBeforeItIsReleased() {
        let net = TestNet(seed: 50)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.run(for: .seconds(3))
        net.nodes[0].storeDelay = .seconds(2)
        let token = net.post(log, at: 0)
        net.run(for: .milliseconds(1_900))
        #expect(net.nodes[0].published[token] == nil && net.nodes[1].size(log) == 0)
        net.run(for: .milliseconds(300))
        #expect(net.nodes[0].published[token] == 0..<1 && net.nodes[1].size(log) == 1)
    }

    @Test func whatCannotBePublishedIsRefused() {
        let net = TestNet(seed: 51)
        net.addNode()
        let log = net.author(1, at: 0)
        func refusal(_ log: LogKey, _ drafts: [Draft]) -> Refusal? {
            net.feed(0, .publish(log, drafts, 77))
            defer { net.nodes[0].refused[77] = nil }
            return net.nodes[0].refused[77]
        }
        func draft(_ count: Int, _ time: UInt64 = 1) -> Draft {
            Draft(time: UnixTime(milliseconds: time), body: [UInt8](repeating: 1, count: count))
        }
        #expect(refusal(signingKey(2).publicKey, [draft(20)]) == .unknownLog)
        for drafts in [
            [], [draft(16)], [draft(0)], [draft(65_537)], [draft(20, 1 << 53)],
            [Draft](repeating: draft(17), count: 4_097),
            [Draft](repeating: draft(65_536), count: 4),
        ] { #expect(refusal(log, drafts) == .tooLarge) }
        net.nodes[0].storeDelay = .seconds(10)
        let many = [Draft](repeating: draft(60_000), count: 3)
        var taken = 0
        while refusal(log, many) == nil && taken < 1_000 { taken += 1 }
        #expect(taken * 180_000 <= Limits.drafts + (Limits.groupsInFlight + 1) * Limits.batchBytes)
        #expect(refusal(log, many) == .tooManyWaiting)
        #expect(net.nodes[0].mesh.groups(of: log) <= Limits.groupsInFlight)
        net.run(for: .seconds(1_000))
        #expect(net.nodes[0].size(log) == UInt64(3 * taken))
        #expect(refusal(log, [draft(65_536)]) == nil)
        #expect(refusal(log, [Draft](repeating: draft(48), count: 4_096)) == nil)
        net.run(for: .seconds(30))
        #expect(net.nodes[0].size(log) == UInt64(3 * taken + 4_097))
    }

    /// The fence says that more was released: nothing is signed before it is here again.
    @Test func behindTheFenceNothingIsSigned() {
        let (net, log, old) = Self.restored(seed: 52)
        net.nodes[0].store = old
        net.nodes[0].store.fences[log] = 10
        net.cut(0, 1)
        net.restart(0)
        net.join(0, to: 1)
        net.run(for: .seconds(60))
        let early = net.post(log, at: 0)
        #expect(net.nodes[0].refused[early] == .behind(10))
        #expect(net.nodes[0].mesh.ownState(of: log) == "unconfirmed")
        net.heal(0, 1)
        #expect(net.run(within: .seconds(400)) { net.nodes[0].size(log) == 10 })
        net.post(log, at: 0)
        SyncTests.check(net, log, 11)
    }

    /// There is no fence: only a peer can tell.
    @Test func withoutAFenceAPeerIsAskedFirst() {
        let (net, log, old) = Self.restored(seed: 53)
        net.nodes[0].store = old
        net.restart(0, trust: .unknown)
        let early = net.post(log, at: 0)
        #expect(net.nodes[0].refused[early] == .unconfirmed)
        net.join(0, to: 1)
        #expect(net.run(within: .seconds(10)) { net.nodes[0].size(log) == 10 })
        net.run(for: .seconds(1))
        #expect(net.nodes[0].mesh.ownState(of: log) == "writable")
        net.post(log, at: 0)
        SyncTests.check(net, log, 11)
    }

    /// There is no fence, and who answers first lacks the log: that tells nothing.
    @Test func whoHoldsNothingOfTheLogUnlocksNothing() {
        let (net, log, old) = Self.restored(seed: 57)
        net.nodes[0].store = old
        net.cut(0, 1)
        net.restart(0, trust: .unknown)
        let stranger = RawPeer(net, to: 0)
        stranger.greet()
        stranger.say(.ownHeads([]))
        net.run(for: .seconds(5))
        stranger.say(.ownHeads([]))
        #expect(net.nodes[0].mesh.ownState(of: log) == "unconfirmed")
        let early = net.post(log, at: 0)
        #expect(net.nodes[0].refused[early] == .unconfirmed)
        net.heal(0, 1)
        net.join(0, to: 1)
        #expect(net.run(within: .seconds(400)) { net.nodes[0].size(log) == 10 })
        net.run(for: .seconds(1))
        net.post(log, at: 0)
        SyncTests.check(net, log, 11)
    }

    /// Nobody ever had the log: once a peer has fetched what there is, it says so, and is asked.
    @Test func whoFetchesTheLogConfirmsIt() {
        let net = TestNet(seed: 58)
        net.addNode()
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 4)
        net.run(for: .seconds(3))
        net.crash(0)
        net.restart(0, trust: .unknown)
        net.addNode()
        net.join(1, to: 0)
        #expect(
            net.run(within: .seconds(30)) { net.nodes[0].mesh.ownState(of: log) == "writable" })
        net.post(log, at: 0)
        SyncTests.check(net, log, 5)
    }

    @Test func aNewLogWithoutAFenceIsWritableOnceSomebodyAnswered() {
        let net = TestNet(seed: 54)
        net.addNode()
        net.addNode()
        let log = net.author(1, at: 0, .unknown)
        let early = net.post(log, at: 0)
        #expect(net.nodes[0].refused[early] == .unconfirmed)
        net.join(0, to: 1)
        net.run(for: .seconds(2))
        net.post(log, at: 0)
        SyncTests.check(net, log, 1)
    }

    /// The copy believes itself current, and hears of its own later posts before it signs.
    @Test func aPeerThatKnowsMoreStopsTheWriter() {
        let (net, log, old) = Self.restored(seed: 55)
        net.nodes[0].store = old
        net.restart(0, trust: .current)
        net.join(0, to: 1)
        #expect(net.run(within: .seconds(5)) { net.nodes[0].mesh.ownState(of: log) == "behind" })
        let early = net.post(log, at: 0)
        #expect(net.nodes[0].refused[early] == .behind(10))
        #expect(net.run(within: .seconds(10)) { net.nodes[0].mesh.ownState(of: log) == "writable" })
        #expect(net.nodes[0].size(log) == 10)
        net.post(log, at: 0, 2)
        SyncTests.check(net, log, 12)
    }

    /// A head that nobody signed does not stop a writer.
    @Test func aForgedHeadStopsNobody() {
        let net = TestNet(seed: 56)
        net.addNode()
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 2)
        net.run(for: .seconds(1))
        let raw = RawPeer(net, to: 0)
        raw.greet()
        let forged = Checkpoint(
            log: log, size: 50, root: .zero, signature: Signature(r: .zero, s: .zero))
        raw.say(.ownHeads([forged]))
        #expect(raw.farewell == .protocolError)
        let other = RawPeer(net, to: 0, number: 91)
        other.greet()
        other.say(.heads([forged], done: true))
        #expect(other.farewell == .protocolError)
        #expect(net.nodes[0].mesh.ownState(of: log) == "writable")
        net.post(log, at: 0)
        net.run(for: .seconds(60))
        #expect(net.nodes[0].size(log) == 3)
    }

    /// The same device on two nodes at once, which know nothing of each other: everybody learns it,
    /// and only that log stops.
    @Test(arguments: 0..<8)
    func anEquivocatingAuthorIsFrozenEverywhere(seed: UInt64) {
        let net = TestNet(seed: 60 + seed)
        net.chain(4)
        net.entriesPerRead = 7
        let other = net.author(9, at: 1)
        net.cut(1, 2)
        let log = net.author(1, at: 0)
        _ = net.author(1, at: 3)
        net.post(log, at: 0, 3 + Int(seed % 3) * 20, text: "here")
        net.post(log, at: 3, 3 + Int(seed) * 4, text: "there")
        net.run(for: .seconds(5))
        net.heal(1, 2)
        net.post(other, at: 1, 2)
        let proven = net.run(within: .seconds(60)) {
            net.nodes.allSatisfy { $0.store.forks[log] != nil }
        }
        #expect(
            proven,
            "\(net.nodes.map { $0.store.forks[log] != nil }) \(net.nodes.map { $0.size(log) })")
        for node in net.nodes {
            #expect(throws: Never.self) { try node.store.forks[log]?.verify() }
        }
        #expect(net.nodes[0].mesh.ownState(of: log) == "forked")
        let token = net.post(log, at: 0)
        #expect(net.nodes[0].refused[token] == .forked)
        net.post(other, at: 1, 3)
        SyncTests.checkArrived(net, other, 5)
        let sent = net.datagrams.count
        net.run(for: .seconds(10))
        #expect(net.datagrams.count - sent < 40)
    }

    /// A holder of a part, whose source is gone, meets the holders of another branch.
    @Test func aForkOfWhatIsHeldInPartIsProven() {
        let net = TestNet(seed: 70)
        net.chain(3)
        net.entriesPerRead = 8
        net.cut(0, 1)
        net.cut(1, 2)
        let log = net.author(1, at: 0)
        _ = net.author(1, at: 2)
        net.post(log, at: 0, 300, text: "here")
        net.post(log, at: 2, 400, text: "there")
        net.run(for: .seconds(1))
        net.nodes[1].storeDelay = .milliseconds(10)
        net.heal(0, 1)
        #expect(net.run(within: .seconds(60)) { net.nodes[1].size(log) > 50 })
        net.cut(0, 1)
        net.run(for: .seconds(1))
        #expect(net.nodes[1].size(log) < 300)
        net.heal(1, 2)
        #expect(net.run(within: .seconds(60)) { net.nodes[1].store.forks[log] != nil })
        #expect(net.nodes[2].store.forks[log] != nil)
        #expect(net.nodes[1].readySessions == 1)
    }

    /// Who comes later and still offers the log is told.
    @Test func whoeverOffersAFrozenLogIsTold() {
        let net = TestNet(seed: 71)
        net.chain(3)
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 5)
        net.run(for: .seconds(5))
        SyncTests.check(net, log, 5)
        net.cut(1, 2)
        net.run(for: .seconds(1))
        let key = signingKey(1)
        let proof = ForkProof(
            equalSizes: Checkpoint(signing: 3, root: .zero, with: key),
            Checkpoint(signing: 3, root: SHA256.hash([1]), with: key))
        let raw = RawPeer(net, to: 0)
        raw.greet()
        raw.say(.fork(proof))
        net.run(for: .seconds(5))
        #expect(net.nodes.map { $0.store.forks[log] == proof } == [true, true, false])
        net.heal(1, 2)
        #expect(net.run(within: .seconds(60)) { net.nodes[2].store.forks[log] == proof })
    }

    /// A proof about a log that nobody holds goes nowhere, however often it is sent.
    @Test func forksOfUnknownLogsDoNotSpread() {
        let net = TestNet(seed: 72)
        for _ in 0..<3 { net.addNode() }
        net.join(0, to: 1)
        net.join(1, to: 2)
        net.join(2, to: 0)
        net.run(for: .seconds(2))
        let key = signingKey(7)
        let proof = ForkProof(
            equalSizes: Checkpoint(signing: 3, root: .zero, with: key),
            Checkpoint(signing: 3, root: SHA256.hash([1]), with: key))
        let raw = RawPeer(net, to: 0)
        raw.greet()
        let before = net.steps
        for _ in 0..<20 { raw.say(.fork(proof)) }
        net.run(for: .seconds(5))
        #expect(net.steps - before < 400)
        #expect(net.nodes.allSatisfy { $0.store.forks.isEmpty && $0.writes.isEmpty })
    }

    @Test func aForkProofThatTheDiskRefusedIsStoredLater() {
        let net = TestNet(seed: 73)
        net.addNode()
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 5)
        net.run(for: .seconds(1))
        net.nodes[0].isFull = true
        let key = signingKey(1)
        let raw = RawPeer(net, to: 0)
        raw.greet()
        raw.say(
            .fork(
                ForkProof(
                    equalSizes: Checkpoint(signing: 3, root: .zero, with: key),
                    Checkpoint(signing: 3, root: SHA256.hash([1]), with: key))))
        net.run(for: .seconds(12))
        #expect(net.nodes[0].store.forks[log] == nil)
        net.nodes[0].isFull = false
        net.run(for: .seconds(12))
        #expect(net.nodes[0].store.forks[log] != nil)
    }

    /// Random crashes, restores of old disks and cuts: never two heads of one size.
    @Test(arguments: 0..<6)
    func noTwoHeadsOfOneSize(seed: UInt64) {
        let net = TestNet(seed: 80 + seed)
        print("seed \(80 + seed)")
        net.lossPercent = 20
        net.chain(3)
        let log = net.author(1, at: 1)
        var old = net.nodes[1].store
        var random = SeededRandom(seed: seed)
        for _ in 0..<60 {
            switch random.next() % 8 {
            case 0:
                net.crash(1)
                net.restart(1)
                for peer in [0, 2] { net.join(1, to: peer) }
            case 1:
                // What was released is with others; the disk is an old one, the fence stands or is
                // lost.
                net.run(for: .seconds(20))
                net.crash(1)
                let fence = net.nodes[1].store.fences[log]
                net.nodes[1].store = old
                net.nodes[1].store.fences[log] = fence
                let isLost = random.next() % 2 == 0
                net.restart(1, trust: isLost ? .unknown : nil)
                for peer in [0, 2] { net.join(1, to: peer) }
            case 2: old = net.nodes[1].store
            case 3: net.nodes[1].isFull.toggle()
            case 4:
                net.cut(0, 1)
                net.run(for: .seconds(1))
                net.heal(0, 1)
            default: for _ in 0..<3 { net.post(log, at: 1, 2) }
            }
            net.run(for: .milliseconds(random.next() % 900))
        }
        net.nodes[1].isFull = false
        net.run(for: .seconds(400))
        #expect(net.equivocations.isEmpty)
        #expect(net.nodes.allSatisfy { $0.store.forks.isEmpty })
        net.post(log, at: 1, 2)
        let size = net.nodes[1].published.values.map(\.upperBound).max() ?? 0
        net.run(for: .seconds(5))
        SyncTests.check(net, log, net.nodes[1].size(log))
        #expect(net.nodes[1].size(log) >= size && size > 0)
    }
}

extension Mesh {
    func groups(of log: LogKey) -> Int {
        ownLogs.first { $0.key.publicKey == log }?.groupsUnderWay ?? 0
    }
}
