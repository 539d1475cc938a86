import Primitives
import Testing

@testable import Reconciliation

/// What a sketch tells is just what differs, whatever differs.
struct SketchTests {
    @Test func temporary() {
        for d in [5, 10, 20, 50, 100, 150, 200, 300, 500, 1_000, 3_000, 10_000] {
            let trials = d <= 100 ? 400 : d <= 1000 ? 100 : 10
            var failed = 0
            var cells = 0
            var est = 0.0
            for t in 0..<trials {
                let pair = Pair(seed: UInt64(d * 1000 + t), common: 200, changed: d - d / 4, onlyMine: d / 4 - d / 8, onlyTheirs: d / 8)
                let e = DifferenceEstimator(pair.mine, key: pair.key).differences(from: DifferenceEstimator(pair.theirs, key: pair.key))
                est += e.count
                let c = e.cells
                cells += c
                if let f = pair.compare(cells: c) { if !pair.isRight(f) { print("WRONG", d, t) } } else { failed += 1 }
            }
            print(d, "est", est / Double(trials), "cells", cells / trials, "failed", failed, "of", trials)
        }
    }
}
