import Primitives

/// What a sketch has told: which of my logs the peer holds otherwise, and which it holds alone.
package struct HeadComparison: Equatable, Sendable {
    /// In the order of the items.
    package var changed: [Changed] = []
    /// Ids of logs that only the peer holds, ascending: it can name them.
    package var unknown: [UInt32] = []

    /// One of my logs, by its place among the items, and the peer's value of it.
    package struct Changed: Hashable, Sendable {
        package var number: Int
        package var id: UInt32
        /// 0 when the peer does not hold the log.
        package var theirs: UInt32
        /// A log before has the same id: one of the two differs, or both do.
        package var isTwin = false

        /// The size that the peer holds: the nearest to mine that ends in the 16 bits known.
        ///
        /// When that is wrong, since the sizes are more than 32,768 apart, the exchange that
        /// follows tells.
        package func size(near mine: UInt64) -> UInt64 {
            let mine = Int64(clamping: mine)
            let middle = mine & ~0xffff | Int64(theirs & 0xffff)
            var best: Int64?
            // Of two as near, the smaller.
            for size in [middle - 0x1_0000, middle, middle + 0x1_0000]
            where size > 0 && size <= Int64(LogLimits.size) {
                if abs(size - mine) < best.map({ abs($0 - mine) }) ?? .max { best = size }
            }
            return UInt64(best ?? 1)
        }
    }

    /// Compares the peer's sketch with my items; nil when the differences cannot be told apart.
    package init?(theirs: Sketch, mine items: [SketchItem], key: SketchKey) {
        let mine = Sketch(items, count: theirs.cells.count, key: key)
        guard let differences = (theirs - mine).differences(key: key) else { return nil }
        if differences.isEmpty { return }
        let index = IDIndex(differences.map(\.id))
        var isMine = [Bool](repeating: false, count: differences.count)
        for number in items.indices {
            guard let place = index.place(of: items[number].id) else { continue }
            let isTwin = isMine[place]
            isMine[place] = true
            let difference = differences[place]
            guard let value = difference.theirs(mine: items[number].value) else { continue }
            changed.append(
                Changed(number: number, id: difference.id, theirs: value, isTwin: isTwin))
        }
        for (place, difference) in differences.enumerated() where !isMine[place] {
            if let value = difference.theirs(mine: 0), value != 0 { unknown.append(difference.id) }
        }
    }
}

/// Finds ids among a few, for many that are not there.
///
/// A table with open addressing: ids are uniform already, so their high bits are the hash.
package struct IDIndex: Sendable {
    private var slots: [UInt64]
    private let shift: UInt32

    /// No id stands in `ids` twice.
    package init(_ ids: [UInt32]) {
        var bits: UInt32 = 4
        while 1 << bits < ids.count * 4 { bits += 1 }
        shift = 32 - bits
        slots = [UInt64](repeating: 0, count: 1 << bits)
        for (place, id) in ids.enumerated() {
            var slot = Int(id >> shift)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt64(id) << 32 | UInt64(place + 1)
        }
    }

    /// Where `id` stands among the ids given.
    @inline(__always)
    package func place(of id: UInt32) -> Int? {
        var slot = Int(id >> shift)
        while slots[slot] != 0 {
            if slots[slot] >> 32 == UInt64(id) {
                return Int(truncatingIfNeeded: slots[slot] & 0xffff_ffff) - 1
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }
}
