import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Peers that met before tell each other what changed: no more, and never less.
struct ResumeTests {
    /// Three nodes in a chain, with `count` logs of the first, which all hold and have noted.
    static func acquainted(seed: UInt64, logs count: Int) -> (TestNet, [LogKey]) {
        let net = TestNet(seed: seed)
        net.chain(3)
        let logs = (1...count).map { net.author(UInt8($0), at: 0) }
        for log in logs { net.post(log, at: 0, 3) }
        net.run(for: .seconds(60))
        return (net, logs)
    }

    static func heads(_ raw: RawPeer) -> [LogKey] {
        raw.messages.flatMap { message in
            if case .heads(let heads, _) = message { heads.map(\.log) } else { [LogKey]() }
        }
    }

    @Test func afterABreakOnlyTheChangesAreTold() {
        let (net, logs) = Self.acquainted(seed: 70, logs: 100)
        net.cut(1, 2)
        for log in logs.prefix(3) { net.post(log, at: 0) }
        net.run(for: .seconds(2))
        let before = net.bytesSent
        net.heal(1, 2)
        for log in logs.prefix(3) { SyncTests.check(net, log, 4, within: 60) }
        for log in logs.dropFirst(3) { SyncTests.check(net, log, 3) }
        // All heads would be 14,000 bytes for one side alone.
        let cost = net.bytesSent - before
        #expect(cost < 6_000, "\(cost) bytes")
    }

    /// Marks survive both nodes' restarts.
    @Test func afterARestartOnlyTheChangesAreTold() {
        let (net, logs) = Self.acquainted(seed: 71, logs: 100)
        net.crash(2)
        net.post(logs[7], at: 0)
        net.run(for: .seconds(2))
        net.crash(1)
        net.crash(0)
        net.restart(1)
        net.restart(2)
        let before = net.bytesSent
        net.join(2, to: 1)
        #expect(net.run(within: .seconds(60)) { net.nodes[2].size(logs[7]) == 4 })
        let cost = net.bytesSent - before
        #expect(cost < 6_000, "\(cost) bytes")
    }

    /// A store under another name, as after a restore: everything is told.
    @Test func aStoreOfAnotherNameIsTakenForAStranger() {
        let (net, logs) = Self.acquainted(seed: 72, logs: 40)
        let image = net.nodes[1].store
        for log in logs { net.post(log, at: 0) }
        net.run(for: .seconds(60))
        net.crash(1)
        net.nodes[1].store = image
        net.nodes[1].store.id = 99
        net.restart(1)
        net.join(1, to: 0)
        for log in logs { SyncTests.check(net, log, 4, within: 60) }
    }

    /// The numbers of an old image under the same name are above those of the store: full exchange.
    @Test func aNumberThatWasNotGivenYetIsNoMark() {
        let (net, logs) = Self.acquainted(seed: 73, logs: 20)
        let raw = RawPeer(net, to: 0)
        raw.shake()
        raw.say(.hello(raw.hello()))
        let store = net.nodes[0].store
        raw.say(.since(mine: 5, yours: store.id, change: store.change + 1))
        raw.askForPages()
        net.run(for: .seconds(1))
        #expect(Self.heads(raw).count == logs.count)
    }

    @Test func theMarkIsExact() {
        let (net, logs) = Self.acquainted(seed: 74, logs: 20)
        let store = net.nodes[0].store
        for (back, expected) in [(0, 0), (1, 1), (5, 5), (19, 19)] {
            let raw = RawPeer(net, to: 0, number: UInt8(241 + back % 8))
            raw.shake()
            raw.say(.hello(raw.hello()))
            let changes = logs.compactMap { store.changes[$0] }.sorted()
            let from = back == 0 ? store.change : changes[changes.count - back] - 1
            raw.say(.since(mine: 5, yours: store.id, change: max(1, from)))
            net.run(for: .seconds(1))
            #expect(Set(Self.heads(raw)).count == expected)
            let marks = raw.messages.compactMap { message in
                if case .mark(store.id, let change) = message { change } else { nil as UInt64? }
            }
            #expect(marks == [store.change])
            net.close(raw)
            net.run(for: .seconds(1))
        }
    }

    /// What a peer announced and did not bring is not noted as known.
    @Test func nothingIsNotedBeforeItIsHere() {
        let net = TestNet(seed: 75)
        net.addNode()
        let raw = RawPeer(net, to: 0)
        raw.greet()
        raw.say(.since(mine: 5, yours: 0, change: 0))
        let key = signingKey(3)
        let leaf = EntryHeader(
            log: key.publicKey, index: 0,
            entry: Entry(
                time: UnixTime(milliseconds: 1), body: .present(Array(repeating: 1, count: 20)))
        ).leafHash
        var frontier = Frontier()
        frontier.append(leaf)
        raw.say(
            .heads([Checkpoint(signing: 1, root: frontier.root, with: key)], done: true))
        raw.say(.mark(store: 5, change: 12))
        net.run(for: .seconds(50))
        #expect(net.nodes[0].store.marks.isEmpty)
    }

    @Test func aSecondSinceAndAForeignMarkEndTheSession() {
        for message in [
            Message.since(mine: 5, yours: 0, change: 0), .mark(store: 6, change: 1),
        ] {
            let net = TestNet(seed: 76)
            net.addNode()
            let raw = RawPeer(net, to: 0)
            raw.greet()
            raw.say(.since(mine: 5, yours: 0, change: 0))
            net.run(for: .seconds(1))
            #expect(raw.farewell == nil)
            raw.say(message)
            net.run(for: .seconds(1))
            #expect(raw.farewell == .protocolError)
        }
    }

    /// A number under an earlier name counts up to the last that was given under it; who asks for
    /// more is told so, and the two compare heads.
    @Test func anEarlierNameCountsUpToItsLastChange() {
        for (offset, isKnown) in [(0, true), (1, false)] as [(UInt64, Bool)] {
            let (net, logs) = Self.acquainted(seed: 77, logs: 20)
            let (name, change) = (net.nodes[0].store.id, net.nodes[0].store.change)
            net.nodes[0].store.rename(99)
            net.restart(0)
            for log in logs { net.post(log, at: 0) }
            net.run(for: .seconds(1))
            let raw = RawPeer(net, to: 0)
            raw.shake()
            raw.say(.hello(raw.hello()))
            raw.say(.since(mine: 5, yours: name, change: change + offset))
            net.run(for: .seconds(1))
            #expect(raw.messages.contains(.mark(store: 99, change: 0)) == !isKnown)
            if isKnown { #expect(Set(Self.heads(raw)).count == logs.count) }
        }
    }

    /// Who is told that its mark counts no more compares heads, once.
    @Test func aRefusedMarkLeadsToAComparison() {
        let (net, _) = Self.acquainted(seed: 78, logs: 20)
        let raw = RawPeer(net, to: 0)
        raw.shake()
        raw.say(.hello(raw.hello()))
        let store = net.nodes[0].store
        raw.say(.since(mine: 5, yours: store.id, change: store.change))
        for _ in 0..<3 { raw.say(.mark(store: 5, change: 0)) }
        raw.askForPages()
        net.run(for: .seconds(1))
        #expect(raw.farewell == nil)
        #expect(net.nodes[0].store.marks.allSatisfy { $0.store != 5 })
    }
}
