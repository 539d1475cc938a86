import Crypto
import Foundation
import Glibc
import Testing

@testable import Store

@Suite struct SecretFileTests {
    private func bytes(_ secret: borrowing SecretBytes) -> [UInt8] {
        unsafe secret.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    @Test func roundTrip() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/key"
        for content in [[], [1], [UInt8](repeating: 7, count: 5_000)] as [[UInt8]] {
            try SecretFile.create(path, SecretBytes(content))
            #expect(try #require(try FileMode.status(of: path)).st_mode & 0o777 == 0o600)
            #expect(bytes(try SecretFile.read(path, limit: 5_000)) == content)
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["key"])
            try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test func nothingIsOverwritten() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/key"
        try SecretFile.create(path, contents: [1])
        #expect(throws: StoreError.exists(path: path)) {
            try SecretFile.create(path, contents: [2])
        }
        #expect(bytes(try SecretFile.read(path, limit: 9)) == [1])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["key"])
    }

    /// A crash may have left the temporary file of a process with this number.
    @Test func aLeftOverIsNoObstacle() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/key"
        try SecretFile.create("\(path).new-\(getpid())", contents: [9])
        try SecretFile.create(path, contents: [1])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["key"])
    }

    @Test func whatIsNotPrivateIsRefused() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/key"
        try SecretFile.create(path, contents: [1, 2, 3])
        #expect(throws: StoreError.self) { _ = try SecretFile.read(path, limit: 2) }
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o777] as [mode_t] {
            #expect(unsafe chmod(path, mode) == 0)
            do {
                _ = try SecretFile.read(path, limit: 9)
                Issue.record("mode \(mode) was accepted")
            } catch {
                #expect("\(error)".contains("chmod 600 '\(path)'"), "\(error)")
            }
        }
        #expect(unsafe chmod(path, 0o400) == 0)
        #expect(bytes(try SecretFile.read(path, limit: 9)) == [1, 2, 3])
        let link = scratch.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        #expect(throws: StoreError.self) { _ = try SecretFile.read(link, limit: 9) }
        #expect(throws: StoreError.exists(path: link)) {
            try SecretFile.create(link, contents: [1])
        }
        #expect(throws: StoreError.self) { _ = try SecretFile.read(scratch.path, limit: 9) }
        let pipe = scratch.path + "/pipe"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        #expect(throws: StoreError.self) { _ = try SecretFile.read(pipe, limit: 9) }
        let nowhere = scratch.path + "/nowhere"
        #expect(throws: StoreError.missing(path: nowhere)) {
            _ = try SecretFile.read(nowhere, limit: 9)
        }
        guard geteuid() == 0 else { return print("another owner: skipped, needs root") }
        #expect(unsafe chown(path, 12_345, 12_345) == 0)
        #expect(throws: StoreError.self) { _ = try SecretFile.read(path, limit: 9) }
    }
}
