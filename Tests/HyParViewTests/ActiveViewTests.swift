import HyParView
import Primitives
import Testing

/// The active view. Each test quotes the sentence of the paper (DSN 2007, §4.2 and §4.3) that it
/// checks, or names the deviation.
struct ActiveViewTests {
    // MARK: Join

    /// "In order to join the overlay, a new node n establishes a TCP connection to the contact node
    /// c and sends to c a Join request."
    @Test func joiningGoesThroughTheContact() {
        var node = Machine()
        node.handle(.join(Machine.key(7)))
        #expect(node.connects == [7] && node.sent.isEmpty)
        node.linkUp(7)
        #expect(node.receivers(of: .join) == [7])
        #expect(node.active == [7] && node.own == [7])
        #expect(node.did(.neighborUp(Machine.key(7))))
    }

    /// `[OVER-4]`: the last slot is for those who ask. Where nobody does, this node fills it, and
    /// gives it up as soon as somebody asks.
    @Test func theSlotForThoseWhoAskDoesNotStayEmpty() {
        var node = Machine()
        for peer in 1...4 { node.asks(peer) }
        #expect(node.own.count == 4)
        node.handle(.hint([Machine.key(5)]))
        #expect(node.calling == [5])
        node.linkUp(5)
        node.hear(.neighborReply(accepted: true), from: 5)
        #expect(node.active.sorted() == [1, 2, 3, 4, 5] && node.own.sorted() == [1, 2, 3, 4])
        node.isAsked(by: 9)
        #expect(node.receivers(of: .disconnect) == [5] && node.active.contains(9))
    }

    /// `[OVER-10]`: what the owner says to a new neighbour must find one, so the word that makes it
    /// one goes first.
    @Test func theWordThatMakesANeighbourGoesFirst() throws {
        var node = Machine()
        node.handle(.join(Machine.key(7)))
        node.linkUp(7)
        func order(_ message: HyParView.Message, _ peer: Int) -> [Int] {
            let peer = Machine.key(peer)
            return [.send(message, to: peer), .neighborUp(peer)].compactMap {
                node.effects.firstIndex(of: $0)
            }
        }
        let joined = order(.join, 7)
        #expect(joined.count == 2 && joined == joined.sorted())
        node.isAsked(by: 8)
        let accepted = order(.neighborReply(accepted: true), 8)
        #expect(accepted.count == 2 && accepted == accepted.sorted())
    }

    @Test func joiningUsesALinkThatIsThere() {
        var node = Machine()
        node.linkUp(7)
        node.handle(.join(Machine.key(7)))
        #expect(node.connects.isEmpty && node.receivers(of: .join) == [7])
    }

    /// "A node that receives a join request will start by adding the new node to its active view,
    /// even if it has to drop a random node from it. In this case a Disconnect notification is sent
    /// to the node that has been dropped … The contact node c will then send to all other nodes in
    /// its active view a ForwardJoin request containing the new node identifier."
    @Test func aJoinIsAcceptedByAFullView() throws {
        var node = Machine()
        node.fill()
        node.linkUp(9)
        node.hear(.join, from: 9)
        #expect(node.active.count == 5 && node.active.contains(9))
        let dropped = try #require(node.receivers(of: .disconnect).first)
        #expect((3...5).contains(dropped) && node.passive == [dropped])
        #expect(node.did(.neighborDown(Machine.key(dropped))))
        #expect(node.did(.release(Machine.key(dropped))))
        let others = node.active.filter { $0 != 9 }.sorted()
        // "initially set to ARWL"
        #expect(node.receivers(of: .forwardJoin(new: Machine.key(9), ttl: 6)) == others)
    }

    /// Deviation: "a random node" is never one of this node's own choice, whoever asks how often.
    @Test func nobodyEvictsOwnNeighbours() {
        var node = Machine()
        node.fill()
        for peer in 10..<500 {
            node.linkUp(peer)
            node.hear(peer % 2 == 0 ? .join : .neighbor(high: true), from: peer)
            #expect(node.active.contains(peer) && node.active.count == 5)
            #expect(node.own == [1, 2])
        }
    }

