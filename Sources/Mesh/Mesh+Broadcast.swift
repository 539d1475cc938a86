import Crypto
import MerkleLog
import Plumtree
import Primitives

/// Where Plumtree meets the sessions: `have` is its IHave, `get` its Graft, `prune` its Prune.
extension Mesh {
    /// The peer is in the active view now: live posts go to it.
    mutating func becomeNeighbour(_ session: Session) {
        guard !session.isNeighbour, session.isReady else { return }
        session.standing = .neighbour
        tell(session, plumtree.linkUp(session.id, trees: logs.count)) { .graft($0) }
        // An author's own links begin eager: nobody else can push what is written here.
        for own in ownLogs {
            guard let number = logs.number(of: own.key.publicKey) else { continue }
            plumtree.graft(session.id, number)
        }
    }

    /// The peer is in the active view no more. Its session goes on with the trees for a moment.
    mutating func ceaseNeighbour(_ session: Session) {
        guard session.isNeighbour else { return }
        session.standing = .leaving(until: now + Limits.leaving)
        session.reminders.removeAll()
        carryOut(plumtree.linkLeaves(session.id))
        schedule()
    }

    /// The moment is over.
    mutating func leaveIfDue(_ session: Session) {
        guard case .leaving(let until) = session.standing, until <= now else { return }
        leaveTrees(session)
    }

    /// What came over the session is asked of other neighbours from now on.
    mutating func leaveTrees(_ session: Session) {
        session.standing = .none
        carryOut(plumtree.linkDown(session.id))
    }

    private mutating func carryOut(_ repair: Plumtree.Repair) {
        for (link, trees) in repair.grafts {
            if let session = sessions[link] { tell(session, trees) { .graft($0) } }
        }
        for (link, trees) in repair.prunes {
            if let session = sessions[link] { tell(session, trees) { .prune($0) } }
        }
    }

    private mutating func tell(
        _ session: Session, _ trees: [Int], _ message: ([LogKey]) -> Message
    ) {
        var rest = trees[...]
        while !rest.isEmpty {
            let part = rest.prefix(Limits.havesPerMessage)
            rest = rest.dropFirst(part.count)
            send(session, message(part.map { logs.records[$0].key }))
        }
    }

    private func tree(_ log: LogKey) -> Plumtree.Tree {
        Plumtree.Tree(log: log, number: logs.number(of: log))
    }

    // MARK: Out

    /// Announces over a link that is not in the tree.
    mutating func remind(_ session: Session, _ number: Int, _ size: UInt64) {
        owe(session, logs.records[number].key)
        guard session.datagrams.works else { return }
        session.reminders.append(
            Session.Repair(number: number, size: size, at: now + Limits.announceRepair))
    }

    /// Announcements by datagram get lost; those that the peer has not matched go once more by TCP.
    mutating func repeatAnnouncements(_ session: Session) {
        var list: [Message.Have] = []
        while let reminder = session.reminders.first, reminder.at <= now,
            list.count < Limits.havesPerMessage
        {
            _ = session.reminders.popFirst()
            let record = logs.records[reminder.number]
            guard !record.isFrozen, let have = have(record.key),
                (session.known[reminder.number]?.confirmed ?? 0) < reminder.size
            else { continue }
            list.append(have)
        }
        if !list.isEmpty { send(session, .have(list)) }
    }

    // MARK: In

    /// A peer holds so many entries durably.
    mutating func heardHave(_ session: Session, _ have: Message.Have) {
        let (log, size) = (have.log, have.size)
        confirm(session, log, size)
        askForOwn(session, log)
        let record = logs[log]
        if record?.isFrozen == true { return heardOfForked(session, log, size) }
        // Another history of this length, it says: our signed head lets it prove that.
        if let mine = record?.durable, mine.size == size, mine.rootMark != have.root,
            let number = logs.number(of: log), session.known[number]?.doubted != size
        {
            session.known[number, default: Session.Known()].doubted = size
            return announce(mine, to: session)
        }
        if let record, size == record.size, session.isNeighbour, let number = logs.number(of: log) {
            return plumtree.confirmed(number, by: session.id)
        }
        if size <= record?.size ?? 0 || !takes(log, held: record?.size ?? 0) { return }
        guard session.isNeighbour else { return offer(session, log, size) }
        if plumtree.announced(tree(log), size: size, by: session.id, now: now) {
            ask(session, log, size)
        }
    }

    /// Asks the announcers of what has not come.
    mutating func graftMissing() {
        while let graft = plumtree.nextGraft(now: now) {
            guard let session = sessions[graft.link], graft.size > logs[graft.log]?.size ?? 0
            else { continue }
            ask(session, graft.log, graft.size)
        }
    }

    /// Graft: asks this peer, also where another was asked and has brought nothing yet.
    private mutating func ask(_ session: Session, _ log: LogKey, _ size: UInt64) {
        count { $0.grafts += 1 }
        if let id = fetching[log], id != session.id,
            let fetch = sessions[id]?.fetches.first(where: { $0.log == log }),
            !fetch.hasDelivered, fetch.startedAt + Limits.graftRetry <= now
        {
            fetching[log] = nil
        }
        offer(session, log, size)
        schedule()
    }

    /// A pushed batch was new: its sender is in the tree, or the one that announced it well before.
    mutating func arrived(_ session: Session, _ batch: Batch) {
        guard session.standing != .none, let number = logs.number(of: batch.log) else { return }
        let faster = plumtree.received(
            tree(batch.log), size: batch.to, from: session.id, now: now)
        guard let faster, let other = sessions[faster] else {
            return plumtree.graft(session.id, number)
        }
        plumtree.graft(faster, number)
        plumtree.prune(session.id, number)
        send(other, .graft([batch.log]))
        send(session, .prune([batch.log]))
    }

    /// A pushed batch was held already: its sender need not push this log here.
    mutating func duplicate(_ session: Session, _ log: LogKey) {
        guard let number = logs.number(of: log), plumtree.duplicate(session.id, number) else {
            return
        }
        count { $0.prunes += 1 }
        send(session, .prune([log]))
    }

    mutating func pruned(_ session: Session, _ list: [LogKey]) {
        var repair = Plumtree.Repair()
        for log in list {
            guard let number = logs.number(of: log) else { continue }
            plumtree.pruned(by: session.id, number, &repair)
        }
        carryOut(repair)
    }

    mutating func grafted(_ session: Session, _ list: [LogKey]) {
        var repair = Plumtree.Repair()
        for log in list {
            guard let number = logs.number(of: log) else { continue }
            plumtree.grafted(by: session.id, number, &repair)
            // It was told of all that is durable, and asks for what comes then. Who heard that
            // others have a message need not say that it has it, too.
            if let head = logs.records[number].durable, session.standing != .none {
                let sent = session.known[number]?.sent ?? 0
                session.known[number, default: Session.Known()].sent = max(sent, head.size)
            }
        }
        carryOut(repair)
    }
}

extension Batch {
    /// Whether it is pushed whole: of larger posts the head goes first, so that only one copy
    /// comes.
    var isSmall: Bool {
        entries.allSatisfy { $0.encodedSizeBound <= Limits.pushWhole }
    }
}
