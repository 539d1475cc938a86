import Crypto
import Primitives
import Testing
import Wire

@testable import Mesh

/// THREATS rows 2 and 20: what strangers tell of addresses.
struct AddressTableTests {
    static func key(_ number: Int) -> Bytes32 { Bytes32(7, 7, 7, UInt64(number)) }

    static func v4(_ a: Int, _ b: Int, _ c: Int = 1, _ d: Int = 1) -> IPAddress {
        IPAddress(v4: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
    }

    static func contact(_ number: Int, _ addresses: IPAddress...) -> Contact {
        Contact(key: key(number), endpoints: addresses.map { Endpoint($0, port: 4_646) })
    }

    /// Every place is held by one entry and every entry by its place, in whatever order they came.
    static func expectWhole(_ table: AddressTable) throws {
        let restored = try AddressTable(decoding: table.encoded)
        #expect(restored.triedCount == table.triedCount)
        #expect(restored.newCount == table.newCount)
        #expect(restored.peerCount == table.peerCount)
        let entries = table.entries.compactMap { $0 }
        #expect(entries.count == table.triedCount + table.newCount)
        #expect(entries.count { $0.isTried } == table.triedCount)
        for entry in entries {
            #expect(table.contact(of: entry.key)?.endpoints.contains(entry.endpoint) == true)
        }
    }

    @Test(arguments: [
        // (told, by, taken)
        ("8.8.4.4", "9.9.9.9", true), ("127.0.0.1", "9.9.9.9", false),
        ("127.9.9.9", "9.9.9.9", false), ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "192.168.1.9", false), ("192.168.1.1", "9.9.9.9", false),
        ("192.168.1.1", "192.168.1.9", true), ("10.0.0.1", "192.168.1.9", true),
        ("100.64.0.1", "9.9.9.9", false), ("169.254.169.254", "9.9.9.9", false),
        ("169.254.169.254", "10.0.0.9", false), ("169.254.1.1", "169.254.1.2", true),
        ("0.0.0.0", "127.0.0.1", false), ("0.1.2.3", "127.0.0.1", false),
        ("224.0.0.1", "127.0.0.1", false), ("255.255.255.255", "127.0.0.1", false),
        ("::1", "2001:db8::9", false), ("::1", "::1", true), ("::", "::1", false),
        ("fe80::1", "2001:db8::9", false), ("fe80::1", "fe80::2", false),
        ("fc00::1", "2001:db8::9", false), ("fd12::1", "fd34::1", true),
        ("ff02::1", "::1", false), ("2001:db8::1", "9.9.9.9", true),
        ("::ffff:127.0.0.1", "2001:db8::9", false), ("64:ff9b::7f00:1", "2001:db8::9", false),
        ("64:ff9b::808:808", "2001:db8::9", true), ("64:ff9b::a9fe:a9fe", "9.9.9.9", false),
    ])
    func aStrangerLeadsNobodyIntoTheHouse(told: (String, String, Bool)) throws {
        let address = try #require(Self.parse(told.0))
        let source = try #require(Self.parse(told.1))
        var table = AddressTable(secret: .zero)
        let count = table.learn(Self.contact(1, address), from: source)
        #expect(count == (told.2 ? 1 : 0))
        #expect((table.contact(of: Self.key(1)) != nil) == told.2)
    }

    @Test func portZeroIsNoEndpoint() {
        var table = AddressTable(secret: .zero)
        let nowhere = Contact(key: Self.key(1), endpoints: [Endpoint(Self.v4(8, 8), port: 0)])
        #expect(table.learn(nowhere, from: Self.v4(9, 9)) == 0)
    }

    /// A link-local address of IPv6 is taken only with the interface on which it was heard.
    @Test func linkLocalAddressesNeedTheirInterface() {
        var table = AddressTable(secret: .zero)
        let address = IPAddress(high: 0xfe80 << 48, low: 1)
        let contact = Contact(
            key: Self.key(1), endpoints: [Endpoint(address, port: 4_646, zone: 3)])
        #expect(table.learn(contact, from: address) == 1)
    }

    @Test func aPrivateAddressIsNotToldToTheWorld() {
        let contact = Self.contact(1, Self.v4(192, 168), Self.v4(8, 8))
        #expect(contact.visible(to: Self.v4(9, 9)).endpoints.map(\.address) == [Self.v4(8, 8)])
        #expect(contact.visible(to: Self.v4(10, 0)).endpoints.count == 2)
    }

