/// Takes a difference of sketches apart, log by log.
struct Peeling {
    private var cells: [SketchCell]
    private let key: SketchKey
    private(set) var found: [SketchDifference] = []
    /// Cells that may hold one log.
    private var wave: [Int] = []
    private var next: [Int] = []

    init(cells: [SketchCell], key: SketchKey) {
        self.cells = cells
        self.key = key
        wave = cells.indices.filter { cells[$0].values != 0 }
    }

    /// False when logs remain that cannot be told apart.
    mutating func run() -> Bool {
        while !wave.isEmpty {
            let inverses = inverses()
            for (number, cell) in wave.enumerated() {
                guard let inverse = inverses[number].of(cells[cell].values) else {
                    // Changed in this wave.
                    if cells[cell].values != 0 { next.append(cell) }
                    continue
                }
                guard let (found, term) = single(in: cell, inverse) else { continue }
                if self.found.count >= cells.count { return false }
                self.found.append(found)
                takeOut(found.id, term)
            }
            wave = next
            next.removeAll(keepingCapacity: true)
        }
        return cells.allSatisfy(\.isZero)
    }

    /// 1/values for every cell of the wave, with one division for all.
    private func inverses() -> [Inverse] {
        var out: [Inverse] = []
        out.reserveCapacity(wave.count)
        var product: UInt64 = 1
        for cell in wave {
            let value = cells[cell].values
            out.append(Inverse(value: value, inverse: product))
            if value != 0 { product = Field.times(product, value) }
        }
        var rest = Field.inverse(product)
        for number in out.indices.reversed() where out[number].value != 0 {
            out[number].inverse = Field.times(rest, out[number].inverse)
            rest = Field.times(rest, out[number].value)
        }
        return out
    }

    private struct Inverse {
        var value: UInt64
        var inverse: UInt64

        /// The inverse, when it is of `value` that was to be inverted.
        @inline(__always)
        func of(_ value: UInt64) -> UInt64? { value == self.value && value != 0 ? inverse : nil }
    }

    /// The only log of a cell, and what it adds to cells; nil when there are several.
    private func single(
        in cell: Int, _ inverse: UInt64
    ) -> (SketchDifference, SketchCell)? {
        let sums = cells[cell]
        let id = UInt32(truncatingIfNeeded: Field.times(sums.ids, inverse))
        let traits = key.traits(of: id)
        let check = traits.check
        let isPositive = SketchCell.checkSum(sums.values, check, false) == sums.checks
        guard isPositive || SketchCell.checkSum(sums.values, check, true) == sums.checks else {
            return nil
        }
        var isHere = false
        key.forEachPlace(of: id, traits, among: UInt64(cells.count)) { place in
            if place == cell { isHere = true }
        }
        guard isHere else { return nil }
        let found = SketchDifference(id: id, change: UInt32(truncatingIfNeeded: sums.values))
        return (found, SketchCell(found, check: check, isNegative: !isPositive))
    }

    private mutating func takeOut(_ id: UInt32, _ term: SketchCell) {
        key.forEachPlace(of: id, key.traits(of: id), among: UInt64(cells.count)) { place in
            cells[place].subtract(term)
            if cells[place].values != 0 { next.append(place) }
        }
    }
}
