import Plumtree
import Primitives
import Testing

/// Each test quotes the sentence of the paper (SRDS 2007) that it checks.
struct PlumtreeTests {
    let log = Bytes32(1, 2, 3, 4)
    var tree: Plumtree.Tree { Plumtree.Tree(log: log, number: 0) }

    func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// A node with links 1, 2 and 3 that held no log when they came; the log's last message came
    /// over link 1.
    func threeLinks() -> Machine {
        let node = Machine()
        for link in 1...3 { node.linkUp(UInt64(link), trees: 0) }
        _ = node.received(tree, size: 6, from: 1, now: at(0))
        return node
    }

    /// "Initially, eagerPushPeers contains all the peers": for logs that come after the link.
    @Test func allLinksAreEagerForWhatIsNew() {
        let node = threeLinks()
        for link in 1...3 { #expect(node.isEager(UInt64(link), 0)) }
        #expect(!node.isEager(4, 0), "a link that is not up")
    }

    /// "when a node receives a duplicate … it sends a PRUNE message to the sender" and moves it to
    /// lazyPushPeers; for other logs nothing changes.
    @Test func aDuplicatePrunes() {
        let node = threeLinks()
        #expect(node.duplicate(2, 0))
        #expect(!node.isEager(2, 0))
        #expect(node.isEager(1, 0) && node.isEager(3, 0) && node.isEager(2, 1))
        #expect(!node.duplicate(2, 0), "the peer has been told")
    }

    /// A link that comes later is lazy for what is held, unless grafted.
    @Test func aNewLinkIsLazyForOldLogs() {
        let node = threeLinks()
        node.linkUp(9, trees: 5)
        #expect(!node.isEager(9, 4) && node.isEager(9, 5))
        node.graft(9, 4)
        #expect(node.isEager(9, 4))
        node.prune(9, 4)
        node.prune(9, 5)
        #expect(!node.isEager(9, 4) && !node.isEager(9, 5))
    }

    /// "the timer … is started when … IHAVE"; "when a timer expires, the node selects the first
    /// IHAVE announcement" and "a GRAFT message has a dual purpose".
    @Test func whatIsAnnouncedAndDoesNotComeIsAsked() throws {
        let node = threeLinks()
        #expect(!node.announced(tree, size: 7, by: 2, now: at(10)))
        #expect(!node.announced(tree, size: 7, by: 3, now: at(20)))
        let due = at(10) + Limits.graftPatience
        #expect(node.nextDeadline == due)
        #expect(node.nextGraft(now: at(9) + Limits.graftPatience) == nil)
        let first = try #require(node.nextGraft(now: due))
        #expect(first.link == 2 && first.size == 7 && first.log == log)
        #expect(node.nextGraft(now: due + .milliseconds(40)) == nil)
        // "a second, smaller, timer": the next announcer.
        let second = try #require(node.nextGraft(now: due + Limits.graftRetry))
        #expect(second.link == 3)
        #expect(node.nextGraft(now: at(10_000)) == nil)
        #expect(!node.isWaiting && node.nextDeadline == nil)
    }

    /// "cancels the timer" when the message comes.
    @Test func whatCameIsNotAsked() {
        let node = threeLinks()
        _ = node.announced(tree, size: 7, by: 2, now: at(0))
        #expect(node.received(tree, size: 7, from: 1, now: at(5)) == nil)
        #expect(node.nextGraft(now: at(10_000)) == nil)
    }

    /// Only what is newer stays missing.
    @Test func anOlderMessageLeavesTheNewerMissing() throws {
        let node = threeLinks()
        _ = node.announced(tree, size: 7, by: 2, now: at(0))
        _ = node.announced(tree, size: 9, by: 3, now: at(0))
        _ = node.received(tree, size: 7, from: 1, now: at(5))
        let graft = try #require(node.nextGraft(now: at(1_000)))
        #expect(graft.link == 3 && graft.size == 9)
    }

    @Test func withoutALinkThatBringsItTheAnnouncerIsAskedAtOnce() throws {
        let node = threeLinks()
        node.prune(1, 0)
        #expect(node.isEager(2, 0) && node.isEager(3, 0), "to others it goes on from here")
        #expect(node.announced(tree, size: 7, by: 2, now: at(0)))
        #expect(!node.announced(tree, size: 7, by: 3, now: at(1)), "one is asked already")
        let next = try #require(node.nextGraft(now: at(0) + Limits.graftRetry))
        #expect(next.link == 3)
    }

    /// "NeighborDown … removed from lists": who went is not asked.
    @Test func whoWentIsNotAsked() throws {
        let node = threeLinks()
        _ = node.announced(tree, size: 7, by: 2, now: at(0))
        _ = node.announced(tree, size: 7, by: 3, now: at(0))
        _ = node.linkDown(2)
        let graft = try #require(node.nextGraft(now: at(1_000)))
        #expect(graft.link == 3)
        #expect(!node.announced(tree, size: 8, by: 2, now: at(1_001)))
    }

    /// Deviation from §3.6: who brought a log is replaced as soon as it goes, first of all by who
    /// announced the last message next; links of the tree are where it goes on from here.
    @Test func whoBroughtALogIsReplacedAtOnce() {
        let node = threeLinks()
        node.linkUp(4, trees: 1)
        node.linkUp(5, trees: 1)
        node.prune(2, 0)
        node.confirmed(0, by: 3)
        node.confirmed(0, by: 5)
        node.confirmed(0, by: 4)
        #expect(node.linkDown(1).grafts == [5: [0]], "3 is in the tree, 4 came later")
        #expect(node.isEager(5, 0) && !node.isEager(2, 0) && !node.isEager(4, 0))
        #expect(!node.announced(tree, size: 7, by: 2, now: at(0)), "5 will bring it")
        #expect(
            [[2: [0]], [4: [0]]].contains(node.linkDown(5).grafts), "nobody announced it since")
        #expect(node.linkDown(3).isNothing, "it brought nothing")
    }

