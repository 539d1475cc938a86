package import Content
package import MerkleLog
package import Primitives

/// What of others' media is kept: within a share of the owner's budget, the least valued give way.
///
/// What a blob is worth, the entries that name it say: the nearest of their authors, and then the
/// newest of them. Own files, and what own entries name, are never dropped. Used on one thread.
package final class MediaKeeper {
    package private(set) var plan: StoragePlan
    private let files: BlobStore
    private let reader: StoreReader
    /// Blobs that a reader asked for: worth more than what nobody did, in the order of asking.
    private var awaited: [Hash] = []
    private var dropped: [DroppedMedia] = []

    package init(_ files: BlobStore, _ reader: StoreReader, _ plan: StoragePlan) {
        self.files = files
        self.reader = reader
        self.plan = plan
    }

    /// What a blob is worth: larger is more.
    package struct Worth: Comparable, Sendable {
        /// -1 for what a reader waits for.
        package var hop: Int
        package var time: UnixTime

        static let awaited = Worth(hop: -1, time: .latest)
        /// What no entry names any more goes first.
        static let unnamed = Worth(hop: .max, time: UnixTime(milliseconds: 0))

        package static func < (a: Worth, b: Worth) -> Bool {
            a.hop != b.hop ? a.hop > b.hop : a.time < b.time
        }
    }

    package func worth(of root: Hash) throws(StoreError) -> Worth? {
        if awaited.contains(root) { return .awaited }
        return try named(root)
    }

    /// What the entries that name it make it worth.
    private func named(_ root: Hash) throws(StoreError) -> Worth? {
        var best: Worth?
        for row in try reader.mentions(of: root) {
            let worth = Worth(hop: plan.hop(of: row.log), time: row.time)
            if best.map({ $0 < worth }) ?? true { best = worth }
        }
        return best
    }

    /// A reader waits for this one.
    package func await(_ root: Hash) {
        awaited.removeAll { $0 == root }
        awaited.append(root)
        awaited.removeFirst(max(0, awaited.count - 64))
    }

    /// Adopts a plan, and drops what is over its share.
    package func adopt(_ plan: StoragePlan) throws(StoreError) {
        self.plan = plan
        if files.othersBytes > plan.mediaShare {
            _ = try free(files.othersBytes - plan.mediaShare, for: nil)
        }
    }

    /// Whether there is room for `blob` now: what is worth less was dropped for it. Whoever asks
    /// may go over the share only with what the owner's own entries name.
    package func makeRoom(for blob: Blob) throws(StoreError) -> Bool {
        guard let worth = try worth(of: blob.root) else { return false }
        if worth.hop == 0 { return true }
        if DiskSpace(of: files.directory)?.isLow ?? false { return false }
        guard blob.size <= plan.mediaShare else { return false }
        let want = files.othersBytes + blob.size
        if want <= plan.mediaShare { return true }
        return try free(want - plan.mediaShare, for: worth)
    }

    /// What was dropped since this was asked last.
    package func takeDropped() -> [DroppedMedia] {
        defer { dropped = [] }
        return dropped
    }

    /// Drops the least valued, and somewhat more than needed, until `bytes` are free; false, and
    /// nothing is dropped, when all that is worth less than `limit` is not enough.
    private func free(_ bytes: UInt64, for limit: Worth?) throws(StoreError) -> Bool {
        var list: [(worth: Worth, hop: Int, blob: Blob)] = []
        for blob in files.others {
            let named = try named(blob.root)
            if named?.hop == 0 { continue }
            let worth: Worth = awaited.contains(blob.root) ? .awaited : named ?? .unnamed
            if let limit, worth >= limit { continue }
            list.append((worth, named?.hop ?? DroppedMedia.unnamed, blob))
        }
        list.sort { ($0.worth, $0.blob.root) < ($1.worth, $1.blob.root) }
        guard list.reduce(0, { $0 + $1.blob.size }) >= bytes else { return false }
        let target = bytes + plan.mediaShare / Limits.Blobs.slack
        var freed: UInt64 = 0
        for (_, hop, blob) in list where freed < target {
            files.drop(blob)
            dropped.append(DroppedMedia(hop: hop, bytes: blob.size))
            freed += blob.size
        }
        return true
    }

    /// Drops files that the owner put here long ago and no entry names.
    package func dropDrafts(at time: UnixTime) throws(StoreError) {
        for blob in files.own {
            guard let added = files.added(blob),
                added + Limits.Blobs.draft < time.milliseconds,
                try reader.mentions(of: blob.root, limit: 1).isEmpty
            else { continue }
            files.dropDraft(blob)
        }
    }
}
