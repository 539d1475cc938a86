extension Limits {
    /// The feed: what people see of the store.
    package enum Feed {
        /// Entries, and bytes of them, that are projected in one transaction: some two hundred
        /// milliseconds, in which whoever waits for another log waits. Measured by `projection`:
        /// since a log's rows lie among all others', half of it takes a tenth longer an entry.
        package static let entriesPerStep = 8_192
        package static let bytesPerStep = 4 << 20
        /// A reader of more logs than this is served by a look at what everybody wrote, so many
        /// pages of it, before each log is looked at. Guess: a look at a log costs some rows.
        package static let logsMerged = 32
        package static let scans = 4
        /// Logs that are looked at in one transaction.
        package static let logsPerStep = 256
        /// Bytes of the write-ahead log until it is moved into the file, where the disk budget is
        /// large; and the part of a small one. Measured by `projection`: with 8 MiB a page goes
        /// into the file so often that rows take half as long again; 32 MiB cost 5 %.
        package static let ahead: UInt64 = 64 << 20
        package static let aheadShare: UInt64 = 64
        /// Bytes of pages that the writer keeps in memory. Measured: see `projection`.
        package static let cache = 8 << 20
        /// Rows whose texts come into the full-text index in one transaction: some fifty
        /// milliseconds; of a feed that is made anew, which nobody waits for meanwhile, more.
        package static let wordsPerStep = 1_024
        package static let wordsPerBulk = 8_192
        /// So many rows may lack their texts when somebody asks: those are indexed first.
        package static let wordsAtOnce: Int64 = 64
        /// Rows whose bodies were dropped that go in one transaction.
        package static let goneRowsPerStep = 1_024
        /// How often it is looked for them, and the size of the file told.
        package static let tidying = Instant.Span.seconds(20)
        /// Rows that are gone until the full-text index is worth to be filled anew; rows named for
        /// that in one transaction; pages given back at a time.
        package static let staleRows: Int64 = 1_000
        package static let wordsPerRefill = 16_384
        package static let pagesPerShrink = 512
        /// Entries of one millisecond that may want the same number, and words of a query.
        package static let crowd = 64
        package static let searchWords = 16
        /// Of what was said about one entry, so much is looked at. Guess: more than anybody counts,
        /// and some 50 ms.
        package static let saidOfOne = 10_000
        package static let votes = 100_000
        /// Answers that are counted one by one. Guess: programs show no more digits.
        package static let answersCounted = 200
        /// Label lists, and recipes, of one person that are looked at. Guess.
        package static let published = 200
        /// Of the entries of one log that are not posts, the newest that are looked at for what
        /// changed about its author. Guess: some 20 µs each.
        package static let marksOfLog = 4_096
        /// Questions that wait for the square's thread: more than there are threads that ask.
        package static let questions = 64
    }
}
