import Primitives
import Store
import Wire

/// Media of others that were dropped since the store was made, by how far away their authors are.
///
/// Lies in the store as one setting: CBOR
///
///     [1, [[hop, files, bytes, first, last]…]]
struct MediaDrops: Hashable, Sendable {
    struct Count: Hashable, Sendable {
        /// `DroppedMedia.unnamed` where no post named them any more.
        var hop: Int
        var files: UInt64
        var bytes: UInt64
        var first: UnixTime
        var last: UnixTime
    }

    /// In order of the hop.
    private(set) var counts: [Count] = []

    static let setting = "media-drops"

    init() {}

    mutating func add(_ dropped: [DroppedMedia], at time: UnixTime) {
        for file in dropped {
            let at = counts.firstIndex { $0.hop >= file.hop } ?? counts.endIndex
            if at == counts.endIndex || counts[at].hop != file.hop {
                counts.insert(
                    Count(hop: file.hop, files: 0, bytes: 0, first: time, last: time), at: at)
            }
            counts[at].files += 1
            counts[at].bytes += file.bytes
            counts[at].last = time
        }
    }

    var encoded: [UInt8] {
        var encoder = CBOREncoder()
        encoder.array(2)
        encoder.uint(1)
        encoder.array(counts.count)
        for count in counts {
            encoder.array(5)
            encoder.uint(count.hop)
            encoder.uint(count.files)
            encoder.uint(count.bytes)
            encoder.uint(count.first.milliseconds)
            encoder.uint(count.last.milliseconds)
        }
        return encoder.bytes
    }

    init(decoding bytes: [UInt8]) throws(WireError) {
        var decoder = CBORDecoder(bytes)
        try decoder.array(exactly: 2)
        guard try decoder.uint() == 1 else { throw .malformed }
        let most = UInt64(Int64.max)
        for _ in 0..<(try decoder.array(max: DroppedMedia.unnamed + 1)) {
            try decoder.array(exactly: 5)
            let hop = Int(try decoder.uint(max: UInt64(DroppedMedia.unnamed)))
            if let last = counts.last, last.hop >= hop { throw .malformed }
            let files = try decoder.uint(max: most)
            let bytes = try decoder.uint(max: most)
            let first = UnixTime(milliseconds: try decoder.uint(max: UnixTime.latest.milliseconds))
            let last = UnixTime(milliseconds: try decoder.uint(max: UnixTime.latest.milliseconds))
            counts.append(Count(hop: hop, files: files, bytes: bytes, first: first, last: last))
        }
        try decoder.finish()
    }
}
