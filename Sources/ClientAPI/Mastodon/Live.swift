import Content
import Feed
import MerkleLog
import Node
import Primitives
import Store
import Synchronization

/// The event streams that are open, and what each of them hears of.
final class Live: Sendable {
    enum Channel: Sendable, Equatable {
        case user
        /// What `user` hears, and besides of each post that changed: for the node's own page.
        case page
        case notifications
        case everybody(isLocal: Bool?, onlyMedia: Bool)
        case tag(String)
        case list(Int64)
    }

    private struct Listener: Sendable {
        var number: Int
        var channel: Channel
        var viewer: Viewer
        var stream: EventStream
    }

    private struct State {
        var listeners: [Listener] = []
        var next = 0
    }

    private let state = Mutex(State())
    private let desk: Desk
    private let accounts = AccountCache()

    init(desk: Desk) { self.desk = desk }

    /// A stream ends with the token that opened it.
    func open(_ channel: Channel, _ viewer: Viewer, _ caller: Caller?) -> EventStream {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        var holds: (@Sendable () -> Bool)?
        if let caller { holds = { caller.stillHolds } }
        let stream = EventStream(
            holds: holds,
            onClose: { [weak self] in self?.close(number) })
        state.withLock { state in
            state.listeners.append(
                Listener(number: number, channel: channel, viewer: viewer, stream: stream))
        }
        // The head of the answer leaves with the first piece.
        stream.send(Array(":)\n\n".utf8))
        return stream
    }

    private func close(_ number: Int) {
        state.withLock { $0.listeners.removeAll { $0.number == number } }
    }

    // MARK: Telling

    /// New rows, on the square's thread. What is older than some minutes is part of a backfill and
    /// no news; of very much at once the end is told.
    func hear(_ square: Square, _ acts: [Act]) {
        let listeners = state.withLock { $0.listeners }
        if listeners.isEmpty { return }
        let now = Clock.wall
        let first = SortID.first(
            at: UnixTime(
                milliseconds: now.milliseconds
                    - min(now.milliseconds, Limits.HTTP.newsSpan.milliseconds)))
        for act in acts.filter({ $0.id >= first }).suffix(Limits.HTTP.newsAtOnce) {
            for listener in listeners { try? tell(listener, square, act, now) }
        }
    }

    private func tell(
        _ listener: Listener, _ square: Square, _ act: Act, _ now: UnixTime
    ) throws(StoreError) {
        let showing = try Showing(
            square: square, viewer: listener.viewer, desk: desk, now: now, accounts: accounts)
        guard act.id < showing.horizon else { return }
        if listener.channel.hearsNotifications,
            let json = try showing.notification(act, NotificationChoice())
        {
            send(listener, "notification", json)
        }
        if listener.channel == .page, let changed = try square.post(changedBy: act) {
            listener.stream.send(event: "starling.changed", data: String(changed.id))
        }
        switch act.kind {
        case .note, .repost:
            guard try showing.isIn(listener.channel, act),
                let json = try showing.status(act, in: listener.channel.context)
            else { return }
            send(listener, "update", json)
        case .edit:
            guard let view = try square.shown(act), try showing.isIn(listener.channel, view.act)
            else { return }
            send(
                listener, "status.update",
                try showing.status(view, in: listener.channel.context))
        case .retraction:
            guard let (content, _, _) = try square.entry(act),
                case .retraction(of: let target) = content, let gone = try square.act(target),
                try square.author(of: gone) == square.author(of: act), gone.kind == .note
            else { return }
            listener.stream.send(event: "delete", data: String(gone.id))
        case .reaction, .vote, .follow, .labels, .recipe: return
        }
    }

    private func send(_ listener: Listener, _ event: String, _ json: JSONValue) {
        listener.stream.send(event: event, data: String(decoding: json.encoded, as: UTF8.self))
    }
}

extension Live.Channel {
    var hearsNotifications: Bool { self == .user || self == .page || self == .notifications }

    var context: Filter.Context {
        switch self {
        case .user, .page, .list: .home
        case .notifications: .notifications
        case .everybody, .tag: .everybody
        }
    }
}

extension Square {
    /// The post that looks different since an act: an answer, a reaction or a vote more, another
    /// version, or nothing.
    fileprivate func post(changedBy act: Act) throws(StoreError) -> Act? {
        guard let (content, _, _) = try entry(act) else { return nil }
        let about: Reference? =
            switch content {
            case .note(let note): note.reply?.to
            case .edit(let edit): edit.original
            case .reaction(let reaction): reaction.entry
            case .repost(let target, _): target
            case .vote(let vote): vote.poll
            case .retraction(of: let target): target
            default: nil
            }
        return try about.flatMap { (about) throws(StoreError) in try self.act(about) }
    }
}

extension Showing {
    /// Whether a row of a timeline belongs into a channel.
    func isIn(_ channel: Live.Channel, _ act: Act) throws(StoreError) -> Bool {
        guard let author = try square.author(of: act) else { return false }
        switch channel {
        case .notifications: return false
        case .user, .page:
            guard let me = viewer.identity, author == me || people.isFollowing(me, author) else {
                return false
            }
            return try square.isForHome(act, me)
        case .everybody(let isLocal, let onlyMedia):
            guard act.kind == .note, act.parent == nil,
                !onlyMedia || act.flags.contains(.hasMedia)
            else { return false }
            guard let isLocal else { return true }
            return viewer.accounts.contains { $0.identity == author } == isLocal
        case .tag(let tag):
            return try square.note(act)?.note.tags.contains { $0.lowercased() == tag } ?? false
        case .list(let id):
            guard let me = viewer.identity else { return false }
            return try desk.value(.listMember, of: me, id, Mark.of(author)) != nil
        }
    }
}
