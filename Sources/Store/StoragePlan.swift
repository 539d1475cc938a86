package import MerkleLog
package import Primitives

/// What the store may take of the disk, and whose entries are worth how much: what the node's
/// policy comes to.
package struct StoragePlan: Sendable {
    /// Bytes of all files of the store.
    package var budget: UInt64
    /// How far the authors of logs are from the owners: 0 own, 1 followed, and so on. Logs that
    /// are not named are strangers'.
    package var hops: [LogKey: UInt8]
    /// Bytes that a log may use, by hop from 1 on; the last is for strangers. Nil: a share of the
    /// budget.
    package var quotas: [UInt64?]
    /// What media of others take, which leaves so much less for posts.
    package var media: UInt64 = 0
    /// What the feed takes, which is made of posts and shrinks with them.
    package var feed: UInt64 = 0

    /// The hop of whoever is further away than is told apart.
    package static let strangers = Limits.Storage.hops + 1

    package init(budget: UInt64, hops: [LogKey: UInt8] = [:], quotas: [UInt64?] = []) {
        self.budget = budget
        self.hops = hops
        self.quotas = quotas
    }

    package func hop(of log: LogKey) -> Int {
        hops[log].map { min(Int($0), Self.strangers) } ?? Self.strangers
    }

    /// Kept free for own posts.
    package var reserve: UInt64 { min(budget / 16, Limits.Storage.reserve) }
    /// Kept free for the write-ahead log.
    package var writeAhead: UInt64 { min(budget / 4, Limits.Storage.writeAhead) }
    /// What tables and trees may take before bodies are dropped.
    package var room: UInt64 {
        let left = budget - reserve - writeAhead - min(media, mediaShare)
        // However it grew, posts keep a part: what is of dropped ones goes a little later.
        return left - min(feed, left / 4 * 3)
    }
    /// What media of others may take.
    package var mediaShare: UInt64 { budget / Limits.Blobs.shareOfBudget }
    /// Bytes dropped in one commit: it is written ahead first, with the pages around it.
    var step: UInt64 { min(writeAhead / 8, Limits.Storage.dropsPerCommit) }
    var slack: UInt64 { min(room / 16, Limits.Storage.slack) }

    /// Bytes that one log may use. Followed authors get half of the room each, friends of friends a
    /// quarter, others an eighth, unless the owner says otherwise: guesses, so that no single
    /// author takes it all.
    package func quota(hop: Int) -> UInt64 {
        guard hop > 0 else { return .max }
        if hop <= quotas.count, let chosen = quotas[hop - 1] { return chosen }
        return room >> UInt64(min(hop, 3))
    }

    /// Entries that one log may have: what cannot be dropped of them takes half of what it may use,
    /// so that there is room for the newest texts, too.
    package func entries(hop: Int) -> UInt64 {
        hop > 0 ? max(1, quota(hop: hop) / 2 / Limits.Storage.header) : LogLimits.size
    }

    /// What the headers of a hop and all beyond may take: whoever is nearer keeps the rest.
    func headerShare(from hop: Int) -> UInt64 {
        switch hop {
        case 4...: room / 4
        case 3: room / 8 * 3
        case 2: room / 2
        default: room / 8 * 7
        }
    }
}

/// Why a body was dropped.
package enum DropRule: Int64, Sendable, CaseIterable {
    /// The store was over its budget.
    case budget = 1
    /// The log was over what it may use.
    case quota = 2
}

/// What was dropped by one rule, of authors of one hop.
package struct Dropped: Hashable, Sendable {
    package var rule: DropRule
    package var hop: Int
    package var bodies: UInt64
    package var bytes: UInt64
    package var last: UnixTime
}

/// A picture, sound or film that was dropped: others were worth more, and media over their share.
package struct DroppedMedia: Hashable, Sendable {
    /// How far away the nearest author is whose entry names it; or `unnamed`.
    package var hop: Int
    package var bytes: UInt64

    /// No entry names it any more.
    package static let unnamed = StoragePlan.strangers + 1

    package init(hop: Int, bytes: UInt64) {
        self.hop = hop
        self.bytes = bytes
    }
}

/// Whether entries of others are taken, as the store's thread finds it.
package struct StorageState: Hashable, Sendable {
    /// From this hop on nothing is taken, since what cannot be dropped fills its share; a number
    /// above that of strangers when all are.
    package var closedFrom = StorageState.open
    /// The disk itself is nearly full: nothing of others is stored.
    package var isDiskLow = false

    package static let open = StoragePlan.strangers + 1

    package init() {}
}

/// What the store takes of the disk.
package struct StorageUsage: Hashable, Sendable {
    /// Bytes of the tables and trees, without free pages.
    package var tables: UInt64 = 0
    /// Bytes of pages that wait to be used again.
    package var free: UInt64 = 0
    /// Bytes of the write-ahead log's files.
    package var writeAhead: UInt64 = 0

    package var total: UInt64 { tables + free + writeAhead }
}
