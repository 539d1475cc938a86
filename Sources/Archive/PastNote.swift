package import Primitives

/// A post that was first written elsewhere.
package struct PastNote: Equatable, Sendable {
    package var text: String
    package var time: UnixTime
    /// Its address there: the same post always has the same one.
    package var url: String
    package var tags: [String] = []
    package var warning: String?
    package var language: String?
    /// The address there of the post that it answers.
    package var answers: String?
}

/// What an item of an archive is to this program.
package enum PastItem: Equatable, Sendable {
    case note(PastNote)
    /// What somebody else wrote and the owner only passed on.
    case repost
    /// Not written for everybody: it must not become public here.
    case notPublic
    /// Something that is no post, or has no text, or makes no sense.
    case other
}

/// The services whose archives are known.
package enum PastService: String, Sendable, CaseIterable {
    case twitter
    case mastodon

    /// Hands over all items, in the order of the archive, which messages call `name` where that is
    /// not its path.
    package func read(
        _ path: String, name archive: String? = nil,
        _ body: (PastItem) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let files = try PackedFiles(path, name: archive)
        var hasAny = false
        while let name = try files.next() {
            guard isPosts(name) else { continue }
            var splitter = ItemSplitter(member: self == .mastodon ? "orderedItems" : nil)
            try files.read { bytes throws(ArchiveError) in
                try splitter.take(bytes) { item throws(ArchiveError) in
                    try body(self == .mastodon ? Outbox.item(item) : Tweet.item(item))
                }
            }
            hasAny = hasAny || splitter.hasBegun
        }
        guard hasAny else {
            throw .missing(
                "\(archive ?? path) has no posts of \(rawValue): is it the archive as it came?")
        }
    }

    /// Whether a file of that name has posts, in whatever folder the archive begins.
    private func isPosts(_ name: String) -> Bool {
        let parts = name.split(separator: "/")
        guard let last = parts.last else { return false }
        switch self {
        case .mastodon: return last == "outbox.json" && parts.count <= 2
        case .twitter:
            guard parts.count >= 2, parts[parts.count - 2] == "data", last.hasSuffix(".js") else {
                return false
            }
            let stem = last.dropLast(3)
            return stem == "tweet" || stem == "tweets" || stem.hasPrefix("tweets-part")
                || stem.hasPrefix("tweet-part")
        }
    }
}

/// Names and numbers of dates.
enum Dates {
    /// Days from 1970-01-01; nil for a day that no calendar has.
    static func time(
        _ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int
    ) -> UnixTime? {
        guard (1970...9_999).contains(year), (1...12).contains(month), (1...31).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        // Years are counted from March, so that the day that comes and goes is the last one.
        let shifted = month > 2 ? year : year - 1
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + ofYear - 719_468
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
        guard seconds >= 0 else { return nil }
        return UnixTime(milliseconds: UInt64(seconds) * 1_000)
    }

    /// `Wed Nov 25 18:46:13 +0000 2020`
    static func twitter(_ text: String) -> UnixTime? {
        let parts = text.split(separator: " ")
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        guard parts.count == 6, parts[4] == "+0000",
            let month = months.firstIndex(of: String(parts[1])), let day = Int(parts[2]),
            let year = Int(parts[5])
        else { return nil }
        let clock = parts[3].split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3 else { return nil }
        return time(year, month + 1, day, clock[0], clock[1], clock[2])
    }

    /// `2023-05-01T12:00:00Z`, with or without parts of a second.
    static func iso(_ text: String) -> UnixTime? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"), bytes[10] == UInt8(ascii: "T")
        else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            Int(String(decoding: bytes[range], as: UTF8.self))
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16),
            let second = number(17..<19)
        else { return nil }
        return time(year, month, day, hour, minute, second)
    }
}
