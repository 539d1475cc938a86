import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Streams from peers that hold a log up, send more than they may, or have a backlog.
struct StreamTests {
    /// What `raw` was asked for last: a stream of the log, and from where.
    private func get(_ raw: RawPeer, _ log: LogKey) -> (stream: UInt64, from: UInt64)? {
        for case .get(let stream, log, let from, _, _) in raw.messages.reversed() {
            return (stream, from)
        }
        return nil
    }

    /// A batch that was there before ends the session, and another peer brings the log.
    @Test func aBatchSentAgainHoldsNothingUp() {
        let scene = HostileTests.Scene(seed: 330)
        let log = HostileLog(30, count: 6)
        let (liar, honest) = (scene.peer(91), scene.peer(92))
        liar.say(.heads([log.checkpoint(6)], done: true))
        honest.say(.heads([log.checkpoint(6)], done: true))
        let stream = get(liar, log.key.publicKey)?.stream ?? 0
        liar.say(.batch(stream: stream, log.batch(0, 1)))
        scene.net.run(for: .seconds(1))
        #expect(scene.net.nodes[0].size(log.key.publicKey) == 1 && !liar.isClosed)
        liar.say(.batch(stream: stream, log.batch(0, 1)))
        #expect(liar.farewell == .protocolError)
        scene.net.run(for: .seconds(1))
        let next = get(honest, log.key.publicKey)
        #expect(next?.from == 1)
        honest.say(.batch(stream: next?.stream ?? 0, log.batch(1, 6)))
        scene.net.run(for: .seconds(1))
        #expect(scene.net.nodes[0].size(log.key.publicKey) == 6)
        scene.check()
    }

    /// A peer that gives an entry each 20 s keeps its session, but not the log.
    @Test func whoTricklesIsNotWaitedFor() {
        let scene = HostileTests.Scene(seed: 331)
        let log = HostileLog(30, count: 30)
        let (slow, honest) = (scene.peer(91), scene.peer(92))
        slow.say(.heads([log.checkpoint(30)], done: true))
        honest.say(.heads([log.checkpoint(30)], done: true))
        let stream = get(slow, log.key.publicKey)?.stream ?? 0
        for second in 0..<70 {
            for raw in [slow, honest] { raw.say(.pong(1)) }
            if second % 20 == 0 {
                slow.say(.batch(stream: stream, log.batch(second / 20, second / 20 + 1)))
            }
            if let asked = get(honest, log.key.publicKey), asked.from < 30 {
                honest.say(.batch(stream: asked.stream, log.batch(Int(asked.from), 30)))
                honest.say(.end(stream: asked.stream, size: 30))
            }
            scene.net.run(for: .seconds(1))
        }
        #expect(scene.net.nodes[0].size(log.key.publicKey) == 30)
        #expect(!slow.isClosed && !honest.isClosed)
        scene.check()
    }

    /// Alone with the log, it may take its time.
    @Test func theOnlyHolderMayBeSlow() {
        let scene = HostileTests.Scene(seed: 332)
        let log = HostileLog(30, count: 5)
        let slow = scene.peer(91)
        slow.say(.heads([log.checkpoint(5)], done: true))
        let stream = get(slow, log.key.publicKey)?.stream ?? 0
        for second in 0..<100 {
            slow.say(.pong(1))
            if second % 20 == 0 {
                slow.say(.batch(stream: stream, log.batch(second / 20, second / 20 + 1)))
            }
            scene.net.run(for: .seconds(1))
        }
        #expect(scene.net.nodes[0].size(log.key.publicKey) == 5 && !slow.isClosed)
        scene.check()
    }

    @Test func moreThanCreditAllowsEndsTheSession() {
        let scene = HostileTests.Scene(seed: 333)
        let log = HostileLog(30, count: 20)
        let raw = scene.peer()
        scene.net.nodes[0].storeDelay = .seconds(3)
        raw.say(.heads([log.checkpoint(20)], done: true))
        let stream = get(raw, log.key.publicKey)?.stream ?? 0
        for index in 0..<Int(Limits.streamCredit) {
            raw.say(.batch(stream: stream, log.batch(index, index + 1)))
        }
        #expect(!raw.isClosed)
        raw.say(.batch(stream: stream, log.batch(8, 9)))
        #expect(raw.farewell == .protocolError)
        scene.net.nodes[0].storeDelay = .milliseconds(1)
        scene.check()
    }