    /// Who announced the last message before it came did not get it from here: it is asked first.
    @Test func whoAnnouncedBeforeItCameIsAskedFirst() {
        let node = threeLinks()
        for link in 2...3 { node.prune(UInt64(link), 0) }
        _ = node.announced(tree, size: 7, by: 3, now: at(0))
        #expect(node.received(tree, size: 7, from: 1, now: at(5)) == nil)
        node.confirmed(0, by: 2)
        #expect(node.linkDown(1).grafts == [3: [0]])
    }

    /// `[CAST-10]`: where all others get the log from here, one of them is to bring it, and the
    /// rest do not wait for this node.
    @Test func withoutAnyLazyLinkAChildIsAsked() throws {
        let node = threeLinks()
        node.linkUp(4, trees: 0)
        let said = node.linkDown(1)
        let chosen = try #require(said.grafts.keys.first)
        let rest = Set<UInt64>([2, 3, 4]).subtracting([chosen])
        #expect(said.grafts == [chosen: [0]])
        #expect(said.prunes == Dictionary(uniqueKeysWithValues: rest.map { ($0, [0]) }))
        #expect(node.isEager(chosen, 0) && rest.allSatisfy { !node.isEager($0, 0) })
        let other = try #require(rest.first)
        #expect(!node.announced(tree, size: 7, by: other, now: at(0)), "the chosen one brings it")
    }

    @Test func theNextNeighbourIsAskedWhereThereWasNone() {
        let node = Machine()
        node.linkUp(1, trees: 0)
        _ = node.received(tree, size: 6, from: 1, now: at(0))
        #expect(node.linkDown(1).isNothing)
        #expect(node.linkUp(2, trees: 1) == [0])
        #expect(node.isEager(2, 0))
        #expect(node.linkUp(3, trees: 1).isEmpty, "2 brings it")
    }