    /// Deviation: the last two of five slots are not for those who ask.
    @Test func whoAsksTakesThreeSlotsAtMost() {
        var node = Machine()
        for peer in 1...9 { node.isAsked(by: peer) }
        #expect(node.active.count == 3 && node.own.isEmpty)
        #expect(node.active.contains(9), "high priority evicts another who asked")
        node.linkUp(20)
        node.hear(.neighbor(high: false), from: 20)
        #expect(node.receivers(of: .neighborReply(accepted: false)) == [20])
    }

    // MARK: ForwardJoin

    /// "i) If the time to live is equal to zero … it will add the new node to its active view. This
    /// step is performed even if a random node must be dropped."
    @Test func aWalkEndsInTheActiveView() {
        var node = Machine()
        node.fill()
        node.hear(.forwardJoin(new: Machine.key(9), ttl: 0), from: 1)
        #expect(node.connects == [9] && node.active.count == 5)
        node.linkUp(9)
        #expect(node.receivers(of: .neighbor(high: false)) == [9])
        node.hear(.neighborReply(accepted: true), from: 9)
        #expect(node.active.contains(9) && node.active.count == 5)
        #expect(node.own == [1, 2], "the end of a walk is nobody's own choice")
        #expect(node.receivers(of: .disconnect).count == 1)
    }

    /// "… or if the number of nodes in p's active view is equal to one".
    @Test func aWalkEndsWhereItCannotGoOn() {
        var node = Machine()
        node.isAsked(by: 1)
        node.hear(.forwardJoin(new: Machine.key(9), ttl: 5), from: 1)
        #expect(node.connects == [9])
    }

    /// "ii) If the time to live is equal to PRWL, p will insert the new node into its passive view.
    /// iii) The time to live field is decremented. iv) … p will forward the request to a random
    /// node in its active view (different from the one from which the request was received)."
    @Test(arguments: 1...6) func aWalkGoesOn(ttl: Int) {
        var receivers: Set<Int> = []
        for seed: UInt64 in 1...40 {
            var node = Machine(seed: seed)
            node.fill()
            node.hear(.forwardJoin(new: Machine.key(9), ttl: ttl), from: 1)
            #expect(node.passive == (ttl == 3 ? [9] : []))
            #expect(node.sent.count == 1 && node.connects.isEmpty)
            let to = node.receivers(of: .forwardJoin(new: Machine.key(9), ttl: ttl - 1))
            #expect(to.count == 1)
            receivers.formUnion(to)
        }
        #expect(receivers == [2, 3, 4, 5])
    }

    @Test func walksOfStrangersAreIgnored() {
        var node = Machine()
        node.fill()
        node.linkUp(8)
        node.hear(.forwardJoin(new: Machine.key(9), ttl: 0), from: 8)
        #expect(node.effects == [.send(.disconnect, to: Machine.key(8))])
        #expect(node.passive.isEmpty)
    }

    @Test func aNeighbourCannotSendWalksWithoutEnd() {
        var node = Machine()
        node.fill()
        var passedOn = 0
        for peer in 100..<10_100 {
            node.hear(.forwardJoin(new: Machine.key(peer), ttl: 6), from: 1)
            passedOn += node.sent.count
        }
        #expect(passedOn == Limits.Overlay.forwardBurst)
        var dials = 0
        for peer in 100..<200 {
            node.hear(.forwardJoin(new: Machine.key(peer), ttl: 0), from: 2)
            dials += node.connects.count
        }
        #expect(dials == Limits.Overlay.forwardDials)
    }

    /// A time to live from elsewhere counts as ARWL at most.
    @Test func aLongWalkIsCutShort() {
        var node = Machine()
        node.fill()
        node.hear(.forwardJoin(new: Machine.key(9), ttl: .max), from: 1)
        #expect(node.receivers(of: .forwardJoin(new: Machine.key(9), ttl: 5)).count == 1)
        node.hear(.forwardJoin(new: Machine.key(9), ttl: .min), from: 1)
        #expect(node.connects == [9])
    }

    // MARK: Neighbor

