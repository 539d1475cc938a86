import Testing

@testable import Simulator

/// Small versions of `starling-sim attack`.
struct AttackTests {
    /// THREATS row 1: every honest post reaches every honest node, and nobody is surrounded.
    @Test(arguments: [SybilAttack.Scenario.coldBoot, .flash], [2, 60])
    func sybilsStopNoPost(scenario: SybilAttack.Scenario, groups: Int) {
        var plan = SybilAttack.Plan()
        (plan.honest, plan.sybils, plan.reach) = (8, 60, 3)
        (plan.scenario, plan.groups) = (scenario, groups)
        let report = SybilAttack(plan).run()
        #expect(report.failure == nil)
        #expect(report.arrived == report.expected, "seed \(plan.seed)")
        #expect(report.surrounded == 0)
        #expect(report.view.all > report.view.honest, "the sybils are neighbours, too")
    }

    /// Sybils that trickle in for an hour: friends' slots stay theirs, and posts go over them.
    @Test func aSlowTakeoverStopsNoPost() {
        var plan = SybilAttack.Plan()
        (plan.honest, plan.sybils, plan.reach) = (6, 36, 3)
        plan.scenario = .takeover
        plan.hours = 1
        let report = SybilAttack(plan).run()
        #expect(report.failure == nil)
        #expect(report.expected == 2 * 6 * 6, "each of six posts twice, for all six")
        #expect(report.arrived == report.expected, "seed \(plan.seed)")
        #expect(report.surrounded == 0)
        #expect(report.view.all > report.view.honest, "the sybils are neighbours, too")
        // All but the first came by an invite, which gives each of the two a slot with the other.
        #expect(report.reserved.all == 2 * 5 && report.reserved.honest == 2 * 5)
    }

    /// Without invites nothing is promised to arrive: a node cannot tell the honest addresses that
    /// it heard of from those of sybils. Its own rules hold all the same.
    @Test(arguments: [SybilAttack.Scenario.coldBoot, .flash])
    func amongStrangersTheRulesHold(scenario: SybilAttack.Scenario) {
        var plan = SybilAttack.Plan()
        (plan.honest, plan.sybils, plan.reach) = (8, 60, 3)
        plan.scenario = scenario
        plan.hasFriends = false
        let report = SybilAttack(plan).run()
        #expect(report.failure == nil, "seed \(plan.seed)")
        #expect(report.expected == 2 * 8 * 8)
        // What it wrote itself each of them has.
        #expect(report.arrived >= 2 * 8 && report.arrived <= report.expected)
        // Nobody has a slot who was not invited, and those who asked for a place have at most three
        // of a view's five (OVER-4, OVER-5).
        #expect(report.reserved.all == 0)
        #expect(report.own.all <= 4 * 8 && report.view.all - report.own.all <= 3 * 8)
        for share in [report.view, report.own, report.inbound, report.table] {
            #expect(share.all > 0 && share.honest >= 0 && share.honest <= share.all)
        }
        #expect(report.own.honest <= report.view.honest)
        #expect(report.view.honest >= 8 - report.surrounded, "who is not surrounded has one")
    }

    /// It is the sybils who stop posts among strangers, and not that they are strangers.
    @Test func honestStrangersReachEachOther() {
        var plan = SybilAttack.Plan()
        (plan.honest, plan.sybils) = (8, 0)
        plan.hasFriends = false
        let report = SybilAttack(plan).run()
        #expect(report.isGood && report.expected == 2 * 8 * 8, "seed \(plan.seed)")
        #expect(report.surrounded == 0 && report.view.all == report.view.honest)
    }

    /// THREATS row 2: a start on a poisoned table seldom finds nobody honest.
    @Test func anEclipseAtAStartIsRare() {
        var plan = EclipseAttack.Plan()
        (plan.trials, plan.tables, plan.honest, plan.poison) = (60, 2, 200, 2_000)
        let report = EclipseAttack(plan).run()
        #expect(report.trials == 60 && report.failure == nil)
        #expect(report.eclipsed <= 6, "\(report.eclipsed) of \(report.trials), seed \(plan.seed)")
        #expect(report.poisonNeighbours > 0)
    }

    @Test func theSameSeedIsTheSameAttack() {
        func run() -> EclipseAttack.Report {
            var plan = EclipseAttack.Plan()
            (plan.seed, plan.trials, plan.tables, plan.honest, plan.poison) = (5, 4, 1, 40, 200)
            return EclipseAttack(plan).run()
        }
        let (one, other) = (run(), run())
        #expect(one.poisonNeighbours == other.poisonNeighbours)
        #expect(one.neighbours == other.neighbours && one.known == other.known)
    }
}
