import Foundation
import MerkleLog
import Primitives
import Testing

@testable import Store

/// Invariant 3: a cloned disk or a restored image is noticed.
@Suite struct FenceTests {
    private let owner = FenceOwner(
        log: Author(1).log, store: Bytes32(1, 2, 3, 4), machine: Bytes32(5, 6, 7, 8))

    private func state(_ path: String, _ owner: FenceOwner? = nil) throws -> FenceState {
        try FenceFile(path: path, owner: owner ?? self.owner).state
    }

    private func root(_ n: UInt64) -> Hash { Bytes32(n, n, n, n) }

    private func held(_ size: UInt64) -> FenceState {
        .held(FenceRecord(owner: owner, size: size, root: root(size)))
    }

    @Test func remembersTheHighestHead() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/fence"
        #expect(try state(path) == .missing)
        #expect(try state(path) == .missing)
        for size in 1...9 as ClosedRange<UInt64> {
            var fence = try FenceFile(path: path, owner: owner)
            if size == 1 {
                #expect(throws: StoreError.self) { try fence.advance(size: 1, root: root(1)) }
                try fence.claim(size: 1, root: root(1))
            } else {
                try fence.advance(size: size, root: root(size))
                // Saying the same again is harmless.
                try fence.advance(size: size, root: root(size))
            }
            #expect(fence.state == held(size))
        }
        #expect(try state(path) == held(9))
        let status = try #require(try FileMode.status(of: path))
        #expect(status.st_size == 8_192 && status.st_mode & 0o777 == 0o600)
    }

    @Test func neverGoesBack() throws {
        let scratch = try Scratch()
        var fence = try FenceFile(path: scratch.path + "/fence", owner: owner)
        try fence.claim(size: 5, root: root(5))
        #expect(throws: StoreError.self) { try fence.advance(size: 4, root: root(4)) }
        #expect(throws: StoreError.self) { try fence.advance(size: 5, root: root(6)) }
        #expect(fence.state == held(5))
        // The owner may decide.
        try fence.claim(size: 2, root: root(2))
        #expect(fence.state == held(2))
    }

    @Test func oneProcessAtATime() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/fence"
        let first = try FenceFile(path: path, owner: owner)
        #expect(throws: StoreError.locked(path: path)) {
            _ = try FenceFile(path: path, owner: owner)
        }
        _ = consume first
        _ = try FenceFile(path: path, owner: owner)
    }

    @Test func anothersFenceIsForeign() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/fence"
        do {
            var fence = try FenceFile(path: path, owner: owner)
            try fence.claim(size: 5, root: root(5))
        }
        let record = FenceRecord(owner: owner, size: 5, root: root(5))
        var others = [owner, owner, owner]
        others[0].log = Author(2).log
        others[1].store = .zero
        others[2].machine = .zero
        for other in others {
            var fence = try FenceFile(path: path, owner: other)
            #expect(fence.state == .foreign(record))
            #expect(throws: StoreError.self) { try fence.advance(size: 6, root: root(6)) }
        }
        var fence = try FenceFile(path: path, owner: others[1])
        try fence.claim(size: 6, root: root(6))
        #expect(
            fence.state == .held(FenceRecord(owner: others[1], size: 6, root: root(6))))
    }

    /// A torn write leaves the slot before it; every flipped bit of a slot makes it count for
    /// nothing.
    @Test func tornSlots() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/fence"
        do {
            var fence = try FenceFile(path: path, owner: owner)
            try fence.claim(size: 1, root: root(1))
            try fence.advance(size: 2, root: root(2))
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        func put(_ bytes: Data) throws {
            try? FileManager.default.removeItem(atPath: path)
            try SecretFile.create(path, contents: [UInt8](bytes))
        }
        for bit in stride(from: 0, to: 512 * 8, by: 3) {
            var newest = whole
            newest[bit / 8] ^= 1 << UInt8(bit % 8)
            try put(newest)
            #expect(try state(path) == held(1), "bit \(bit)")
            var both = newest
            both[4_096 + bit / 8] ^= 1 << UInt8(bit % 8)
            try put(both)
            #expect(try state(path) == .unreadable, "bit \(bit)")
        }
        // The write after a torn one goes over the torn slot, not over the good one.
        var torn = whole
        torn[300] ^= 1
        try put(torn)
        do {
            var fence = try FenceFile(path: path, owner: owner)
            try fence.advance(size: 3, root: root(3))
        }
        #expect(try state(path) == held(3))
        // A slot that was copied over the other is not taken for it.
        try put(whole.prefix(4_096) + whole.prefix(4_096))
        #expect(try state(path) == held(2))
        for length in [1, 511, 512, 4_096, 4_607] {
            try put(whole.prefix(length))
            #expect(try state(path) == (length < 512 ? .unreadable : held(2)), "\(length)")
        }
    }

    @Test func aFenceThatOthersCanReachIsRefused() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/fence"
        _ = try state(path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: StoreError.self) { try state(path) }
    }
}
