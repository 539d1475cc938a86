package import MerkleLog
package import Primitives

/// What passed between this node and a peer since their session opened.
package struct Traffic: Hashable, Sendable {
    /// Encryption included.
    package var bytesIn: UInt64 = 0
    package var bytesOut: UInt64 = 0
    /// Entries of logs; one that was here already counts as well.
    package var postsIn: UInt64 = 0
    package var postsOut: UInt64 = 0
}

/// A peer with a session, as the owner is told of it.
package struct Neighbour: Sendable {
    package var key: LogKey
    /// Where the connection comes from, or leads to.
    package var remote: Endpoint?
    package var traffic: Traffic
    /// Logs that the peer says it writes: a claim, as anybody can say it.
    package var writes: [LogKey]
    /// The owner wants a session with it.
    package var isKept: Bool
    /// It has a slot of its own.
    package var isReserved: Bool
    /// Live posts go to it and come from it: it is in the overlay's active view.
    package var isActive: Bool
}

/// How far a log has come here.
package struct LogProgress: Sendable {
    /// Entries that are here from the first one on.
    package var held: UInt64
    /// Of the newest entries, those that came before the ones in front of them.
    package var newest: UInt64
    /// The most entries that its checkpoint or any connected peer speaks of.
    package var known: UInt64
    package var isFetching: Bool
}

/// For whoever looks at a node at work; nothing is decided by it.
extension Mesh {
    mutating func heard(_ session: Session, bytes: Int = 0, posts: Int = 0) {
        session.traffic.bytesIn += UInt64(bytes)
        session.traffic.postsIn += UInt64(posts)
        count {
            $0.bytesReceived += UInt64(bytes)
            $0.postsReceived += UInt64(posts)
        }
    }

    mutating func said(_ session: Session, bytes: Int = 0, posts: Int = 0) {
        session.traffic.bytesOut += UInt64(bytes)
        session.traffic.postsOut += UInt64(posts)
        count {
            $0.bytesSent += UInt64(bytes)
            $0.postsPushed += UInt64(posts)
        }
    }

    /// The peers that sessions are open with, the oldest session first.
    package var neighbours: [Neighbour] { sessions.all.compactMap { neighbour($0) } }

    /// A peer that a session is open with.
    package func neighbour(_ key: LogKey) -> Neighbour? {
        sessionOfPeer[key].flatMap { sessions[$0] }.flatMap { neighbour($0) }
    }

    private func neighbour(_ session: Session) -> Neighbour? {
        guard session.isReady, let peer = session.peer else { return nil }
        return Neighbour(
            key: peer, remote: session.remote, traffic: session.traffic, writes: session.writes,
            isKept: isKept(peer), isReserved: reservedPeers.contains(peer),
            isActive: overlay == nil || session.isNeighbour)
    }

    /// Whether a session with the peer is being opened just now.
    package func isReaching(_ peer: LogKey) -> Bool { isDialling(peer) }

    package func progress(of log: LogKey) -> LogProgress {
        let number = logs.number(of: log)
        let head = logs[log]?.durable
        var progress = LogProgress(
            held: head?.counted ?? 0, newest: 0,
            known: head?.forkedAt ?? head?.checkpoint.size ?? 0, isFetching: fetching[log] != nil)
        if let batch = newest[log], batch.to > progress.held {
            progress.newest = batch.to - max(batch.from, progress.held)
            progress.known = max(progress.known, batch.to)
        }
        if head?.isFrozen == true { return progress }
        for session in sessions.all where session.isReady {
            let said = number.flatMap { session.known[$0]?.confirmed } ?? 0
            progress.known = max(progress.known, said, session.offered[log]?.size ?? 0)
        }
        return progress
    }

    /// Connected peers that say to hold a log further than `index`, and how far.
    package func holders(
        of log: LogKey, index: UInt64
    ) -> [(peer: LogKey, size: UInt64)] {
        guard let number = logs.number(of: log) else { return [] }
        return sessions.all.compactMap { session in
            guard session.isReady, let peer = session.peer,
                let size = session.known[number]?.confirmed, size > index
            else { return nil }
            return (peer, size)
        }
    }
}
