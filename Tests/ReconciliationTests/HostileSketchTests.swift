import Primitives
import Testing

@testable import Reconciliation

/// THREATS row 13: whatever cells a peer makes up, taking them apart ends soon, and what comes out
/// is bounded by what went in.
struct HostileSketchTests {
    private func check(_ sketch: Sketch, _ seed: UInt64) {
        let pair = Pair(seed: seed, common: 50, changed: 0)
        guard let found = HeadComparison(theirs: sketch, mine: pair.mine, key: pair.key) else {
            return
        }
        #expect(found.changed.count + found.unknown.count <= sketch.cells.count + 50)
    }

    private func sketch(_ bytes: [UInt8]) -> Sketch? { Sketch(bytes: bytes) }

    @Test func randomCells() {
        var random = SeededRandom(seed: 20)
        for seed in 0..<200 as Range<UInt64> {
            let count = 16 + Int(random.next() % 300)
            guard let made = sketch(random.bytes(count * Sketch.cellBytes)) else { continue }
            check(made, seed)
        }
    }

    @Test func cellsOfOneValue() throws {
        for byte in [0x00, 0x01, 0x7f, 0xfe] as [UInt8] {
            let made = try #require(
                sketch([UInt8](repeating: byte, count: 500 * Sketch.cellBytes)))
            check(made, UInt64(byte))
        }
    }

    /// Cells of all ones are above the primes, as is any of its parts.
    @Test func sumsAboveTheirPrimesAreRefused() {
        #expect(sketch([UInt8](repeating: 0xff, count: 160)) == nil)
        let rest = [UInt8](repeating: 0, count: 150)
        let p: [UInt8] = [0xff, 0xff, 0xff, 0xfb]
        let below: [UInt8] = [0xff, 0xff, 0xff, 0xfa]
        #expect(sketch(p + [0, 0, 0, 0, 0, 0] + rest) == nil)
        #expect(sketch(rest + [0, 0, 0, 0] + p + [0, 0]) == nil)
        #expect(sketch(rest + [UInt8](repeating: 0, count: 8) + [0xff, 0xf1]) == nil)
        let largest = below + below + [0xff, 0xf0]
        #expect(sketch(largest + rest)?.bytes == largest + rest)
    }

    @Test func onlyWholeCellsAndNotTooMany() {
        #expect(sketch([]) == nil)
        for count in 1..<200 where count % 10 != 0 || count < 160 {
            #expect(sketch([UInt8](repeating: 0, count: count)) == nil)
        }
        let most = Limits.Reconcile.cells
        #expect(sketch([UInt8](repeating: 0, count: most * 10)) != nil)
        #expect(sketch([UInt8](repeating: 0, count: (most + 1) * 10)) == nil)
    }

    /// Cells that contradict each other: each says of one log another thing than the next. Taking
    /// the log out of one puts it into the others again.
    @Test func contradictoryCellsDoNotCycle() {
        for seed in 0..<50 as Range<UInt64> {
            let pair = Pair(seed: seed, common: 0, changed: 0, onlyTheirs: 8)
            var bytes = Sketch(pair.theirs, count: 24, key: pair.key).bytes
            // One other value in each third cell, with sums that fit it.
            for cell in stride(from: 0, to: 24, by: 3) {
                let item = SketchItem(
                    id: pair.theirs[cell % pair.theirs.count].id, value: 0x0005_0000 + UInt32(cell))
                var alone = SketchCell(item, check: pair.key.traits(of: item.id).check)
                alone.reduce()
                bytes.replaceSubrange(cell * 10..<(cell * 10 + 10), with: alone.bytes)
            }
            guard let made = sketch(bytes) else { continue }
            _ = made.differences(key: pair.key)
            check(made, seed)
        }
    }

    /// As many logs as there are cells, and more: said not to be told apart.
    @Test func moreLogsThanCells() {
        for seed in 0..<20 as Range<UInt64> {
            let pair = Pair(seed: seed, common: 10, changed: 300)
            for cells in [16, 100, 300] { #expect(pair.compare(cells: cells) == nil) }
        }
    }

    /// A sketch made under another key, or of another width, tells nothing.
    @Test func anotherKeyTellsNothing() {
        for seed in 0..<20 as Range<UInt64> {
            let pair = Pair(seed: seed, common: 100, changed: 10)
            let other = SketchKey(session: .zero, round: seed + 1_000)
            let sketch = Sketch(pair.theirs, count: 90, key: other)
            #expect(HeadComparison(theirs: sketch, mine: pair.mine, key: pair.key) == nil)
        }
    }

    /// Any one bit of a good sketch flipped: refused, or not told apart, or not what it was.
    @Test func everyBitFlipped() throws {
        let pair = Pair(seed: 30, common: 30, changed: 4, onlyTheirs: 1)
        let good = Sketch(pair.theirs, count: 40, key: pair.key).bytes
        let whole = try #require(sketch(good))
        #expect(HeadComparison(theirs: whole, mine: pair.mine, key: pair.key) != nil)
        for bit in 0..<(good.count * 8) {
            var bytes = good
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let flipped = sketch(bytes) else { continue }
            #expect(HeadComparison(theirs: flipped, mine: pair.mine, key: pair.key) == nil)
        }
    }

    /// A value that no head has is not believed.
    @Test func impossibleValuesAreNotBelieved() {
        for value in [1, 0xffff, 0xffff_0000, 0xffff_fffa] as [UInt32] {
            let difference = SketchDifference(id: 1, change: value)
            #expect(difference.theirs(mine: 0) == nil, "\(value)")
        }
        #expect(SketchDifference(id: 1, change: 0x0001_0000).theirs(mine: 0) == 0x0001_0000)
        // Mine taken away leaves none.
        let mine: UInt32 = 0x0102_0304
        let gone = UInt32(truncatingIfNeeded: Field.p - UInt64(mine))
        #expect(SketchDifference(id: 1, change: gone).theirs(mine: mine) == 0)
    }

    @Test func estimatorsOfOtherLengthsAreRefused() {
        for count in [0, 1, 255, 257] {
            #expect(DifferenceEstimator(bytes: [UInt8](repeating: 1, count: count)) == nil)
        }
        var random = SeededRandom(seed: 9)
        let (a, b) = (random.bytes(256), random.bytes(256))
        let made = DifferenceEstimator(bytes: a).map { a in
            DifferenceEstimator(bytes: b).map { a.differences(from: $0) }
        }
        // What is not of any set is taken for a large one.
        #expect(made??.count ?? 0 > 10_000)
    }
}
