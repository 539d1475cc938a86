import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Posts on their way as they are written: quickly when all goes well, and all of them whatever
/// goes wrong.
struct LiveTests {
    @Test(arguments: [0, 30, 100] as [UInt64])
    func everyPostArrivesWhateverDatagramsGetLost(loss: UInt64) {
        let net = TestNet(seed: 20 + loss)
        net.lossPercent = loss
        net.chain(3)
        let logs = [net.author(1, at: 0), net.author(2, at: 2)]
        net.run(for: .seconds(5))
        #expect(net.nodes[0].mesh.datagramsWork(with: net.nodes[1].key.publicKey) == (loss < 100))
        for at in 0..<120 {
            net.post(logs[at % 2], at: at % 2 * 2)
            net.run(for: .milliseconds(50))
        }
        for log in logs { SyncTests.check(net, log, 60, within: 20) }
        let counters = net.nodes[0].mesh.counters
        if loss == 0 { #expect(counters.datagramsSent > 50) }
        print(
            "loss \(loss) %: \(counters.datagramsSent) datagrams, \(counters.duplicates) duplicates"
        )
    }

    @Test func aPostIsWithNeighboursAfterOneTrip() {
        let net = TestNet(seed: 30)
        net.datagramJitter = .milliseconds(0)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.run(for: .seconds(5))
        net.post(log, at: 0)
        #expect(net.run(within: .milliseconds(20)) { net.nodes[1].size(log) == 1 })
        // The first of a log goes over the session; from then on by datagram.
        net.run(for: .seconds(1))
        let before = net.datagrams.count
        net.post(log, at: 0)
        #expect(net.run(within: .milliseconds(10)) { net.nodes[1].size(log) == 2 })
        #expect(net.datagrams.count > before)
    }

    @Test func aBurstOfAThousand() {
        let net = TestNet(seed: 31)
        net.lossPercent = 30
        net.chain(3)
        let log = net.author(1, at: 0)
        net.run(for: .seconds(5))
        for _ in 0..<1_000 { net.post(log, at: 0) }
        SyncTests.check(net, log, 1_000)
        #expect(net.nodes[0].published.count == 1_000 && net.nodes[0].refused.isEmpty)
        let spans = net.nodes[0].published.values.sorted { $0.lowerBound < $1.lowerBound }
        #expect(spans.enumerated().allSatisfy { $1 == UInt64($0)..<UInt64($0 + 1) })
    }

    /// After datagrams stop getting through in one direction, posts go over the session again.
    @Test func aPathThatTurnsDeafIsGivenUp() {
        let net = TestNet(seed: 32)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.run(for: .seconds(5))
        let peer = net.nodes[1].key.publicKey
        #expect(net.nodes[0].mesh.datagramsWork(with: peer))
        net.deafNode = 1
        for _ in 0..<20 {
            net.post(log, at: 0)
            net.run(for: .milliseconds(700))
        }
        SyncTests.check(net, log, 20)
        #expect(!net.nodes[0].mesh.datagramsWork(with: peer))
        net.deafNode = nil
        net.run(for: .seconds(70))
        #expect(net.nodes[0].mesh.datagramsWork(with: peer))
    }

    // MARK: The disk

    @Test func aSlowStoreLosesNothing() {
        let net = TestNet(seed: 40)
        net.chain(2)
        let logs = (1...4).map { net.author(UInt8($0), at: 0) }
        net.run(for: .seconds(5))
        net.nodes[1].storeDelay = .milliseconds(300)
        for _ in 0..<60 {
            for log in logs {
                net.post(log, at: 0, 20, text: String(repeating: "x", count: 2_000))
            }
            net.run(for: .milliseconds(50))
        }
        for log in logs { SyncTests.check(net, log, 1_200, within: 300) }
        #expect(net.nodes[1].mesh.writeBytes == 0 && net.nodes[1].mesh.writes.isEmpty)
    }

    /// More is pushed than may wait for the disk: the rest is left to be fetched.
    @Test func pushesThatWaitForTheDiskAreBounded() {
        let net = TestNet(seed: 41)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.run(for: .seconds(5))
        net.nodes[1].storeDelay = .seconds(3)
        var most = 0
        for _ in 0..<240 {
            net.post(log, at: 0, 3, text: String(repeating: "x", count: 60_000))
            net.run(for: .milliseconds(10))
            most = max(most, net.nodes[1].mesh.writeBytes)
        }
        print("most bytes that waited for the disk: \(most)")
        // One stream is under way when the bound is reached.
        let stream = Int(Limits.streamCredit + 1) * Limits.message
        #expect(most > Limits.storeInFlight / 2 && most <= Limits.storeInFlight + stream)
        net.nodes[1].storeDelay = .milliseconds(2)
        SyncTests.check(net, log, 720, within: 600)
    }

    @Test func aFullDiskLosesNothing() {
        let net = TestNet(seed: 42)
        net.chain(3)
        let (a, b) = (net.author(1, at: 0), net.author(2, at: 1))
        net.run(for: .seconds(5))
        net.post(a, at: 0, 3)
        net.run(for: .seconds(1))
        net.nodes[1].isFull = true
        var tokens: [Token] = []
        for _ in 0..<30 {
            net.post(a, at: 0)
            tokens.append(net.post(b, at: 1))
            net.run(for: .milliseconds(100))
        }
        net.run(for: .seconds(10))
        #expect(tokens.allSatisfy { net.nodes[1].refused[$0] == .diskFull })
        #expect(net.nodes[1].size(a) == 3 && net.nodes[2].size(a) == 3)
        #expect(net.nodes[1].mesh.writeBytes == 0 && net.nodes[1].mesh.writes.isEmpty)
        net.nodes[1].isFull = false
        SyncTests.check(net, a, 33, within: 60)
        net.post(b, at: 1, 2)
        SyncTests.check(net, b, 2)
    }

    /// The one who pushed is gone when the write fails; the other neighbour has it, and thinks that
    /// we do.
    @Test func whatTheDiskRefusedIsAskedOfOthers() {
        let net = TestNet(seed: 43)
        for _ in 0..<3 { net.addNode() }
        net.join(0, to: 1)
        net.join(0, to: 2)
        net.join(1, to: 2)
        let log = net.author(1, at: 0)
        net.run(for: .seconds(5))
        net.post(log, at: 0)
        net.run(for: .seconds(2))
        net.nodes[2].isFull = true
        net.nodes[2].storeDelay = .milliseconds(200)
        net.post(log, at: 0)
        net.run(for: .milliseconds(100))
        net.crash(0)
        net.run(for: .seconds(1))
        net.nodes[2].isFull = false
        #expect(net.run(within: .seconds(20)) { net.nodes[2].size(log) == 2 })
    }

    /// Writes behind one that failed fail too, and nothing is signed on top of what is not there.
    @Test func manyPublishesAcrossAFullDisk() {
        let net = TestNet(seed: 44)
        net.chain(2)
        let log = net.author(1, at: 0)
        net.nodes[0].storeDelay = .milliseconds(30)
        var tokens: [Token] = []
        for at in 0..<200 {
            net.nodes[0].isFull = at % 20 > 12
            tokens.append(net.post(log, at: 0, 30, text: String(repeating: "y", count: 3_000)))
            net.run(for: .milliseconds(20))
        }
        net.nodes[0].isFull = false
        net.run(for: .seconds(5))
        let node = net.nodes[0]
        #expect(tokens.allSatisfy { (node.published[$0] == nil) != (node.refused[$0] == nil) })
        #expect(node.refused.values.allSatisfy { $0 == .diskFull })
        #expect(node.size(log) == UInt64(node.published.count * 30))
        SyncTests.check(net, log, node.size(log), within: 60)
    }

    @Test func readsThatTakeLong() {
        let net = TestNet(seed: 45)
        net.addNode()
        net.addNode()
        net.entriesPerRead = 50
        net.nodes[0].readDelay = 400
        let log = net.author(1, at: 0)
        net.post(log, at: 0, 500)
        net.run(for: .seconds(1))
        net.join(1, to: 0)
        net.run(for: .seconds(1))
        for _ in 0..<10 {
            net.post(log, at: 0)
            net.run(for: .milliseconds(200))
        }
        SyncTests.check(net, log, 510)
    }
}

/// News for a peer that is slow for a while: each log's newest head, once, when it reads again.
struct SlowPeerTests {
    @Test func newsWaitsForASlowPeer() {
        let net = TestNet(seed: 46)
        net.addNode()
        let logs = (1...6).map { net.author(UInt8($0), at: 0) }
        let raw = RawPeer(net, to: 0)
        raw.greet()
        net.run(for: .seconds(1))
        net.feed(0, .drained(raw.nodeSession, unsent: Limits.sendHighWater + 1))
        let before = raw.messages.count
        for round in 0..<50 {
            for log in logs { net.post(log, at: 0, text: "\(round)") }
            net.run(for: .milliseconds(20))
        }
        let session = net.nodes[0].mesh.session(of: raw.key.publicKey)
        #expect(session?.overdue.count == logs.count)
        #expect(raw.messages.count == before)
        net.feed(0, .drained(raw.nodeSession, unsent: 0))
        var told: [LogKey: UInt64] = [:]
        for case .heads(let heads, _) in raw.messages.dropFirst(before) {
            for head in heads {
                #expect(told[head.log] == nil)
                told[head.log] = head.size
            }
        }
        #expect(told.count == logs.count && logs.allSatisfy { told[$0] == 50 })
        #expect(session?.overdue.isEmpty == true && session?.isOverdue.isEmpty == true)
    }

    /// A peer that was slow during the first pages of heads gets the rest of them.
    @Test func pagesOfHeadsGoOn() {
        let net = TestNet(seed: 47)
        net.addNode()
        let logs = (1...120).map { net.author(UInt8($0), at: 0) }
        for log in logs { net.post(log, at: 0) }
        net.run(for: .seconds(1))
        let raw = RawPeer(net, to: 0, number: 240)
        raw.shake()
        net.feed(0, .drained(raw.nodeSession, unsent: Limits.sendHighWater + 1))
        raw.say(.hello(raw.hello()))
        raw.say(.since(mine: 7, yours: 0, change: 0))
        raw.askForPages()
        func heard() -> Int {
            raw.messages.reduce(0) { count, message in
                if case .heads(let heads, _) = message { count + heads.count } else { count }
            }
        }
        #expect(heard() == 0)
        net.feed(0, .drained(raw.nodeSession, unsent: 0))
        #expect(heard() == logs.count)
    }
}
