import Content
import Foundation
import Glibc
import MerkleLog
import Mesh
import Primitives
import Testing

@testable import Store

/// The disk budget: THREATS row 11.
@Suite(.serialized) struct StorageTests {
    static let now = UnixTime(milliseconds: 1_800_000_000_000)

    /// Bytes of all files of the store, as the file system counts them.
    static func diskBytes(_ path: String) throws -> UInt64 {
        try FileManager.default.contentsOfDirectory(atPath: path).reduce(0) { sum, name in
            var out = stat()
            guard unsafe lstat(path + "/" + name, &out) == 0 else { return sum }
            return sum + UInt64(max(Int(out.st_blocks) * 512, Int(out.st_size)))
        }
    }

    /// Stores somebody else's entries as the node does: only where there is room. False when
    /// refused.
    static func take(_ writer: StoreWriter, _ more: Extension) throws -> Bool {
        let bytes = more.entries.reduce(0) { $0 + $1.encodedSizeBound + 64 }
        guard writer.admits(more.head.key), try writer.makeRoom(for: UInt64(bytes), at: now) else {
            return false
        }
        try writer.commit([.extend(more)])
        while try writer.settle(at: now) {}
        return true
    }

    static func present(_ store: String, _ log: LogKey) throws -> [Bool] {
        try StoreReader(directory: store).all(log).map {
            if case .present = $0.body { true } else { false }
        }
    }

