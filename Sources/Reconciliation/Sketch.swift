import Primitives

/// A linear sketch of a map from logs to heads, a few cells long.
///
/// Two nodes that hold different heads want to know which, at a cost set by the difference alone.
/// The classic answer is an invertible Bloom lookup table over the heads (Eppstein, Goodrich, Uyeda
/// and Varghese, "What's the difference?", SIGCOMM 2011): a changed log makes two differing
/// elements then, the old head and the new. Here a cell is linear in the *value* of each log that
/// stands in it: the sums of v, v·id and v·check, modulo primes. The difference of two such cells
/// knows only logs whose value differs, each as one unknown, and a cell with one of them tells its
/// id as the quotient of the second sum by the first; the third and the cell's place check that.
/// So a changed log costs about 1.2 cells of ten bytes, in one direction.
///
/// A sketch holds no secret and proves nothing: what is learnt from it is a claim, which batches
/// and checkpoints then show to be so or not.
package struct Sketch: Equatable, Sendable {
    package private(set) var cells: [SketchCell]

    /// Bytes of a cell as it travels.
    package static let cellBytes = 10

    /// `count` cells that nothing stands in.
    package init(count: Int) {
        precondition(Limits.Reconcile.isWidth(count), "\(count) cells")
        cells = [SketchCell](repeating: SketchCell(), count: count)
    }

    /// A sketch of `items`, of `count` cells.
    package init(_ items: [SketchItem], count: Int, key: SketchKey) {
        self.init(count: count)
        let width = UInt64(count)
        for item in items where item.value != 0 {
            let traits = key.traits(of: item.id)
            let term = SketchCell(item, check: traits.check)
            key.forEachPlace(of: item.id, traits, among: width) { cells[$0].add(term) }
        }
        for number in cells.indices { cells[number].reduce() }
    }

    /// The peer's sketch without this one: what differs remains. Both have as many cells.
    package static func - (theirs: Sketch, mine: Sketch) -> Sketch {
        precondition(theirs.cells.count == mine.cells.count, "sketches of two sizes")
        var difference = theirs
        for number in difference.cells.indices {
            difference.cells[number].subtract(mine.cells[number])
        }
        return difference
    }

    package var isZero: Bool { cells.allSatisfy(\.isZero) }

    // MARK: Bytes

    package var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(cells.count * Self.cellBytes)
        for cell in cells { cell.write(to: &out) }
        return out
    }

    /// Nil unless `bytes` are whole cells, no fewer and no more than a sketch may have, each sum
    /// below its prime.
    package init?(bytes: [UInt8]) {
        let count = bytes.count / Self.cellBytes
        guard Limits.Reconcile.isWidth(count), bytes.count == count * Self.cellBytes else {
            return nil
        }
        cells = []
        cells.reserveCapacity(count)
        for number in 0..<count {
            guard let cell = SketchCell(bytes, at: number * Self.cellBytes) else { return nil }
            cells.append(cell)
        }
    }

    // MARK: Decoding

    /// The logs that differ, by ascending id; nil when not all can be told apart.
    ///
    /// Peeling: a cell with one log gives it away, taking it out of its other cells may leave one
    /// there. Cells that may hold one log are looked at in waves, since one division then serves
    /// a wave (Montgomery, 1987). However the cells were made up, it ends after as many finds as
    /// there are cells.
    package func differences(key: SketchKey) -> [SketchDifference]? {
        var peeling = Peeling(cells: cells, key: key)
        guard peeling.run() else { return nil }
        let found = peeling.found.sorted { $0.id < $1.id }
        for (a, b) in zip(found, found.dropFirst()) where a.id == b.id { return nil }
        return found
    }
}

/// One log whose value differs.
package struct SketchDifference: Hashable, Sendable {
    package var id: UInt32
    /// The peer's value less mine, modulo p; never 0.
    package var change: UInt32

    package init(id: UInt32, change: UInt32) {
        self.id = id
        self.change = change
    }

    /// The peer's value, from mine. Nil for what no head has: the difference is not to be believed.
    package func theirs(mine: UInt32) -> UInt32? {
        let sum = UInt64(mine) + UInt64(change)
        let value = UInt32(truncatingIfNeeded: sum < Field.p ? sum : sum - Field.p)
        return value == 0 || (value >> 16 != 0 && value >> 16 < 0xffff) ? value : nil
    }
}

