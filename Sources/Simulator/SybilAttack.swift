import Crypto
import HyParView
import Mesh
import Primitives

/// A thousand names of one party against fifty honest nodes (THREATS row 1): does every honest post
/// still reach every honest node?
package struct SybilAttack {
    package enum Scenario: String, CaseIterable, Sendable {
        /// All begin at once, honest and not.
        case coldBoot = "cold-boot"
        /// The honest mesh stands, and all sybils come within a second.
        case flash
        /// The honest mesh stands, and sybils trickle in over hours.
        case takeover = "slow-takeover"
    }

    package struct Plan: Sendable {
        package var seed: UInt64 = 1
        package var scenario = Scenario.flash
        package var honest = 50
        package var sybils = 1_000
        /// Network groups (/16) that the sybils come from.
        package var groups = 4
        /// Honest nodes that each sybil holds on to at a time.
        package var reach = 8
        /// Every honest node came by the invite of one that was there before; else each has only
        /// heard of some others' addresses.
        package var hasFriends = true
        /// How long a takeover takes.
        package var hours: UInt64 = 2

        package init() {}
    }

    package let plan: Plan
    private let world: World
    private let gang = Sybil.Gang()
    private var isSybil: Set<Bytes32> = []
    private var logs: [Bytes32] = []

    package init(_ plan: Plan) {
        self.plan = plan
        world = World(seed: plan.seed)
        world.stepLimit = .max
        for _ in 0..<plan.honest { logs.append(world.addAuthor(world.addNode())) }
        gang.victims = world.nodes.map(\.address)
        for number in 0..<plan.sybils {
            let group = UInt32(number % plan.groups)
            let host = UInt32(number / plan.groups + 1)
            let node = world.addNode(at: IPAddress(v4: 0x6000_0000 + group << 16 + host))
            isSybil.insert(node.key.publicKey)
            gang.contacts.append(Contact(key: node.key.publicKey, endpoints: [node.endpoint]))
            world.infiltrate(node, gang, reach: plan.reach)
        }
    }

    private var honest: ArraySlice<SimulatedNode> { world.nodes[..<plan.honest] }
    private var sybils: ArraySlice<SimulatedNode> { world.nodes[plan.honest...] }

    // MARK: The run

    package func run() -> Report {
        var report = Report(plan)
        switch plan.scenario {
        case .coldBoot:
            start(honest, within: .seconds(10))
            start(sybils, within: .seconds(10))
            world.run(for: .seconds(30))
        case .flash:
            start(honest, within: .seconds(10))
            world.run(for: .seconds(600))
            start(sybils, within: .seconds(1))
            world.run(for: .seconds(5))
        case .takeover:
            start(honest, within: .seconds(10))
            world.run(for: .seconds(600))
            start(sybils[..<(plan.honest + plan.sybils / 2)], within: .seconds(plan.hours * 1_800))
        }
        post(&report)
        if plan.scenario == .takeover {
            start(sybils[(plan.honest + plan.sybils / 2)...], within: .seconds(plan.hours * 1_800))
        }
        world.run(for: .seconds(600))
        post(&report)
        count(&report)
        report.failure = world.safety.breach
        report.virtualSeconds =
            (world.now - Instant(nanoseconds: 1_000_000_000_000)).milliseconds / 1_000
        report.steps = world.steps
        return report
    }

    private func start(_ nodes: ArraySlice<SimulatedNode>, within span: Instant.Span) {
        let began = world.now
        for (number, node) in nodes.enumerated() {
            let part = span.nanoseconds / UInt64(nodes.count) * UInt64(number)
            world.run(until: began + Instant.Span(nanoseconds: part))
            world.start(node)
            if node.index < plan.honest { introduce(node) }
        }
        world.run(until: began + span)
    }

    /// What an honest node knows of others when it starts.
    private func introduce(_ node: SimulatedNode) {
        if plan.hasFriends {
            guard node.index > 0 else { return }
            // An invite gives both a slot with the other.
            let friend = world.nodes[world.random.below(node.index)]
            world.join(node, to: friend)
            return world.feed(friend.index, .reserve(node.key.publicKey, true))
        }
        for other in world.random.sample(8, of: plan.honest) where other != node.index {
            let known = world.nodes[other]
            let contact = Contact(key: known.key.publicKey, endpoints: [known.endpoint])
            world.feed(node.index, .hint([contact], from: known.endpoint.address))
        }
    }

    // MARK: What is measured

    /// Every honest node posts, and every other one should have it within two minutes.
    private func post(_ report: inout Report) {
        let sizes = honest.map { $0.size(of: logs[$0.index]) }
        let bound = Instant.Span.seconds(120)
        for node in honest {
            let began = world.now
            let (log, before) = (logs[node.index], sizes[node.index])
            var late: [UInt64] = []
            world.delivered = { [world, count = plan.honest] delivery in
                guard delivery.log == log, delivery.node < count, delivery.to > before else {
                    return
                }
                late.append((world.now - began).milliseconds)
            }
            world.post(node)
            world.run(for: .seconds(2))
            world.delivered = nil
            report.latencies += late
        }
        world.run(for: bound)
        for node in honest {
            for other in honest {
                report.expected += 1
                if other.size(of: logs[node.index]) > sizes[node.index] { report.arrived += 1 }
            }
        }
    }

    /// Who holds which places in the end.
    private func count(_ report: inout Report) {
        for node in honest {
            guard let mesh = node.mesh else { continue }
            let view = mesh.activeView
            let mine = view.filter { !isSybil.contains($0.peer) }
            if mine.isEmpty { report.surrounded += 1 }
            report.view.add(view.count, mine.count)
            report.own.add(view.count { $0.isOwn }, mine.count { $0.isOwn })
            report.reserved.add(view.count { $0.isReserved }, mine.count { $0.isReserved })
            let inbound = mesh.inboundPeers
            report.inbound.add(inbound.count, inbound.count { !isSybil.contains($0) })
            let poison = sybils.count { mesh.addresses.contact(of: $0.key.publicKey) != nil }
            report.table.add(mesh.addresses.peerCount, mesh.addresses.peerCount - poison)
        }
    }

    // MARK: The report

    /// Places, and how many of them honest nodes have.
    package struct Share: Sendable {
        package private(set) var all = 0
        package private(set) var honest = 0

        mutating func add(_ all: Int, _ honest: Int) {
            self.all += all
            self.honest += honest
        }

        package var percent: Int { all == 0 ? 0 : 100 * honest / all }
    }

    package struct Report: Sendable {
        package let plan: Plan
        /// Posts times nodes.
        package var expected = 0
        package var arrived = 0
        /// Milliseconds from the post to each node, of those within two seconds.
        package var latencies: [UInt64] = []
        package var view = Share()
        package var own = Share()
        package var reserved = Share()
        package var inbound = Share()
        package var table = Share()
        /// Honest nodes that have sybils for neighbours only.
        package var surrounded = 0
        package var failure: String?
        package var virtualSeconds: UInt64 = 0
        package var steps = 0

        init(_ plan: Plan) { self.plan = plan }

        package var isGood: Bool {
            arrived == expected && failure == nil && (surrounded == 0 || !plan.hasFriends)
        }

        package func latency(_ part: Int) -> UInt64 {
            let sorted = latencies.sorted()
            return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * part / 100)]
        }
    }
}

extension World {
    /// Puts a sybil into the place of a node that has not started.
    func infiltrate(_ node: SimulatedNode, _ gang: Sybil.Gang, reach: Int) {
        node.sybil = Sybil(
            node, gang: gang, reach: reach, seed: seed &* 31 &+ UInt64(node.index))
        safety.isByzantine(node)
    }
}
