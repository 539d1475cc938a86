import Primitives

@testable import Reconciliation

/// Two nodes that hold some of the same logs, and what differs between them.
struct Pair {
    var key: SketchKey
    var mine: [SketchItem] = []
    var theirs: [SketchItem] = []
    /// By id: the peer's value of each log that differs, 0 when it has none.
    var differences: [UInt32: UInt32] = [:]
    var unknown: Set<UInt32> = []

    /// `common` logs that both hold alike, `changed` with other heads, and some that one side holds
    /// alone; keys and roots at random, sizes up to `sizes`.
    init(
        seed: UInt64, common: Int, changed: Int, onlyMine: Int = 0, onlyTheirs: Int = 0,
        sizes: UInt64 = 1_000
    ) {
        var random = SeededRandom(seed: seed)
        key = SketchKey(session: Self.bytes32(&random), round: seed % 7)
        var ids = Set<UInt32>()
        for number in 0..<(common + changed + onlyMine + onlyTheirs) {
            let id = key.id(of: HeadMark(log: Self.bytes32(&random)))
            // Two logs of one id are a test of their own.
            guard ids.insert(id).inserted else { continue }
            let (a, b) = (head(&random, sizes), head(&random, sizes))
            switch number {
            case ..<common:
                mine.append(SketchItem(id: id, value: a))
                theirs.append(SketchItem(id: id, value: a))
            case ..<(common + changed):
                mine.append(SketchItem(id: id, value: a))
                theirs.append(SketchItem(id: id, value: b))
                if a != b { differences[id] = b }
            case ..<(common + changed + onlyMine):
                mine.append(SketchItem(id: id, value: a))
                differences[id] = 0
            default:
                theirs.append(SketchItem(id: id, value: b))
                unknown.insert(id)
            }
        }
    }

    private func head(_ random: inout SeededRandom, _ sizes: UInt64) -> UInt32 {
        let size = 1 + random.next() % sizes
        return key.value(
            of: HeadMark(
                log: .zero, size: size, checkpoint: size, root: Self.bytes32(&random)))
    }

    static func bytes32(_ random: inout SeededRandom) -> Bytes32 {
        Bytes32(random.next(), random.next(), random.next(), random.next())
    }

    /// Compares by a sketch of `cells`: nil when it does not decode.
    func compare(cells: Int) -> HeadComparison? {
        let sketch = Sketch(theirs, count: cells, key: key)
        return HeadComparison(theirs: sketch, mine: mine, key: key)
    }

    /// Whether what came out is just what differs.
    func isRight(_ found: HeadComparison) -> Bool {
        var values: [UInt32: UInt32] = [:]
        for change in found.changed {
            guard mine[change.number].id == change.id else { return false }
            values[change.id] = change.theirs
        }
        return values == differences && Set(found.unknown) == unknown
            && found.unknown.count == unknown.count
    }
}
