import Crypto
import Foundation
import Mesh
import Primitives
import Testing

@testable import Node

/// THREATS row 17: a crash is laid at the door of whoever sent the input that it followed.
struct QuarantineTests {
    private static let suspect = Suspect(
        address: IPAddress(v4: 0xc633_6401), key: Bytes32(1, 2, 3, 4), node: Bytes32(5, 6, 7, 8))

    private static func withPage(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("starling-page-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private static func now() -> Instant { Instant(nanoseconds: 5_000_000_000) }

    // MARK: A trap

    /// Traps while a peer's input is worked on, in a process of its own.
    @Test func aTrapNamesWhoseInputItWas() async throws {
        await #expect(processExitsWith: .failure) {
            let path = "/tmp/starling-page-\(getppid())-trap"
            let page = try CrashPage(path: path)
            page.watch()
            page.begin(
                Suspect(address: IPAddress(v4: 0xc633_6401), key: Bytes32(1, 2, 3, 4)),
                at: Instant(nanoseconds: 1))
            let numbers = [UInt8](repeating: 200, count: Int.random(in: 2...2))
            // An overflow, as a decoder might have one.
            print(numbers[0] + numbers[1])
        }
        let path = "/tmp/starling-page-\(getpid())-trap"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let crash = try #require(try CrashPage(path: path).crash)
        #expect(crash.signal == UInt64(SIGILL) || crash.signal == UInt64(SIGTRAP))
        #expect(
            crash.suspect
                == Suspect(address: IPAddress(v4: 0xc633_6401), key: Bytes32(1, 2, 3, 4)))
    }

    /// A process that is killed, by its owner or for lack of memory, accuses nobody.
    @Test func aKilledProcessAccusesNobody() throws {
        try Self.withPage { path in
            try CrashPage(path: path).begin(Self.suspect, at: Self.now())
            #expect(try CrashPage(path: path).crash == nil)
        }
    }

    @Test func whatIsNotThereSaysNothing() throws {
        try Self.withPage { path in
            let page = try CrashPage(path: path)
            #expect(page.crash == nil)
            page.begin(Self.suspect, at: Self.now())
            page.clear()
            #expect(page.crash == nil)
        }
        #expect(throws: NodeError.self) { try CrashPage(path: "/nonexistent/page") }
    }

    // MARK: The list

    private static func time(_ hours: UInt64) -> UnixTime {
        UnixTime(milliseconds: 1_700_000_000_000 + hours * 3_600_000)
    }

    @Test func theSecondCrashCounts() throws {
        var list = Quarantine()
        #expect(list.blame(Self.suspect, at: Self.time(0)).until == nil)
        #expect(list.refused(at: Self.time(0)).isEmpty)
        // It may have moved: the key counts.
        var moved = Self.suspect
        moved.address = IPAddress(v4: 0xcb00_7101)
        #expect(list.blame(moved, at: Self.time(1)).until == Self.time(25))
        #expect(list.records.count == 1)
        guard case .quarantine(let keys, let addresses) = list.event(at: Self.time(2)) else {
            Issue.record("another event")
            return
        }
        #expect(keys == [Bytes32(1, 2, 3, 4)] && addresses == [IPAddress(v4: 0xcb00_7101)])
        #expect(list.refused(at: Self.time(26)).isEmpty)
        // One more crash after that, and it is refused again.
        #expect(list.blame(moved, at: Self.time(27)).until == Self.time(51))
        #expect(try Quarantine(decoding: list.encoded) == list)
    }

    @Test func whoProvedNoKeyIsKnownByItsAddress() {
        var list = Quarantine()
        let nobody = Suspect(address: IPAddress(v4: 0xc633_6401))
        _ = list.blame(nobody, at: Self.time(0))
        _ = list.blame(Suspect(address: IPAddress(v4: 0xc633_6402)), at: Self.time(0))
        _ = list.blame(Self.suspect, at: Self.time(0))
        #expect(list.records.count == 3 && list.refused(at: Self.time(0)).isEmpty)
        #expect(list.blame(nobody, at: Self.time(1)).crashes == 2)
    }

    @Test func crashesOfLongAgoAreForgotten() {
        var list = Quarantine()
        _ = list.blame(Self.suspect, at: Self.time(0))
        #expect(list.blame(Self.suspect, at: Self.time(24 * 8)).crashes == 1)
        for number in UInt64(0)..<200 {
            _ = list.blame(Suspect(key: Bytes32(9, 9, 9, number)), at: Self.time(24 * 8))
        }
        #expect(list.records.count == Limits.Quarantine.suspects)
    }

    @Test func thisMachineIsNotRefusedAsAWhole() {
        var list = Quarantine()
        for _ in 0..<2 {
            _ = list.blame(Suspect(address: .loopback4, key: .zero), at: Self.time(0))
        }
        guard case .quarantine(let keys, let addresses) = list.event(at: Self.time(0)) else {
            Issue.record("another event")
            return
        }
        #expect(keys == [.zero] && addresses.isEmpty)
    }

    @Test func aDamagedListIsNone() {
        let good = Quarantine(records: [
            .init(suspect: Self.suspect, crashes: 2, last: Self.time(0))
        ]).encoded
        for length in 0..<good.count {
            #expect(throws: (any Error).self) {
                try Quarantine(decoding: Array(good.prefix(length)))
            }
        }
    }
}

extension Quarantine {
    fileprivate init(records: [Record]) {
        self.init()
        self.records = records
    }
}
