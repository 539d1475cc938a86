import HyParView
import Primitives
import Testing

/// Peers that say anything at any time: all bounds hold, and the owner hears a consistent story.
struct HostileTests {
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func anythingAtAnyTime(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var node = Machine(seed: seed)
        var neighbours: Set<Int> = []
        var reserved: Set<Int> = []
        for step in 0..<4_000 {
            if step % 3 == 0 {
                node.now = node.now + .milliseconds(UInt64.random(in: 0...2_000, using: &random))
            }
            let event = event(&random)
            node.handle(event)
            if case .reserve(let peer, let isOn) = event, peer != Machine.me {
                if isOn {
                    reserved.insert(Machine.number(peer))
                } else {
                    reserved.remove(Machine.number(peer))
                }
            }
            for effect in node.effects {
                switch effect {
                case .neighborUp(let peer):
                    #expect(neighbours.insert(Machine.number(peer)).inserted)
                case .neighborDown(let peer):
                    #expect(neighbours.remove(Machine.number(peer)) != nil)
                case .connect(let peer): #expect(peer != Machine.me)
                default: break
                }
            }
            check(node, neighbours, reserved, "seed \(seed), step \(step)")
        }
    }

    private func check(
        _ node: Machine, _ neighbours: Set<Int>, _ reserved: Set<Int>, _ place: String
    ) {
        let (active, passive) = (node.active, node.passive)
        let counted = active.filter { !reserved.contains($0) }
        let isSound =
            Set(active) == neighbours && active.count == neighbours.count
            && !active.contains(0) && !passive.contains(0)
            && counted.count <= 5 && counted.count - node.own.count <= 3
            && passive.count <= 30 && Set(passive).count == passive.count
            && Set(passive).isDisjoint(with: active) && node.calling.count <= 64
        #expect(isSound, "\(place): \(active) \(passive)")
    }

    private func event(_ random: inout SeededRandom) -> HyParView.Event {
        func below(_ n: Int) -> Int { Int.random(in: 0..<n, using: &random) }
        func peer() -> Bytes32 { Machine.key(below(40)) }
        func peers() -> [Bytes32] { (0..<below(30)).map { _ in peer() } }
        let ttl = [-1, 0, 1, 3, 6, 15, Int.max][below(7)]
        let nonce = UInt64(below(3))
        switch below(20) {
        case 0: return .join(peer())
        case 1...4: return .linkUp(peer())
        case 5...6: return .linkDown(peer())
        case 7: return below(2) == 0 ? .hint(peers()) : .anchors(peers())
        case 8: return .reserve(peer(), below(4) == 0)
        case 9...10: return .tick
        case 11: return .received(.join, from: peer())
        case 12: return .received(.forwardJoin(new: peer(), ttl: ttl), from: peer())
        case 13...14: return .received(.neighbor(high: below(2) == 0), from: peer())
        case 15...16: return .received(.neighborReply(accepted: below(3) > 0), from: peer())
        case 17: return .received(.disconnect, from: peer())
        case 18:
            return .received(
                .shuffle(nonce: nonce, origin: peer(), ttl: ttl, nodes: peers()), from: peer())
        default: return .received(.shuffleReply(nonce: nonce, nodes: peers()), from: peer())
        }
    }
}
