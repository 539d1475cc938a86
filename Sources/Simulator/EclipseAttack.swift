import Crypto
import HyParView
import Mesh
import Primitives

/// Starts of a node that was fed poison (THREATS row 2; E. Heilman et al., "Eclipse attacks on
/// Bitcoin's peer-to-peer network", USENIX Security 2015): how often are all its neighbours the
/// attacker's?
///
/// Before its restart the victim knew 400 honest peers of 200 groups, a quarter of them reached;
/// every other one is away now. The attacker named 10,000 addresses of its eight groups, with as
/// many keys, answers at all of them, and was dialled like anybody for a thousand seconds. Each
/// trial is a start of a real `Mesh` on that address table, with real handshakes; what it meets are
/// stand-ins that speak the overlay and tell of their own kind.
package struct EclipseAttack {
    package struct Plan: Sendable {
        package var seed: UInt64 = 1
        package var trials = 10_000
        package var tables = 100
        package var honest = 400
        package var poison = 10_000
        package var groups = 8
        /// Whether the peers that were dialled longest are dialled first.
        package var hasAnchors = true

        package init() {}
    }

    package struct Report: Sendable {
        package let plan: Plan
        package var trials = 0
        /// Starts after which no neighbour is honest, and how many of these had an honest anchor
        /// that was there.
        package var eclipsed = 0
        package var eclipsedBesideAnchor = 0
        /// Starts all of whose own neighbours are the attacker's.
        package var ownEclipsed = 0
        package var neighbours = 0
        package var poisonNeighbours = 0
        /// Of the addresses in the table.
        package var known = 0
        package var poisonKnown = 0
        package var failure: String?

        package var isGood: Bool { failure == nil && eclipsed * 20 < trials }
    }

    package let plan: Plan
    private let world: World
    private let victim: SimulatedNode
    private var kind: [Bytes32: Bool] = [:]

    package init(_ plan: Plan) {
        self.plan = plan
        world = World(seed: plan.seed)
        world.stepLimit = .max
        victim = world.addNode()
        let (good, bad) = (Sybil.Gang(), Sybil.Gang())
        for number in 0..<plan.honest {
            let place = UInt32(0x1e00_0000) + UInt32(number / 2) << 16 + UInt32(number % 250 + 1)
            add(place, good, isPoison: false)
        }
        for number in 0..<plan.poison {
            let group = UInt32(number % plan.groups)
            let place = UInt32(0x4200_0000) + group << 16 + UInt32(number / plan.groups + 1)
            add(place, bad, isPoison: true)
        }
    }

    private mutating func add(_ place: UInt32, _ gang: Sybil.Gang, isPoison: Bool) {
        let node = world.addNode(at: IPAddress(v4: place))
        kind[node.key.publicKey] = isPoison
        gang.contacts.append(Contact(key: node.key.publicKey, endpoints: [node.endpoint]))
        world.infiltrate(node, gang, reach: 0)
    }

    private func isAway(_ number: Int) -> Bool { number % 2 == 1 }

    private var honest: ArraySlice<SimulatedNode> { world.nodes[1...plan.honest] }
    private var poison: ArraySlice<SimulatedNode> { world.nodes[(1 + plan.honest)...] }

    package func run() -> Report {
        var report = Report(plan: plan)
        for node in poison { world.start(node) }
        for (number, node) in honest.enumerated() where !isAway(number) { world.start(node) }
        let tables = min(plan.tables, plan.trials)
        for number in 0..<tables where world.safety.breach == nil {
            let table = makeTable(number)
            report.known += table.peerCount
            report.poisonKnown += poison.count { table.contact(of: $0.key.publicKey) != nil }
            let anchor = table.anchors.contains { key in
                honest.enumerated().contains {
                    !isAway($0.offset) && $0.element.key.publicKey == key
                }
            }
            let encoded = table.encoded
            let each = plan.trials * (number + 1) / tables - plan.trials * number / tables
            for _ in 0..<each { trial(encoded, anchor, &report) }
        }
        report.failure = world.safety.breach
        return report
    }

    /// One start, looked at after a minute.
    private func trial(_ encoded: [UInt8], _ hasAnchor: Bool, _ report: inout Report) {
        victim.addresses = encoded
        world.start(victim)
        world.run(for: .seconds(60))
        let view = victim.mesh?.activeView ?? []
        let bad = view.filter { kind[$0.peer] == true }
        report.trials += 1
        report.neighbours += view.count
        report.poisonNeighbours += bad.count
        if bad.count == view.count {
            report.eclipsed += 1
            if hasAnchor { report.eclipsedBesideAnchor += 1 }
        }
        if view.filter(\.isOwn).allSatisfy({ kind[$0.peer] == true }) { report.ownEclipsed += 1 }
        world.crash(victim, isSilent: false)
        world.run(for: .seconds(1))
    }

    /// The victim's table at its restart.
    private func makeTable(_ number: Int) -> AddressTable {
        var random = SeededRandom(seed: plan.seed &* 97 &+ UInt64(number))
        var table = AddressTable(secret: SHA256.hash(Array("\(plan.seed) \(number)".utf8)))
        let friends = Array(honest)
        for (number, node) in friends.enumerated() {
            let source = friends[random.below(friends.count)].endpoint.address
            table.learn(Contact(key: node.key.publicKey, endpoints: [node.endpoint]), from: source)
            if number % 4 == 0 { table.succeeded(node.key.publicKey, node.endpoint) }
        }
        let gang = Array(poison)
        for node in gang {
            let source = gang[random.below(gang.count)].endpoint.address
            table.learn(Contact(key: node.key.publicKey, endpoints: [node.endpoint]), from: source)
        }
        let away = Set(
            friends.enumerated().filter { isAway($0.offset) }.map(\.element.key.publicKey))
        var lasting: [Bytes32] = []
        for second in UInt64(0)..<1_000 {
            let now = Instant(nanoseconds: second * 1_000_000_000)
            guard let contact = table.choose(using: &random, at: now) else { continue }
            table.attempted(contact.key, contact.endpoints[0], at: now)
            if away.contains(contact.key) {
                table.failed(contact.key, contact.endpoints[0])
            } else {
                table.succeeded(contact.key, contact.endpoints[0])
                lasting.append(contact.key)
            }
        }
        // Who was dialled first lasted longest.
        table.setAnchors(plan.hasAnchors ? Array(lasting.prefix(Limits.Addresses.anchors)) : [])
        return table
    }
}
