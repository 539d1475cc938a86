import MerkleLog
import Store
import Wire

/// Long reads on a thread of their own, each with its own connection to the store.
enum Checking {
    /// SQLite's fast look over every page.
    static func quick(_ path: String) -> Result<Void, NodeError> {
        do throws(StoreError) {
            let complaints = try StoreReader(directory: path).quickCheck()
            guard let first = complaints.first else { return .success(()) }
            return .failure(
                .damaged("the store is damaged (\(first)): run  starling check  to see how far"))
        } catch {
            return .failure(.store("\(error)"))
        }
    }

    /// Everything, from the first entry of every log.
    ///
    /// Gives the report for the owner, the places that are damaged, and the logs whose bytes were
    /// counted wrong.
    static func run(
        _ path: String, progress: (Value) -> Void
    ) -> Result<(Value, [StoreError.Place], [LogKey]), NodeError> {
        do throws(StoreError) {
            var reported: UInt64 = 0
            let reader = try StoreReader(directory: path)
            let report = try reader.check(progress: { report, total in
                guard report.entries >= reported + 2_000 else { return }
                reported = report.entries
                progress(.object(("entries", .int(report.entries)), ("total", .int(total))))
            })
            let value = Value.object(
                ("logs", .int(report.logs)), ("entries", .int(report.entries)),
                ("bytes", .int(report.bytes)), ("bodiesAbsent", .int(report.bodiesAbsent)),
                ("miscounted", .int(report.miscounted.count)), ("ok", .bool(report.isClean)),
                ("damageCount", .int(report.damageCount)),
                ("damage", .array(report.damage.prefix(100).map { .string("\($0)") })))
            return .success((value, report.damage.map(\.place), report.miscounted))
        } catch {
            return .failure(.store("\(error)"))
        }
    }
}
