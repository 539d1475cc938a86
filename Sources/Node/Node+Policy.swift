import Crypto
import Feed
import MerkleLog
import Mesh
import Primitives
import Store
import Transport
import Wire

/// What the node makes of its owner's policy.
struct StorageFacts {
    var policy = StoragePolicy(budget: Limits.Storage.defaultBudget)
    var plan = StoragePlan(budget: Limits.Storage.defaultBudget)
    /// What the store's thread says of what is taken.
    var state = StorageState()
    var isDiskLow = false
    /// What media of others take.
    var media: UInt64 = 0
    /// What of them was dropped.
    var mediaDrops = MediaDrops()
    /// What the feed takes.
    var feed: UInt64 = 0
    /// Logs of which posts were missing in threads, the latest last.
    var asked: [LogKey] = []
    /// What was wanted last; nil before anything was.
    var wanted: Wanted?
    var quotas = EntryQuotas()
    /// A computation is due.
    var isDue = false
    /// What the last one took.
    var cost = Instant.Span.milliseconds(0)
}

/// The storage policy: who is how far away, what is therefore fetched, kept and dropped.
extension Node {
    // MARK: Start and change

    /// Reads the owner's policy, or makes the first one, and acts on it before anybody is met.
    func startPolicy() throws(NodeError) {
        let (bytes, drops) = try stored { () throws(StoreError) in
            (try reader.setting(StoragePolicy.setting), try reader.setting(MediaDrops.setting))
        }
        if let drops, let known = try? MediaDrops(decoding: drops) { storage.mediaDrops = known }
        if let bytes, let known = try? StoragePolicy(decoding: bytes) {
            storage.policy = known
        } else {
            let used = try stored { () throws(StoreError) in try reader.usage().total }
            storage.policy.budget = StoragePolicy.defaultBudget(
                DiskSpace(of: paths.store), used: used)
            save()
        }
        if let disk = options.disk, disk != storage.policy.budget {
            storage.policy.budget = disk
            save()
        }
        storage.feed = ProjectionFile.bytes(paths.feed)
        applyPolicy()
    }

    private func save() { keep(StoragePolicy.setting, storage.policy.encoded) }

    /// Something was said about who is who, or who follows whom: what is wanted may change.
    func policyIsDue() {
        if storage.isDue { return }
        storage.isDue = true
        // Where it takes long it is done less often.
        let pause = Instant.Span(
            nanoseconds: max(
                Limits.Storage.settling.nanoseconds, 20 * storage.cost.nanoseconds))
        loop.schedule(at: loop.now() + pause) { [weak self] in
            self?.storage.isDue = false
            self?.applyPolicy()
        }
    }

    /// The store's thread takes more, or less, of others.
    func storageChanged(_ state: StorageState) {
        let before = storage.state
        storage.state = state
        if state.isDiskLow != storage.isDiskLow { lookAtDisk() }
        guard state.closedFrom != before.closedFrom else { return }
        if state.closedFrom < before.closedFrom {
            journal.say(
                "the disk budget is used up by what cannot be dropped: \(closedText) are refused; "
                    + "see  starling status")
        } else {
            journal.say("there is room again within the disk budget")
        }
        applyPolicy()
    }

    /// Whose posts are refused, in words.
    var closedText: String {
        switch storage.state.closedFrom {
        case 1: "all posts of others"
        case StoragePlan.strangers: "posts of strangers"
        default: "posts of authors \(storage.state.closedFrom) or more steps away"
        }
    }

    /// Media of others leave so much less for posts.
    func mediaTake(_ bytes: UInt64) {
        storage.media = bytes
        applyPolicy()
    }

    /// Media of others gave way to what is worth more.
    func mediaDropped(_ files: [DroppedMedia]) {
        storage.mediaDrops.add(files, at: EventLoop.wallClock())
        keep(MediaDrops.setting, storage.mediaDrops.encoded)
    }

    /// So does the feed.
    func feedTakes(_ bytes: UInt64) {
        storage.feed = bytes
        applyPolicy()
    }

