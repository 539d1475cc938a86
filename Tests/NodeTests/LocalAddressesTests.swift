import Primitives
import Testing
import Transport

@testable import Node

/// Which of a machine's addresses others are to try first.
struct LocalAddressesTests {
    static func addresses(_ texts: [String]) throws -> [IPAddress] {
        try texts.map { text in try #require(IPAddress(text)) }
    }

    static func texts(_ addresses: [IPAddress]) -> [String] { addresses.map(\.description) }

    /// Global IPv6, other IPv6, global IPv4, private IPv4, loopback; as they were among their kind.
    static let order = [
        "2a02:8071::9", "2001:db8::7", "fd00:9::1", "fec0::1", "198.51.100.7", "8.8.8.8",
        "10.0.0.1",
        "192.168.1.20", "172.16.0.1", "100.64.0.1", "127.0.0.1", "::1",
    ]

    @Test func iPv6ComesFirst() throws {
        let found = try Self.addresses([
            "127.0.0.1", "10.0.0.1", "198.51.100.7", "::1", "2a02:8071::9", "192.168.1.20",
            "fd00:9::1", "172.16.0.1", "2001:db8::7", "8.8.8.8", "fec0::1", "100.64.0.1",
        ])
        #expect(Self.texts(LocalAddresses.ordered(found)) == Self.order)
        #expect(LocalAddresses.ordered([]).isEmpty)
    }

    /// In whatever order they come, kinds stand one behind the other, and none is lost.
    @Test(arguments: UInt64(1)...8) func everyOrderIsMended(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let wanted = try Self.addresses(Self.order)
        let ordered = LocalAddresses.ordered(wanted.shuffled(using: &random))
        let parts = [0..<2, 2..<4, 4..<6, 6..<10, 10..<12]
        for part in parts {
            #expect(Set(ordered[part]) == Set(wanted[part]), "seed \(seed)")
        }
        print("order of addresses: \(ordered.count), seed \(seed)")
    }

    /// A machine may have a dozen of IPv6: one that friends without it reach stays among a few.
    @Test func eachKindStays() throws {
        let many = try Self.addresses((1...12).map { "2001:db8::\($0)" })
        let others = try Self.addresses(["fd00::1", "198.51.100.7", "10.0.0.1", "127.0.0.1"])
        let few = LocalAddresses.first(8, of: many + others)
        #expect(few == Array(many.prefix(4)) + others)
        #expect(LocalAddresses.first(8, of: others) == others)
        #expect(LocalAddresses.first(2, of: many + others) == [many[0], others[0]])
        #expect(LocalAddresses.first(0, of: others).isEmpty)
    }

    @Test func thisMachinesAreInOrder() {
        let found = LocalAddresses.all()
        #expect(LocalAddresses.ordered(found) == found && Set(found).count == found.count)
    }
}
