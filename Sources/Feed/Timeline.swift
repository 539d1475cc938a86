package import Content
package import MerkleLog
package import Primitives
package import Store

/// An entry as people see it.
package struct Post: Sendable {
    package var reference: Reference
    package var time: UnixTime
    package var body: Body
    /// What is here of it to read.
    package enum Body: Sendable {
        case content(Content)
        /// Signed and stored, but not by a program that writes what this one reads.
        case unreadable
        /// Dropped here; its hash remains.
        case dropped
    }

    /// Nil when the log is not shown to belong to one.
    package var identity: LogKey?
    package var name: String?
    /// Its log has forked before it: nobody can tell whose word it is.
    package var isBehindFork = false
}

/// Reading posts: newest first, or one by its address.
package struct Timeline {
    private let reader: StoreReader
    private let people: People

    /// Posts that claim to be from further ahead than this are held back (THREATS row 12).
    package static let aheadLimit: UInt64 = 10 * 60 * 1_000

    package init(reader: StoreReader, people: People) {
        self.reader = reader
        self.people = people
    }

    /// The newest `limit` notes of `logs`, newest first by the time they claim, as far as that is
    /// not ahead of `now`; and how many were held back because it is.
    package func newest(
        of logs: [LogKey], limit: Int, now: UnixTime
    ) throws(StoreError) -> (posts: [Post], heldBack: Int) {
        var posts: [Post] = []
        var heldBack = 0
        let (sum, overflow) = now.milliseconds.addingReportingOverflow(Self.aheadLimit)
        let horizon = overflow ? .max : sum
        for log in logs {
            let held = try reader.newest(of: log, count: limit)
            let found = held.entries.enumerated().map {
                post(log, held.from + UInt64($0.offset), $0.element)
            }
            for post in try newestEntries(of: log) + found where post.isNote {
                if post.time.milliseconds > horizon { heldBack += 1 } else { posts.append(post) }
            }
            // However many logs there are, no more is kept than is asked for.
            if posts.count > 2 * limit { posts = Self.newestFirst(posts, limit) }
        }
        return (Self.newestFirst(posts, limit), heldBack)
    }

    private static func newestFirst(_ posts: [Post], _ limit: Int) -> [Post] {
        let sorted = posts.sorted {
            ($0.shownTime, $0.reference.log, $0.reference.index)
                > ($1.shownTime, $1.reference.log, $1.reference.index)
        }
        return Array(sorted.prefix(limit))
    }

    /// The entries of one log from `from`, of every kind, about `maxBytes` of them at most.
    package func entries(
        of log: LogKey, from: UInt64, limit: Int, maxBytes: Int
    ) throws(StoreError) -> [Post] {
        let entries = try reader.entries(of: log, from: from, limit: limit, maxBytes: maxBytes)
        return entries.enumerated().map { post(log, from + UInt64($0.offset), $0.element) }
    }

    /// The newest entries of a log, where those before them are still on their way.
    package func newestEntries(of log: LogKey) throws(StoreError) -> [Post] {
        guard let batch = try reader.newestBatch(of: log) else { return [] }
        return batch.entries.enumerated().map { post(log, batch.from + UInt64($0), $1) }
    }

    package func post(at index: UInt64, of log: LogKey) throws(StoreError) -> Post? {
        guard let entry = try reader.entry(of: log, at: index) else {
            return try newestEntries(of: log).first { $0.reference.index == index }
        }
        return post(log, index, entry)
    }

    private func post(_ log: LogKey, _ index: UInt64, _ entry: Entry) -> Post {
        let header = EntryHeader(log: log, index: index, entry: entry)
        var body = Post.Body.dropped
        if case .present(let bytes) = entry.body {
            do throws(ContentError) { body = .content(try Content(body: bytes)) } catch {
                body = .unreadable
            }
        }
        let identity = people.identity(of: log, at: index)
        let isBehindFork = index >= people.forkedAt(log) ?? .max
        return Post(
            reference: Reference(log: log, index: index, address: header.leafHash),
            time: entry.time, body: body, identity: identity,
            name: isBehindFork ? nil : people.name(of: identity ?? log),
            isBehindFork: isBehindFork)
    }
}

extension Post {
    /// Where it stands in a timeline: what was brought along stands at its first date, `[CONT-24]`.
    package var shownTime: UnixTime {
        guard case .content(.note(let note)) = body, let imported = note.imported else {
            return time
        }
        return min(time, imported.time)
    }

    /// Whether people write and read it, as against what only programs do.
    package var isNote: Bool {
        switch body {
        case .content(.note), .dropped: true
        case .content, .unreadable: false
        }
    }
}