    /// "If a node q receives a low priority Neighbor request, it will only accept the request if it
    /// has a free slot in its active view, otherwise it will refuse the request."
    @Test func lowPriorityTakesAFreeSlotOnly() {
        var node = Machine()
        node.fill()
        node.linkUp(9)
        node.hear(.neighbor(high: false), from: 9)
        #expect(node.receivers(of: .neighborReply(accepted: false)) == [9])
        #expect(node.active == [1, 2, 3, 4, 5])
        node.linkDown(4)
        node.hear(.neighbor(high: false), from: 9)
        #expect(node.receivers(of: .neighborReply(accepted: true)) == [9])
        #expect(node.active == [1, 2, 3, 5, 9])
    }

    /// "A node q that receives a high priority neighbor request will always accept the request,
    /// even if it has to drop a random member from its active view (again, the member that is
    /// dropped will receive a Disconnect notification)."
    @Test func highPriorityIsAlwaysAccepted() {
        var dropped: Set<Int> = []
        for seed: UInt64 in 1...40 {
            var node = Machine(seed: seed)
            node.fill()
            node.linkUp(9)
            node.hear(.neighbor(high: true), from: 9)
            #expect(node.receivers(of: .neighborReply(accepted: true)) == [9])
            dropped.formUnion(node.receivers(of: .disconnect))
        }
        #expect(dropped == [3, 4, 5])
    }

    /// Two that ask each other at once are neighbours, by the choice of both.
    @Test func requestsThatCross() {
        var node = Machine()
        node.handle(.hint([Machine.key(9)]))
        node.linkUp(9)
        node.hear(.neighbor(high: false), from: 9)
        #expect(node.active == [9] && node.own == [9])
        node.hear(.neighborReply(accepted: true), from: 9)
        #expect(node.active == [9] && node.sent.isEmpty)
    }

    /// Views stay symmetric: who accepts too late is told.
    @Test func whoAnswersTooLateIsTold() {
        var node = Machine()
        node.handle(.hint([Machine.key(9)]))
        node.linkUp(9)
        node.wait(.seconds(6))
        #expect(node.sent(to: 9).contains(.disconnect) && !node.view.needs(Machine.key(9)))
        node.hear(.neighborReply(accepted: true), from: 9)
        #expect(node.receivers(of: .disconnect) == [9] && node.active.isEmpty)
    }

    @Test func answersOfStrangersAreIgnored() {
        var node = Machine()
        node.fill()
        for peer in [8, 9] { node.linkUp(peer) }
        node.hear(.neighborReply(accepted: false), from: 8)
        node.hear(.disconnect, from: 9)
        #expect(node.active == [1, 2, 3, 4, 5] && node.effects.isEmpty)
        // Not even a link.
        node.hear(.neighbor(high: true), from: 99)
        #expect(node.effects.isEmpty)
    }

    // MARK: Reserved slots

    @Test func invitedPeersHaveSlotsOfTheirOwn() {
        var node = Machine()
        node.fill()
        for peer in 50..<60 {
            node.handle(.reserve(Machine.key(peer), true))
            node.linkUp(peer)
            #expect(node.receivers(of: .neighbor(high: false)) == [peer])
            node.hear(.neighbor(high: false), from: peer)
            #expect(node.receivers(of: .neighborReply(accepted: true)) == [peer])
        }
        #expect(node.active.count == 15)
        for peer in 100..<200 { node.isAsked(by: peer) }
        #expect(Set(node.active).isSuperset(of: 50..<60) && node.active.count == 15)
        node.hear(.join, from: 199)
        let told = node.receivers(of: .forwardJoin(new: Machine.key(199), ttl: 6))
        #expect(Set(told).isSuperset(of: 50..<60), "reserved neighbours are flooded to")
        node.handle(.reserve(Machine.key(50), false))
        #expect(!node.active.contains(50) && node.receivers(of: .disconnect) == [50])
    }

    @Test func aSlotIsReservedForSomebodyWhoIsThere() {
        var node = Machine()
        node.fill()
        node.handle(.reserve(Machine.key(4), true))
        #expect(node.active == [1, 2, 3, 4, 5])
        node.linkUp(9)
        node.hear(.neighbor(high: false), from: 9)
        #expect(node.active.contains(9), "the slot is free for another")
    }

    @Test func reservedSlotsAreBounded() {
        var node = Machine()
        for peer in 1...1_000 {
            node.handle(.reserve(Machine.key(peer), true))
            node.isAsked(by: peer)
        }
        #expect(node.active.count == Limits.Overlay.reserved + 3)
    }
}
