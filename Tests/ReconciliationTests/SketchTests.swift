import Primitives
import Testing

@testable import Reconciliation

/// What a sketch tells is just what differs, whatever differs.
struct SketchTests {
    /// Every small mix of changed logs, logs of mine alone and of theirs alone: right, or said not
    /// to be told apart; and with cells enough hardly ever the latter.
    @Test func allSmallDifferences() {
        var stalled = 0
        var count = 0
        for changed in 0...6 {
            for onlyMine in 0...4 {
                for onlyTheirs in 0...4 {
                    for cells in [16, 17, 25, 80] {
                        let seed = UInt64(
                            changed * 1_000 + onlyMine * 100 + onlyTheirs * 10 + cells)
                        let pair = Pair(
                            seed: seed, common: 12, changed: changed, onlyMine: onlyMine,
                            onlyTheirs: onlyTheirs, sizes: 3)
                        let found = pair.compare(cells: cells)
                        if let found { #expect(pair.isRight(found), "seed \(seed)") }
                        guard cells == 80 else { continue }
                        count += 1
                        if found == nil { stalled += 1 }
                    }
                }
            }
        }
        #expect(stalled * 100 <= count, "\(stalled) of \(count)")
    }

    /// From the estimate alone, at every scale: the answer is right, and almost always there.
    @Test(arguments: [0, 1, 5, 10, 30, 100, 300, 1_000, 3_000])
    func theEstimateLeadsToEnoughCells(differences: Int) {
        let trials = differences < 500 ? 40 : 8
        var stalled = 0
        for trial in 0..<trials {
            let seed = UInt64(differences * 100 + trial)
            let pair = Pair(
                seed: seed, common: 500, changed: differences - differences / 4,
                onlyMine: differences / 4 - differences / 8, onlyTheirs: differences / 8)
            let mine = DifferenceEstimator(pair.mine, key: pair.key)
            let theirs = DifferenceEstimator(pair.theirs, key: pair.key)
            let estimate = mine.differences(from: theirs)
            let spread = 5 * estimate.variance.squareRoot() + 5
            #expect(abs(estimate.count - Double(differences)) < spread, "seed \(seed)")
            if let found = pair.compare(cells: estimate.cells) {
                #expect(pair.isRight(found), "seed \(seed)")
            } else {
                stalled += 1
            }
        }
        #expect(stalled * 8 <= trials, "\(stalled) of \(trials)")
    }

    @Test func sameHeadsLeaveNothing() {
        let pair = Pair(seed: 1, common: 3_000, changed: 0)
        let (mine, theirs) = (
            Sketch(pair.mine, count: 24, key: pair.key),
            Sketch(pair.theirs.reversed(), count: 24, key: pair.key)
        )
        #expect((theirs - mine).isZero)
        #expect(
            SketchCell(summing: pair.mine, key: pair.key)
                == SketchCell(summing: pair.theirs.reversed(), key: pair.key))
    }