    /// `[CAST-11]`: who is asked by the one that brought the log looks for another way itself; so
    /// does who is told that nothing will come.
    @Test(arguments: [true, false]) func whoWasToBringItKnowsNoWay(isGraft: Bool) {
        let node = threeLinks()
        for link in 2...3 { node.prune(UInt64(link), 0) }
        node.confirmed(0, by: 3)
        #expect(node.grafted(by: 2, 0).isNothing && node.pruned(by: 2, 0).isNothing)
        let said = isGraft ? node.grafted(by: 1, 0) : node.pruned(by: 1, 0)
        #expect(said.grafts == [3: [0]] && said.prunes.isEmpty)
        #expect(node.isEager(1, 0) == isGraft && node.isEager(3, 0))
    }

    /// Asked by the one that brought it, and without another link: nothing goes back and forth.
    @Test func twoThatKnowNoWayDoNotAskEachOtherForEver() {
        let node = Machine()
        node.linkUp(1, trees: 0)
        _ = node.received(tree, size: 6, from: 1, now: at(0))
        #expect(node.grafted(by: 1, 0).isNothing && node.grafted(by: 1, 0).isNothing)
    }

    /// `[CAST-12]`: a link that the overlay moves goes on until the next one is there.
    @Test func aLinkThatLeavesGoesOn() {
        let node = threeLinks()
        for link in 2...3 { node.prune(UInt64(link), 0) }
        node.confirmed(0, by: 3)
        #expect(node.linkLeaves(1).grafts == [3: [0]])
        #expect(node.linkLeaves(1).isNothing)
        #expect(node.isEager(1, 0), "what is under way comes")
        #expect(node.received(tree, size: 7, from: 1, now: at(0)) == nil)
        #expect(!node.duplicate(3, 0), "3 is to bring the next, though 1 was quicker")
        #expect(!node.duplicate(1, 0), "it goes anyway")
        #expect(node.linkDown(1).isNothing && !node.isEager(1, 0))
        #expect(node.linkDown(3).grafts == [2: [0]])
    }

    @Test func aLinkThatLeavesMayStay() {
        let node = Machine()
        node.linkUp(1, trees: 0)
        _ = node.received(tree, size: 6, from: 1, now: at(0))
        #expect(node.linkLeaves(1).isNothing)
        #expect(node.linkUp(2, trees: 1) == [0], "1 will not bring it for long")
        #expect(node.linkUp(1, trees: 1).isEmpty)
        #expect(node.received(tree, size: 7, from: 1, now: at(0)) == nil)
        #expect(node.duplicate(2, 0), "1 brings it again")
    }

    /// `[CAST-12]`: what a stranger brings once does not change who brings the rest.
    @Test func aStrangerTakesNoTree() {
        let node = threeLinks()
        node.came(0, over: 99)
        #expect(!node.duplicate(1, 0))
        #expect(node.isEager(1, 0))
        node.prune(2, 0)
        #expect(node.linkDown(1).grafts == [2: [0]])
    }

    /// What one link's end can make a node say is bounded; the newest trees are kept.
    @Test func oneLinkEndsAndManyTreesAreKept() throws {
        let node = Machine()
        let count = Limits.tended + 100
        for link in 1...2 { node.linkUp(UInt64(link), trees: count) }
        for number in 0..<count {
            let tree = Plumtree.Tree(log: Bytes32(1, 2, 3, UInt64(number)), number: number)
            node.graft(1, number)
            _ = node.received(tree, size: 1, from: 1, now: at(0))
        }
        let grafts = node.linkDown(1).grafts
        let trees = try #require(grafts[2])
        #expect(grafts.count == 1 && trees.count == Limits.tended)
        #expect(trees.min() == 100)
    }

    /// §3.8, by time: an announcement well before the payload shows a faster way.
    @Test func aFasterLinkTakesTheTree() {
        let node = threeLinks()
        node.prune(2, 0)
        _ = node.announced(tree, size: 7, by: 2, now: at(0))
        #expect(node.received(tree, size: 7, from: 1, now: at(40)) == 2)
        _ = node.announced(tree, size: 8, by: 2, now: at(100))
        #expect(node.received(tree, size: 8, from: 1, now: at(110)) == nil, "not by much")
    }

