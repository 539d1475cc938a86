import Content
import Crypto
package import Feed
import MerkleLog
package import Node
package import Primitives
import Store

/// Who looks, and from where.
package struct Viewer: Sendable {
    /// Nil for whoever has not said who they are.
    package var account: Account?
    /// `http://host:port` as the client calls this node.
    package var base: String
    package var accounts: [Account]

    package init(account: Account?, base: String, accounts: [Account]) {
        self.account = account
        self.base = base
        self.accounts = accounts
    }

    var identity: LogKey? { account?.identity }
}

/// One answer in the making: the square as one reader sees it, told in the Mastodon API's words.
///
/// Used on the square's thread. Ids: a post is known by its `SortID`, a person by the `Mark` of
/// their key.
package struct Showing {
    package let square: Square
    package let viewer: Viewer
    package let desk: Desk
    package let handles: Handles
    package let now: UnixTime
    let cache: AccountCache
    /// What this answer asked for already.
    private let asked = Asked()
    /// What the viewer hides, read once for an answer.
    private(set) var hidden = Hidden()

    init(
        square: Square, viewer: Viewer, desk: Desk, now: UnixTime,
        accounts: AccountCache = AccountCache()
    ) throws(StoreError) {
        cache = accounts
        self.square = square
        self.viewer = viewer
        self.desk = desk
        self.now = now
        handles = Handles(people: square.people, accounts: viewer.accounts)
        hidden = try Hidden(viewer, desk)
        hidden.labels = try chosenLabels()
    }

    var people: People { square.people }
    var feed: FeedReader { square.feed }

    /// The row of what a post answers: in a thread, many answer the same.
    func act(_ reference: Reference) throws(StoreError) -> Act? {
        if let known = asked.acts[reference] { return known }
        let act = try square.act(reference)
        asked.acts[reference] = .some(act)
        return act
    }

    /// How somebody is written: see `Handles`.
    func acct(_ identity: LogKey) -> String {
        if let known = asked.accts[identity] { return known }
        let acct = handles.acct(identity)
        asked.accts[identity] = acct
        return acct
    }

    // MARK: Addresses

    func page(of identity: LogKey) -> String { "\(viewer.base)/@\(acct(identity))" }

    var names: Markup.Names {
        Markup.Names(
            page: { page(of: $0) },
            tagPage: { "\(viewer.base)/tags/\(URLText.encode($0))" })
    }

    /// Whom an account's id means.
    func identity(_ id: Int64) -> LogKey? {
        if let account = viewer.accounts.first(where: { Mark.of($0.identity) == id }) {
            return account.identity
        }
        guard let key = people.key(marked: id) else { return nil }
        return people.identity(of: key, at: 0) ?? key
    }

    /// Nothing that claims to be from further ahead is shown yet (THREATS row 12).
    var horizon: Int64 {
        SortID.first(at: UnixTime(milliseconds: now.milliseconds + Timeline.aheadLimit))
    }
}

/// Rows and names that one answer asked for. Nothing changes while it is made.
private final class Asked {
    var acts: [Reference: Act?] = [:]
    var accts: [LogKey: String] = [:]
}

/// What a reader hides, and the words for it.
struct Hidden {
    var muted: Set<Int64> = []
    var blocked: Set<Int64> = []
    var threads: Set<Int64> = []
    var filters: [Filter] = []
    /// Lists of labels that the reader chose.
    var labels: [LabelList] = []

    init() {}

    init(_ viewer: Viewer, _ desk: Desk) throws(StoreError) {
        guard let identity = viewer.identity else { return }
        let now = Clock.wall.milliseconds
        for row in try desk.rows(.mute, of: identity) {
            // The value is when it ends; empty for never.
            if let end = UInt64(row.value), end <= now { continue }
            muted.insert(row.id)
        }
        blocked = Set(try desk.rows(.block, of: identity).map(\.id))
        threads = Set(try desk.rows(.mutedThread, of: identity).map(\.id))
        filters = try Filter.all(of: identity, desk).filter { !$0.isOver(now) }
    }
}

extension JSONValue {
    /// Ids are texts: programs written in JavaScript cannot hold 63 bits.
    static func id(_ id: Int64) -> JSONValue { .string(String(id)) }

    static func time(_ time: UnixTime?) -> JSONValue {
        time.map { .string(Timestamp.text($0)) } ?? .null
    }

    static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    var stringValue: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    var integerValue: Int64? {
        if case .integer(let number) = self { return number }
        return nil
    }

    var arrayValue: [JSONValue]? {
        if case .array(let items) = self { return items }
        return nil
    }

    static func count(_ count: Int) -> JSONValue { .integer(Int64(count)) }

    /// The same object with further members.
    func with(_ members: (String, JSONValue)...) -> JSONValue {
        guard case .object(var all) = self else { return self }
        for (name, value) in members {
            all.removeAll { $0.name == name }
            all.append(Member(name, value))
        }
        return .object(all)
    }
}
