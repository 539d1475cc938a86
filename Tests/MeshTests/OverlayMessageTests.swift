import MerkleLog
import Primitives
import Testing
import Wire

@testable import Mesh

/// Messages of the overlay, `Protocol/overlay.md`: what a hostile peer writes into them.
struct OverlayMessageTests {
    static let four = Endpoint(IPAddress(v4: 0xc000_0207), port: 4_646)
    static let six = Endpoint(IPAddress(high: 0x2001_0db8_0000_0000, low: 7), port: 65_535)

    static func contact(_ number: UInt64, _ endpoints: [Endpoint] = [four]) -> Contact {
        Contact(key: Bytes32(number, 0, 0, 0), endpoints: endpoints)
    }

    static let messages: [Message] = [
        .join([]), .join([four, six]), .forwardJoin(new: contact(1, [six]), ttl: 6),
        .neighbor(high: true, [four]), .neighbor(high: false, []),
        .neighborReply(accepted: true), .neighborReply(accepted: false), .disconnect,
        .shuffle(nonce: .max, origin: contact(2), ttl: 15, nodes: [contact(3, []), contact(4)]),
        .shuffleReply(nonce: 0, nodes: []),
        .shuffleReply(nonce: 9, nodes: (0..<16).map { contact($0, [six, four, six, four]) }),
    ]

    /// One message, written by hand.
    private func decode(_ write: (inout CBOREncoder) -> Void) -> Message? {
        var encoder = CBOREncoder()
        write(&encoder)
        return try? Message(decoding: encoder.bytes)
    }

    private func isJoin(_ address: [UInt8], port: UInt64) -> Bool {
        decode { encoder in
            encoder.array(2)
            encoder.uint(21 as UInt64)
            encoder.array(1)
            encoder.array(2)
            encoder.bytes(address)
            encoder.uint(port)
        } != nil
    }

    @Test func theLargestMessagesComeBack() throws {
        let endpoints = Array(repeating: Self.six, count: Limits.Addresses.endpoints)
        let nodes = (0..<UInt64(Limits.Overlay.nodesPerMessage)).map { Self.contact($0, endpoints) }
        let message = Message.shuffle(
            nonce: .max, origin: Self.contact(9, endpoints), ttl: Limits.Overlay.timeToLive,
            nodes: nodes)
        let bytes = message.encoded()
        #expect(try Message(decoding: bytes) == message)
        #expect(bytes.count < 2_304, "a message of the overlay is small: \(bytes.count)")
    }

    @Test func listsBeyondTheirBoundsAreRefused() {
        let many = Array(repeating: Self.four, count: Limits.Addresses.endpoints + 1)
        let nodes = Array(
            repeating: Self.contact(1), count: Limits.Overlay.nodesPerMessage + 1)
        let messages: [Message] = [
            .join(many), .neighbor(high: true, many),
            .forwardJoin(new: Self.contact(1, many), ttl: 6),
            .forwardJoin(new: Self.contact(1), ttl: Limits.Overlay.timeToLive + 1),
            .shuffle(nonce: 1, origin: Self.contact(1, many), ttl: 1, nodes: []),
            .shuffle(nonce: 1, origin: Self.contact(1), ttl: 16, nodes: []),
            .shuffle(nonce: 1, origin: Self.contact(1), ttl: 1, nodes: nodes),
            .shuffle(nonce: 1, origin: Self.contact(1), ttl: 1, nodes: [Self.contact(1, many)]),
            .shuffleReply(nonce: 1, nodes: nodes),
        ]
        for message in messages {
            #expect((try? Message(decoding: message.encoded())) == nil, "\(message)")
        }
    }

    /// Counts that claim more than there is cost nothing.
    @Test(arguments: [23, 24, 255, 65_535, 1 << 31, UInt64(UInt32.max), 1 << 63, .max])
    func countsThatLieAreRefused(count: UInt64) {
        let list = decode { encoder in
            encoder.array(3)
            encoder.uint(27 as UInt64)
            encoder.uint(1 as UInt64)
            encoder.head(4, count)
        }
        let endpoints = decode { encoder in
            encoder.array(2)
            encoder.uint(21 as UInt64)
            encoder.head(4, count)
        }
        let address = decode { encoder in
            encoder.array(2)
            encoder.uint(21 as UInt64)
            encoder.array(1)
            encoder.array(2)
            encoder.head(2, count)
        }
        #expect(list == nil && endpoints == nil && address == nil)
    }

    @Test func addressesHaveOneSpelling() {
        let v4 = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 192, 0, 2, 7]
        #expect(isJoin([192, 0, 2, 7], port: 1))
        #expect(!isJoin(v4, port: 1), "IPv4 written as IPv6")
        #expect(isJoin([0x20, 0x01] + [UInt8](repeating: 0, count: 14), port: 65_535))
        for length in [0, 1, 3, 5, 15, 17] {
            #expect(!isJoin([UInt8](repeating: 1, count: length), port: 1), "\(length)")
        }
    }

    @Test func portsAreFrom1To65535() {
        for port: UInt64 in [0, 65_536, 1 << 32, .max] {
            #expect(!isJoin([192, 0, 2, 7], port: port), "\(port)")
        }
    }
}
