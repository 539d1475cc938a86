import Content
import Crypto
import Feed
import Foundation
import MerkleLog
import Mesh
import Primitives
import Store
import Testing
import Wire

@testable import Node

/// What the owner chooses to keep, and what the node makes of it.
struct StoragePolicyTests {
    @Test(arguments: [
        ("10G", 10 << 30 as UInt64?), ("512M", 512 << 20), ("1.5G", 1536 << 20), ("4096k", 4 << 20),
        ("8MiB", 8 << 20), ("1gb", 1 << 30), ("7", 7), ("0", 0), ("", nil), ("G", nil), ("x", nil),
        ("10X", nil), ("-1G", nil), ("1e9", nil), ("1.2.3G", nil), ("99999999T", nil), ("٣G", nil),
        ("nan", nil), ("inf", nil), (".", nil), ("1 G", nil),
    ])
    func sizesAreReadAsPeopleWriteThem(text: String, bytes: UInt64?) {
        #expect(ByteSize.parse(text) == bytes)
    }

    @Test func aPolicyIsKeptAsItWas() throws {
        var policy = StoragePolicy(budget: 123 << 20)
        policy.keepsEverything = false
        policy.depth = 3
        policy.quotas = [nil, 5, nil, 9]
        #expect(try StoragePolicy(decoding: policy.encoded) == policy)
        for count in 0..<policy.encoded.count {
            #expect(throws: WireError.self) {
                try StoragePolicy(decoding: Array(policy.encoded.prefix(count)))
            }
        }
    }

    @Test func droppedMediaAreCounted() throws {
        var drops = MediaDrops()
        #expect(try MediaDrops(decoding: drops.encoded) == drops)
        let (far, near) = (DroppedMedia(hop: 4, bytes: 100), DroppedMedia(hop: 1, bytes: 7))
        let unnamed = DroppedMedia(hop: DroppedMedia.unnamed, bytes: 1)
        drops.add([far, unnamed, far], at: UnixTime(milliseconds: 1_000))
        drops.add([near, far], at: UnixTime(milliseconds: 2_000))
        #expect(drops.counts.map(\.hop) == [1, 4, DroppedMedia.unnamed])
        #expect(drops.counts.map(\.files) == [1, 3, 1])
        #expect(drops.counts.map(\.bytes) == [7, 300, 1])
        #expect(drops.counts.map(\.first.milliseconds) == [2_000, 1_000, 1_000])
        #expect(drops.counts.map(\.last.milliseconds) == [2_000, 2_000, 1_000])
        #expect(try MediaDrops(decoding: drops.encoded) == drops)
        for count in 0..<drops.encoded.count {
            #expect(throws: WireError.self) {
                try MediaDrops(decoding: Array(drops.encoded.prefix(count)))
            }
        }
    }

    @Test func theDefaultBudgetLeavesHalfOfTheDisk() {
        #expect(StoragePolicy.defaultBudget(nil, used: 0) == Limits.Storage.leastBudget)
        var space = DiskSpace(of: "/")
        space?.free = 6 << 30
        #expect(StoragePolicy.defaultBudget(space, used: 2 << 30) == 4 << 30)
        space?.free = 1 << 50
        #expect(StoragePolicy.defaultBudget(space, used: 0) == 10 << 30)
        space?.total = 64 << 20
        #expect(space?.lowWater == 4 << 20)
        space?.total = 1 << 40
        #expect(space?.lowWater == 256 << 20)
    }

    @Test func whatIsWantedMoreIsNoticed() {
        let logs = (1...3).map { Bytes32(0, 0, 0, UInt64($0)) }
        #expect(Wanted.everything.covers(.only(logs)) && Wanted.only(logs).covers(.only([logs[1]])))
        #expect(!Wanted.only(logs).covers(.everything))
        #expect(!Wanted.only([logs[0]]).covers(.only([logs[0], logs[2]])))
    }

    // MARK: Times are claims (THREATS row 12)

    /// A log whose entries claim these times.
    private static func store(_ times: [UInt64], in folder: String) throws -> LogKey {
        let key = SigningKey(seed: SecretBytes([UInt8](repeating: 5, count: 32)))
        var frontier = Frontier()
        var nodes: [Extension.StoredNode] = []
        var leaves: [Hash] = []
        let entries = try times.enumerated().map { index, time in
            let body = Content.note(try Note(text: "post \(index)"))
                .body(salt: [UInt8](repeating: UInt8(index), count: 16))
            return Entry(time: UnixTime(milliseconds: time), body: .present(body))
        }
        for entry in entries {
            let header = EntryHeader(log: key.publicKey, index: frontier.size, entry: entry)
            leaves.append(header.leafHash)
            frontier.append(header.leafHash, storing: &nodes)
        }
        let checkpoint = Checkpoint(signing: frontier.size, root: frontier.root, with: key)
        let head = LogHead(
            key: key.publicKey, frontier: frontier, checkpoint: checkpoint, tail: [])
        try StoreWriter(directory: folder).commit([
            .extend(Extension(from: 0, entries: entries, leaves: leaves, nodes: nodes, head: head))
        ])
        return key.publicKey
    }

    /// More than 10 minutes ahead is held back until then, at any clock; order stands by the claims
    /// that are left.
    @Test func postsFromTheFutureAreHeldBack() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("starling-times-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let now: UInt64 = 1_800_000_000_000
        let (minute, year): (UInt64, UInt64) = (60_000, 31_557_600_000)
        let times = [
            0, now - 10 * year, now, now + 10 * minute, now + 10 * minute + 1, now + 10 * year,
            UnixTime.latest.milliseconds,
        ]
        let log = try Self.store(times, in: folder)
        let reader = try StoreReader(directory: folder)
        let people = People(reader: reader)
        func shown(at clock: UInt64) throws -> ([UInt64], heldBack: Int) {
            let (posts, heldBack) = try Timeline(reader: reader, people: people)
                .newest(of: [log], limit: 20, now: UnixTime(milliseconds: clock))
            return (posts.map(\.reference.index), heldBack)
        }
        #expect(try shown(at: now) == ([3, 2, 1, 0], 3))
        #expect(try shown(at: now + 1) == ([4, 3, 2, 1, 0], 2))
        #expect(try shown(at: now + 10 * year) == ([5, 4, 3, 2, 1, 0], 1))
        #expect(try shown(at: 0) == ([0], 6))
        for clock in [UInt64(Int64.max), .max, .max - Timeline.aheadLimit + 1] {
            #expect(try shown(at: clock) == ([6, 5, 4, 3, 2, 1, 0], 0))
        }
    }

    /// A clock that no header can name is refused where it is read, so nothing of it is stored.
    @Test(arguments: [UInt64(1) << 53, UInt64(Int64.max), UInt64(Int64.max) + 1, .max])
    func timesBeyondTheFormatAreRefused(time: UInt64) {
        var encoder = CBOREncoder()
        encoder.array(2)
        encoder.uint(time)
        encoder.bytes([UInt8](repeating: 1, count: 20))
        var decoder = CBORDecoder(encoder.bytes)
        #expect(throws: WireError.self) { try Entry(from: &decoder) }
    }
}