    /// A post of this log is missing in a thread that somebody reads.
    func want(_ log: LogKey) {
        guard case .only(let logs)? = storage.wanted, !logs.contains(log),
            !storage.asked.contains(log)
        else { return }
        storage.asked.append(log)
        storage.asked.removeFirst(max(0, storage.asked.count - Limits.Storage.asked))
        policyIsDue()
    }

    // MARK: Who is how far away

    /// Computes distances, and has store and mesh act on what changed.
    private func applyPolicy() {
        let start = loop.now()
        let distances = distances()
        var plan = StoragePlan(
            budget: storage.policy.budget, hops: distances.hops, quotas: storage.policy.quotas)
        plan.media = storage.media
        plan.feed = storage.feed
        square.keep(within: plan.budget)
        if plan.hops == storage.plan.hops { plan.hops = storage.plan.hops }
        if storage.wanted == nil || plan.hops != storage.plan.hops
            || plan.budget != storage.plan.budget || plan.quotas != storage.plan.quotas
            || plan.media != storage.plan.media || plan.feed != storage.plan.feed
        {
            storage.plan = plan
            storeThread.adopt(plan)
            media.submit(.plan(plan))
        }
        want(wanted(distances), quotas(plan))
        storage.cost = loop.now() - start
    }

    /// Logs by their author's distance; nearest first.
    private func distances() -> (hops: [LogKey: UInt8], order: [LogKey]) {
        var hops: [LogKey: UInt8] = [:]
        var order: [LogKey] = []
        var seen: Set<LogKey> = []
        var level = accounts.map(\.identity).filter { seen.insert($0).inserted }
        func add(_ log: LogKey, _ hop: Int) {
            guard hops[log] == nil, order.count < Limits.Wants.logs else { return }
            hops[log] = UInt8(hop)
            order.append(log)
        }
        for account in accounts { add(account.device, 0) }
        for hop in 0...Limits.Storage.hops {
            for identity in level { for log in logs(of: identity) { add(log, hop) } }
            guard hop < Limits.Storage.hops, order.count < Limits.Wants.logs else { break }
            // An author who follows many brings in those followed last.
            level = level.flatMap {
                people.follows(of: $0).suffix(Limits.Storage.followsCounted)
                    .filter { seen.insert($0).inserted }
            }
        }
        return (hops, order)
    }

    /// An identity's root log and device logs, as far as known.
    func logs(of identity: LogKey) -> [LogKey] {
        guard let history = people.history(of: identity) else { return [identity] }
        let devices = history.devices.suffix(Limits.Storage.devicesCounted).map(\.log)
        return history.root == identity
            ? [identity] + devices : [identity, history.root] + devices
    }

    /// The logs to fetch: those of the policy, without those that the store has no room for.
    private func wanted(_ distances: (hops: [LogKey: UInt8], order: [LogKey])) -> Wanted {
        let policy = storage.policy
        let closed = storage.state.closedFrom
        if policy.keepsEverything && closed == StorageState.open { return .everything }
        let furthest = min(policy.keepsEverything ? Limits.Storage.hops : policy.depth, closed - 1)
        var logs = distances.order.filter { Int(distances.hops[$0] ?? .max) <= furthest }
        // Those who were asked for are strangers, with the quota of such.
        if closed == StorageState.open {
            for log in storage.asked {
                logs.append(log)
                if let owner = people.claimed(by: log) { logs += self.logs(of: owner) }
            }
        }
        return .only(Set(logs).sorted())
    }

    private func quotas(_ plan: StoragePlan) -> EntryQuotas {
        var quotas = EntryQuotas(others: plan.entries(hop: StoragePlan.strangers))
        quotas.logs = plan.hops.mapValues { plan.entries(hop: Int($0)) }
        return quotas
    }

