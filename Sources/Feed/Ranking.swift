package import Content
package import MerkleLog
package import Primitives
package import Store

/// What a recipe can weigh of a post: whole numbers out of signed entries and the reader's own
/// settings, so that whoever has the same ones comes to the same order.
///
/// There is no feature for money, for what a program believes somebody likes, or for a label that
/// the reader did not choose.
package enum Feature: String, CaseIterable, Sendable {
    /// Minutes since it was written, at most 43,200 (30 days).
    case age
    /// The author's notes in the seven days before it, at most 100: how rarely they write.
    case authorPosts = "author-posts"
    /// What the reader set for its author, from -100 to 100; 0 unless they did.
    case authorWeight = "author-weight"
    /// 0 of the reader's own, 1 of whom they follow, 2 of whom these follow, 3 of others.
    case distance
    /// 1 where it has a picture, a sound or a film.
    case media
    /// People whom the reader follows and who reacted to it, at most 100.
    case reactionsFromFollows = "reactions-from-follows"
    /// People who answered it, at most 100.
    case replies
    /// 1 where it answers another.
    case reply
    /// 1 where it is somebody else's, passed on.
    case repost
}

/// A post's place, and why it has it.
package struct Explanation: Sendable {
    package struct Term: Hashable, Sendable {
        package let feature: String
        package let value: Int64
        package let weight: Int64
        package var product: Int64 { value * weight }
    }

    package let terms: [Term]
    package var score: Int64 { terms.reduce(0) { $0 + $1.product } }
}

extension Recipe {
    /// Weighs what is known of a post. A weight is within a million, a value within some ten
    /// thousand, and there are 32 at most: no sum overflows. Features that this program does not
    /// know count nothing.
    package func explain(_ values: [Feature: Int64]) -> Explanation {
        Explanation(
            terms: weights.map { weight in
                let value = Feature(rawValue: weight.feature).flatMap { values[$0] } ?? 0
                return Explanation.Term(
                    feature: weight.feature, value: value, weight: weight.weight)
            })
    }

    /// What every node has.
    package static let shipped: [Recipe] = [
        make("latest", "Newest first.", [(.age, -1)]),
        make(
            "catch up", "What your people talked about while you were away.",
            [(.age, -1), (.reactionsFromFollows, 240), (.replies, 120), (.repost, -360)]),
        make(
            "quiet friends first", "Those who write seldom before those who write much.",
            [(.age, -1), (.authorPosts, -120), (.authorWeight, 60), (.distance, -360)]),
    ].compactMap { $0 }

    private static func make(
        _ name: String, _ description: String, _ weights: [(Feature, Int64)]
    ) -> Recipe? {
        let sorted = weights.sorted { $0.0.rawValue < $1.0.rawValue }
        let all = sorted.compactMap { try? Weight(feature: $0.0.rawValue, weight: $0.1) }
        return try? Recipe(name: name, description: description, weights: all)
    }
}

/// Who reads, as far as an order depends on it.
package struct Reader: Sendable {
    package var identity: LogKey
    package var follows: Set<LogKey>
    /// Whom those follow.
    package var friends: Set<LogKey>
    package var weights: [LogKey: Int64]

    package init(
        identity: LogKey, follows: Set<LogKey>, friends: Set<LogKey>, weights: [LogKey: Int64] = [:]
    ) {
        self.identity = identity
        self.follows = follows
        self.friends = friends
        self.weights = weights
    }

    func distance(to author: LogKey) -> Int64 {
        if author == identity { return 0 }
        if follows.contains(author) { return 1 }
        return friends.contains(author) ? 2 : 3
    }
}

extension Square {
    /// The features of a note, or of one that is passed on by `repost`.
    package func features(
        of view: NoteView, repost: Act? = nil, for reader: Reader, now: UnixTime
    ) throws(StoreError) -> [Feature: Int64] {
        let shown = SortID.time(of: repost?.id ?? view.act.id)
        let age = now.milliseconds - min(now.milliseconds, shown.milliseconds)
        var answering: Set<LogKey> = []
        for act in try feed.answers(to: view.act.ref, limit: 1_000) {
            if let author = try author(of: act), author != view.author { answering.insert(author) }
        }
        var reacting: Set<LogKey> = []
        for reaction in try reactions(to: view.act.ref) {
            reacting.formUnion(reaction.by.filter { reader.follows.contains($0) })
        }
        return [
            .age: Int64(min(age / 60_000, 43_200)),
            .authorPosts: try postsBefore(view),
            .authorWeight: max(-100, min(100, reader.weights[view.author] ?? 0)),
            .distance: reader.distance(to: view.author),
            .media: view.note.attachments.isEmpty ? 0 : 1,
            .reactionsFromFollows: Int64(min(reacting.count, 100)),
            .replies: Int64(min(answering.count, 100)),
            .reply: view.first.reply == nil ? 0 : 1,
            .repost: repost == nil ? 0 : 1,
        ]
    }

    private func postsBefore(_ view: NoteView) throws(StoreError) -> Int64 {
        let week: UInt64 = 7 * 24 * 3_600_000
        let at = SortID.time(of: view.act.id).milliseconds
        let from = UnixTime(milliseconds: at - min(at, week))
        let page = FeedReader.Page(
            before: view.act.id, after: SortID.first(at: from), limit: 100)
        return Int64(try feed.of(try logs(of: view.author), page).count { $0.kind == .note })
    }
}