    /// The sum over all logs tells any one difference.
    @Test func theTotalTellsAnyDifference() {
        for seed in 0..<300 as Range<UInt64> {
            let one = Pair(
                seed: seed, common: 5, changed: seed % 3 == 0 ? 1 : 0,
                onlyMine: seed % 3 == 1 ? 1 : 0, onlyTheirs: seed % 3 == 2 ? 1 : 0)
            #expect(
                SketchCell(summing: one.mine, key: one.key)
                    != SketchCell(summing: one.theirs, key: one.key), "seed \(seed)")
        }
    }

    /// Two logs of mine with one id, one of which differs: both are looked at.
    @Test func logsOfOneIdAreBothNamed() throws {
        let pair = Pair(seed: 3, common: 20, changed: 1)
        let id = try #require(pair.differences.keys.first)
        var both = pair
        both.mine.append(SketchItem(id: id, value: 0x0007_0003))
        both.theirs.append(SketchItem(id: id, value: 0x0007_0003))
        let found = try #require(both.compare(cells: 60))
        #expect(found.changed.map(\.id) == [id, id])
        #expect(Set(found.changed.map(\.number)) == [20, 21])
    }

    // MARK: Values

    private func value(
        _ key: SketchKey, _ size: UInt64, _ checkpoint: UInt64, _ root: Bytes32
    ) -> UInt32 {
        key.value(of: HeadMark(log: .zero, size: size, checkpoint: checkpoint, root: root))
    }

    /// A fork at one size, and a checkpoint that reaches further, differ.
    @Test func sameSizeWithAnotherRootDiffers() {
        var random = SeededRandom(seed: 5)
        var same = 0
        for round in 0..<2_000 as Range<UInt64> {
            let key = SketchKey(session: Pair.bytes32(&random), round: round)
            let (a, b) = (Pair.bytes32(&random), Pair.bytes32(&random))
            let one = value(key, 9, 9, a)
            if one == value(key, 9, 9, b) { same += 1 }
            if one == value(key, 9, 12, a) { same += 1 }
            #expect(one & 0xffff == 9 && one >> 16 >= 1 && one >> 16 <= 65_534)
        }
        // One of 65,534 each.
        #expect(same <= 2)
    }

    @Test func sizesNearMineAreFound() {
        for mine in [1, 5, 32_768, 65_535, 65_536, 70_000, 4_294_967_295] as [UInt64] {
            for distance in [-32_767, -300, -1, 1, 2, 500, 32_767] as [Int64] {
                let theirs = Int64(mine) + distance
                guard theirs >= 1, theirs <= Int64(LogLimits.size) else { continue }
                let change = HeadComparison.Changed(
                    number: 0, id: 0, theirs: 1 << 16 | UInt32(theirs & 0xffff))
                #expect(change.size(near: mine) == UInt64(theirs), "\(theirs) near \(mine)")
            }
        }
        // Of a log that is not held here.
        let new = HeadComparison.Changed(number: 0, id: 0, theirs: 1 << 16 | 12)
        #expect(new.size(near: 0) == 12)
    }

    @Test func idsDifferFromRoundToRound() {
        var random = SeededRandom(seed: 6)
        let (session, log) = (Pair.bytes32(&random), Pair.bytes32(&random))
        let mark = HeadMark(log: log)
        let ids = (0..<100).map { SketchKey(session: session, round: $0).id(of: mark) }
        #expect(Set(ids).count == 100)
        #expect(SketchKey(session: log, round: 0).id(of: mark) != ids[0])
    }

    /// Every bit of half a key and half a root counts.
    @Test func everyBitCounts() {
        var random = SeededRandom(seed: 7)
        let key = SketchKey(session: Pair.bytes32(&random), round: 1)
        let (log, root) = (Pair.bytes32(&random), Pair.bytes32(&random))
        var unseen = 0
        for bit in 0..<128 {
            var bytes = log.array
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            let other = HeadMark(log: Bytes32(bytes, at: 0))
            #expect(key.id(of: other) != key.id(of: HeadMark(log: log)))
            bytes = root.array
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            if value(key, 3, 3, Bytes32(bytes, at: 0)) == value(key, 3, 3, root) { unseen += 1 }
        }
        #expect(unseen <= 1)
    }

    // MARK: Ids

    @Test func theIndexFindsWhatIsThereAndNothingElse() {
        var random = SeededRandom(seed: 8)
        for count in [0, 1, 2, 15, 16, 17, 1_000] {
            let ids = Array(Set((0..<count).map { _ in UInt32(truncatingIfNeeded: random.next()) }))
                .sorted()
            let index = IDIndex(ids)
            for (place, id) in ids.enumerated() { #expect(index.place(of: id) == place) }
            for _ in 0..<1_000 {
                let id = UInt32(truncatingIfNeeded: random.next())
                #expect(index.place(of: id) == ids.firstIndex(of: id))
            }
        }
        // All in one neighbourhood, round the end of the table.
        let crowd = (0..<40).map { UInt32.max - $0 }
        let index = IDIndex(crowd)
        for (place, id) in crowd.enumerated() { #expect(index.place(of: id) == place) }
        #expect(index.place(of: UInt32.max - 40) == nil && index.place(of: 0) == nil)
    }
}
