import Content
import Crypto
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

    /// What a whole check found: the report for the owner, and what is to be done about it.
    struct Found {
        var report: Value
        var places: [StoreError.Place]
        /// Media of which something is not as it was written.
        var media: [Blob]
        /// Logs whose bytes were counted wrong.
        var miscounted: [LogKey]
    }

    /// Everything, from the first entry of every log to the last byte of every picture.
    static func run(
        _ path: String, _ files: BlobStore, progress: (Value) -> Void
    ) -> Result<Found, NodeError> {
        do throws(StoreError) {
            var reported: UInt64 = 0
            let reader = try StoreReader(directory: path)
            let report = try reader.check(progress: { report, total in
                guard report.entries >= reported + 2_000 else { return }
                reported = report.entries
                progress(.object(("entries", .int(report.entries)), ("total", .int(total))))
            })
            let media = media(files, progress)
            let damage =
                report.damage.map { "\($0)" }
                + media.damaged.map {
                    "a file of \($0.size) bytes, \(DIDKey.multibase($0.root))"
                }
            let value = Value.object(
                ("logs", .int(report.logs)), ("entries", .int(report.entries)),
                ("bytes", .int(report.bytes)), ("bodiesAbsent", .int(report.bodiesAbsent)),
                ("media", .int(media.count)), ("mediaBytes", .int(media.bytes)),
                ("miscounted", .int(report.miscounted.count)), ("ok", .bool(damage.isEmpty)),
                ("damageCount", .int(report.damageCount + media.damaged.count)),
                ("damage", .array(damage.prefix(100).map { .string($0) })))
            return .success(
                Found(
                    report: value, places: report.damage.map(\.place), media: media.damaged,
                    miscounted: report.miscounted))
        } catch {
            return .failure(.store("\(error)"))
        }
    }

    /// Bytes of media between two words on how far the check is.
    private static let mediaStep: UInt64 = 8 << 20

    /// Every chunk of every file that is here whole. What is dropped meanwhile is no damage.
    private static func media(
        _ files: BlobStore, _ progress: (Value) -> Void
    ) -> (count: Int, bytes: UInt64, damaged: [Blob]) {
        var (count, bytes, damaged): (Int, UInt64, [Blob]) = (0, 0, [])
        let all = files.own + files.others
        let total = all.reduce(0) { $0 + $1.size }
        var (read, reported): (UInt64, UInt64) = (0, 0)
        for blob in all {
            let isSound = files.open(blob.root)?.isSound(0..<blob.size) ?? false
            read += blob.size
            if read >= reported + mediaStep {
                reported = read
                progress(.object(("mediaBytes", .int(read)), ("total", .int(total))))
            }
            guard files.holds(blob) else { continue }
            count += 1
            bytes += blob.size
            if !isSound { damaged.append(blob) }
        }
        return (count, bytes, damaged)
    }
}