    /// The disk is slower than all peers together: what it has no room for is asked for again.
    @Test func whatTheDiskCannotTakeWaitsAtThePeers() {
        let scene = HostileTests.Scene(seed: 334)
        let node = scene.net.nodes[0]
        node.storeDelay = .seconds(20)
        let logs = (0..<28).map { number in
            HostileLog(key: signingKey(UInt8(100 + number)), count: 24, padding: 60_000)
        }
        let peers = (0..<7).map { number in
            let raw = scene.peer(UInt8(10 + number))
            raw.say(
                .heads(logs[(4 * number)..<(4 * number + 4)].map { $0.checkpoint(24) }, done: true))
            return raw
        }
        var most = 0
        for (number, log) in logs.enumerated() {
            let raw = peers[number / 4]
            guard let asked = get(raw, log.key.publicKey) else { continue }
            for start in stride(from: 0, to: 24, by: 3) {
                raw.say(.batch(stream: asked.stream, log.batch(start, start + 3)))
                most = max(most, node.mesh.writeBytes)
            }
        }
        #expect(most > Limits.storeInFlight, "the disk was never behind")
        #expect(most <= Limits.storeInFlight + Limits.message)
        #expect(peers.allSatisfy { !$0.isClosed })
        node.storeDelay = .milliseconds(1)
        for _ in 0..<60 {
            scene.net.run(for: .seconds(1))
            for (number, log) in logs.enumerated() {
                let raw = peers[number / 4]
                raw.say(.pong(1))
                guard let asked = get(raw, log.key.publicKey), asked.from < 24,
                    asked.from == node.size(log.key.publicKey), asked.from % 3 == 0
                else { continue }
                let from = Int(asked.from)
                raw.say(.batch(stream: asked.stream, log.batch(from, from + 3)))
            }
        }
        #expect(logs.contains { node.size($0.key.publicKey) == 24 })
        scene.check()
    }

    /// A large live post does not wait until hundreds of logs have been fetched.
    @Test func newsGoesBeforeABacklog() {
        let scene = HostileTests.Scene(seed: 335)
        let log = HostileLog(30, count: 6)
        let raw = scene.peer()
        raw.say(.batch(stream: 0, log.batch(0, 5, under: 5)))
        scene.net.run(for: .seconds(1))
        #expect(scene.net.nodes[0].size(log.key.publicKey) == 5)
        let backlog = (0..<500).map { number in
            Checkpoint(
                log: Bytes32(UInt64(number), 1, 1, 1), size: 100, root: .zero,
                signature: Signature(r: .zero, s: .zero))
        }
        raw.say(.heads(backlog, done: true))
        #expect(get(raw, log.key.publicKey) == nil)
        raw.say(.heads([log.checkpoint(6)], done: true))
        let asked = get(raw, log.key.publicKey)
        #expect(asked?.from == 5)
        raw.say(.batch(stream: asked?.stream ?? 0, log.batch(5, 6)))
        scene.net.run(for: .milliseconds(100))
        #expect(scene.net.nodes[0].size(log.key.publicKey) == 6)
        #expect(scene.net.nodes[0].mesh.exceededBound == nil)
    }

    /// Strangers' logs fill their part of the table only.
    @Test func strangersLeaveRoomForFriends() {
        let scene = HostileTests.Scene(seed: 336)
        let (stranger, friend) = (HostileLog(30, count: 1), HostileLog(31, count: 1))
        let node = scene.net.nodes[0]
        let model = friend.checkpoint(1)
        let many = (0..<Limits.strangersLogs).map { number in
            let key = Bytes32(UInt64(number), 2, 2, 2)
            return LogHead(
                key: key, frontier: friend.frontier(1),
                checkpoint: Checkpoint(
                    log: key, size: 1, root: model.root, signature: model.signature), tail: [])
        }
        node.mesh.logs = LogTable(heads: many, changes: many.map { _ in 0 })
        let raw = scene.peer()
        for log in [stranger, friend] { raw.say(.batch(stream: 0, log.batch(0, 1))) }
        scene.net.run(for: .seconds(1))
        #expect(node.mesh.logs.count == Limits.strangersLogs && !raw.isClosed)
        let quotas = EntryQuotas(logs: [friend.key.publicKey: LogLimits.size])
        scene.net.feed(0, .want(.everything, quotas, isWider: true))
        for log in [stranger, friend] { raw.say(.batch(stream: 0, log.batch(0, 1))) }
        scene.net.run(for: .seconds(1))
        #expect(node.mesh.logs[friend.key.publicKey]?.size == 1)
        #expect(node.mesh.logs[stranger.key.publicKey] == nil)
    }

    /// However much differs, each message that names it fits.
    @Test func namesOfVeryManyLogsFit() throws {
        var random = SeededRandom(seed: 337)
        let ids = Set((0..<18_000).map { _ in UInt32(truncatingIfNeeded: random.next()) }).sorted()
        var told = Message.Names(round: 1)
        told.lacking = ids[..<15_000].map {
            Message.Names.ShortClaim(id: $0, size: LogLimits.size)
        }
        told.asked = Array(ids[15_000...])
        told.names = (0..<9_000).map { number in
            Message.Names.Claim(log: Bytes32(random.next(), UInt64(number), 1, 1), size: 300)
        }
        let parts = told.parts
        for part in parts {
            let encoded = Message.names(part).encoded()
            #expect(encoded.count <= Limits.message)
            #expect(try Message(decoding: encoded) == .names(part))
        }
        #expect(parts[0].lacking == told.lacking && parts[0].asked == told.asked)
        #expect(parts.dropFirst().allSatisfy { $0.lacking.isEmpty && $0.asked.isEmpty })
        #expect(parts.flatMap(\.names) == told.names)
        #expect(Message.Names(round: 1).parts == [Message.Names(round: 1)])
    }
}