    @Test func provenAddressesComeFirstAndIPv6BeforeIPv4() {
        var table = AddressTable(secret: .zero)
        let six = IPAddress(high: 0x2001_0db8_0000_0000, low: 6)
        let proven = Self.v4(8, 8)
        table.learn(Self.contact(1, Self.v4(7, 7), proven, six), from: Self.v4(9, 9))
        #expect(table.contact(of: Self.key(1))?.endpoints.first?.address == six)
        table.succeeded(Self.key(1), Endpoint(proven, port: 4_646))
        #expect(
            table.contact(of: Self.key(1))?.endpoints.map(\.address) == [
                proven, six, Self.v4(7, 7),
            ]
        )
    }

    /// A hundred strangers name other places for a peer that was reached: it keeps the proven one,
    /// and the hints beside it are bounded.
    @Test func strangersDoNotReplaceWhatWasProven() throws {
        var table = AddressTable(secret: .zero)
        let home = Endpoint(Self.v4(8, 8), port: 4_646)
        table.learn(Contact(key: Self.key(1), endpoints: [home]), from: Self.v4(8, 8))
        table.succeeded(Self.key(1), home)
        for i in 1..<100 {
            table.learn(Self.contact(1, Self.v4(50, i), Self.v4(60, i)), from: Self.v4(i, i))
        }
        let endpoints = try #require(table.contact(of: Self.key(1))).endpoints
        #expect(endpoints.first == home)
        #expect(endpoints.count == Limits.Addresses.endpoints)
        try Self.expectWhole(table)
    }

    /// One source that names four wrong places of a peer cannot keep others from naming the right
    /// one.
    @Test func oneLiarDoesNotHideAPeer() throws {
        var table = AddressTable(secret: .zero)
        table.learn(
            Self.contact(1, Self.v4(50, 1), Self.v4(50, 2), Self.v4(50, 3), Self.v4(50, 4)),
            from: Self.v4(66, 6))
        table.learn(Self.contact(1, Self.v4(8, 8)), from: Self.v4(9, 9))
        let endpoints = try #require(table.contact(of: Self.key(1))).endpoints
        #expect(endpoints.contains { $0.address == Self.v4(8, 8) })
        // And the liar cannot push it out again.
        table.learn(Self.contact(1, Self.v4(50, 9)), from: Self.v4(66, 6))
        #expect(try #require(table.contact(of: Self.key(1))).endpoints == endpoints)
    }

    /// "Test before evict" (Heilman et al., §7, countermeasure 2).
    @Test func onlyWhatFailedGivesWay() throws {
        var table = AddressTable(secret: .zero)
        // One group reaches two buckets of sixteen places: most of its hundred addresses collide.
        for i in 0..<100 {
            let contact = Self.contact(i, Self.v4(8, 8, i))
            table.learn(contact, from: Self.v4(i, i))
            table.succeeded(contact.key, contact.endpoints[0])
        }
        let before = (0..<100).filter { table.isProven(Self.key($0)) }
        #expect(before.count <= Limits.Addresses.bucketsOfGroup * Limits.Addresses.triedSlots)
        #expect(before.count >= 16)
        let loser = before[3]
        table.failed(Self.key(loser), Endpoint(Self.v4(8, 8, loser), port: 4_646))
        for i in 0..<100 where !before.contains(i) {
            table.succeeded(Self.key(i), Endpoint(Self.v4(8, 8, i), port: 4_646))
        }
        let after = (0..<100).filter { table.isProven(Self.key($0)) }
        #expect(Set(before).subtracting(after).isSubset(of: [loser]))
        try Self.expectWhole(table)
    }

    @Test func oneSourceFillsFewBuckets() throws {
        var table = AddressTable(secret: SHA256.hash([1]))
        for i in 0..<20_000 {
            let address = Self.v4(1 + i / 200 % 90, i % 200, 3, 3)
            table.learn(Self.contact(i, address), from: Self.v4(66, 6))
        }
        let most = Limits.Addresses.bucketsOfSource * Limits.Addresses.newSlots
        #expect(table.newCount <= most)
        #expect(table.newCount > most / 2)
        try Self.expectWhole(table)
    }

    @Test func aPeerThatNeverAnswersIsForgotten() {
        var table = AddressTable(secret: .zero)
        let contact = Self.contact(1, Self.v4(8, 8))
        table.learn(contact, from: Self.v4(9, 9))
        for _ in 0..<3 { table.failed(contact.key, contact.endpoints[0]) }
        #expect(table.contact(of: contact.key) == nil)
        #expect(table.newCount == 0)
    }

    @Test func aDialledAddressRests() {
        var table = AddressTable(secret: .zero)
        var random = SeededRandom(seed: 1)
        let contact = Self.contact(1, Self.v4(8, 8))
        table.learn(contact, from: Self.v4(9, 9))
        let now = Instant.seconds(100)
        #expect(table.choose(using: &random, at: now)?.key == contact.key)
        table.attempted(contact.key, contact.endpoints[0], at: now)
        #expect(table.choose(using: &random, at: now + .seconds(29)) == nil)
        #expect(table.choose(using: &random, at: now + .seconds(31))?.key == contact.key)
    }

    /// A peer that names a fresh group beside its real one gets nothing dialled in the real one.
    @Test func avoidedGroupsAreAvoidedWhole() {
        var table = AddressTable(secret: .zero)
        var random = SeededRandom(seed: 1)
        table.learn(Self.contact(1, Self.v4(66, 6), Self.v4(8, 8)), from: Self.v4(66, 6))
        let avoided = [NetworkGroup(Self.v4(66, 6))]
        for _ in 0..<20 {
            let chosen = table.choose(using: &random, at: .seconds(1), avoiding: avoided)
            #expect(chosen?.endpoints.map(\.address) == [Self.v4(8, 8)])
        }
        #expect(
            table.choose(
                using: &random, at: .seconds(1),
                avoiding: avoided + [NetworkGroup(Self.v4(8, 8))]) == nil)
    }

    // MARK: On disk

    static func someTable() -> AddressTable {
        var table = AddressTable(secret: SHA256.hash([9]))
        for i in 0..<40 {
            let contact = contact(i, v4(8, i), IPAddress(high: 0x2001 << 48 | UInt64(i), low: 1))
            table.learn(contact, from: v4(9, i))
            if i % 3 == 0 { table.succeeded(contact.key, contact.endpoints[0]) }
            if i % 5 == 0 { table.failed(contact.key, contact.endpoints[0]) }
        }
        table.setAnchors([key(3), key(6), key(1)])
        return table
    }

    @Test func whatWasWrittenComesBack() throws {
        let table = Self.someTable()
        let restored = try AddressTable(decoding: table.encoded)
        #expect(restored.encoded == table.encoded)
        #expect(restored.anchors == [Self.key(3), Self.key(6)])
        #expect(!restored.isChanged)
        for i in 0..<40 {
            #expect(restored.contact(of: Self.key(i)) == table.contact(of: Self.key(i)))
            #expect(restored.isProven(Self.key(i)) == table.isProven(Self.key(i)))
        }
    }

    /// Every truncation is refused, and whatever a flipped bit makes is refused or a whole table.
    @Test func aDamagedTableIsRefusedOrWhole() throws {
        var small = AddressTable(secret: SHA256.hash([9]))
        small.learn(Self.contact(1, Self.v4(8, 8)), from: Self.v4(9, 9))
        small.learn(Self.contact(2, Self.v4(8, 9)), from: Self.v4(9, 9))
        small.succeeded(Self.key(1), Endpoint(Self.v4(8, 8), port: 4_646))
        small.setAnchors([Self.key(1)])
        let bytes = small.encoded
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try AddressTable(decoding: Array(bytes[..<count])) }
        }
        for bit in 0..<(8 * bytes.count) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            if let table = try? AddressTable(decoding: changed) { try Self.expectWhole(table) }
        }
    }

    // MARK: Eclipse

    /// THREATS row 2: ten thousand starts after ten thousand poisonous addresses.
    ///
    /// An honest node knows 400 honest peers of 200 groups, a hundred of them reached before; every
    /// other one is away. The attacker speaks from eight groups, names 10,000 addresses of its
    /// eight groups with as many keys, answers at all of them, and was dialled a thousand times
    /// before the restart.
    @Test func anEclipseAtTheStartIsRare() throws {
        var random = SeededRandom(seed: 22)
        let (tables, starts) = (10, 1_000)
        var (eclipsed, withAnchors, poisonPicks, picks) = (0, 0, 0, 0)
        for number in 0..<tables {
            let net = Eclipse(number: number, random: &random)
            let table = try AddressTable(decoding: net.encoded)
            for _ in 0..<starts {
                let chosen = net.outbound(of: table, using: &random)
                let poison = chosen.count { Eclipse.isPoison($0) }
                picks += chosen.count
                poisonPicks += poison
                if poison == chosen.count {
                    eclipsed += 1
                    // An anchor is honest and here as often as any honest peer reached before.
                    if net.anchors.allSatisfy({ Eclipse.isPoison($0) || Eclipse.isAway($0) }) {
                        withAnchors += 1
                    }
                }
            }
        }
        let all = tables * starts
        print(
            """
            eclipse on restart: \(eclipsed) of \(all) starts had only poisonous outbound peers \
            (\(withAnchors) with anchors); poison in \(100 * poisonPicks / picks) % of the picks
            """)
        #expect(eclipsed * 20 < all)
        #expect(withAnchors * 200 < all)
    }

    static func parse(_ text: String) -> IPAddress? {
        if text.hasPrefix("::ffff:") { return parse(String(text.dropFirst(7))) }
        if text.contains(".") {
            let parts = text.split(separator: ".").compactMap { UInt32($0) }
            return IPAddress(v4: parts.reduce(0) { $0 << 8 | $1 })
        }
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
            .map { $0.split(separator: ":").compactMap { UInt64($0, radix: 16) } }
        guard halves.count == 2 else { return nil }
        let zeros = [UInt64](repeating: 0, count: 8 - halves[0].count - halves[1].count)
        let groups = halves[0] + zeros + halves[1]
        return IPAddress(
            high: groups[..<4].reduce(0) { $0 << 16 | $1 },
            low: groups[4...].reduce(0) { $0 << 16 | $1 })
    }
}

