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

    /// All that `body` reads is of one moment, of the feed and of the store each.
    package func snapshot<Found>(
        _ body: () throws(StoreError) -> Found
    ) throws(StoreError) -> Found {
        try store.snapshot { () throws(StoreError) in
            try feed.database.snapshot { () throws(StoreError) in try body() }
        }
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
        if let identity = people.identity(of: log, at: act.index) {
            // `[CONT-18]`: a root log says who is who, and nothing else.
            return identity == log ? nil : identity
        }
        // A device that was revoked from some index on says nothing behind it.
        return people.identity(of: log, at: 0) == nil ? log : nil
    }

    /// The numbers of the logs that an identity writes, as far as they are here.
    package func logs(of identity: LogKey) throws(StoreError) -> [Int64] {
        var found: [Int64] = []
        for log in people.devices(of: identity) {
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
        guard let entry = try store.shownEntry(of: log, at: index),
            case .present(let body) = entry.body,
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
        if let edit = try latestEdit(of: act, author) {
            view.note = edit.note
            view.editedAt = edit.time
        }
        return view
    }

    /// The note that a found row leads to: itself, or the one that it is the version of. Nil where
    /// another version holds now.
    package func shown(_ act: Act) throws(StoreError) -> NoteView? {
        guard act.kind == .edit else {
            guard let view = try note(act) else { return nil }
            return view.editedAt == nil ? view : nil
        }
        guard let (content, _, time) = try entry(act), case .edit(let edit) = content,
            let original = try self.act(edit.original), let view = try note(original),
            view.editedAt == time, view.note == edit.note
        else { return nil }
        return view
    }

    func isRetracted(_ act: Act, _ author: LogKey) throws(StoreError) -> Bool {
        for said in try feed.said(.retraction, about: act.ref, limit: Limits.Feed.saidOfOne) {
            if try self.author(of: said) == author { return true }
        }
        return false
    }

    /// The edits of a note that count, oldest first; the one that holds is `latestEdit`.
    package func versions(
        of act: Act, _ author: LogKey
    ) throws(StoreError) -> [(note: Note, time: UnixTime)] {
        var found: [(note: Note, time: UnixTime)] = []
        for said in try edits(of: act, author) {
            if let edit = try edit(said, of: act) { found.append(edit) }
        }
        return found
    }

    private func edits(of act: Act, _ author: LogKey) throws(StoreError) -> [Act] {
        var found: [Act] = []
        for said in try feed.said(.edit, about: act.ref, limit: Limits.Feed.saidOfOne) {
            guard try self.author(of: said) == author, try !isRetracted(said, author) else {
                continue
            }
            found.append(said)
        }
        return found
    }

    private func latestEdit(
        of act: Act, _ author: LogKey
    ) throws(StoreError) -> (note: Note, time: UnixTime)? {
        guard let last = try latest(edits(of: act, author)).first else { return nil }
        return try edit(last.act, of: act)
    }

    private func edit(
        _ said: Act, of act: Act
    ) throws(StoreError) -> (note: Note, time: UnixTime)? {
        guard let (content, _, time) = try entry(said), case .edit(let edit) = content,
            Mark.of(edit.original.address) == act.ref
        else { return nil }
        return (edit.note, time)
    }

    // MARK: Tallies

    /// Who set what under an entry, by the latest word of each person on each emoji; emojis in the
    /// order in which they were first set.
    package func reactions(to ref: Int64) throws(StoreError) -> [(emoji: String, by: [LogKey])] {
        let said = try feed.said(.reaction, about: ref, limit: Limits.Feed.saidOfOne)
        var order: [[UInt8]] = []
        var of: [[UInt8]: [Act]] = [:]
        // Emojis are the same when their bytes are: `[CONT-1]`.
        for act in said {
            guard let emoji = act.word.map({ Array($0.utf8) }) else { continue }
            if of[emoji] == nil { order.append(emoji) }
            of[emoji, default: []].append(act)
        }
        var found: [(emoji: String, by: [LogKey])] = []
        for emoji in order {
            let by = try holding(of[emoji] ?? [])
            if !by.isEmpty { found.append((String(decoding: emoji, as: UTF8.self), by)) }
        }
        return found
    }

    /// Who passes an entry on.
    package func reposts(of ref: Int64) throws(StoreError) -> [LogKey] {
        try holding(feed.said(.repost, about: ref, limit: Limits.Feed.saidOfOne))
    }

    /// Whose latest word in `acts`, which are about one thing, sets it; in order of time.
    private func holding(_ acts: [Act]) throws(StoreError) -> [LogKey] {
        try latest(acts).filter { !$0.act.flags.contains(.off) }.map(\.by)
    }

    /// Each author's latest word in `acts`, in order of time: `[CONT-19]`. In a log the highest
    /// index is the latest; of a person's logs the highest time and log key. What was retracted is
    /// not said.
    func latest(_ acts: [Act]) throws(StoreError) -> [(by: LogKey, act: Act)] {
        struct Word {
            var act: Act
            var log: LogKey
            var by: LogKey
            func isBehind(_ other: Word) -> Bool {
                if log == other.log { return act.index < other.act.index }
                let (mine, theirs) = (SortID.time(of: act.id), SortID.time(of: other.act.id))
                return (mine, log) < (theirs, other.log)
            }
        }
        // The last word of each log first, so that what a log said before says nothing.
        var ofLog: [LogKey: Word] = [:]
        for act in acts {
            guard let by = try author(of: act), let log = try log(act.log),
                try !isRetracted(act, by)
            else { continue }
            let word = Word(act: act, log: log, by: by)
            if ofLog[log].map({ $0.isBehind(word) }) ?? true { ofLog[log] = word }
        }
        var latest: [LogKey: Word] = [:]
        for word in ofLog.values where latest[word.by].map({ $0.isBehind(word) }) ?? true {
            latest[word.by] = word
        }
        return latest.values.sorted { ($0.act.id, $0.by) < ($1.act.id, $1.by) }
            .map { ($0.by, $0.act) }
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
