package import MerkleLog
package import Primitives

/// Keeping within the disk budget: see `StoragePlan`.
extension StoreWriter {
    /// From now on the store keeps to `plan`. What is over it goes step by step: see `settle`.
    package func adopt(_ plan: StoragePlan) throws(StoreError) {
        if let keeper {
            try keeper.adopt(plan)
        } else {
            let fresh = try StorageKeeper(database, plan, directory: directory)
            keeper = fresh
            try fresh.adopt(plan)
        }
        log.keepWithin(Int(clamping: plan.writeAhead), database)
        try database.run("PRAGMA journal_size_limit = \(log.bytesKept)")
        keeper?.look()
    }

    /// What is taken of others.
    package var storage: StorageState { keeper?.state ?? StorageState() }

    /// Whether entries of a log are taken at all now; one's own always are.
    package func admits(_ log: LogKey) -> Bool { keeper?.admits(log) ?? true }

    /// Makes room for `bytes` of others' entries, dropping bodies where it must; false when they
    /// would not fit.
    package func makeRoom(for bytes: UInt64, at time: UnixTime) throws(StoreError) -> Bool {
        guard let keeper else { return true }
        keeper.look()
        if keeper.state.isDiskLow { return false }
        if log.isOver(Int(clamping: keeper.plan.writeAhead), database) { return false }
        try keeper.lookAtShares()
        while true {
            let needed = try keeper.needed(for: bytes)
            if needed == 0 { return true }
            let more = try step { keeper throws(StoreError) in
                try keeper.dropSome(needed, at: time)
            }
            if !more { return try keeper.needed(for: bytes) == 0 }
        }
    }

    /// Does one step of what can wait: trims a log that is over its quota, drops what own posts
    /// displaced, gives back pages. True when there is more to do.
    package func settle(at time: UnixTime) throws(StoreError) -> Bool {
        guard let keeper, !hasFailed else { return false }
        if let account = try keeper.nextOverQuota() {
            return try step { keeper throws(StoreError) in
                try keeper.trim(account, at: time)
                return true
            }
        }
        let needed = try keeper.needed(for: 0)
        if needed > 0 {
            let more = try step { keeper throws(StoreError) in
                try keeper.dropSome(needed, at: time)
            }
            if more { return true }
        }
        if try keeper.shrink() {
            isShrinking = true
            tidy()
            return true
        }
        // The file is cut only when the log has moved.
        if isShrinking { try log.checkpoint(database) }
        isShrinking = false
        return false
    }

    /// One step as a commit of its own; nothing of it is kept when it fails.
    private func step(
        _ body: (StorageKeeper) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        guard let keeper else { return false }
        guard !hasFailed else { throw .failed }
        let more: Bool
        do {
            try statements.begin.run()
            more = try body(keeper)
            try statements.commit.run()
        } catch {
            rollBack(after: error)
            if error == .diskFull { return false }
            throw error
        }
        tidy()
        return more
    }
}
