import Foundation
import Glibc
import MerkleLog
import Primitives
import Testing

@testable import Store

/// THREATS row 23: a failed sync or write is final, and never tried again on the same descriptor.
@Suite struct FailingDiskTests {
    /// Puts `device` in place of this process's descriptor of `file`. On /dev/null writes are taken
    /// and syncs fail; on /dev/full writes find no room.
    private func replace(_ file: String, with device: String) throws {
        let replacement = unsafe open(device, O_RDWR | O_CLOEXEC)
        defer { close(replacement) }
        var replaced = 0
        for number in 3..<Int32(256) {
            let link = "/proc/self/fd/\(number)"
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link)
            guard target == file else { continue }
            #expect(dup2(replacement, number) == number)
            replaced += 1
        }
        #expect(replaced == 1)
    }

    private func expectFailed(_ writer: StoreWriter) {
        #expect(writer.hasFailed)
        #expect(throws: StoreError.failed) { try writer.commit([.setting("b", [1])]) }
        #expect(throws: StoreError.failed) { try writer.markStopped() }
    }

    @Test func aFailedSyncOfTheLogEndsTheWriter() throws {
        let scratch = try Scratch()
        var a = Author(1)
        let held: LogHead?
        do {
            let writer = try StoreWriter(directory: scratch.store)
            try writer.commit([.extend(a.post(3))])
            held = a.head
            try replace(scratch.store + "/store.sqlite-wal", with: "/dev/null")
            do {
                try writer.commit([.extend(a.post(3))])
                Issue.record("acknowledged without a sync")
            } catch {
                guard case .io = error else {
                    Issue.record("\(error)")
                    return
                }
            }
            expectFailed(writer)
        }
        let writer = try StoreWriter(directory: scratch.store)
        let reader = try StoreReader(directory: scratch.store)
        #expect(try reader.head(of: a.log) == held)
        #expect(try reader.check().isClean)
        #expect(!writer.hasFailed)
    }

    /// SQLite's own checkpoint at commit would keep this from us, and try again.
    @Test func aFailedSyncOfTheDatabaseEndsTheWriter() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var a = Author(1)
        try writer.commit([.extend(a.post(3))])
        let image: String
        try replace(scratch.store + "/store.sqlite", with: "/dev/null")
        var commits = 0
        while !writer.hasFailed && commits < 200 {
            try writer.commit([.extend(a.post(200, bytes: 300))])
            commits += 1
        }
        expectFailed(writer)
        // Every acknowledged commit is in the log.
        image = try scratch.image()
        _ = try StoreWriter(directory: image)
        let reader = try StoreReader(directory: image)
        #expect(try reader.head(of: a.log) == a.head)
        #expect(try reader.check().isClean)
    }

    @Test func noRoomIsNoFailure() throws {
        let scratch = try Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        try replace(scratch.store + "/store.sqlite-wal", with: "/dev/full")
        #expect(throws: StoreError.diskFull) { try writer.commit([.setting("a", [1])]) }
        #expect(!writer.hasFailed)
    }

    @Test func aFailedFenceStaysFailed() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/fence"
        let owner = FenceOwner(log: Author(1).log, store: .zero, machine: .zero)
        var fence = try FenceFile(path: path, owner: owner)
        try fence.claim(size: 1, root: .zero)
        let before = fence.state
        try replace(path, with: "/dev/null")
        do {
            try fence.advance(size: 2, root: .zero)
            Issue.record("released without a sync")
        } catch {
            guard case .io = error else {
                Issue.record("\(error)")
                return
            }
        }
        #expect(fence.state == before)
        #expect(throws: StoreError.failed) { try fence.advance(size: 2, root: .zero) }
        #expect(throws: StoreError.failed) { try fence.claim(size: 2, root: .zero) }
    }
}
