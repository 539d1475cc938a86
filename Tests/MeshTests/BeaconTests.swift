import Crypto
import Primitives
import Testing

@testable import Mesh

/// `[DISC-9]`: which beacons become hints.
struct BeaconTests {
    static let me = signingKey(1).publicKey
    static let here = Endpoint(AddressTableTests.v4(192, 168, 1, 9), port: 4_647)

    static func beacon(_ number: UInt8 = 2, network: NetworkID = NetworkID(of: nil)) -> [UInt8] {
        Beacon(node: signingKey(number).publicKey, port: 5_000, network: network).encoded
    }

    private static func filter() -> BeaconFilter {
        BeaconFilter(node: me, network: NetworkID(of: nil))
    }

    @Test func aBeaconNamesWhereItCameFrom() throws {
        var filter = Self.filter()
        let first = filter.take(Self.beacon(), from: Self.here, at: .seconds(1))
        let contact = try #require(first)
        #expect(contact.key == signingKey(2).publicKey)
        #expect(contact.endpoints == [Endpoint(Self.here.address, port: 5_000)])
        let link = Endpoint(IPAddress(high: 0xfe80 << 48, low: 7), port: 4_647, zone: 3)
        let second = filter.take(Self.beacon(3), from: link, at: .seconds(1))
        let other = try #require(second)
        #expect(other.endpoints == [Endpoint(link.address, port: 5_000, zone: 3)])
        // And the table takes it as the word of the local network.
        var table = AddressTable(secret: .zero)
        let learnt = table.learn(other, from: link.address)
        #expect(learnt == 1)
    }

    @Test(arguments: ["8.8.8.8", "127.0.0.1", "2001:db8::1", "::1", "::ffff:9.9.9.9", "::"])
    func onlyTheLocalNetworkIsHeard(from source: String) throws {
        var filter = Self.filter()
        let address = try #require(AddressTableTests.parse(source))
        let hint = filter.take(
            Self.beacon(), from: Endpoint(address, port: 4_647), at: .seconds(1))
        #expect(hint == nil)
    }

    @Test func ownBeaconsAndThoseOfOtherNetworksAreNoHints() throws {
        var filter = Self.filter()
        let key = try #require(NetworkSecret.key("another network"))
        let junk = [UInt8](repeating: 0x84, count: 70_000)
        let other = Self.beacon(network: NetworkID(of: key))
        for datagram in [Self.beacon(1), other, [], junk] {
            let hint = filter.take(datagram, from: Self.here, at: .seconds(1))
            #expect(hint == nil)
        }
    }

    /// A flood from one machine, and one from very many: so many hints and no more, and then again.
    @Test func floodsAreBounded() {
        var filter = Self.filter()
        func taken(_ count: Int, _ at: Instant, from: (Int) -> IPAddress) -> Int {
            (0..<count).count {
                let source = Endpoint(from($0), port: 4_647)
                return filter.take(Self.beacon(UInt8(2 + $0 % 100)), from: source, at: at) != nil
            }
        }
        let one = taken(1_000, .seconds(1)) { _ in Self.here.address }
        #expect(one == Limits.Discovery.ofSource)
        let many = taken(5_000, .seconds(2)) { AddressTableTests.v4(10, 1, $0 / 250, $0 % 250) }
        #expect(many == Limits.Discovery.ofAll - one)
        let later = taken(1_000, .seconds(8)) { _ in Self.here.address }
        #expect(later == one)
    }
}
