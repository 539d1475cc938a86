import Foundation
import Glibc
import MerkleLog
import Testing

@testable import Store

/// A small file system of its own, when this user may mount one.
private final class SmallDisk {
    let path: String

    init?(_ scratch: Scratch, options: String) throws {
        path = scratch.path + "/disk"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard geteuid() == 0,
            try run("/bin/mount", "-t", "tmpfs", "-o", options, "starling", path) == 0
        else { return nil }
    }

    func remount(_ options: String) throws {
        #expect(try run("/bin/mount", "-o", "remount,\(options)", path) == 0)
    }

    deinit { _ = try? run("/bin/umount", "-l", path) }
}

@Suite struct DiskTests {
    @Test func aFullDiskLosesNothing() throws {
        let scratch = try Scratch()
        guard let disk = try SmallDisk(scratch, options: "size=3m,mode=700") else {
            return print("aFullDiskLosesNothing: skipped, cannot mount a small file system")
        }
        let store = disk.path + "/store"
        let writer = try StoreWriter(directory: store)
        var author = Author(1)
        var refusals = 0
        var sizes = [400, 90, 20, 3, 1]
        while let count = sizes.first {
            var next = author
            let more = next.post(count, bytes: 300)
            do {
                try writer.commit([.extend(more)])
                author = next
            } catch {
                #expect(error == .diskFull, "\(error)")
                refusals += 1
                sizes.removeFirst()
            }
        }
        #expect(refusals == 5 && !writer.hasFailed)
        let reader = try StoreReader(directory: store)
        #expect(try reader.head(of: author.log) == author.head)
        #expect(try reader.check().isClean)
        // Room again, and the same writer goes on.
        try disk.remount("size=9m")
        for _ in 0..<4 { try writer.commit([.extend(author.post(500, bytes: 300))]) }
        #expect(try reader.head(of: author.log) == author.head)
        let report = try reader.check()
        #expect(report.isClean, "\(report.damage)")
        print("full disk: \(author.entries.count) entries, \(refusals) refusals, nothing lost")
    }

    @Test func aReadOnlyDiskIsRefusedInWords() throws {
        let scratch = try Scratch()
        guard let disk = try SmallDisk(scratch, options: "size=3m,mode=700") else {
            return print("aReadOnlyDiskIsRefusedInWords: skipped, cannot mount")
        }
        let store = disk.path + "/store"
        do { _ = try StoreWriter(directory: store) }
        try disk.remount("ro")
        do {
            _ = try StoreWriter(directory: store)
            Issue.record("opened for writing")
        } catch {
            guard case .permission = error else {
                Issue.record("\(error)")
                return
            }
        }
        #expect(throws: StoreError.self) { try StoreWriter(directory: disk.path + "/other") }
        #expect(throws: StoreError.self) {
            try SecretFile.create(disk.path + "/key", contents: [1])
        }
    }

    @Test func aSecretOnAFullDiskIsNotHalfThere() throws {
        let scratch = try Scratch()
        guard let disk = try SmallDisk(scratch, options: "size=64k,mode=700") else {
            return print("aSecretOnAFullDiskIsNotHalfThere: skipped, cannot mount")
        }
        let path = disk.path + "/secret"
        #expect(throws: StoreError.diskFull) {
            try SecretFile.create(path, contents: [UInt8](repeating: 1, count: 100_000))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path).isEmpty)
    }
}
