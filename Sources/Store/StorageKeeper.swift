import MerkleLog
import Primitives

/// Keeps the store within its plan: makes room before entries of others come, and trims the logs
/// that are over what they may use. On the writer's thread; each step is a commit of its own.
final class StorageKeeper {
    private(set) var plan: StoragePlan
    private(set) var state = StorageState()

    private let database: Database
    private let sweeper: Sweeper
    private let pageCount: Statement
    private let freeCount: Statement
    private let directory: String
    /// Logs that grew and may be over their quota, each once, in order.
    private var grown: [LogKey] = []
    private var isGrown: Set<LogKey> = []
    /// What is still to be dropped of a list that was computed.
    private var list: [DropList.Share] = []
    /// Nothing can be dropped any more: known until the plan changes.
    private var isStuck = false
    /// What the tables took when every log's account was last looked at.
    private var lookedAt: UInt64 = 0

    init(_ database: Database, _ plan: StoragePlan, directory: String) throws(StoreError) {
        self.database = database
        self.plan = plan
        self.directory = directory
        sweeper = try Sweeper(database)
        pageCount = try Statement(database, "PRAGMA page_count")
        freeCount = try Statement(database, "PRAGMA freelist_count")
    }

    /// Another plan: what is over it is found by looking at every log once.
    func adopt(_ plan: StoragePlan) throws(StoreError) {
        self.plan = plan
        isStuck = false
        list = []
        let accounts = try sweeper.allAccounts()
        for account in accounts where account.footprint > plan.quota(hop: plan.hop(of: account.key))
        {
            note(account.key)
        }
        try close(accounts)
    }

    // MARK: Sizes

    /// Bytes of tables and trees, without free pages.
    func tables() throws(StoreError) -> UInt64 {
        try bytes(pageCount) - min(bytes(pageCount), bytes(freeCount))
    }

    private func bytes(_ statement: borrowing Statement) throws(StoreError) -> UInt64 {
        defer { statement.reset() }
        return try statement.step()
            ? UInt64(clamping: statement.int(0)) * UInt64(Schema.pageSize) : 0
    }

    /// Looks at the file system anew.
    func look() {
        state.isDiskLow = DiskSpace(of: directory)?.isLow ?? false
    }

    // MARK: What is refused

    /// Whether entries of this log are taken at all now.
    func admits(_ log: LogKey) -> Bool {
        let hop = plan.hop(of: log)
        return hop == 0 || !state.isDiskLow && hop < state.closedFrom
    }

    /// Closes the hops whose headers, which cannot be dropped, fill their share.
    private func close(_ accounts: [LogAccount]) throws(StoreError) {
        lookedAt = try tables()
        var fixed = [UInt64](repeating: 0, count: StoragePlan.strangers + 1)
        for account in accounts { fixed[plan.hop(of: account.key)] += account.fixed }
        var sum: UInt64 = 0
        state.closedFrom = StorageState.open
        for hop in stride(from: StoragePlan.strangers, to: 0, by: -1) {
            sum += fixed[hop]
            if sum > plan.headerShare(from: hop) { state.closedFrom = hop }
        }
        if isStuck { state.closedFrom = 1 }
    }

    /// Looks again at who fills what share, once the tables have grown by some part of the room:
    /// headers of strangers must not have taken all of it by the time that bodies are dropped.
    func lookAtShares() throws(StoreError) {
        if try tables() >= lookedAt + plan.room / 32 { try close(sweeper.allAccounts()) }
    }

    // MARK: Steps

    /// A log grew. Those that have a quota are looked at before long.
    func note(_ log: LogKey) {
        if plan.hop(of: log) > 0, isGrown.insert(log).inserted { grown.append(log) }
    }

    /// The next log that is over what it may use and can be trimmed; nil when there is none.
    func nextOverQuota() throws(StoreError) -> LogAccount? {
        while let log = grown.first {
            if let account = try sweeper.account(of: log), account.droppable > 0,
                account.footprint > plan.quota(hop: plan.hop(of: log))
            {
                return account
            }
            grown.removeFirst()
            isGrown.remove(log)
        }
        return nil
    }

    /// Trims a log that is over what it may use, within the open transaction; somewhat below, so
    /// that it is not soon over it again.
    func trim(_ account: LogAccount, at time: UnixTime) throws(StoreError) {
        let hop = plan.hop(of: account.key)
        let quota = plan.quota(hop: hop)
        let over = account.footprint - min(quota, account.footprint) + quota / 8
        _ = try sweeper.trim(
            account, by: min(over, plan.step), .quota, hop: hop, at: time)
    }

    /// How many bytes are to be freed so that `bytes` more fit; 0 when they do.
    func needed(for bytes: UInt64) throws(StoreError) -> UInt64 {
        let want = try tables() + bytes
        return want > plan.room ? want + plan.slack - plan.room : 0
    }

    /// Drops some of what is worth least, within the open transaction, towards freeing `needed`
    /// bytes; false when nothing is left to drop.
    func dropSome(_ needed: UInt64, at time: UnixTime) throws(StoreError) -> Bool {
        if isStuck { return false }
        if list.isEmpty {
            let accounts = try sweeper.allAccounts()
            list = DropList(freeing: needed, from: accounts, plan).shares.reversed()
            isStuck = list.isEmpty
            try close(accounts)
            if isStuck { return false }
        }
        var room = plan.step
        while room > 0, let share = list.popLast() {
            // Others may have been trimmed since the list was made.
            guard let account = try sweeper.account(of: share.account.key) else { continue }
            let step = try sweeper.trim(
                account, by: min(room, share.bytes), .budget, hop: share.hop, at: time)
            room -= min(room, max(step.bytes, 4_096))
            if step.bytes < share.bytes && step.swept < account.size {
                var rest = share
                rest.bytes -= step.bytes
                list.append(rest)
            }
        }
        return true
    }

    /// Gives some free pages of the file back where it is larger than the plan allows; false when
    /// it is not, or when it cannot.
    func shrink() throws(StoreError) -> Bool {
        let free = try bytes(freeCount)
        guard try bytes(pageCount) > plan.room + plan.slack, free > plan.slack else { return false }
        try database.run("PRAGMA incremental_vacuum(\(plan.step / UInt64(Schema.pageSize)))")
        return try bytes(freeCount) < free
    }
}
