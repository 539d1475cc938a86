import MerkleLog
import Primitives
import Reconciliation

/// Sketches of logs and heads, made and taken apart.
extension Conform {
    static let sketchOperations: [String: Operation] = [
        "sketch-encode": { fields throws(ConformError) in
            let (key, marks, _) = try sketchRequest(fields)
            let count = try fields.number("cells")
            guard let count = Int(exactly: count), Limits.Reconcile.isWidth(count) else {
                throw ConformError("too few or too many cells")
            }
            let items = key.items(marks)
            return [
                "total": .hex(SketchCell(summing: items, key: key).bytes),
                "estimator": .hex(DifferenceEstimator(items, key: key).bytes),
                "sketch": .hex(Sketch(items, count: count, key: key).bytes),
            ]
        },
        "sketch-decode": { fields throws(ConformError) in
            let (key, marks, logs) = try sketchRequest(fields)
            guard let sketch = Sketch(bytes: try fields.bytes("sketch")) else {
                throw ConformError("no sketch")
            }
            guard let found = HeadComparison(theirs: sketch, mine: key.items(marks), key: key)
            else { throw ConformError("the differences cannot be told apart") }
            let changed = found.changed.map { change in
                let mine = UInt64(marks[change.number].size)
                let size = change.theirs == 0 ? 0 : change.size(near: mine)
                return JSON.object(["log": .hex(logs[change.number]), "size": .integer(size)])
            }
            return [
                "changed": .array(changed),
                "unknown": .array(found.unknown.map { .integer(UInt64($0)) }),
            ]
        },
    ]

    /// The round's key, and the heads given.
    private static func sketchRequest(
        _ fields: ConformFields
    ) throws(ConformError) -> (SketchKey, [HeadMark], [LogKey]) {
        let key = SketchKey(
            session: try fields.bytes32("session"), round: try fields.number("round"))
        var marks: [HeadMark] = []
        var logs: [LogKey] = []
        for head in try fields.objects("logs") {
            let (size, checkpoint) = (try head.number("size"), try head.number("checkpoint"))
            guard max(size, checkpoint) <= LogLimits.size else {
                throw ConformError("a size is out of range")
            }
            let log = try head.bytes32("log")
            logs.append(log)
            marks.append(
                HeadMark(
                    log: log, size: size, checkpoint: checkpoint, root: try head.bytes32("root")))
        }
        return (key, marks, logs)
    }
}
