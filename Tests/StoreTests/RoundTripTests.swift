import Crypto
import MerkleLog
import Primitives
import Testing

@testable import Store

@Suite struct RoundTripTests {
    @Test func whatIsCommittedIsReadBack() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var a = Author(1)
        var b = Author(2)
        try writer.commit([.extend(a.post(3)), .extend(b.post(700, bytes: 90))])
        try writer.commit([.extend(a.post(1, bytes: 65_536))])
        let reader = try StoreReader(directory: scratch.store)
        #expect(try reader.heads() == [a.head, b.head])
        #expect(try reader.head(of: b.log) == b.head)
        #expect(try reader.head(of: Author(3).log) == nil)
        #expect(try reader.all(a.log) == a.entries)
        #expect(try reader.all(b.log) == b.entries)
        #expect(try reader.leafHashes(of: b.log, 3..<697) == Array(b.leaves[3..<697]))
        let stretch = try reader.run(of: b.log, from: 690, limit: 99)
        #expect(stretch.from == 690 && stretch.leaves == Array(b.leaves[690...]))
        #expect(try reader.entry(of: b.log, at: 699) == b.entries[699])
        #expect(try reader.entry(of: b.log, at: 700) == nil)
        #expect(try reader.logCount() == 2)
        #expect(try reader.entryCount() == 704)
        let newest = try reader.newest(of: b.log, count: 5)
        #expect(newest.from == 695 && newest.entries == Array(b.entries[695...]))
        #expect(try reader.newest(of: a.log, count: 99).entries == a.entries)
        #expect(try reader.newest(of: a.log, count: -1).entries.isEmpty)
        // A reader that was open sees later commits.
        try writer.commit([.extend(b.post(1))])
        #expect(try reader.head(of: b.log) == b.head)
    }

    @Test func headsComeInPages() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var authors = (0..<10).map { Author(UInt64(100 + $0)) }
        try writer.commit(authors.indices.map { .extend(authors[$0].post(1)) })
        let reader = try StoreReader(directory: scratch.store)
        var found: [LogHead] = []
        var number: Int64 = 0
        while let last = try reader.heads(afterNumber: number, limit: 3).last {
            found += try reader.heads(afterNumber: number, limit: 3).map(\.head)
            number = last.number
        }
        #expect(found == authors.compactMap(\.head))
    }

    @Test func aReadStopsAtItsLimits() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var a = Author(1)
        try writer.commit([.extend(a.post(10, bytes: 100))])
        let reader = try StoreReader(directory: scratch.store)
        #expect(try reader.entries(of: a.log, from: 4, limit: 3) == Array(a.entries[4..<7]))
        #expect(try reader.entries(of: a.log, from: 0, limit: 0).isEmpty)
        #expect(try reader.entries(of: a.log, from: 10, limit: 5).isEmpty)
        #expect(try reader.entries(of: a.log, from: .max, limit: 5).isEmpty)
        #expect(try reader.entries(of: a.log, from: 0, limit: 9, maxBytes: 230).count == 2)
        #expect(try reader.entries(of: a.log, from: 0, limit: 9, maxBytes: 229).count == 1)
        // One that is too large alone still comes, or it could never be sent.
        #expect(try reader.entries(of: a.log, from: 0, limit: 9, maxBytes: 1).count == 1)
    }

    @Test func aDroppedBodyLeavesALogThatVerifies() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var a = Author(1)
        try writer.commit([.extend(a.post(5))])
        try writer.commit([.dropBody(a.log, index: 2), .dropBody(a.log, index: 2)])
        let reader = try StoreReader(directory: scratch.store)
        guard case .present(let body) = a.entries[2].body else { return }
        let stub = Entry(
            time: a.entries[2].time,
            body: .absent(length: UInt32(body.count), hash: SHA256.hash(body)))
        #expect(try reader.entry(of: a.log, at: 2) == stub)
        let report = try reader.check()
        #expect(report.isClean, "\(report.damage)")
        #expect(report.bodiesAbsent == 1 && report.entries == 5 && report.bytes == 160)
        // And it can come back.
        try writer.commit([.replace(a.log, index: 2, a.entries[2])])
        #expect(try reader.all(a.log) == a.entries)
        #expect(throws: StoreError.self) { try writer.commit([.dropBody(a.log, index: 5)]) }
    }

    @Test func entriesMayArriveWithoutTheirBodies() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var a = Author(1)
        var more = a.post(4)
        for i in [0, 2] {
            guard case .present(let body) = more.entries[i].body else { return }
            more.entries[i].body = .absent(
                length: UInt32(body.count), hash: SHA256.hash(body))
        }
        try writer.commit([.extend(more)])
        let reader = try StoreReader(directory: scratch.store)
        #expect(try reader.all(a.log) == more.entries)
        #expect(try reader.check().bodiesAbsent == 2)
    }

    @Test func settingsAndForkProofs() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        let log = Author(1).log
        try writer.commit([
            .setting("name", [1, 2]), .setting("empty", []), .setting("x", [9]),
            .fork(log, bound: 4, proof: [7]), .fork(log, bound: 3, proof: [8]),
        ])
        try writer.commit([.setting("x", nil), .setting("name", [3])])
        let reader = try StoreReader(directory: scratch.store)
        #expect(try reader.setting("name") == [3])
        #expect(try reader.setting("empty") == [])
        #expect(try reader.setting("x") == nil)
        let proofs = try reader.forkProofs()
        #expect(proofs.map(\.log) == [log] && proofs.map(\.proof) == [[8]])
    }

    @Test func theMarkTellsWhetherTheLastStopWasInOrder() throws {
        let scratch = try Scratch()
        var stopped: [Bool] = []
        for clean in [true, false, true, true] {
            let writer = try StoreWriter(directory: scratch.store)
            stopped.append(writer.wasStopped)
            try writer.markRunning()
            if clean { try writer.markStopped() }
        }
        #expect(stopped == [true, true, false, true])
    }

    /// Random extends of several logs with crashes in between, against a model.
    @Test func randomHistoriesSurviveCrashes() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("randomHistoriesSurviveCrashes seed \(seed)")
        var random = SeededRandom(seed: seed)
        let scratch = try Scratch()
        var authors = (0..<4).map { Author(seed &+ UInt64($0)) }
        var path = scratch.store
        for round in 0..<8 {
            let writer = try StoreWriter(directory: path)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                var writes: [StoreWrite] = []
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    let i = Int.random(in: 0..<4, using: &random)
                    let count = Int.random(in: 1...90, using: &random)
                    let bytes = Int.random(in: 17...900, using: &random)
                    writes.append(.extend(authors[i].post(count, bytes: bytes)))
                }
                try writer.commit(writes)
            }
            let image = scratch.path + "/image\(round)"
            try run("/bin/cp", "-a", path, image)
            path = image
        }
        let writer = try StoreWriter(directory: path)
        let reader = try StoreReader(directory: path)
        for author in authors {
            #expect(try reader.head(of: author.log) == author.head)
            #expect(try reader.all(author.log) == author.entries)
        }
        let report = try reader.check()
        #expect(report.isClean, "\(report.damage)")
        #expect(!writer.hasFailed)
    }
}
