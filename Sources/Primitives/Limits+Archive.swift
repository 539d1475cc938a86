extension Limits {
    /// Archives of what people wrote elsewhere. They come from the owner, but who packed them is
    /// not known.
    package enum Archive {
        /// Files in an archive. Guess: one for each picture of twenty years.
        package static let files = 2_000_000
        /// Bytes of a file that is passed over: the largest film that a service takes, many times.
        package static let skipped: Int64 = 16 << 30
        /// Bytes that are unpacked of a file of posts. Guess: a million posts of 2 KiB, twice. It
        /// bounds the time that an archive takes.
        package static let unpacked: Int64 = 4 << 30
        /// And no more than so many times the archive's size, once it is more than a little: posts
        /// in JSON shrink to a tenth or a twentieth, a bomb to a thousandth.
        package static let ratio: Int64 = 100
        package static let unsuspicious: Int64 = 64 << 20
        /// Bytes read at once.
        package static let block = 1 << 16
        /// Bytes of one post with all that is said about it.
        package static let item = 1 << 20
        /// Levels of JSON in a file of posts: those seen have 9.
        package static let depth = 32
        /// Posts of one archive.
        package static let items = 4_000_000
        /// Bytes of a member's name that is looked at.
        package static let name = 64
    }
}
