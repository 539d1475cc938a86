/// One entry, as far as the feed's tables know it.
package struct Act: Hashable, Sendable {
    /// Its `SortID`.
    package var id: Int64
    /// The store's number of its log.
    package var log: Int64
    package var index: UInt64
    /// The `Mark` of its content address.
    package var ref: Int64
    package var kind: Kind
    package var flags: Flags
    /// Of a note: the marks of what it answers and of what its thread began with.
    package var parent: Int64?
    package var root: Int64?
    /// The mark of the entry that it is about: what is passed on, quoted, edited, voted on…
    package var target: Int64?
    /// A reaction's emoji.
    package var word: String?

    package enum Kind: Int64, Sendable {
        // The first two stand in timelines: see the index `acts_log`.
        case note = 0
        case repost = 1
        case edit = 2
        case reaction = 3
        case vote = 4
        case retraction = 5
        case follow = 6
        case labels = 7
        case recipe = 8
    }

    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: Int64

        package init(rawValue: Int64) { self.rawValue = rawValue }

        /// A reaction, repost or follow that takes back the one before.
        package static let off = Flags(rawValue: 1)
        package static let hasMedia = Flags(rawValue: 2)
        package static let hasPoll = Flags(rawValue: 4)
        /// From an archive of another network: sorted by its first date.
        package static let isImported = Flags(rawValue: 8)
        /// A note with a content warning.
        package static let hasWarning = Flags(rawValue: 16)

        /// A vote for these options of a poll, which has 16 at most: one bit each.
        init(voting options: [Int]) {
            rawValue = options.reduce(0) { $0 | 1 << (16 + Int64($1 & 15)) }
        }

        /// The options that a vote is for, ascending.
        package var options: [Int] { (0..<16).filter { rawValue >> (16 + Int64($0)) & 1 == 1 } }
    }
}

/// What one entry is in the feed: its row, and where else it is found.
struct Projected {
    var act: Act
    var tags: [String] = []
    /// Whom it concerns: marks of identities and of logs.
    var about: [Int64] = []
}
