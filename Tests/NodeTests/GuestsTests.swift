import Crypto
import Primitives
import Testing
import Wire

@testable import Node

/// Open invites across restarts.
struct GuestsTests {
    static func key(_ number: UInt64) -> Bytes32 { Bytes32(5, 6, 7, number) }

    static var some: Guests {
        var guests = Guests()
        for i in 0..<3 {
            guests.open.append(
                Guests.Open(
                    secret: [UInt8](repeating: UInt8(i), count: 16),
                    until: UnixTime(milliseconds: 1_000 + UInt64(i)),
                    identity: i == 1 ? nil : key(1), guest: i == 2 ? key(2) : nil))
        }
        guests.reserve(key(3))
        guests.reserve(key(4))
        guests.reserve(key(3))
        guests.follows = [
            Guests.Follow(
                key: key(5), isIdentity: true, by: nil, until: UnixTime(milliseconds: 1_001)),
            Guests.Follow(
                key: key(6), isIdentity: false, by: key(1), until: UnixTime(milliseconds: 9_001)),
        ]
        return guests
    }

    @Test func whatWasKeptComesBack() throws {
        let guests = Self.some
        #expect(try Guests(decoding: guests.encoded) == guests)
        #expect(guests.reserved == [Self.key(4), Self.key(3)])
        #expect(try Guests(decoding: Guests().encoded) == Guests())
    }

    @Test func aDamagedSettingIsRefusedOrAnother() {
        let bytes = Self.some.encoded
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try Guests(decoding: Array(bytes[..<count])) }
        }
        for bit in 0..<(8 * bytes.count) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            if let other = try? Guests(decoding: changed) { #expect(other.encoded == changed) }
        }
    }

    @Test func whatHasExpiredIsForgotten() {
        var guests = Self.some
        guests.prune(UnixTime(milliseconds: 1_001))
        #expect(guests.open.map(\.until.milliseconds) == [1_002])
        #expect(guests.follows.map(\.key) == [Self.key(6)])
        #expect(guests.reserved.count == 2)
    }
}
