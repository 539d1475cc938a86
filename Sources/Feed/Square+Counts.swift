package import MerkleLog
package import Primitives
package import Store

/// What is counted of posts and people.
extension Square {
    /// How many notes and reposts of an identity there are, and when it wrote the last.
    package func posts(
        of identity: LogKey
    ) throws(StoreError) -> (count: Int, last: UnixTime?) {
        var (count, last): (Int, Int64?) = (0, nil)
        for log in try logs(of: identity) {
            let found = try feed.posts(ofLog: log)
            count += found.count
            if let newest = found.newest { last = max(last ?? newest, newest) }
        }
        return (count, last.map { SortID.time(of: $0) })
    }

    /// How many answers a note has that are to be seen; of very many, as many as anybody counts.
    package func answerCount(to ref: Int64) throws(StoreError) -> Int {
        var count = 0
        for act in try feed.answers(to: ref, limit: Limits.Feed.answersCounted) {
            guard let author = try author(of: act), try !isRetracted(act, author) else { continue }
            count += 1
        }
        return count
    }

    /// The id of the repost by which somebody passes a note on now; nil when they do not.
    package func repost(of ref: Int64, by identity: LogKey) throws(StoreError) -> Int64? {
        let said = try feed.said(.repost, about: ref, limit: Limits.Feed.saidOfOne)
        var own: [Act] = []
        for act in said where try author(of: act) == identity { own.append(act) }
        guard let latest = try latest(own).first, !latest.act.flags.contains(.off) else {
            return nil
        }
        return latest.act.id
    }
}