    private func want(_ wanted: Wanted, _ quotas: EntryQuotas) {
        if storage.wanted == wanted && storage.quotas == quotas { return }
        let digest = digest(wanted)
        var isWider = true
        if let before = storage.wanted {
            isWider = !before.covers(wanted) || grants(quotas, moreThan: storage.quotas)
        } else if let noted = try? reader.setting(Self.wantedSetting) {
            isWider = noted != digest.array
        } else {
            isWider = wanted != .everything
        }
        storage.wanted = wanted
        storage.quotas = quotas
        handle(.want(wanted, quotas, isWider: isWider))
        // Behind the marks that were forgotten: a crash in between forgets them once more.
        keep(Self.wantedSetting, digest.array)
    }

    /// Whether a log that ended at its quota may have more now.
    private func grants(_ now: EntryQuotas, moreThan before: EntryQuotas) -> Bool {
        if now.others > before.others { return true }
        return now.logs.contains { log, most in
            let least = before.logs[log] ?? before.others
            return most > least && mesh.size(of: log) >= least
        }
    }

    private static let wantedSetting = "wanted"

    /// Tells at the next start whether more is wanted than when marks were noted.
    private func digest(_ wanted: Wanted) -> Hash {
        var encoder = CBOREncoder()
        switch wanted {
        case .everything: encoder.array(0)
        case .only(let logs): encoder.hashes(logs)
        }
        for hop in 1...StoragePlan.strangers { encoder.uint(storage.plan.entries(hop: hop)) }
        return SHA256.hash(encoder.bytes)
    }

    // MARK: The disk

    /// Looks from time to time how full the disk is, whoever fills it.
    func watchDisk() {
        lookAtDisk()
        loop.schedule(at: loop.now() + Limits.Storage.look) { [weak self] in self?.watchDisk() }
    }

    private func lookAtDisk() {
        guard let space = DiskSpace(of: paths.store) else { return }
        // Somewhat more than the mark must be free before others are taken again.
        let isLow =
            storage.isDiskLow ? space.free < space.lowWater / 4 * 5 : space.free < space.lowWater
        guard isLow != storage.isDiskLow else { return }
        storage.isDiskLow = isLow
        journal.say(
            isLow
                ? "the disk is nearly full (\(ByteSize.text(space.free)) free): nothing of others "
                    + "is stored; your own posts are"
                : "the disk has room again")
        handle(.diskIsLow(isLow))
    }

    func recount(_ log: LogKey) {
        storeThread.submit(
            StoreThread.Job(write: .recount(log), token: nil, fence: nil, bytes: 0))
    }

    // MARK: For the owner

    /// Changes the policy as far as the parameters say, and tells what it is.
    func policy(_ parameters: Value) throws(NodeError) -> Value {
        var policy = storage.policy
        if let mode = parameters["mode"]?.text {
            guard mode == "everything" || mode == "follows" else {
                throw .usage("\"\(mode)\" is no policy: there is  everything  and  follows")
            }
            policy.keepsEverything = mode == "everything"
        }
        if let depth = parameters["depth"]?.number {
            guard (1...UInt64(Limits.Storage.hops)).contains(depth) else {
                throw .usage(
                    "the depth is 1 (whom you follow) to \(Limits.Storage.hops), not \(depth)")
            }
            policy.depth = Int(depth)
        }
        if let disk = parameters["disk"]?.number {
            guard disk >= Limits.Storage.leastBudget, disk <= Limits.Storage.mostBudget else {
                throw .usage("the disk budget is at least 4M")
            }
            policy.budget = disk
        }
        for item in parameters["quotas"]?.list ?? [] {
            guard let hop = item["hop"]?.number, (1...UInt64(StoragePlan.strangers)).contains(hop),
                let bytes = item["bytes"]?.number, bytes <= Limits.Storage.mostBudget
            else { throw .badRequest("a quota has a hop and bytes") }
            policy.quotas[Int(hop) - 1] = bytes == 0 ? nil : bytes
        }
        if policy != storage.policy {
            storage.policy = policy
            save()
            applyPolicy()
        }
        return try storageStatus()
    }

