import Foundation
import Glibc
import MerkleLog
import Primitives
import Testing

@testable import Store

@Suite(.serialized) struct CrashTests {
    /// A power cut leaves some beginning of the write-ahead log, then anything. The store is then
    /// as it was behind one of its commits, whole.
    @Test func anyBeginningOfTheLogGivesOneOfTheCommits() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("anyBeginningOfTheLogGivesOneOfTheCommits seed \(seed)")
        var random = SeededRandom(seed: seed)
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var author = Author(seed)
        try writer.commit([.extend(author.post(1))])
        var heads = [author.head]
        for _ in 0..<20 {
            let count = Int.random(in: 1...30, using: &random)
            try writer.commit([.extend(author.post(count, bytes: 200))])
            heads.append(author.head)
        }
        let whole = try scratch.image("whole")
        let log = try Data(contentsOf: URL(fileURLWithPath: whole + "/store.sqlite-wal"))
        var reached: [Int] = []
        for _ in 0..<60 {
            let image = scratch.path + "/cut"
            try? FileManager.default.removeItem(atPath: image)
            try run("/bin/cp", "-a", whole, image)
            var cut = log.prefix(Int.random(in: 8_000..<log.count, using: &random))
            if Bool.random(using: &random) { cut += random.bytes(5_000) }
            try cut.write(to: URL(fileURLWithPath: image + "/store.sqlite-wal"))
            try? FileManager.default.removeItem(atPath: image + "/store.sqlite-shm")
            guard let writer = try? StoreWriter(directory: image) else { continue }
            let reader = try StoreReader(directory: image)
            let head = try reader.head(of: author.log)
            if let head {
                let at = try #require(heads.firstIndex(of: head))
                reached.append(at)
            }
            let report = try reader.check()
            #expect(report.isClean, "\(report.damage)")
            #expect(!writer.hasFailed)
        }
        print("cut logs: reopened at \(Set(reached).count) different commits")
        #expect(reached.count > 40)
    }

    /// `kill -9` at a random moment: what was acknowledged is there, the store is clean.
    @Test func killedWriters() async throws {
        let scratch = try Scratch()
        let parent = "/tmp/starling-killed-\(getpid())"
        try? FileManager.default.removeItem(atPath: parent)
        try FileManager.default.createSymbolicLink(
            atPath: parent, withDestinationPath: scratch.path)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        for _ in 0..<8 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                try writeUntilKilled("/tmp/starling-killed-\(getppid())")
            }
            let acknowledged = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/acked"))
            let size = acknowledged.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            let reader = try StoreReader(directory: scratch.store)
            let head = try #require(try reader.head(of: Author(77).log))
            #expect(head.size >= size)
            let report = try reader.check()
            #expect(report.isClean, "\(report.damage)")
            print("killed: \(size) entries acknowledged, \(head.size) held")
        }
    }
}

/// Goes on with the log of author 77 until a thread kills this process.
private func writeUntilKilled(_ base: String) throws {
    let acked = unsafe open(base + "/acked", O_RDWR | O_CREAT, 0o600)
    let writer = try StoreWriter(directory: base + "/store")
    var author = Author(77)
    let held = try StoreReader(directory: base + "/store").head(of: author.log)?.size ?? 0
    if held > 0 { _ = author.post(Int(held), bytes: 50) }
    var isFirst = true
    while true {
        try writer.commit([.extend(author.post(Int.random(in: 1...40), bytes: 50))])
        var size = author.frontier.size.bigEndian
        unsafe pwrite(acked, &size, 8, 0)
        if isFirst {
            isFirst = false
            let delay = UInt32.random(in: 0...60_000)
            Thread {
                usleep(delay)
                kill(getpid(), SIGKILL)
            }.start()
        }
    }
}
