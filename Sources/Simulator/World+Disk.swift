import Crypto
package import MerkleLog
import Mesh
import Primitives

/// Disks: writes wait for a commit, and what was not acknowledged may be lost.
extension World {
    func store(_ node: SimulatedNode, _ write: Write, _ token: Token) {
        if case .extend(let found, let isOwn) = write, !isOwn {
            safety.seen(self, found)
            if let heard, let speaker {
                heard(
                    Hearing(
                        node: node.index, log: found.head.key, to: found.head.size, from: speaker))
            }
        }
        if case .fork(let proof) = write { safety.proven(node, proof) }
        node.pending.append((write, token))
        if node.committing == 0 { commit(node) }
    }

    /// Begins a commit of everything that waits.
    private func commit(_ node: SimulatedNode) {
        node.committing = node.pending.count
        heap.push(.synced(life(of: node)), at: now + random.span(weather.commit))
    }

    func synced(_ life: Life) {
        let node = nodes[life.node]
        guard node.generation == life.generation, node.isUp else { return }
        let count = node.committing
        let done = Array(node.pending[..<count])
        node.pending.removeFirst(count)
        var answers: [Event] = []
        for (write, token) in done {
            if node.isDiskFull {
                answers.append(.storeFailed(token, .full))
            } else if apply(node, write) {
                moveFence(node, write)
                answers.append(.stored(token, change: write.isChange ? node.store.change : 0))
            } else {
                answers.append(.storeFailed(token, .failed))
            }
        }
        node.committing = 0
        if !node.pending.isEmpty { commit(node) }
        for answer in answers { feed(life, answer) }
        for (write, _) in done where node.generation == life.generation && !node.isDiskFull {
            nameBlobs(node, write)
        }
    }

    /// Makes a write durable; false when it does not follow what is held.
    private func apply(_ node: SimulatedNode, _ write: Write) -> Bool {
        switch write {
        case .fork(let proof): node.store.freeze(proof)
        case .resume(let mark): node.store.remember(mark)
        case .newest(let log, let batch): node.store.keepNewest(log, batch)
        case .replace(let log, let index, let entry):
            guard let head = node.store.head(of: log), index < head.size,
                let leaf = try? node.store.logs[log]?.hash(
                    at: NodePosition(level: 0, index: index)),
                EntryHeader(log: log, index: index, entry: entry).leafHash == leaf
            else {
                // Of a fork that nobody has noticed the other branch may come: it is damage, still.
                if !safety.isAllowedToFork(log) {
                    safety.fail("node \(node.life) puts a wrong entry at \(index)")
                }
                return true
            }
            node.store.repair(log, index)
        case .extend(let found, _):
            let log = found.head.key
            guard found.from == node.store.size(of: log) else { return false }
            guard let run = pool.run(found, behind: node.store.frontier(of: log)) else {
                safety.fail("node \(node.life) stores what does not verify, from \(found.from)")
                return false
            }
            if case .doesNotFollow = node.store.append(run) { return false }
        }
        return true
    }

    // MARK: Fences

    /// Before the first commit, the fence says that nothing was released.
    func prepareFence(_ node: SimulatedNode, _ log: LogKey) {
        if node.fences[log] == nil && node.store.size(of: log) == 0 {
            node.fences[log] = SimulatedNode.Fence(size: 0, root: .zero)
        }
    }

    /// Between the commit and its answer.
    private func moveFence(_ node: SimulatedNode, _ write: Write) {
        guard case .extend(let found, isOwn: true) = write else { return }
        let head = found.head
        node.fences[head.key] = SimulatedNode.Fence(size: head.size, root: head.checkpoint.root)
        safety.released(node, head.checkpoint)
    }

    // MARK: Reading

    func answer(_ life: Life, _ read: PendingRead) {
        let node = nodes[life.node]
        guard node.generation == life.generation, node.isUp else { return }
        switch node.store.read(read.request) {
        case .batch(let batch): feed(life, .read(read.session, stream: read.stream, batch))
        case .failed: feed(life, .read(read.session, stream: read.stream, nil))
        case .damaged(let index):
            feed(life, .damaged(read.request.head.key, index: index))
            feed(life, .read(read.session, stream: read.stream, nil))
        }
    }

    // MARK: Crashes and restores

    /// The process ends. Of what was not acknowledged, the disk keeps any beginning; when the
    /// machine's power fails (`isSilent`), no peer is told.
    package func crash(_ node: SimulatedNode, isSilent: Bool) {
        guard node.isUp else { return }
        let survivors = random.below(node.pending.count + 1)
        say("crash, \(survivors) of \(node.pending.count) writes survive", node.index)
        for (at, (write, _)) in node.pending[..<survivors].enumerated() {
            guard !node.isDiskFull, apply(node, write) else { break }
            // The fence is moved behind the commit: the last may have missed it.
            if at < survivors - 1 || random.happens(500) { moveFenceUnseen(node, write) }
        }
        node.pending = []
        node.committing = 0
        closeAll(of: node, isSilent: isSilent)
        node.isUp = false
        node.mesh = nil
        node.tickAt = nil
        safety.crashed(node)
    }

    private func moveFenceUnseen(_ node: SimulatedNode, _ write: Write) {
        guard case .extend(let found, isOwn: true) = write else { return }
        node.fences[found.head.key] = SimulatedNode.Fence(
            size: found.head.size, root: found.head.checkpoint.root)
    }

    /// Keeps the state of a disk.
    package func keepImage(_ node: SimulatedNode) {
        say("image", node.index)
        node.image = SimulatedNode.Image(store: node.store, fences: node.fences)
    }

    /// How much of a machine is put back.
    package enum Restore: Sendable {
        /// The data directory: the fence outside of it knows better.
        case store
        /// The data directory, on a machine that has no fence.
        case storeWithoutFence
        /// The whole disk: nothing on the machine can tell.
        case everything
    }

    /// Puts the kept image onto the disk of a node that is down.
    package func restore(_ node: SimulatedNode, _ how: Restore) {
        precondition(!node.isUp, "node \(node.index) runs")
        guard let image = node.image else { return }
        say("restore \(how)", node.index)
        node.store = image.store
        switch how {
        case .store: break
        case .storeWithoutFence: node.fences = [:]
        case .everything: node.fences = image.fences
        }
        safety.restored(node, how)
    }

    /// The disk loses an entry that it had.
    package func damageEntry(_ node: SimulatedNode, _ log: LogKey, _ index: UInt64) {
        say("damage \(index)", node.index)
        node.store.damage(log, index)
    }
}

extension Write {
    /// Whether it is a change of a head, which the store numbers.
    fileprivate var isChange: Bool {
        switch self {
        case .extend, .fork, .replace: true
        case .resume, .newest: false
        }
    }
}
