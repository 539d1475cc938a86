import HyParView
import Primitives
import Testing

/// Shuffles. Each test quotes the sentence of the paper (§4.4) that it checks, or names the
/// deviation.
struct PassiveViewTests {
    /// A full view and passive peers 11 to 40.
    private func scene(seed: UInt64 = 1) -> Machine {
        var node = Machine(seed: seed)
        node.fill()
        node.handle(.hint(Machine.keys(11...40)))
        return node
    }

    private struct Shuffle {
        var nonce: UInt64
        var origin: Int
        var ttl: Int
        var nodes: [Int]
        var to: Int
    }

    private func shuffles(_ node: Machine) -> [Shuffle] {
        node.sent.compactMap { message, to in
            guard case .shuffle(let nonce, let origin, let ttl, let nodes) = message else {
                return nil
            }
            return Shuffle(
                nonce: nonce, origin: Machine.number(origin), ttl: ttl,
                nodes: nodes.map(Machine.number), to: to)
        }
    }

    private func replies(_ node: Machine) -> [(nonce: UInt64, nodes: [Int], to: Int)] {
        node.sent.compactMap { message, to in
            guard case .shuffleReply(let nonce, let nodes) = message else { return nil }
            return (nonce, nodes.map(Machine.number), to)
        }
    }

    private func shuffle(
        _ nodes: some Sequence<Int>, nonce: UInt64 = 5, origin: Int = 90, ttl: Int = 1
    ) -> Machine.Message {
        .shuffle(
            nonce: nonce, origin: Machine.key(origin), ttl: ttl, nodes: Machine.keys(nodes))
    }

    /// "The node p that initiates the exchange creates an exchange list with the following
    /// contents: p's own identifier, k_a nodes from its active view and k_p nodes from its passive
    /// view … It then sends the list in a Shuffle request to a random neighbor of its active view."
    @Test func aShuffleCarriesPartsOfBothViews() {
        var receivers: Set<Int> = []
        for seed: UInt64 in 1...60 {
            var node = scene(seed: seed)
            node.wait(.seconds(46))
            for shuffle in shuffles(node) {
                #expect(shuffle.origin == 0 && shuffle.ttl == 6)
                #expect(Set(shuffle.nodes).count == 7)
                #expect(shuffle.nodes.count { $0 <= 5 } == 3)
                #expect(!shuffle.nodes.contains(shuffle.to))
                receivers.insert(shuffle.to)
            }
        }
        #expect(receivers == [1, 2, 3, 4, 5])
    }

    /// `[OVER-12]`, a deviation: who was refused a place is named for a while, by one name in each
    /// shuffle and reply: those that lack a neighbour are those that few have heard of.
    @Test func shufflesNameWhoWasRefused() {
        var node = scene()
        for peer in 1_000..<1_100 {
            node.linkUp(peer)
            node.hear(.neighbor(high: false), from: peer)
            #expect(node.receivers(of: .neighborReply(accepted: false)) == [peer])
        }
        node.wait(.seconds(46))
        let named = shuffles(node)
        #expect(!named.isEmpty)
        for shuffle in named {
            let seekers = shuffle.nodes.filter { $0 >= 1_000 }
            #expect(Set(shuffle.nodes).count == 7)
            #expect(seekers.count == 1 && seekers[0] >= 1_100 - Limits.Overlay.seekers)
        }
        node.hear(shuffle(91...97), from: 1)
        #expect(replies(node)[0].nodes.count == 8)
        #expect(replies(node)[0].nodes.count { $0 >= 1_000 } == 1)
        node.wait(Limits.Overlay.seekerTime)
        node.wait(.seconds(91))
        let later = shuffles(node)
        #expect(!later.isEmpty && later.allSatisfy { $0.nodes.allSatisfy { $0 < 1_000 } })
    }

    /// Nobody is told of itself, or of somebody who has found a place here since.
    @Test func seekersThatFoundAPlaceAreNotNamed() {
        var node = scene()
        node.linkUp(1_000)
        node.hear(.neighbor(high: false), from: 1_000)
        node.hear(shuffle(91...97, origin: 1_000), from: 1)
        #expect(!replies(node)[0].nodes.contains(1_000))
        node.hear(.neighbor(high: true), from: 1_000)
        node.hear(shuffle(91...97), from: 1)
        #expect(!replies(node)[0].nodes.contains(1_000))
    }

    /// "Periodically, each node perform a shuffle operation". Deviation: the first ones come
    /// quickly.
    @Test func shufflesArePeriodic() {
        var node = scene()
        node.wait(.seconds(60))
        let first = shuffles(node).count
        #expect((7...9).contains(first), "\(first) in the first minute")
        node.wait(.seconds(600))
        let later = shuffles(node).count
        #expect((14...30).contains(later), "\(later) in ten minutes")
    }

    /// "A node q that receives a Shuffle request will first decrease its time to live. If the time
    /// to live of the message is greater than zero and the number of nodes in q's active view is
    /// greater than 1, the node will select a random node from its active view, different from the
    /// one he received this shuffle message from, and simply forwards the Shuffle request."
    @Test func aShuffleIsPassedOn() {
        var receivers: Set<Int> = []
        for seed: UInt64 in 1...40 {
            var node = scene(seed: seed)
            let before = node.passive
            node.hear(shuffle(91...97, ttl: 4), from: 1)
            let passed = shuffles(node)
            #expect(passed.count == 1 && replies(node).isEmpty)
            #expect(passed.allSatisfy { $0.origin == 90 && $0.ttl == 3 })
            #expect(passed.allSatisfy { $0.nodes == Array(91...97) && $0.nonce != 5 })
            #expect(node.passive == before)
            receivers.formUnion(passed.map(\.to))
        }
        #expect(receivers == [2, 3, 4, 5])
    }

