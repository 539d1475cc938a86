package import Content
package import MerkleLog
package import Primitives
package import Store

/// What people see: the feed's rows and the store's entries put together, by the rules of
/// `Protocol/content.md`.
///
/// One for each thread that reads, since its parts are.
package final class Square {
    package let store: StoreReader
    package let feed: FeedReader
    package let people: People
    /// Keys of logs by the store's numbers, as far as they were asked for.
    private var keys: [Int64: LogKey] = [:]
    private var numbers: [LogKey: Int64] = [:]

    package init(store: StoreReader, feed: FeedReader, people: People) {
        self.store = store
        self.feed = feed
        self.people = people
    }

    // MARK: Who

    package func log(_ number: Int64) throws(StoreError) -> LogKey? {
        if let known = keys[number] { return known }
        guard let key = try store.key(ofLog: number) else { return nil }
        keys[number] = key
        numbers[key] = number
        return key
    }

    package func number(of log: LogKey) throws(StoreError) -> Int64? {
        if let known = numbers[log] { return known }
        guard let number = try store.place(of: log)?.number else { return nil }
        keys[number] = log
        numbers[log] = number
        return number
    }

    /// Whose word a row is: an identity, or a log that is not shown to belong to one. Nil when it
    /// does not count: it stands behind a fork, or behind the revocation of its device.
    package func author(of act: Act) throws(StoreError) -> LogKey? {
        guard let log = try log(act.log), act.index < people.forkedAt(log) ?? .max else {
            return nil
        }
        if let identity = people.identity(of: log, at: act.index) { return identity }
        // A device that was revoked from some index on says nothing behind it.
        return people.identity(of: log, at: 0) == nil ? log : nil
    }

    /// The numbers of the logs that an identity writes, as far as they are here.
    package func logs(of identity: LogKey) throws(StoreError) -> [Int64] {
        var found: [Int64] = []
        for log in people.devices(of: identity) + [identity] {
            if let number = try number(of: log) { found.append(number) }
        }
        return found
    }

    /// Whom an identity is known by in the feed's `about`: itself and its logs.
    package func marks(of identity: LogKey) -> [Int64] {
        ([identity] + people.devices(of: identity)).map { Mark.of($0) }
    }

    // MARK: What

    /// What an entry says, and where it stands; nil when it is not here, was dropped, or cannot be
    /// read.
    package func entry(_ act: Act) throws(StoreError) -> (content: Content, Reference, UnixTime)? {
        guard let log = try log(act.log) else { return nil }
        return try entry(log, act.index)
    }

    private func entry(
        _ log: LogKey, _ index: UInt64
    ) throws(StoreError) -> (content: Content, Reference, UnixTime)? {
        var found = try store.entry(of: log, at: index)
        if found == nil, let batch = try store.newestBatch(of: log), index >= batch.from,
            index < batch.to
        {
            found = batch.entries[Int(index - batch.from)]
        }
        guard let entry = found, case .present(let body) = entry.body,
            let content = try? Content(body: body)
        else { return nil }
        let address = EntryHeader(log: log, index: index, entry: entry).leafHash
        return (content, Reference(log: log, index: index, address: address), entry.time)
    }

    /// The row of the entry that a reference names; nil when it is not here, or another one stands
    /// there.
    package func act(_ reference: Reference) throws(StoreError) -> Act? {
        guard let (content, found, time) = try entry(reference.log, reference.index),
            found == reference
        else { return nil }
        var sorted = time
        if case .note(let note) = content, let imported = note.imported {
            sorted = min(time, imported.time)
        }
        let first = SortID.of(sorted, reference.address)
        for id in first..<(first + Int64(Limits.Feed.crowd)) {
            guard let act = try feed.act(id) else { return nil }
            if act.index == reference.index, try log(act.log) == reference.log { return act }
        }
        return nil
    }

    /// A note as it counts now; nil when it was retracted, dropped, or is nobody's word.
    package func note(_ act: Act) throws(StoreError) -> NoteView? {
        guard act.kind == .note, let author = try author(of: act),
            let (content, reference, time) = try entry(act), case .note(let first) = content
        else { return nil }
        if try isRetracted(act, author) { return nil }
        var view = NoteView(
            act: act, reference: reference, author: author, time: time, first: first, note: first)
        if let edit = try versions(of: act, author).last {
            view.note = edit.note
            view.editedAt = edit.time
        }
        return view
    }

    private func isRetracted(_ act: Act, _ author: LogKey) throws(StoreError) -> Bool {
        for said in try feed.said(.retraction, about: act.ref, limit: Limits.Feed.saidOfOne) {
            if try self.author(of: said) == author { return true }
        }
        return false
    }

    /// The edits of a note that count, oldest first.
    package func versions(
        of act: Act, _ author: LogKey
    ) throws(StoreError) -> [(note: Note, time: UnixTime)] {
        var found: [(note: Note, time: UnixTime)] = []
        for said in try feed.said(.edit, about: act.ref, limit: Limits.Feed.saidOfOne) {
            guard try self.author(of: said) == author, let (content, _, time) = try entry(said),
                case .edit(let edit) = content, Mark.of(edit.original.address) == act.ref
            else { continue }
            found.append((edit.note, time))
        }
        return found
    }

    // MARK: Tallies

    /// Who set what under an entry, by the latest word of each person on each emoji.
    package func reactions(to ref: Int64) throws(StoreError) -> [(emoji: String, by: [LogKey])] {
        var order: [String] = []
        var by: [String: [LogKey]] = [:]
        for said in try feed.said(.reaction, about: ref, limit: Limits.Feed.saidOfOne) {
            guard let emoji = said.word, let author = try author(of: said) else { continue }
            if by[emoji] == nil { order.append(emoji) }
            // In order of time: each word takes the place of the one before.
            by[emoji, default: []].removeAll { $0 == author }
            if !said.flags.contains(.off) { by[emoji, default: []].append(author) }
        }
        return order.compactMap { emoji in
            by[emoji].flatMap { $0.isEmpty ? nil : (emoji, $0) }
        }
    }

    /// Who passes an entry on.
    package func reposts(of ref: Int64) throws(StoreError) -> [LogKey] {
        var by: [LogKey] = []
        for said in try feed.said(.repost, about: ref, limit: Limits.Feed.saidOfOne) {
            guard let author = try author(of: said) else { continue }
            by.removeAll { $0 == author }
            if !said.flags.contains(.off) { by.append(author) }
        }
        return by
    }

    /// How many notes answer an entry directly.
    package func answerCount(to ref: Int64) throws(StoreError) -> Int {
        try feed.answers(to: ref, limit: Limits.Feed.saidOfOne).count
    }

    /// Each person's one vote: the first that counts, `Protocol/content.md`.
    package func votes(_ poll: Poll, of ref: Int64) throws(StoreError) -> [(
        by: LogKey, options: [Int]
    )] {
        var seen: Set<LogKey> = []
        var found: [(by: LogKey, options: [Int])] = []
        for said in try feed.said(.vote, about: ref, limit: Limits.Feed.votes) {
            let options = said.flags.options
            guard SortID.time(of: said.id) <= poll.closing, poll.isMultiple || options.count == 1,
                options.last ?? .max < poll.options.count, let author = try author(of: said),
                seen.insert(author).inserted
            else { continue }
            found.append((author, options))
        }
        return found
    }
}

/// A note as it counts now.
package struct NoteView: Sendable {
    package let act: Act
    package let reference: Reference
    /// An identity, or a log that is not shown to belong to one.
    package let author: LogKey
    package let time: UnixTime
    /// As it was written first: what it answers, quotes and asks stays.
    package let first: Note
    /// Its text as it is now.
    package internal(set) var note: Note
    package internal(set) var editedAt: UnixTime?
}