    /// What the store takes, what was dropped and refused, and why.
    func storageStatus() throws(NodeError) -> Value {
        let plan = storage.plan
        let (usage, dropped, shares) = try stored { () throws(StoreError) in
            (try reader.usage(), try reader.dropped(), try reader.shares(plan))
        }
        let (others, feed) = (media.files.othersBytes, ProjectionFile.bytes(paths.feed))
        let total = usage.total + others + feed
        let droppedMedia = storage.mediaDrops.counts.map { describe($0) }
        let space = DiskSpace(of: paths.store)
        let refusals = mesh.refusals
        return .object(
            ("policy", .string(storage.policy.keepsEverything ? "everything" : "follows")),
            ("depth", storage.policy.keepsEverything ? nil : .int(storage.policy.depth)),
            (
                "quotas",
                .array(storage.policy.quotas.map { .int($0 ?? 0) })
            ),
            ("budget", .int(plan.budget)), ("total", .int(total)),
            ("used", .int(usage.total)), ("tables", .int(usage.tables)),
            ("freePages", .int(usage.free)),
            ("writeAhead", .int(usage.writeAhead)), ("reserve", .int(plan.reserve)),
            ("media", .int(others)), ("mediaShare", .int(plan.mediaShare)), ("feed", .int(feed)),
            ("diskFree", space.map { .int($0.free) }),
            ("diskLowWater", space.map { .int($0.lowWater) }),
            ("diskLow", .bool(storage.isDiskLow)),
            ("hops", .array(shares.indices.map { describe($0, shares[$0]) })),
            ("dropped", .array(dropped.map(describe))),
            ("droppedMedia", .array(droppedMedia)),
            (
                "refused",
                .object(
                    ("unwantedLogs", .int(refusals.unwanted)),
                    ("fullLogs", .int(refusals.overQuota)),
                    (
                        "closedFrom",
                        storage.state.closedFrom == StorageState.open
                            ? nil : .int(storage.state.closedFrom)
                    ),
                    ("why", refusalText.map { .string($0) }))
            ))
    }

    private func describe(
        _ hop: Int, _ share: (logs: Int, headers: UInt64, bodies: UInt64)
    ) -> Value {
        .object(
            ("hop", .int(hop)), ("logs", .int(share.logs)), ("headers", .int(share.headers)),
            ("bodies", .int(share.bodies)),
            ("quota", hop == 0 ? nil : .int(storage.plan.quota(hop: hop))))
    }

    private func describe(_ dropped: Dropped) -> Value {
        .object(
            ("rule", .string(dropped.rule == .budget ? "budget" : "quota")),
            ("hop", .int(dropped.hop)), ("bodies", .int(dropped.bodies)),
            ("bytes", .int(dropped.bytes)), ("last", .int(dropped.last.milliseconds)))
    }

    private func describe(_ dropped: MediaDrops.Count) -> Value {
        .object(
            ("rule", .string("media")),
            ("hop", dropped.hop == DroppedMedia.unnamed ? nil : .int(dropped.hop)),
            ("files", .int(dropped.files)), ("bytes", .int(dropped.bytes)),
            ("first", .int(dropped.first.milliseconds)), ("last", .int(dropped.last.milliseconds)))
    }

    /// Why something of others is refused now; nil when nothing is, beyond the policy itself.
    private var refusalText: String? {
        if storage.isDiskLow { return "the disk is nearly full: nothing of others is stored" }
        if storage.state.closedFrom < StorageState.open {
            return "what cannot be dropped fills its share of the budget: \(closedText) are refused"
        }
        return nil
    }

    /// How many of the followed authors are here as far as any connected peer has them.
    func followedStatus() -> Value {
        var seen: Set<LogKey> = []
        let followed = accounts.flatMap { people.follows(of: $0.identity) }
            .filter { seen.insert($0).inserted }
        let current = followed.count { identity in
            people.history(of: identity) != nil
                && logs(of: identity).allSatisfy { mesh.isCurrent($0) }
        }
        return .object(("authors", .int(followed.count)), ("current", .int(current)))
    }
}

extension Wanted {
    /// Whether everything that `other` wants is wanted here, too.
    func covers(_ other: Wanted) -> Bool {
        switch (self, other) {
        case (.everything, _): return true
        case (.only, .everything): return false
        case (.only(let mine), .only(let theirs)): return Set(mine).isSuperset(of: theirs)
        }
    }
}