    /// `[CAST-12]`: a link that leaves is no way to change to, however fast: the tree would have
    /// none in a moment.
    @Test func aLinkThatLeavesTakesNoTree() {
        let node = threeLinks()
        node.prune(2, 0)
        _ = node.announced(tree, size: 7, by: 2, now: at(0))
        #expect(node.linkLeaves(2).isNothing)
        #expect(node.received(tree, size: 7, from: 1, now: at(40)) == nil)
        #expect(node.linkDown(2).isNothing, "it comes over link 1, as before")
    }

    @Test func floodingNeverPrunes() {
        var parameters = Plumtree.Parameters()
        parameters.prunes = false
        let node = Machine(parameters)
        node.linkUp(1, trees: 12)
        #expect(node.isEager(1, 3))
        #expect(!node.duplicate(1, 3))
        node.prune(1, 3)
        #expect(node.isEager(1, 3))
    }

    /// A peer that announces logs without end takes no more memory than the bound.
    @Test func announcementsAreBounded() {
        let node = threeLinks()
        for i in 0..<UInt64(Limits.missing + 100) {
            let log = Bytes32(i, 0, 0, 0)
            _ = node.announced(
                Plumtree.Tree(log: log, number: nil), size: 1, by: 1, now: at(0))
        }
        var asked = 0
        while node.nextGraft(now: at(1_000)) != nil { asked += 1 }
        #expect(asked == Limits.missing)
    }
}

/// A tree that a test calls by reference: the macros take no mutating calls.
final class Machine {
    private var tree: Plumtree

    init(_ parameters: Plumtree.Parameters = Plumtree.Parameters()) { tree = Plumtree(parameters) }

    /// What it says, by link.
    struct Said {
        var grafts: [UInt64: [Int]]
        var prunes: [UInt64: [Int]]
        var isNothing: Bool { grafts.isEmpty && prunes.isEmpty }

        init(_ repair: Plumtree.Repair) {
            grafts = Dictionary(uniqueKeysWithValues: repair.grafts.map { ($0.link, $0.trees) })
            prunes = Dictionary(uniqueKeysWithValues: repair.prunes.map { ($0.link, $0.trees) })
        }
    }

    @discardableResult
    func linkUp(_ link: UInt64, trees: Int) -> [Int] { tree.linkUp(link, trees: trees) }
    func linkLeaves(_ link: UInt64) -> Said { Said(tree.linkLeaves(link)) }
    func linkDown(_ link: UInt64) -> Said { Said(tree.linkDown(link)) }
    func grafted(by link: UInt64, _ number: Int) -> Said {
        var repair = Plumtree.Repair()
        tree.grafted(by: link, number, &repair)
        return Said(repair)
    }
    func pruned(by link: UInt64, _ number: Int) -> Said {
        var repair = Plumtree.Repair()
        tree.pruned(by: link, number, &repair)
        return Said(repair)
    }
    func came(_ number: Int, over link: UInt64) { tree.came(number, over: link) }
    func confirmed(_ number: Int, by link: UInt64) { tree.confirmed(number, by: link) }
    func isEager(_ link: UInt64, _ number: Int?) -> Bool { tree.isEager(link, number) }
    func graft(_ link: UInt64, _ number: Int) { tree.graft(link, number) }
    func prune(_ link: UInt64, _ number: Int) { tree.prune(link, number) }
    func duplicate(_ link: UInt64, _ number: Int) -> Bool { tree.duplicate(link, number) }

    func received(
        _ log: Plumtree.Tree, size: UInt64, from link: UInt64, now: Instant
    ) -> UInt64? {
        tree.received(log, size: size, from: link, now: now)
    }

    func announced(
        _ log: Plumtree.Tree, size: UInt64, by link: UInt64, now: Instant
    ) -> Bool {
        tree.announced(log, size: size, by: link, now: now)
    }

    func nextGraft(now: Instant) -> (log: Bytes32, size: UInt64, link: UInt64)? {
        tree.nextGraft(now: now)
    }

    var nextDeadline: Instant? { tree.nextDeadline }
    var isWaiting: Bool { tree.isWaiting }
}
