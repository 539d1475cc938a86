package import Content
package import MerkleLog
package import Primitives
package import Store

/// What somebody reads at home.
extension Square {
    /// The numbers of the logs of a reader and of those whom they follow.
    package func homeLogs(_ reader: LogKey) throws(StoreError) -> [Int64] {
        var found: [Int64] = []
        for identity in [reader] + people.follows(of: reader) { found += try logs(of: identity) }
        return found
    }

    /// Answers to people whom the reader does not follow are left to their authors' pages.
    package func isForHome(_ act: Act, _ reader: LogKey) throws(StoreError) -> Bool {
        guard act.kind == .note, act.parent != nil, let author = try author(of: act),
            author != reader, let view = try note(act), let reply = view.first.reply
        else { return true }
        let log = reply.to.log
        let other = people.identity(of: log, at: reply.to.index) ?? log
        return other == reader || other == author || people.isFollowing(reader, other)
    }

    /// A post in its place, and why it stands there.
    package struct Ranked: Sendable {
        package let act: Act
        package let view: NoteView
        package let explanation: Explanation
    }

    /// The newest posts of home before `before` in the order of a recipe; of equals the newer
    /// first. The same entries, reader and time come to the same order anywhere.
    package func ranking(
        _ recipe: Recipe, for reader: Reader, now: UnixTime, before: Int64 = .max
    ) throws(StoreError) -> [Ranked] {
        let page = FeedReader.Page(before: before, limit: Limits.HTTP.ranked)
        var places: [Ranked] = []
        for act in try feed.of(homeLogs(reader.identity), page)
        where try isForHome(act, reader.identity) {
            guard let view = try shownNote(act) else { continue }
            let values = try features(
                of: view, repost: act.kind == .repost ? act : nil, for: reader, now: now)
            places.append(Ranked(act: act, view: view, explanation: recipe.explain(values)))
        }
        return places.sorted {
            ($0.explanation.score, $0.act.id) > ($1.explanation.score, $1.act.id)
        }
    }

    /// The note of a row of a timeline: itself, or the one that it passes on.
    package func shownNote(_ act: Act) throws(StoreError) -> NoteView? {
        switch act.kind {
        case .note: return try note(act)
        case .repost:
            guard let (content, _, _) = try entry(act), case .repost(let target, _) = content,
                let original = try self.act(target)
            else { return nil }
            return try note(original)
        case .edit, .reaction, .vote, .retraction, .follow, .labels, .recipe: return nil
        }
    }
}
