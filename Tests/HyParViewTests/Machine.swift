import HyParView
import Primitives

/// One machine, with a hand on each of its links.
struct Machine {
    typealias Message = HyParView.Message

    var view: HyParView
    var now = Instant(nanoseconds: 1_000_000_000)
    /// What the last events led to.
    private(set) var effects: [HyParView.Effect] = []
    /// Links asked for, not answered yet.
    private(set) var calling: [Int] = []

    static let me = key(0)
    var active: [Int] { view.active.map(Machine.number) }
    var own: [Int] { view.own.map(Machine.number) }
    var passive: [Int] { view.passive.map(Machine.number) }

    init(seed: UInt64 = 1, _ change: (inout HyParView.Parameters) -> Void = { _ in }) {
        var parameters = HyParView.Parameters()
        change(&parameters)
        view = HyParView(me: Machine.me, parameters: parameters, seed: seed)
    }

    static func key(_ number: Int) -> Bytes32 { Bytes32(1, 2, 3, UInt64(number)) }

    static func keys(_ numbers: some Sequence<Int>) -> [Bytes32] { numbers.map(key) }

    static func number(_ key: Bytes32) -> Int { Int(key.w3) }

    /// Clears what was there, and handles.
    mutating func handle(_ event: HyParView.Event) {
        effects = []
        switch event {
        case .linkUp(let peer), .linkDown(let peer):
            calling.removeAll { $0 == Machine.number(peer) }
        default: break
        }
        view.handle(event, at: now, into: &effects)
        note(effects[...])
    }

    private mutating func note(_ effects: ArraySlice<HyParView.Effect>) {
        for effect in effects {
            switch effect {
            case .connect(let peer): calling.append(Machine.number(peer))
            case .release(let peer): calling.removeAll { $0 == Machine.number(peer) }
            default: break
            }
        }
    }

    mutating func hear(_ message: Message, from peer: Int) {
        handle(.received(message, from: Machine.key(peer)))
    }

    mutating func linkUp(_ peer: Int) { handle(.linkUp(Machine.key(peer))) }

    mutating func linkDown(_ peer: Int) { handle(.linkDown(Machine.key(peer))) }

    /// Lets time pass, with a tick at each deadline on the way; keeps all effects.
    mutating func wait(_ span: Instant.Span) {
        effects = []
        let end = now + span
        while let due = view.nextDeadline, due <= end {
            now = max(now, due)
            let before = effects.count
            view.handle(.tick, at: now, into: &effects)
            note(effects[before...])
        }
        now = end
    }

    /// Lets time pass until a link is asked for.
    mutating func waitForCall(_ limit: Instant.Span) {
        let end = now + limit
        repeat { wait(.seconds(1)) } while calling.isEmpty && now < end
    }

    /// Nobody answers; whom it tried to reach.
    mutating func fails() -> [Int] {
        var peers: [Int] = []
        while let peer = calling.first {
            peers.append(peer)
            linkDown(peer)
        }
        return peers
    }

    // MARK: Ways to a neighbour

    /// The peer asks, with high priority.
    mutating func isAsked(by peer: Int) {
        linkUp(peer)
        hear(.neighbor(high: true), from: peer)
    }

    /// This node asks, and the peer accepts. Only in a view that lacks somebody.
    mutating func asks(_ peer: Int) {
        handle(.hint([Machine.key(peer)]))
        linkUp(peer)
        hear(.neighborReply(accepted: true), from: peer)
    }

    /// Own neighbours 1 and 2, and 3 to 5, who asked: a full view.
    mutating func fill() {
        for peer in 1...2 { asks(peer) }
        for peer in 3...5 { isAsked(by: peer) }
        effects = []
    }

    // MARK: What it did

    var connects: [Int] {
        effects.compactMap { effect in
            if case .connect(let peer) = effect { Machine.number(peer) } else { nil }
        }
    }

    var sent: [(message: Message, to: Int)] {
        effects.compactMap { effect in
            if case .send(let message, let peer) = effect {
                (message, Machine.number(peer))
            } else {
                nil
            }
        }
    }

    func sent(to peer: Int) -> [Message] { sent.filter { $0.to == peer }.map(\.message) }

    func receivers(of message: Message) -> [Int] {
        sent.filter { $0.message == message }.map(\.to).sorted()
    }

    func did(_ effect: HyParView.Effect) -> Bool { effects.contains(effect) }
}