    /// "Otherwise, node q accepts the Shuffle request and send back … a ShuffleReply message that
    /// includes a number of nodes selected at random from q's passive view equal to the number of
    /// nodes received in the Shuffle request. Then, both nodes integrate the elements they received
    /// … into their passive views". "A node will first attempt to remove identifiers sent to the
    /// peer."
    @Test func aShuffleEndsInAnExchange() throws {
        var node = scene()
        node.hear(shuffle(91...97), from: 1)
        let reply = try #require(replies(node).first)
        #expect(reply.nonce == 5 && reply.to == 1 && Set(reply.nodes).count == 8)
        #expect(reply.nodes.allSatisfy { (11...40).contains($0) })
        #expect(Set(node.passive) == Set(11...40).subtracting(reply.nodes).union(90...97))
    }

    /// "… and the number of nodes in q's active view is greater than 1".
    @Test func aShuffleEndsWhereItCannotGoOn() {
        var node = Machine()
        node.isAsked(by: 1)
        node.hear(shuffle([91], ttl: 6), from: 1)
        #expect(replies(node).count == 1 && Set(node.passive) == [90, 91])
    }

    /// "naturally, they exclude their own identifier and nodes that are part of the active or
    /// passive views".
    @Test func whoIsKnownIsNotAddedAgain() {
        var node = Machine()
        node.fill()
        node.handle(.hint(Machine.keys(11...20)))
        node.hear(shuffle([0, 1, 2, 11, 12, 91, 91], origin: 3), from: 1)
        #expect(node.passive.sorted() == Array(11...20) + [91])
    }

    /// Deviation: the reply goes back along the walk, under the name that each link knows it by.
    @Test func aReplyGoesBackAlongTheWalk() throws {
        var node = scene()
        let before = node.passive
        node.hear(shuffle(91...97, nonce: 77, ttl: 4), from: 1)
        let passed = try #require(shuffles(node).first)
        let answer = Machine.Message.shuffleReply(
            nonce: passed.nonce, nodes: Machine.keys(50...57))
        node.hear(answer, from: passed.to == 2 ? 3 : 2)
        #expect(node.sent.isEmpty, "another than who was asked")
        node.hear(.shuffleReply(nonce: 77, nodes: []), from: passed.to)
        #expect(node.sent.isEmpty, "another name")
        node.hear(answer, from: passed.to)
        let reply = try #require(replies(node).first)
        #expect(reply.nonce == 77 && reply.to == 1 && reply.nodes == Array(50...57))
        #expect(node.passive == before)
        node.hear(answer, from: passed.to)
        #expect(node.sent.isEmpty, "once")
    }

    /// Its own walk: the answer is taken over, for what was sent.
    @Test func anAnswerIsTakenOver() throws {
        var node = scene()
        node.wait(.seconds(3))
        let mine = try #require(shuffles(node).last)
        node.hear(
            .shuffleReply(nonce: mine.nonce, nodes: Machine.keys([50, 51, 52, 53])),
            from: mine.to)
        let gone = mine.nodes.filter { $0 > 5 }
        #expect(Set(node.passive) == Set(11...40).subtracting(gone).union(50...53))
    }

    @Test func anAnswerTooLateIsIgnored() throws {
        var node = scene()
        node.hear(shuffle(91...97, ttl: 4), from: 1)
        let passed = try #require(shuffles(node).first)
        node.wait(.seconds(21))
        node.hear(.shuffleReply(nonce: passed.nonce, nodes: []), from: passed.to)
        #expect(node.sent.isEmpty)
    }

    /// Deviation: whoever takes this node for its neighbour is told that it is none.
    @Test func strangersCannotShuffle() {
        var node = scene()
        node.linkUp(8)
        let before = node.passive
        node.hear(shuffle(91...97), from: 8)
        #expect(node.effects == [.send(.disconnect, to: Machine.key(8))])
        #expect(node.passive == before)
    }

    /// Deviation: no shuffle replaces more than k_a + k_p + 1 entries.
    @Test func aHostileListReplacesEight() {
        var node = scene()
        node.hear(shuffle(1_000..<9_000), from: 1)
        #expect(node.passive.count == 30 && node.passive.count { $0 >= 90 } == 8)
    }

    /// Deviation: one link fills a third of the passive view at most, and no more often than it
    /// may.
    @Test func aHostileNeighbourCannotFillThePassiveView() {
        var node = scene()
        var answered = 0
        for round in 0..<10_000 {
            node.now = node.now + .milliseconds(10)
            let base = 1_000 + 8 * round
            node.hear(shuffle(base + 1..<base + 8, origin: base), from: 1)
            answered += replies(node).count
            #expect(node.passive.count == 30)
            #expect(node.passive.count { $0 >= 90 } <= Limits.Overlay.passiveOfLink + 8)
        }
        // 100 s.
        #expect(answered == Limits.Overlay.shuffleBurst + 19)
        #expect(node.passive.count { $0 >= 90 } == Limits.Overlay.passiveOfLink)
    }
}
