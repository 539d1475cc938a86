import Feed
import MerkleLog
import Primitives
import Synchronization

/// Accounts as JSON, as far as they were made before and nothing has changed since: a timeline has
/// the same few people again and again, and to count and spell one takes as long as all else of a
/// post.
final class AccountCache: Sendable {
    /// What an account's JSON depends on, beside whose it is.
    struct Stamp: Equatable {
        /// `People.version`: names, profiles, follows.
        var people: UInt64
        var posts: Int
        var last: UnixTime?
        /// How the client calls this node.
        var base: String
    }

    private let made = Mutex<[LogKey: (stamp: Stamp, json: JSONValue)]>([:])

    func find(_ identity: LogKey, _ stamp: Stamp) -> JSONValue? {
        made.withLock { made in
            guard let known = made[identity], known.stamp == stamp else { return nil }
            return known.json
        }
    }

    func keep(_ identity: LogKey, _ stamp: Stamp, _ json: JSONValue) {
        made.withLock { made in
            if made.count >= Limits.HTTP.accountsKept { made = [:] }
            made[identity] = (stamp, json)
        }
    }
}
