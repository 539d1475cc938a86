import Primitives
import Testing
import Wire

@testable import Mesh

/// Row 10 of THREATS: each number, count and length in each message is set to what breaks parsers.
struct LengthTests {
    /// Every cap that a message has, one more, and the edges of the widths that numbers come in.
    static let values: [UInt64] = {
        let caps: [Int] = [
            Limits.headsPerMessage, Limits.ownLogs, Limits.havesPerMessage,
            Limits.Wants.perMessage, Limits.Overlay.nodesPerMessage, Limits.Overlay.timeToLive,
            Limits.message, Limits.fragment, Limits.datagram, LogLimits.body,
            LogLimits.batchEntries,
            LogLimits.frontier, LogLimits.tail, Int(Limits.changes), 200,
        ]
        let edges: [UInt64] = [
            0, 1, 16, 17, 23, 24, 255, 256, 65_535, 65_536, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 63,
            .max,
        ]
        return edges + caps.flatMap { [UInt64($0), UInt64($0) + 1] }
    }()

    /// Where the heads of a well-formed CBOR value begin, and how long each is.
    static func heads(of bytes: [UInt8]) -> [(at: Int, length: Int)] {
        var found: [(at: Int, length: Int)] = []
        var at = 0
        while at < bytes.count {
            let (kind, info) = (bytes[at] >> 5, bytes[at] & 31)
            let length = info < 24 ? 1 : 1 + 1 << Int(info - 24)
            found.append((at, length))
            var value = UInt64(info)
            if info >= 24 {
                value = bytes[(at + 1)..<(at + length)].reduce(0) { $0 << 8 | UInt64($1) }
            }
            at += length
            if kind == 2 || kind == 3 { at += Int(value) }
        }
        return found
    }

    /// A head of that kind, in its one canonical spelling.
    static func head(_ kind: UInt8, _ value: UInt64) -> [UInt8] {
        if value < 24 { return [kind << 5 | UInt8(value)] }
        let bits = value < 1 << 8 ? 3 : value < 1 << 16 ? 4 : value < 1 << 32 ? 5 : 6
        let width = 1 << (bits - 3)
        let bytes = (0..<width).reversed().map {
            UInt8(truncatingIfNeeded: value >> UInt64(8 * $0))
        }
        return [kind << 5 | UInt8(21 + bits)] + bytes
    }

    /// All of them, decoded: refused, or what was said and nothing else; never a trap, and never
    /// more memory than a message has.
    @Test func everyNumberOfEveryMessage() {
        var (tried, refused) = (0, 0)
        for message in HostileTests.messages {
            let good = message.encoded()
            for (at, length) in Self.heads(of: good) where good[at] >> 5 < 7 {
                for value in Self.values {
                    let bad =
                        Array(good[..<at]) + Self.head(good[at] >> 5, value)
                        + Array(good[(at + length)...])
                    if bad == good { continue }
                    tried += 1
                    guard let found = try? Message(decoding: bad) else {
                        refused += 1
                        continue
                    }
                    switch found {
                    case .hello, .unknown: break
                    default: #expect(found.encoded() == bad, "\(Hex.encode(bad))")
                    }
                }
            }
        }
        #expect(tried > 10_000 && refused > tried / 2, "\(refused) of \(tried)")
    }

    /// The same said to a node: its bounds hold, and it serves its honest peers.
    @Test func saidToANode() {
        let scene = HostileTests.Scene(seed: 23)
        var raw = scene.peer()
        var ended = 0
        for message in HostileTests.messages {
            let good = message.encoded()
            for (at, length) in Self.heads(of: good) where good[at] >> 5 < 7 {
                for value in Self.values {
                    let bad =
                        Array(good[..<at]) + Self.head(good[at] >> 5, value)
                        + Array(good[(at + length)...])
                    if bad == good { continue }
                    if raw.isClosed {
                        ended += 1
                        raw = scene.peer()
                    }
                    raw.say(encoded: bad)
                    scene.net.run(for: .milliseconds(20))
                    #expect(scene.net.nodes[0].mesh.exceededBound == nil)
                }
            }
        }
        #expect(ended > 1_000)
        scene.check()
    }
}
