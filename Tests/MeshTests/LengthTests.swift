import MerkleLog
import Primitives
import Reconciliation
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
            Limits.Addresses.endpoints, Limits.Invites.secret, Limits.message, Limits.fragment,
            Limits.datagram, LogLimits.body, LogLimits.salt, LogLimits.batchEntries,
            LogLimits.frontier, LogLimits.tail, Int(Limits.changes), Int(LogLimits.size), 200,
            Limits.Reconcile.fewestCells, Limits.Reconcile.cells, 2 * Limits.Reconcile.cells,
            Sketch.cellBytes * Limits.Reconcile.cells, DifferenceEstimator.count,
            Limits.Reconcile.names, Limits.Blobs.named, Limits.Blobs.partsPerGet,
            Limits.Blobs.hashesPerPage, Limits.Blobs.chunk, Int(ContentLimits.blob.upperBound),
        ]
        let edges: [UInt64] = [
            0, 1, 16, 17, 23, 24, 255, 256, 65_535, 65_536, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 63,
            .max,
        ]
        let caught = caps.flatMap { [UInt64($0), UInt64($0) + 1] }
        return Set(edges + caught).sorted()
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

    /// Calls `body` with each message of the corpus, each head in it set to each value in turn.
    private static func changed(
        _ body: (_ kind: UInt8, _ value: UInt64, _ good: [UInt8], _ bad: [UInt8]) -> Void
    ) {
        for message in MessageSamples.all {
            let good = message.encoded()
            for (at, length) in heads(of: good) where good[at] >> 5 < 7 {
                let kind = good[at] >> 5
                for value in values {
                    let bad =
                        Array(good[..<at]) + head(kind, value) + Array(good[(at + length)...])
                    if bad != good { body(kind, value, good, bad) }
                }
            }
        }
    }

    /// What this version knows shows in what it does not pass over: a new kind needs a sample.
    @Test func everyKindHasASample() throws {
        var sampled: Set<UInt64> = []
        for message in MessageSamples.all {
            var decoder = CBORDecoder(message.encoded())
            _ = try decoder.array(max: 16)
            sampled.insert(try decoder.uint())
        }
        var known = 0
        for type in UInt64(0)..<1_000 {
            let alone = Self.head(4, 1) + Self.head(0, type)
            if (try? Message(decoding: alone)) == Message.unknown(type) { continue }
            known += 1
            #expect(sampled.contains(type), "no sample of messages of type \(type)")
        }
        #expect(known >= 31, "\(known) types")
    }

    /// Batches and proofs are such as a node would believe.
    @Test func theSamplesHold() throws {
        for message in MessageSamples.all {
            switch message {
            case .batch(_, let batch): _ = try batch.verify()
            case .fork(let proof): try proof.verify()
            default: break
            }
        }
    }

    /// All of them, decoded: refused, or what was said and nothing else; never a trap, and never
    /// more memory than a message has.
    @Test func everyNumberOfEveryMessage() {
        var (tried, refused) = (0, 0)
        Self.changed { kind, value, good, bad in
            tried += 1
            guard let found = try? Message(decoding: bad) else {
                refused += 1
                return
            }
            // Each byte and each element that is claimed takes one at least.
            let isLength = (2...5).contains(kind)
            #expect(!isLength || value <= UInt64(good.count), "\(Hex.encode(bad))")
            switch found {
            case .hello, .unknown: break
            default: #expect(found.encoded() == bad, "\(Hex.encode(bad))")
            }
        }
        #expect(tried > 10_000 && refused > tried / 2, "\(refused) of \(tried)")
    }

    /// The same said to a node: its bounds hold, and it serves its honest peers.
    @Test func saidToANode() {
        let scene = HostileTests.Scene(seed: 23)
        var raw = scene.peer()
        var ended = 0
        Self.changed { _, _, _, bad in
            if raw.isClosed {
                ended += 1
                raw = scene.peer()
            }
            raw.say(encoded: bad)
            scene.net.run(for: .milliseconds(20))
            #expect(scene.net.nodes[0].mesh.exceededBound == nil)
        }
        #expect(ended > 1_000)
        scene.check()
    }
}
