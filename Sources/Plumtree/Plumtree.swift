package import Primitives

/// Epidemic broadcast trees: J. Leitão, J. Pereira, L. Rodrigues, SRDS 2007.
///
/// Each message is pushed whole over the links of a spanning tree (eager), and announced by its id
/// over the other links of the overlay (lazy: IHave). A node that gets a message twice takes the
/// second link out of the tree (Prune); one that is told of a message which does not come takes the
/// link of the announcer in (Graft). So the tree is made by the first message, costs no copy too
/// many afterwards, and mends itself.
///
/// What differs from the paper, and why:
/// - **A tree for each log**, not one shared by all senders (the paper's §3.8 names it as the other
///   choice): a log has one author, so its tree is rooted where its messages start, and its paths
///   are the shortest that the first message found. It costs one bit a link and log, and only where
///   that bit is not the default.
/// - **Message ids are (log, size)**: who has heard of size n knows that all before it exist, so an
///   announcement replaces those before it, and one Graft brings everything that lacks.
/// - **A new link is lazy for the logs that are known already**, and eager for those to come. In
///   the paper it is eager for all, which brings a copy too many for each log and each new link.
/// - **Graft at once when the link that brought the log's last message is gone**: nothing else is
///   known to bring the next one.
/// - **Graft when that link goes**, and not only when a message is missed: another neighbour is
///   asked to push the log from now on, first of all who was next to announce its last message.
///   Overlays move their links, and most logs are quiet for longer than links last: their next
///   message would find nothing left of its tree. Where all others get the log from here, one of
///   them is asked, and the rest are told to look for another way themselves (Prune).
/// - **A link that the overlay moves goes on for a moment** (`linkLeaves`): what is under way
///   comes, and the next neighbour is there before the old one stops.
/// - **Optimisation by time**, not by hops (§3.8): an announcement that came well before the
///   payload shows a faster way.
///
/// Pure: it neither sends nor keeps messages. `Mesh` does, and asks here which way.
package struct Plumtree: Sendable {
    /// A session with a neighbour.
    package typealias Link = UInt64

    /// A tree: its log, and the log's number where it is held.
    package struct Tree: Sendable {
        package var log: Bytes32
        package var number: Int?

        package init(log: Bytes32, number: Int?) {
            self.log = log
            self.number = number
        }
    }

    package struct Parameters: Sendable {
        /// From an announcement to the Graft, if the message has not come. The paper's
        /// "ihave timer": about the time that a message needs through the whole tree.
        package var patience = Limits.graftPatience
        /// From one Graft to that of the next announcer: a round trip is enough (paper p. 6).
        package var retry = Limits.graftRetry
        /// How much earlier an announcement must be than the payload to change the tree.
        package var advantage = Limits.graftAdvantage
        /// False: every link stays eager, which is flooding. For comparison only.
        package var prunes = true

        package init() {}
    }

    private struct LinkState: Sendable {
        let link: Link
        /// Trees with a lower number were there before the link.
        var born: Int
        /// Of those before it, the ones that it is eager for.
        var grafted: Set<Int> = []
        /// Of those after it, the ones that it is lazy for.
        var pruned: Set<Int> = []
        /// It only brings, and gets, what it did so far.
        var isLeaving = false

        func isEager(_ number: Int) -> Bool {
            number >= born ? !pruned.contains(number) : grafted.contains(number)
        }

        mutating func set(_ number: Int, eager: Bool) {
            if number >= born {
                if eager { pruned.remove(number) } else { pruned.insert(number) }
            } else {
                if eager { grafted.insert(number) } else { grafted.remove(number) }
            }
        }
    }

    private struct Announcement: Sendable {
        var link: Link
        var size: UInt64
        var at: Instant
    }

    /// A message that others have and that has not come.
    private struct Missing: Sendable {
        /// In the order in which they came, each link once.
        var announcements: [Announcement] = []
        /// When the next of them is asked.
        var due: Instant
    }

    private struct Timer: Sendable {
        var log: Bytes32
        var at: Instant
    }

    /// What to say to the peers, so that trees go on that have lost the link which brought them.
    package struct Repair: Sendable {
        /// By link: whom to ask for which trees (Graft).
        package private(set) var grafts: [(link: Link, trees: [Int])] = []
        /// By link: who need not wait for this node in which trees (Prune).
        package private(set) var prunes: [(link: Link, trees: [Int])] = []

        package init() {}

        mutating func graft(_ link: Link, _ tree: Int) { Self.add(tree, to: link, &grafts) }
        mutating func prune(_ link: Link, _ tree: Int) { Self.add(tree, to: link, &prunes) }

        private static func add(
            _ tree: Int, to link: Link, _ list: inout [(link: Link, trees: [Int])]
        ) {
            if let at = list.firstIndex(where: { $0.link == link }) {
                list[at].trees.append(tree)
            } else {
                list.append((link, [tree]))
            }
        }
    }

    /// How a tree's messages come here.
    private struct Way: Sendable {
        /// The link that brought the last message, or was asked for the next.
        var parent: Link?
        /// The first other one that announced it, over which it was not pushed.
        var spare: Link?
        /// When the last message came: a larger number is later.
        var turn: UInt64 = 0
    }

    private let parameters: Parameters
    private var links: [LinkState] = []
    /// By number of the log.
    private var ways: [Way] = []
    private var turns: UInt64 = 0
    /// Trees whose link went, or is leaving, when no other could bring them: `Limits.tended` at
    /// most.
    private var orphans: Set<Int> = []
    private var missing: [Bytes32: Missing] = [:]
    /// Timers of one length each, so that both are in order of time. One that does not fit its
    /// message any more does nothing.
    private var patient = Deque<Timer>()
    private var retrying = Deque<Timer>()

    package init(_ parameters: Parameters = Parameters()) { self.parameters = parameters }

    // MARK: Links (the paper's NeighborUp and NeighborDown)

    /// A neighbour came; `trees` is how many logs are held. For which trees it is to be asked
    /// (Graft), since nobody else brings them.
    package mutating func linkUp(_ link: Link, trees: Int) -> [Int] {
        if let at = index(of: link) {
            links[at].isLeaving = false
        } else {
            links.append(LinkState(link: link, born: parameters.prunes ? trees : 0))
        }
        guard let at = index(of: link), !orphans.isEmpty else { return [] }
        let waiting = orphans.filter { !hasParent($0) }.sorted()
        orphans.removeAll()
        for number in waiting { take(at, asParentOf: number) }
        return waiting
    }

    /// The peer is a neighbour no more, though its session is open: until `linkDown`, what comes
    /// over the link and goes out over it does so still.
    package mutating func linkLeaves(_ link: Link) -> Repair {
        guard let at = index(of: link), !links[at].isLeaving else { return Repair() }
        links[at].isLeaving = true
        return replace(link)
    }

    /// A neighbour went: what it announced is left to others.
    package mutating func linkDown(_ link: Link) -> Repair {
        guard index(of: link) != nil else { return Repair() }
        links.removeAll { $0.link == link }
        return replace(link)
    }

    private mutating func replace(_ link: Link) -> Repair {
        var lost = ways.indices.filter { ways[$0].parent == link }
        if index(of: link) == nil {
            for number in lost { ways[number].parent = nil }
        }
        if lost.count > Limits.tended {
            lost.sort { ways[$0].turn > ways[$1].turn }
            lost.removeLast(lost.count - Limits.tended)
        }
        var repair = Repair()
        for number in lost { mend(number, without: link, &repair) }
        return repair
    }

    /// Finds another way for a tree that does not come over `link` any more. Where all others get
    /// it from here, one of them is to bring it, and the rest are told to look elsewhere, too.
    private mutating func mend(_ number: Int, without link: Link, _ repair: inout Repair) {
        if let at = replacement(number, except: link) {
            take(at, asParentOf: number)
            return repair.graft(links[at].link, number)
        }
        let children = links.indices.filter { links[$0].link != link && !links[$0].isLeaving }
        guard !children.isEmpty else {
            if orphans.count < Limits.tended { orphans.insert(number) }
            return
        }
        let chosen = children[number % children.count]
        take(chosen, asParentOf: number)
        repair.graft(links[chosen].link, number)
        for at in children where at != chosen {
            links[at].set(number, eager: false)
            repair.prune(links[at].link, number)
        }
    }

    private mutating func take(_ at: Int, asParentOf number: Int) {
        ways[number].parent = links[at].link
        ways[number].spare = nil
        links[at].set(number, eager: true)
    }

    /// Whether there is a neighbour that brings the tree.
    private func hasParent(_ number: Int) -> Bool {
        ways[number].parent.map { isNeighbour($0) } ?? false
    }

    /// Another link for a tree. Not one of the tree: there the messages go on from here.
    private func replacement(_ number: Int, except link: Link) -> Int? {
        let lazy = links.indices.filter {
            !links[$0].isEager(number) && !links[$0].isLeaving && links[$0].link != link
        }
        if let spare = ways[number].spare, let at = lazy.first(where: { links[$0].link == spare }) {
            return at
        }
        return lazy.isEmpty ? nil : lazy[number % lazy.count]
    }

    private func index(of link: Link) -> Int? { links.firstIndex { $0.link == link } }

    /// Whether the link is there to stay.
    private func isNeighbour(_ link: Link) -> Bool {
        index(of: link).map { !links[$0].isLeaving } ?? false
    }

    /// Whether messages of the tree are pushed over the link. A tree without a number is one that
    /// every link will be eager for.
    package func isEager(_ link: Link, _ number: Int?) -> Bool {
        guard let at = index(of: link) else { return false }
        return number.map { links[at].isEager($0) } ?? true
    }

    /// Puts the link in the tree: the peer asked for it, or we ask the peer.
    package mutating func graft(_ link: Link, _ number: Int) {
        if let at = index(of: link) { links[at].set(number, eager: true) }
    }

    /// The peer asks for the tree (Graft). If it was to bring it here, it knows no way any more.
    package mutating func grafted(by link: Link, _ number: Int, _ repair: inout Repair) {
        graft(link, number)
        if isParent(link, number) { mend(number, without: link, &repair) }
    }

    /// The peer will not bring the tree (Prune).
    package mutating func pruned(by link: Link, _ number: Int, _ repair: inout Repair) {
        let wasParent = isParent(link, number)
        prune(link, number)
        if wasParent && parameters.prunes { mend(number, without: link, &repair) }
    }

    private func isParent(_ link: Link, _ number: Int) -> Bool {
        number < ways.count && ways[number].parent == link
    }

    /// Takes the link out of the tree.
    package mutating func prune(_ link: Link, _ number: Int) {
        guard let at = index(of: link), parameters.prunes else { return }
        links[at].set(number, eager: false)
        if number < ways.count, ways[number].parent == link { ways[number].parent = nil }
    }

    /// A log came into being here by being fetched over `link`: only that link is in its tree.
    ///
    /// What came by push in between stays as it is.
    package mutating func fetched(_ link: Link, _ number: Int) {
        guard parameters.prunes else { return }
        for at in links.indices where links[at].born <= number {
            for tree in links[at].born..<number where links[at].isEager(tree) {
                links[at].grafted.insert(tree)
            }
            links[at].born = number + 1
            links[at].pruned.removeAll()
            if links[at].link == link { links[at].grafted.insert(number) }
        }
    }

    // MARK: Messages

    /// A message came over the link, which may bring the next, too.
    package mutating func came(_ number: Int, over link: Link) {
        if number >= ways.count {
            ways += [Way](repeating: Way(), count: number + 1 - ways.count)
        }
        turns += 1
        // What somebody else brings once does not change who brings the rest.
        if !isNeighbour(link), ways[number].parent != nil {
            ways[number].turn = turns
        } else {
            let parent = index(of: link) == nil ? nil : link
            ways[number] = Way(parent: parent, spare: nil, turn: turns)
        }
    }

    /// The peer has the newest message, too.
    package mutating func confirmed(_ number: Int, by link: Link) {
        guard number < ways.count, ways[number].spare == nil, ways[number].parent != link,
            !isEager(link, number)
        else { return }
        ways[number].spare = link
    }

    /// The message came a second time, over `link`: true when the peer is to be told (Prune).
    ///
    /// Not the one that is to bring the tree from now on, should a link that leaves have been
    /// quicker; nor that one.
    package mutating func duplicate(_ link: Link, _ number: Int) -> Bool {
        guard parameters.prunes, let at = index(of: link), links[at].isEager(number),
            !links[at].isLeaving, number >= ways.count || ways[number].parent != link
        else { return false }
        prune(link, number)
        return true
    }

    /// The message came, over `link`. The link that announced it well before, if one did: it is the
    /// faster way, and takes the place of `link` in the tree.
    package mutating func received(
        _ tree: Tree, size: UInt64, from link: Link, now: Instant
    ) -> Link? {
        if let number = tree.number { came(number, over: link) }
        guard let found = missing[tree.log] else { return nil }
        var faster: Link?
        if let first = found.announcements.first, first.size == size, first.link != link,
            first.at + parameters.advantage <= now, parameters.prunes, isNeighbour(first.link)
        {
            faster = first.link
            if let number = tree.number { came(number, over: first.link) }
        }
        // Who had it before it came here did not get it from here.
        if let number = tree.number,
            let early = found.announcements.first(where: {
                $0.size == size && $0.link != ways[number].parent
            })
        {
            ways[number].spare = early.link
        }
        forget(tree.log, upTo: size)
        return faster
    }

    /// The log is held up to `size`: what was announced of that is not missing any more.
    package mutating func forget(_ log: Bytes32, upTo size: UInt64) {
        guard var found = missing[log] else { return }
        found.announcements.removeAll { $0.size <= size }
        missing[log] = found.announcements.isEmpty ? nil : found
    }

    /// The peer has the message (IHave), which is not here. True when it is to be asked at once
    /// (Graft), since no link would bring it.
    package mutating func announced(
        _ tree: Tree, size: UInt64, by link: Link, now: Instant
    ) -> Bool {
        guard index(of: link) != nil else { return false }
        let announcement = Announcement(link: link, size: size, at: now)
        if var found = missing[tree.log] {
            if let at = found.announcements.firstIndex(where: { $0.link == link }) {
                found.announcements[at].size = max(found.announcements[at].size, size)
            } else {
                found.announcements.append(announcement)
            }
            missing[tree.log] = found
            return false
        }
        guard missing.count < Limits.missing else { return false }
        if let number = tree.number, number >= ways.count || ways[number].parent == nil {
            // Asked at once; should it not answer, the next announcer is asked soon.
            missing[tree.log] = Missing(due: now + parameters.retry)
            retrying.append(Timer(log: tree.log, at: now + parameters.retry))
            return true
        }
        missing[tree.log] = Missing(
            announcements: [announcement], due: now + parameters.patience)
        patient.append(Timer(log: tree.log, at: now + parameters.patience))
        return false
    }

    // MARK: Time

    /// When `nextGraft` has something to say at the earliest.
    package var nextDeadline: Instant? {
        switch (patient.first?.at, retrying.first?.at) {
        case (let a?, let b?): min(a, b)
        case (let a, let b): a ?? b
        }
    }

    /// The next Graft that is due: whom to ask, for which log. Nil when none is.
    package mutating func nextGraft(now: Instant) -> (log: Bytes32, size: UInt64, link: Link)? {
        while let timer = nextTimer(now) {
            guard var found = missing[timer.log], found.due == timer.at else { continue }
            found.announcements.removeAll { index(of: $0.link) == nil }
            guard let first = found.announcements.first else {
                missing[timer.log] = nil
                continue
            }
            found.announcements.removeFirst()
            found.due = now + parameters.retry
            missing[timer.log] = found
            retrying.append(Timer(log: timer.log, at: found.due))
            return (timer.log, first.size, first.link)
        }
        return nil
    }

    private mutating func nextTimer(_ now: Instant) -> Timer? {
        if let first = patient.first, first.at <= now { return patient.popFirst() }
        if let first = retrying.first, first.at <= now { return retrying.popFirst() }
        return nil
    }

    /// Whether something was announced and has not come.
    package var isWaiting: Bool { !missing.isEmpty }
}
