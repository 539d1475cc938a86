import Content
import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Mesh

/// Media go to whoever lacks them, whole and right, whatever peers do: `Protocol/blobs.md`.
struct BlobTests {
    private static let mebibyte = 1 << 20

    /// A chain of nodes, of which the first writes a log.
    private static func chain(_ count: Int, seed: UInt64) -> (TestNet, LogKey) {
        let net = TestNet(seed: seed)
        net.chain(count)
        let log = net.author(1, at: 0)
        net.run(for: .seconds(1))
        return (net, log)
    }

    // MARK: Travelling

    @Test(arguments: [1, 65_536, 65_537, 300_000, 3 << 20])
    func aPictureTravelsWithItsPost(_ size: Int) throws {
        let (net, log) = Self.chain(4, seed: 700 + UInt64(size))
        let bytes = file(size, 1)
        let blob = try net.post(log, at: 0, file: bytes)
        #expect(net.run(within: .seconds(30)) { net.has(3, blob, bytes) })
        for node in 1...3 {
            #expect(net.has(node, blob, bytes))
            #expect(net.nodes[node].blobs.writtenTwice == 0)
            #expect(net.nodes[node].mesh.counters.chunksReceived == UInt64(blob.chunks))
        }
    }

    /// Loss of datagrams, and a disk that takes its time.
    @Test(arguments: [1, 2, 3])
    func itTravelsThroughLoss(_ seed: UInt64) throws {
        let (net, log) = Self.chain(3, seed: 720 + seed)
        net.lossPercent = 40
        for node in net.nodes { node.readDelay = 30 }
        let files = (0..<12).map { file(50_000 + 40_000 * $0, seed * 100 + UInt64($0)) }
        let blobs = try files.map { try net.post(log, at: 0, file: $0) }
        #expect(
            net.run(within: .seconds(120)) {
                zip(blobs, files).allSatisfy { net.has(2, $0, $1) }
            }, "seed \(720 + seed)")
    }

    /// Several holders: each gives a part, and none gives what another gave.
    @Test func severalHoldersShareTheWork() throws {
        let net = TestNet(seed: 730)
        for _ in 0..<5 { net.addNode() }
        let log = net.author(1, at: 0)
        for node in 1...3 { net.join(node, to: 0) }
        let bytes = file(6 * Self.mebibyte, 5)
        let blob = try net.post(log, at: 0, file: bytes)
        #expect(net.run(within: .seconds(60)) { (1...3).allSatisfy { net.has($0, blob, bytes) } })
        let before = (0...3).map { net.nodes[$0].mesh.counters.chunksSent }
        for node in 0...3 { net.join(4, to: node) }
        #expect(net.run(within: .seconds(60)) { net.has(4, blob, bytes) })
        let given = (0...3).map { net.nodes[$0].mesh.counters.chunksSent - before[$0] }
        #expect(given.reduce(0, +) == UInt64(blob.chunks))
        #expect(given.filter { $0 > 0 }.count >= 3, "\(given)")
        #expect(net.nodes[4].mesh.counters.chunksReceived == UInt64(blob.chunks))
        #expect(net.nodes[4].blobs.writtenTwice == 0)
        // The author knows who has it.
        net.run(for: .seconds(5))
        #expect(net.nodes[0].mesh.holders(of: blob) == 4)
        #expect(net.nodes[4].mesh.holders(of: blob) == 4)
    }

    /// Whoever asked in vain is told when it has come.
    @Test func whoAskedEarlyIsTold() throws {
        let (net, log) = Self.chain(2, seed: 731)
        let bytes = file(200_000, 6)
        let blob = try net.post(log, at: 0, file: bytes, lacks: true)
        net.run(for: .seconds(20))
        #expect(net.nodes[1].mesh.blobsWanted == 1 && net.nodes[1].mesh.holders(of: blob) == 0)
        try net.nodes[0].blobs.add(bytes)
        net.feed(0, .blob(.held(blob)))
        #expect(net.run(within: .seconds(5)) { net.has(1, blob, bytes) })
        net.run(for: .milliseconds(100))
        #expect(net.nodes[1].mesh.blobsWanted == 0)
    }

    /// What is known of one disk is used again: after a crash only what is missing travels.
    @Test func aCrashCostsNoChunkTwice() throws {
        let (net, log) = Self.chain(2, seed: 732)
        let bytes = file(8 * Self.mebibyte, 7)
        net.nodes[0].readDelay = 20
        let blob = try net.post(log, at: 0, file: bytes)
        net.run(within: .seconds(30)) {
            net.nodes[1].blobs.parts[blob.root]?.chunks.count ?? 0 > blob.chunks / 2
        }
        let had = net.nodes[1].blobs.parts[blob.root]?.chunks.count ?? 0
        #expect(had > blob.chunks / 2 && had < blob.chunks)
        let sent = net.nodes[0].mesh.counters.chunksSent
        net.crash(1)
        net.run(for: .seconds(1))
        net.restart(1)
        net.join(1, to: 0)
        net.nameAgain(1, [blob])
        #expect(net.run(within: .seconds(60)) { net.has(1, blob, bytes) })
        #expect(net.nodes[1].mesh.counters.chunksReceived == UInt64(blob.chunks - had))
        #expect(net.nodes[1].blobs.writtenTwice == 0)
        #expect(net.nodes[0].mesh.counters.chunksSent >= sent)
    }

    // MARK: Which

    @Test func aLargeOneWaitsForAReader() throws {
        let (net, log) = Self.chain(2, seed: 740)
        let bytes = file(Int(Limits.Blobs.unasked) + 1, 8)
        let blob = try net.post(log, at: 0, file: bytes)
        net.run(for: .seconds(30))
        #expect(net.nodes[1].size(log) == 1)
        #expect(net.nodes[1].blobs.writes == 0 && net.nodes[1].mesh.blobsWanted == 0)
        net.feed(1, .blob(.want(blob)))
        #expect(net.run(within: .seconds(60)) { net.has(1, blob, bytes) })
    }

    /// Nobody is given what no entry names: a draft is its owner's.
    @Test func aDraftIsGivenToNobody() throws {
        let (net, _) = Self.chain(2, seed: 741)
        let blob = try net.nodes[0].blobs.add(file(100_000, 9))
        net.feed(1, .blob(.want(blob)))
        net.run(for: .seconds(20))
        #expect(net.nodes[1].blobs.whole.isEmpty && net.nodes[1].mesh.holders(of: blob) == 0)
        let raw = RawPeer(net, to: 0)
        raw.greet()
        raw.say(.blobGet(BlobRequest(blob: blob, part: .chunk, from: 0, count: 2)))
        net.run(for: .seconds(2))
        let pieces = raw.pieces
        #expect(pieces.count == 2 && pieces.allSatisfy { $0.bytes.isEmpty })
    }

    /// A reader comes before what nobody asked for, the nearer before the further, the newer first.
    @Test func theBestComesFirst() throws {
        let net = TestNet(seed: 742)
        net.addNode()
        let now = net.nodes[0].wallClock(net.now)
        func blob(_ number: UInt8) throws -> Blob {
            try Blob(root: SHA256.hash([number]), size: 100)
        }
        func mention(_ number: UInt8, _ hop: Int, _ age: UInt64) throws -> BlobMention {
            let time = UnixTime(milliseconds: now.milliseconds - age)
            return BlobMention(blob: try blob(number), hop: hop, time: time)
        }
        let future = BlobMention(blob: try blob(6), hop: 1, time: .latest)
        net.feed(
            0,
            .blob(
                .mentioned([
                    try mention(1, 2, 5), try mention(2, 1, 9), try mention(3, 1, 4),
                    try mention(4, 4, 0), future,
                ])))
        net.feed(0, .blob(.want(try blob(5))))
        let order = net.nodes[0].mesh.blobs.order.map(\.blob)
        #expect(try order == [5, 6, 3, 2, 1, 4].map { try blob($0) })
        // Named again by somebody nearer.
        net.feed(0, .blob(.mentioned([try mention(4, 1, 1)])))
        #expect(try net.nodes[0].mesh.blobs.order[2].blob == blob(4))
    }

    @Test func moreThanMayBeWantedFallsOutAtTheEnd() throws {
        let net = TestNet(seed: 743)
        net.addNode()
        let now = net.nodes[0].wallClock(net.now)
        let mentions = try (0..<3_000).map { number in
            BlobMention(
                blob: try Blob(root: SHA256.hash(Array("\(number)".utf8)), size: 9), hop: 1,
                time: UnixTime(milliseconds: now.milliseconds - 10_000 + UInt64(number)))
        }
        net.feed(0, .blob(.mentioned(mentions)))
        let order = net.nodes[0].mesh.blobs.order.map(\.blob)
        #expect(order == mentions.suffix(Limits.Blobs.wanted).reversed().map(\.blob))
        #expect(net.nodes[0].mesh.exceededBound == nil)
    }

    @Test func aFullDiskTakesNoneAndGoesOn() throws {
        let (net, log) = Self.chain(2, seed: 744)
        net.nodes[1].blobs.isFull = true
        let bytes = file(100_000, 10)
        let blob = try net.post(log, at: 0, file: bytes)
        net.run(for: .seconds(10))
        #expect(net.nodes[1].size(log) == 1 && net.nodes[1].mesh.blobsWanted == 0)
        net.nodes[1].blobs.isFull = false
        net.feed(1, .blob(.want(blob)))
        #expect(net.run(within: .seconds(10)) { net.has(1, blob, bytes) })
    }

    // MARK: Against peers

    /// A wrong chunk ends the session, and comes from elsewhere; never is anything wrong kept.
    @Test(arguments: [true, false])
    func aLiarIsFoundOut(_ isList: Bool) throws {
        let net = TestNet(seed: 750)
        for _ in 0..<4 { net.addNode() }
        let log = net.author(1, at: 0)
        net.join(1, to: 0)
        net.join(2, to: 0)
        let bytes = file(2 * Self.mebibyte, 11)
        let blob = try net.post(log, at: 0, file: bytes)
        #expect(
            net.run(within: .seconds(30)) { net.has(1, blob, bytes) && net.has(2, blob, bytes) })
        net.nodes[1].blobs.liesAboutList = isList
        net.nodes[1].blobs.liesFrom = isList ? nil : 3
        net.join(3, to: 1)
        net.run(for: .seconds(20))
        #expect(!net.has(3, blob, bytes))
        #expect(net.nodes[3].mesh.counters.refusedParts >= 1)
        #expect(
            net.nodes[3].notices.contains {
                if case .badBlob(blob, from: net.nodes[1].key.publicKey) = $0 {
                    true
                } else {
                    false
                }
            })
        net.join(3, to: 2)
        #expect(net.run(within: .seconds(60)) { net.has(3, blob, bytes) })
        // It was asked once more at the most, after each of its sessions: never without end.
        #expect(net.nodes[3].mesh.counters.refusedParts <= 2)
    }

    /// Holders that go away in the middle: the others, and those who come later, give the rest.
    @Test(arguments: [1, 2, 3, 4, 5])
    func holdersVanish(_ seed: UInt64) throws {
        let net = TestNet(seed: 760 + seed)
        for _ in 0..<4 { net.addNode() }
        let log = net.author(1, at: 0)
        net.join(1, to: 0)
        net.join(2, to: 0)
        let bytes = file(4 * Self.mebibyte, seed)
        let blob = try net.post(log, at: 0, file: bytes)
        #expect(
            net.run(within: .seconds(30)) { net.has(1, blob, bytes) && net.has(2, blob, bytes) })
        var random = SeededRandom(seed: seed)
        for node in 0...2 { net.join(3, to: node) }
        for _ in 0..<6 {
            net.run(for: .milliseconds(10 + random.next() % 60))
            let gone = Int(random.next() % 3)
            net.cut(gone, 3)
            net.run(for: .milliseconds(random.next() % 200))
            net.heal(gone, 3)
        }
        #expect(net.run(within: .seconds(400)) { net.has(3, blob, bytes) }, "seed \(760 + seed)")
        #expect(net.nodes[3].blobs.writtenTwice == 0)
    }

    /// Who says to have it and never gives anything is left for another.
    @Test func whoGivesNothingIsLeft() throws {
        let (net, log) = Self.chain(3, seed: 770)
        let bytes = file(Self.mebibyte, 12)
        let blob = try net.post(log, at: 0, file: bytes)
        #expect(net.run(within: .seconds(30)) { net.has(2, blob, bytes) })
        net.addNode()
        net.nodes[2].blobs.isStuck = true
        net.join(3, to: 2)
        net.run(for: .seconds(10))
        net.join(3, to: 0)
        #expect(net.run(within: .seconds(60)) { net.has(3, blob, bytes) })
        #expect(net.nodes[3].mesh.counters.refusedParts == 0)
    }

    /// A live post does not wait behind a film.
    @Test func postsOvertakeMedia() throws {
        let (net, log) = Self.chain(2, seed: 771)
        net.nodes[0].readDelay = 5
        let bytes = file(16 * Self.mebibyte, 13)
        let blob = try net.post(log, at: 0, file: bytes)
        net.run(within: .seconds(5)) { net.nodes[1].blobs.writes > 20 }
        #expect(!net.has(1, blob, bytes))
        for session in net.nodes[0].mesh.sessions.all {
            #expect(session.unsent <= Limits.serveHighWater + 2 * Limits.Blobs.chunk)
        }
        let size = net.nodes[1].size(log)
        net.post(log, at: 0)
        #expect(net.run(within: .milliseconds(200)) { net.nodes[1].size(log) == size + 1 })
        #expect(!net.has(1, blob, bytes))
        #expect(net.run(within: .seconds(60)) { net.has(1, blob, bytes) })
    }

    @Test func whoAsksForTooMuchIsLeft() throws {
        let (net, log) = Self.chain(2, seed: 772)
        let blob = try net.post(log, at: 0, file: file(5 * Self.mebibyte, 14))
        net.run(for: .seconds(5))
        let greedy = RawPeer(net, to: 0, number: 91)
        greedy.greet()
        net.run(for: .milliseconds(100))
        for from in 0..<5 {
            greedy.say(
                .blobGet(BlobRequest(blob: blob, part: .chunk, from: 16 * from, count: 16)))
        }
        #expect(greedy.farewell == .protocolError && greedy.isClosed)
        let hasty = RawPeer(net, to: 0, number: 92)
        hasty.greet()
        net.run(for: .milliseconds(100))
        for _ in 0..<2 { hasty.say(.blobAsk([blob])) }
        #expect(hasty.farewell == .protocolError && hasty.isClosed)
        let talkative = RawPeer(net, to: 0, number: 93)
        talkative.greet()
        net.run(for: .milliseconds(100))
        // The node has asked once, about what it holds itself.
        talkative.say(.blobHave(answer: true, [blob]))
        talkative.say(.blobHave(answer: true, [blob]))
        #expect(talkative.farewell == .protocolError && talkative.isClosed)
    }

    /// What nobody asked for is passed over, and takes no memory.
    @Test func whatNobodyAskedForIsPassedOver() throws {
        let (net, _) = Self.chain(2, seed: 773)
        let raw = RawPeer(net, to: 0)
        raw.greet()
        net.run(for: .milliseconds(100))
        let list = try TestBlobs.list(file(100_000, 15))
        for number in 0..<2_000 {
            let other = try Blob(root: SHA256.hash(Array("\(number)".utf8)), size: 100_000)
            raw.say(.blobHave(answer: false, [other]))
        }
        let chunk = Array(file(100_000, 15).prefix(Limits.Blobs.chunk))
        raw.say(.blobPiece(BlobPiece(blob: list.blob, part: .chunk, index: 0, bytes: chunk)))
        net.run(for: .seconds(1))
        #expect(!raw.isClosed)
        #expect(net.nodes[0].mesh.blobsWanted == 0 && net.nodes[0].blobs.parts.isEmpty)
        #expect(net.nodes[0].mesh.exceededBound == nil)
    }

    /// A size that is not the blob's own makes it another one, which nobody can have.
    @Test func aWrongSizeIsNeverHeld() throws {
        let (net, log) = Self.chain(2, seed: 774)
        let bytes = file(3 * Limits.Blobs.chunk, 16)
        let blob = try net.post(log, at: 0, file: bytes)
        #expect(net.run(within: .seconds(10)) { net.has(1, blob, bytes) })
        let other = try Blob(root: blob.root, size: blob.size + 1)
        net.addNode()
        net.feed(2, .blob(.want(other)))
        net.join(2, to: 1)
        // Named first, it does not stand in the way of the right one either.
        #expect(net.run(within: .seconds(20)) { net.has(2, blob, bytes) })
        net.run(for: .seconds(20))
        let held = net.nodes[2].blobs.whole[blob.root]?.list.blob
        #expect(held == blob && net.nodes[2].mesh.blobsWanted == 1)
    }

    // MARK: Messages

    @Test func messagesSurviveTheWire() throws {
        let list = try TestBlobs.list(file(150_000, 17))
        let blob = list.blob
        let tail = Array(file(150_000, 17).suffix(150_000 - 131_072))
        let messages: [Message] = [
            .blobAsk([blob]), .blobAsk(Array(repeating: blob, count: Limits.Blobs.named)),
            .blobHave(answer: true, []), .blobHave(answer: false, [blob]),
            .blobGet(BlobRequest(blob: blob, part: .chunk, from: 1, count: 2)),
            .blobGet(BlobRequest(blob: blob, part: .hashes, from: 0, count: 1)),
            .blobPiece(BlobPiece(blob: blob, part: .hashes, index: 0, bytes: list.page(0))),
            .blobPiece(BlobPiece(blob: blob, part: .chunk, index: 2, bytes: tail)),
            .blobPiece(BlobPiece(blob: blob, part: .chunk, index: 0, bytes: [])),
        ]
        for message in messages {
            let bytes = message.encoded()
            #expect(bytes.count <= Limits.message)
            #expect(try Message(decoding: bytes).encoded() == bytes)
            for end in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 200)) {
                #expect(throws: (any Error).self) { try Message(decoding: Array(bytes[..<end])) }
            }
            // No bit makes it trap, nor something that is spelled in two ways.
            for bit in 0..<min(8 * bytes.count, 1_200) {
                var other = bytes
                other[bit / 8] ^= 1 << UInt8(bit % 8)
                guard let decoded = try? Message(decoding: other) else { continue }
                // What a later version adds is passed over.
                if case .unknown = decoded { continue }
                #expect(decoded.encoded() == other)
            }
        }
    }

    @Test func partsThatABlobDoesNotHaveAreNotAskedFor() throws {
        let blob = try TestBlobs.list(file(150_000, 17)).blob
        for (part, from, count) in [
            (BlobPart.chunk, 0, 4), (.chunk, 3, 1), (.chunk, 2, 2), (.hashes, 1, 1),
            (.hashes, 0, 2), (.chunk, 0, 0),
        ] {
            let bytes = Message.blobGet(
                BlobRequest(blob: blob, part: part, from: from, count: count)
            ).encoded()
            #expect(throws: (any Error).self) { try Message(decoding: bytes) }
        }
        for count in [1, 65_535, 65_537, 18_928] {
            let piece = BlobPiece(
                blob: blob, part: .chunk, index: 0, bytes: [UInt8](repeating: 1, count: count))
            let bytes = Message.blobPiece(piece).encoded()
            #expect(throws: (any Error).self) { try Message(decoding: bytes) }
        }
    }
}

extension RawPeer {
    var pieces: [BlobPiece] {
        messages.compactMap { if case .blobPiece(let piece) = $0 { piece } else { nil } }
    }
}
