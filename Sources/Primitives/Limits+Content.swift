/// Bounds of what people say: `Protocol/content.md`. Sizes of texts are in bytes of UTF-8.
package enum ContentLimits {
    /// The name of a kind.
    package static let kind = 32
    /// Text of a note: leaves 5,500 bytes of a body for what stands beside it.
    package static let note = 0...60_000
    /// Mentions and tags of a note. Guess: more is spam.
    package static let mentions = 1...64
    package static let tags = 1...32
    package static let tag = 1...100
    package static let warning = 1...500
    /// A language tag: RFC 5646 §4.4.1 finds 35 characters enough for all of its time.
    package static let language = 2...35
    /// Where an imported post comes from, and its address there.
    package static let source = 1...64
    package static let sourceURL = 0...500

    /// Pictures of a note. Guess: four times what others have.
    package static let attachments = 1...16
    /// Bytes of a blob: 16,384 chunks of 64 KiB, so that its list of chunk hashes takes 512 KiB.
    /// Guess: half an hour of film.
    package static let blob: ClosedRange<UInt64> = 1...(1 << 30)
    /// A media type: longer than any that IANA lists.
    package static let mediaType = 3...100
    /// Text for those who do not see the picture. Guess: two pages.
    package static let alternative = 1...4_000
    package static let pixels: ClosedRange<UInt64> = 1...65_535
    /// Milliseconds of sound or film: 49 days.
    package static let duration: ClosedRange<UInt64> = 1...((1 << 32) - 1)
    /// A blurhash has 6 characters with 1 component, and 166 with 81; programs make 20 to 36.
    package static let blurhash = 6...100
    /// Thousandths of the half width and height.
    package static let focus: ClosedRange<Int64> = -1_000...1_000

    package static let pollOptions = 2...16
    package static let pollOption = 1...200
    package static let votes = 1...16

    package static let name = 1...64
    package static let bio = 1...4_000
    package static let links = 1...8
    package static let linkLabel = 1...64
    package static let uri = 1...500
    package static let tips = 1...8
    /// A payment URI: addresses of the longest kind take some 200.
    package static let tip = 3...300
    package static let pinned = 1...16

    /// An emoji: the longest of Unicode 16, a family of four with skin tones, has 41.
    package static let emoji = 1...64

    /// Identities on which one log's words on following count. Guess: twice as many as Mastodon's
    /// servers let anybody follow, since those that were left take a place as well. Some 3 MiB.
    package static let follows = 16_384

    package static let description = 1...1_000
    /// Entries of a label list, as many as a body has room for when each has a short reason.
    package static let labels = 0...500
    package static let label = 1...64
    package static let reason = 0...300

    package static let weights = 1...32
    package static let feature = 1...32
    /// Times 32 features and values to 2^32, sums stay below 2^63.
    package static let weight: ClosedRange<Int64> = -1_000_000...1_000_000
}