/// Sums over the logs that stand in one place.
package struct SketchCell: Equatable, Sendable {
    /// Of the values, modulo p.
    private(set) var values: UInt64 = 0
    /// Of value times id, modulo p.
    private(set) var ids: UInt64 = 0
    /// Of value times check, modulo q.
    private(set) var checks: UInt64 = 0

    /// Of no logs.
    package static let zero = SketchCell()

    init() {}

    /// What one log adds, each sum small enough to be added 2^28 times before `reduce`.
    @inline(__always)
    init(_ item: SketchItem, check: UInt64) {
        let value = UInt64(item.value)
        values = value
        ids = Field.fold(value &* UInt64(item.id))
        checks = ((value >> 16) &* 15 &+ (value & 0xffff)) &* check
    }

    /// What a log whose value differs by `change` adds; the sums are reduced.
    ///
    /// `isNegative`: mine is the larger value, so that the plain difference is `change - p`.
    @inline(__always)
    init(_ difference: SketchDifference, check: UInt64, isNegative: Bool) {
        let change = UInt64(difference.change)
        values = change
        ids = Field.times(change, UInt64(difference.id))
        checks = Self.checkSum(change, check, isNegative)
    }

    @inline(__always)
    static func checkSum(_ change: UInt64, _ check: UInt64, _ isNegative: Bool) -> UInt64 {
        let positive = change % Field.q * (check % Field.q) % Field.q
        if !isNegative { return positive }
        let less = Field.p % Field.q * (check % Field.q) % Field.q
        return (positive + Field.q - less) % Field.q
    }

    /// The sum over all logs: who has the same holds the same heads, but for one chance in 2^64.
    package init(summing items: [SketchItem], key: SketchKey) {
        for item in items where item.value != 0 {
            add(SketchCell(item, check: key.traits(of: item.id).check))
        }
        reduce()
    }

    var isZero: Bool { values | ids | checks == 0 }

    @inline(__always)
    mutating func add(_ term: SketchCell) {
        values &+= term.values
        ids &+= term.ids
        checks &+= term.checks
    }

    mutating func reduce() {
        values = Field.reduce(values)
        ids = Field.reduce(ids)
        checks %= Field.q
    }

    /// Both are reduced.
    @inline(__always)
    mutating func subtract(_ other: SketchCell) {
        values = Field.minus(values, other.values)
        ids = Field.minus(ids, other.ids)
        checks = (checks + Field.q - other.checks) % Field.q
    }

    // MARK: Bytes

    package var bytes: [UInt8] {
        var out: [UInt8] = []
        write(to: &out)
        return out
    }

    func write(to out: inout [UInt8]) {
        for shift in [24, 16, 8, 0] as [UInt64] {
            out.append(UInt8(truncatingIfNeeded: values >> shift))
        }
        for shift in [24, 16, 8, 0] as [UInt64] {
            out.append(UInt8(truncatingIfNeeded: ids >> shift))
        }
        out.append(UInt8(truncatingIfNeeded: checks >> 8))
        out.append(UInt8(truncatingIfNeeded: checks))
    }

    /// Nil unless each sum is below its prime.
    init?(_ bytes: [UInt8], at offset: Int) {
        func read(_ start: Int) -> UInt64 {
            UInt64(bytes[offset + start]) << 8 | UInt64(bytes[offset + start + 1])
        }
        values = read(0) << 16 | read(2)
        ids = read(4) << 16 | read(6)
        checks = read(8)
        guard values < Field.p, ids < Field.p, checks < Field.q else { return nil }
    }

    /// Nil unless these are ten bytes and each sum is below its prime.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Sketch.cellBytes else { return nil }
        self.init(bytes, at: 0)
    }
}