    static func text(_ count: Int, _ number: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ number &* 7) }
    }

    // MARK: Counting

    /// Whatever is written, the counts are what the bodies take.
    @Test func countsFollowEveryWrite() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("countsFollowEveryWrite seed \(seed)")
        var random = SeededRandom(seed: seed)
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var authors = (0..<4).map { Author(seed &+ UInt64($0)) }
        for _ in 0..<120 {
            let who = Int.random(in: 0..<authors.count, using: &random)
            let size = authors[who].entries.count
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where size > 0:
                let index = UInt64(Int.random(in: 0..<size, using: &random))
                try writer.commit([.dropBody(authors[who].log, index: index)])
            case 1 where size > 0:
                let index = Int.random(in: 0..<size, using: &random)
                try writer.commit([
                    .replace(
                        authors[who].log, index: UInt64(index), authors[who].entries[index])
                ])
            default:
                let count = Int.random(in: 1...20, using: &random)
                let bytes = Int.random(in: 17...300, using: &random)
                try writer.commit([.extend(authors[who].post(count, bytes: bytes))])
            }
        }
        let reader = try StoreReader(directory: scratch.store)
        for author in authors where author.head != nil {
            let bodies = try reader.all(author.log).reduce(0) { $0 + UInt64($1.keptBytes) }
            #expect(try reader.bodyBytes(of: author.log) == bodies)
        }
        let report = try reader.check()
        #expect(report.isClean && report.miscounted.isEmpty)
    }

    /// A wrong count is no damage: `check` finds it, and it is counted anew.
    @Test func aWrongCountIsFoundAndCountedAnew() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var author = Author(3)
        try writer.commit([.extend(author.post(50, bytes: 100))])
        try writer.database.run("UPDATE logs SET bytes = 77")
        let reader = try StoreReader(directory: scratch.store)
        let report = try reader.check()
        #expect(report.isClean && report.miscounted == [author.log])
        try writer.commit([.recount(author.log)])
        #expect(try reader.bodyBytes(of: author.log) == 5_000)
        #expect(try reader.check().miscounted.isEmpty)
    }

    /// A store of the version before counts what it holds when it is opened.
    @Test func anOlderStoreIsCounted() throws {
        let scratch = try Scratch()
        var authors = [Author(1), Author(2)]
        do {
            let writer = try StoreWriter(directory: scratch.store)
            try writer.commit([
                .extend(authors[0].post(300, bytes: 40)), .extend(authors[1].post(7, bytes: 900)),
            ])
            try writer.commit([.dropBody(authors[1].log, index: 2)])
            try writer.database.run(
                """
                ALTER TABLE logs DROP COLUMN bytes; ALTER TABLE logs DROP COLUMN swept;
                DROP TABLE drops; DROP TABLE newest; DROP TABLE media;
                PRAGMA user_version = 2;
                """)
        }
        _ = try StoreWriter(directory: scratch.store)
        let reader = try StoreReader(directory: scratch.store)
        #expect(try reader.bodyBytes(of: authors[0].log) == 12_000)
        #expect(try reader.bodyBytes(of: authors[1].log) == 5_400)
        #expect(try reader.check().miscounted.isEmpty)
    }

    // MARK: What is dropped

    /// Strangers' bodies go first, then those of authors further away, the oldest of each; one's
    /// own never.
    @Test func theLeastValuedGoesFirst() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var authors = (0..<4).map { Author(10 + UInt64($0)) }
        // Far more than fits: 4 authors of 1.5 MB each, hops 0, 1, 2 and a stranger.
        for number in authors.indices {
            for _ in 0..<15 {
                try writer.commit([.extend(authors[number].post(100, bytes: 1_000))])
            }
        }
        var plan = StoragePlan(budget: 11 << 20)
        for hop in 0..<3 { plan.hops[authors[hop].log] = UInt8(hop) }
        plan.quotas = [1 << 30, 1 << 30, 1 << 30, 1 << 30]
        try writer.adopt(plan)
        while try writer.settle(at: Self.now) {}
        let kept = try authors.map { try Self.present(scratch.store, $0.log) }
        #expect(kept[0].allSatisfy { $0 } && kept[1].allSatisfy { $0 })
        #expect(kept[2].allSatisfy { $0 })
        #expect(kept[3].contains(false) && kept[3].contains(true))
        #expect(kept[3] == kept[3].sorted { !$0 && $1 }, "the oldest go first")
        // Less room: the stranger's all, of the friend's friend some.
        plan.budget = 7 << 20
        try writer.adopt(plan)
        while try writer.settle(at: Self.now) {}
        let less = try authors.map { try Self.present(scratch.store, $0.log) }
        #expect(less[0].allSatisfy { $0 } && less[1].allSatisfy { $0 })
        #expect(less[2].contains(false) && !less[3].contains(true))
        let reader = try StoreReader(directory: scratch.store)
        let report = try reader.check()
        #expect(report.isClean && report.miscounted.isEmpty, "\(report.damage)")
        let dropped = try reader.dropped()
        #expect(dropped.map(\.hop) == [2, 4] && dropped.allSatisfy { $0.rule == .budget })
        #expect(dropped.reduce(0) { $0 + $1.bodies } == report.bodiesAbsent)
        #expect(dropped.last?.bytes == 1_500_000 && dropped.last?.last == Self.now)
        // The file itself has become smaller.
        #expect(try Self.diskBytes(scratch.store) <= 7 << 20)
    }

    /// Who somebody is and whom they follow stays, when all else of a log is dropped; but not a
    /// flood of it.
    @Test func statementsStay() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var author = Author(20)
        let salt = [UInt8](repeating: 9, count: 16)
        let profile = Content.profile(try Profile(name: String(repeating: "Ada ", count: 12)))
            .body(salt: salt)
        var bodies = [profile] + (0..<2_000).map { Self.text(500, $0) }
        bodies += (0..<300).map { _ in profile }
        for start in stride(from: 0, to: bodies.count, by: 500) {
            try writer.commit([
                .extend(author.post(Array(bodies[start..<min(start + 500, bodies.count)])))
            ])
        }
        // The first alone, and then 299 more of which only 255 are kept.
        var plan = StoragePlan(budget: 8 << 20)
        plan.quotas = [nil, nil, nil, 300_000]
        try writer.adopt(plan)
        while try writer.settle(at: Self.now) {}
        let kept = try Self.present(scratch.store, author.log)
        #expect(kept[0] && !kept[1...2_000].contains(true))
        #expect(kept[2_001...].count { $0 } == 255)
        #expect(try StoreReader(directory: scratch.store).check().isClean)
    }

    /// A log over what it may use loses its oldest bodies; the newest stay.
    @Test func aQuotaHolds() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var author = Author(30)
        var plan = StoragePlan(budget: 64 << 20)
        plan.quotas = [nil, nil, nil, 1 << 20]
        try writer.adopt(plan)
        for _ in 0..<30 {
            #expect(try Self.take(writer, author.post(100, bytes: 1_000)))
            let used = try StoreReader(directory: scratch.store).shares(plan)[4]
            #expect(used.bodies + used.headers <= 1 << 20)
        }
        let kept = try Self.present(scratch.store, author.log)
        #expect(kept[2_800...].allSatisfy { $0 } && !kept[..<1_000].contains(true))
        #expect(try StoreReader(directory: scratch.store).dropped().map(\.rule) == [.quota])
    }

    // MARK: Hostile authors

    /// Strangers who fill whatever they are given: the budget holds at every step, in the file
    /// system's own count, and own posts are always taken.
    @Test(arguments: [60, 1_000, 20_000])
    func theBudgetHolds(bytes: Int) throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var plan = StoragePlan(budget: 8 << 20)
        var (mine, friend) = (Author(40), Author(41))
        plan.hops[mine.log] = 0
        plan.hops[friend.log] = 1
        try writer.adopt(plan)
        var strangers: [Author] = []
        var refused = 0
        let each = [60: 600, 1_000: 50, 20_000: 5][bytes] ?? 1
        for round in 0..<200 {
            let who = round % 24
            if who == strangers.count { strangers.append(Author(100 + UInt64(who))) }
            var next = strangers[who]
            if try Self.take(writer, next.post(each, bytes: bytes)) {
                strangers[who] = next
            } else {
                refused += 1
            }
            try writer.commit([.extend(mine.post(1, bytes: 300))])
            #expect(try Self.take(writer, friend.post(1, bytes: 300)))
            while try writer.settle(at: Self.now) {}
            let disk = try Self.diskBytes(scratch.store)
            #expect(disk <= 8 << 20, "round \(round): \(disk) bytes")
        }
        let reader = try StoreReader(directory: scratch.store)
        #expect(try Self.present(scratch.store, mine.log).count { $0 } == 200)
        #expect(try Self.present(scratch.store, friend.log).count { $0 } == 200)
        #expect(try reader.check().isClean)
        // Small posts are mostly header, which stays: then strangers are refused, and it is said.
        #expect((refused > 0) == (bytes == 60))
        #expect((writer.storage.closedFrom == 4) == (bytes == 60))
    }

    /// Random authors, hops, sizes, budgets: whatever happens, the store is whole, own bodies are
    /// here, and the files are no larger than the budget.
    @Test func randomFillsAndPlans() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("randomFillsAndPlans seed \(seed)")
        var random = SeededRandom(seed: seed)
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var authors = (0..<12).map { Author(seed &+ UInt64($0)) }
        var plan = StoragePlan(budget: 8 << 20)
        for number in 0..<6 { plan.hops[authors[number].log] = UInt8(number / 2) }
        try writer.adopt(plan)
        for round in 0..<150 {
            let who = Int.random(in: 0..<authors.count, using: &random)
            var next = authors[who]
            let bytes = Int.random(in: 17...4_000, using: &random)
            let count = Int.random(in: 1...max(1, min(400, 200_000 / bytes)), using: &random)
            if plan.hop(of: next.log) == 0 {
                // Own posts are few, so that the budget can hold at all.
                try writer.commit([.extend(next.post(1, bytes: bytes))])
                authors[who] = next
            } else if try Self.take(writer, next.post(count, bytes: bytes)) {
                authors[who] = next
            }
            if round % 30 == 29 {
                plan.budget = UInt64(Int.random(in: 6...12, using: &random)) << 20
                let moved = Int.random(in: 2..<authors.count, using: &random)
                plan.hops[authors[moved].log] = UInt8(Int.random(in: 1...4, using: &random))
                try writer.adopt(plan)
            }
            while try writer.settle(at: Self.now) {}
            let (disk, usage) = (
                try Self.diskBytes(scratch.store),
                try StoreReader(directory: scratch.store).usage()
            )
            #expect(disk <= plan.budget, "round \(round): \(disk) of \(plan.budget), \(usage)")
        }
        let reader = try StoreReader(directory: scratch.store)
        let report = try reader.check()
        #expect(report.isClean && report.miscounted.isEmpty, "\(report.damage)")
        for author in authors where author.head != nil {
            #expect(try reader.head(of: author.log) == author.head)
            let kept = try Self.present(scratch.store, author.log)
            if plan.hop(of: author.log) == 0 { #expect(!kept.contains(false)) }
        }
    }

    /// The disk itself is nearly full: nothing of others is stored, own posts are, and all is read.
    @Test func theDiskIsLow() throws {
        let scratch = try Scratch()
        let disk = scratch.path + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        guard geteuid() == 0,
            try run("/bin/mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "starling", disk) == 0
        else { return print("theDiskIsLow: skipped, cannot mount a small file system") }
        defer { _ = try? run("/bin/umount", "-l", disk) }
        let writer = try StoreWriter(directory: disk + "/store")
        var (mine, other) = (Author(50), Author(51))
        var plan = StoragePlan(budget: 1 << 30)
        plan.hops[mine.log] = 0
        try writer.adopt(plan)
        var taken = 0
        for _ in 0..<100 {
            var next = other
            guard try Self.take(writer, next.post(100, bytes: 1_000)) else { break }
            other = next
            taken += 1
        }
        #expect(taken > 5 && taken < 100 && writer.storage.isDiskLow)
        #expect(!writer.admits(other.log) && writer.admits(mine.log))
        for _ in 0..<20 { try writer.commit([.extend(mine.post(10, bytes: 300))]) }
        let reader = try StoreReader(directory: disk + "/store")
        #expect(try reader.head(of: other.log) == other.head)
        #expect(try reader.head(of: mine.log) == mine.head)
        #expect(try reader.check().isClean)
    }

    /// What is served of a log with dropped bodies verifies like any batch.
    @Test func whatIsLeftVerifies() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var author = Author(60)
        try writer.commit([.extend(author.post(600, bytes: 700))])
        var plan = StoragePlan(budget: 8 << 20)
        plan.quotas = [nil, nil, nil, 200_000]
        try writer.adopt(plan)
        while try writer.settle(at: Self.now) {}
        let reader = try StoreReader(directory: scratch.store)
        let head = try #require(try reader.head(of: author.log))
        let hashes = try #require(try reader.hashes(of: author.log))
        let view = try #require(LogView(head: head, reader: hashes))
        var absent = 0
        for from: UInt64 in [0, 200, 500] {
            let entries = try reader.entries(of: author.log, from: from, limit: 100)
            absent += entries.count { if case .absent = $0.body { true } else { false } }
            let batch = Batch(
                log: author.log, frontier: try view.frontier(at: from), entries: entries,
                checkpoint: head.checkpoint, tail: try view.tail(from: from + 100))
            #expect(try batch.verify().head.frontier == view.frontier(at: from + 100))
        }
        #expect(absent >= 200)
    }
}