/// A node that was fed poison, at the moment of its restart.
struct Eclipse {
    let encoded: [UInt8]
    let anchors: [Bytes32]

    static func isPoison(_ key: Bytes32) -> Bool { key.w0 == 666 }
    /// Every other honest peer is away at the time of the restart.
    static func isAway(_ key: Bytes32) -> Bool { key.w0 == 1 && key.w3 % 2 == 1 }

    init(number: Int, random: inout SeededRandom) {
        var table = AddressTable(secret: SHA256.hash([UInt8(number)]))
        for i in 0..<400 {
            let address = AddressTableTests.v4(20 + i % 20, i / 2 % 200, i % 250)
            let contact = Contact(
                key: Bytes32(1, 0, 0, UInt64(i)), endpoints: [Endpoint(address, port: 1)])
            let source = AddressTableTests.v4(20 + (i * 7) % 20, (i * 7) / 2 % 200)
            table.learn(contact, from: source)
            if i < 100 { table.succeeded(contact.key, contact.endpoints[0]) }
        }
        for i in 0..<10_000 {
            let address = AddressTableTests.v4(66, i % 8, i / 8 % 250, i / 2_000)
            let contact = Contact(
                key: Bytes32(666, 0, 0, UInt64(i)), endpoints: [Endpoint(address, port: 1)])
            table.learn(contact, from: AddressTableTests.v4(66, (i / 8) % 8))
        }
        for second in 0..<1_000 {
            let now = Instant.seconds(UInt64(second))
            guard let contact = table.choose(using: &random, at: now) else { continue }
            table.attempted(contact.key, contact.endpoints[0], at: now)
            if Self.isAway(contact.key) {
                table.failed(contact.key, contact.endpoints[0])
            } else {
                table.succeeded(contact.key, contact.endpoints[0])
            }
        }
        let outbound = Self.pick(&table, &random)
        table.setAnchors(outbound)
        anchors = table.anchors
        encoded = table.encoded
    }

    /// The outbound peers of a start without anchors.
    func outbound(of table: AddressTable, using random: inout SeededRandom) -> [Bytes32] {
        var table = table
        return Self.pick(&table, &random)
    }

    /// As the mesh does: at most two of a group, dialling on until four are there.
    static func pick(_ table: inout AddressTable, _ random: inout SeededRandom) -> [Bytes32] {
        var (keys, groups) = ([Bytes32](), [NetworkGroup]())
        for _ in 0..<200 where keys.count < Limits.Addresses.outbound {
            let full = groups.filter { group in
                groups.count { $0 == group } >= Limits.Addresses.outboundOfGroup
            }
            guard
                let contact = table.choose(
                    using: &random, at: .seconds(10_000), avoiding: full,
                    excluding: { keys.contains($0) })
            else { continue }
            let endpoint = contact.endpoints[0]
            table.attempted(contact.key, endpoint, at: .seconds(10_000))
            if isAway(contact.key) {
                table.failed(contact.key, endpoint)
                continue
            }
            table.succeeded(contact.key, endpoint)
            keys.append(contact.key)
            groups.append(NetworkGroup(endpoint.address))
        }
        return keys
    }
}
