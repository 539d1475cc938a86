import Glibc
package import MerkleLog
import Primitives

/// What the store takes, and what it has dropped: for its owner.
extension StoreReader {
    package func usage() throws(StoreError) -> StorageUsage {
        let page = UInt64(Schema.pageSize)
        let pages = UInt64(clamping: try database.number("PRAGMA page_count") ?? 0)
        let free = UInt64(clamping: try database.number("PRAGMA freelist_count") ?? 0)
        var usage = StorageUsage()
        usage.tables = (pages - min(free, pages)) * page
        usage.free = free * page
        for file in ["-wal", "-shm"] {
            let status = try FileMode.status(of: files.database + file)
            usage.writeAhead += UInt64(clamping: status?.st_size ?? 0)
        }
        return usage
    }

    /// What was dropped since the store was made, by rule and hop.
    package func dropped() throws(StoreError) -> [Dropped] {
        let statement = try Statement(
            database, "SELECT rule, hop, bodies, bytes, time FROM drops ORDER BY rule, hop")
        var out: [Dropped] = []
        while try statement.step() {
            guard let rule = DropRule(rawValue: statement.int(0)) else { continue }
            out.append(
                Dropped(
                    rule: rule, hop: Int(statement.int(1)),
                    bodies: UInt64(clamping: statement.int(2)),
                    bytes: UInt64(clamping: statement.int(3)),
                    last: UnixTime(milliseconds: UInt64(clamping: statement.int(4)))))
        }
        return out
    }

    /// What the logs of each hop take: how many logs, bytes of their headers, bytes of bodies.
    package func shares(
        _ plan: StoragePlan
    ) throws(StoreError) -> [(logs: Int, headers: UInt64, bodies: UInt64)] {
        let statement = try Statement(database, "SELECT \(LogAccount.columns) FROM logs")
        var out = [(logs: Int, headers: UInt64, bodies: UInt64)](
            repeating: (0, 0, 0), count: StoragePlan.strangers + 1)
        while try statement.step() {
            guard let account = LogAccount(statement) else { continue }
            let hop = plan.hop(of: account.key)
            out[hop].logs += 1
            out[hop].headers += account.footprint - account.bytes
            out[hop].bodies += account.bytes
        }
        return out
    }

    /// Bytes of one log's bodies, as counted; nil when nothing is held of it.
    package func bodyBytes(of log: LogKey) throws(StoreError) -> UInt64? {
        let statement = try Statement(database, "SELECT bytes FROM logs WHERE key = ?1")
        statement.bind(1, log)
        return try statement.step() ? UInt64(clamping: statement.int(0)) : nil
    }
}
