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
