extension Limits {
    /// Media: `Protocol/blobs.md`.
    package enum Blobs {
        // MARK: On the wire

        /// Bytes of a chunk: the leaf of a blob's tree. Two frames, and checked in 50 µs.
        package static let chunk = 65_536
        /// Chunk hashes in one part of the list: 128 KiB, so that it fits a message.
        package static let hashesPerPage = 4_096
        /// Blobs named in one message: 11 KiB.
        package static let named = 256
        /// Parts asked for by one message.
        package static let partsPerGet = 16
        /// Parts that a peer may wait for: each costs 48 bytes until it is sent.
        package static let partsOwed = 64
        /// Blobs asked about and not looked up yet.
        package static let asked = 2_048

        // MARK: Memory

        /// Blobs that are to be fetched: some 200 bytes each. The least valued give way.
        package static let wanted = 1_024
        /// Blobs that are fetched at once: each has its list of hashes in memory, 512 KiB at most.
        package static let fetchedAtOnce = 8
        /// Parts asked for in one session. *Guess*: 256 KiB a round trip, and no post waits behind
        /// more.
        package static let requests = 4
        /// Chunks asked for and not written yet, of all sessions: 4 MiB.
        package static let underWay = 64
        /// Blobs that are here and of which it is noted who else holds them.
        package static let watched = 1_024
        /// Blobs that one peer lacked here and is told of when they have come.
        package static let awaited = 1_024
        /// Peers that sent wrong parts of one blob, and are not asked for it again.
        package static let excluded = 16

        // MARK: Which

        /// Bytes of a blob that is fetched without anybody asking for it. *Guess*: any picture, and
        /// a short film.
        package static let unasked: UInt64 = 16 << 20
        /// Of the disk budget, what media of others may take: a quarter. *Guess*: posts are worth
        /// more, and small.
        package static let shareOfBudget: UInt64 = 4
        /// How much more than needed is dropped at once, as a part of that share.
        package static let slack: UInt64 = 16
        /// What media take is told to the keeper of the posts in such parts of the budget.
        package static let steps: UInt64 = 64

        // MARK: Files

        /// Lists of hashes of blobs that were read last, kept in memory: 512 KiB each at most.
        package static let listsKept = 8
        /// Bytes of a picture that is uploaded: it is looked through in memory, twice. *Guess*:
        /// five times what good cameras make.
        package static let picture: UInt64 = 64 << 20
        /// How long a reader may wait for a blob, in seconds: a request of a client has an end.
        package static let longestWait = 30
        /// What was uploaded and is named by no post, after so long: two days, in milliseconds.
        /// *Guess*: drafts are written in one sitting.
        package static let draft: UInt64 = 48 * 3_600 * 1_000
    }
}
