package import Content
package import MerkleLog
package import Primitives

/// An entry that names a blob.
package struct MediaRow: Hashable, Sendable {
    package var blob: Blob
    package var log: LogKey
    package var time: UnixTime
}

/// Which blobs entries name: rows that come with the entries, in the same commit.
extension StoreReader {
    private static let columns = "root, media.size, key, time"
    private static let join = "FROM media JOIN logs ON logs.number = media.log"
    /// What a fork cast out names nothing.
    private static let counts = "(frozen = 0 OR idx < frozen - 1)"

    /// The newest entries that name a blob, of every log.
    package func newestMedia(limit: Int) throws(StoreError) -> [MediaRow] {
        let query = try Statement(
            database,
            """
            SELECT \(Self.columns) \(Self.join) WHERE \(Self.counts) ORDER BY time DESC LIMIT ?1
            """)
        query.bind(1, Int64(limit))
        return try mediaRows(query)
    }

    /// What entries of a log name, from one index to before another.
    package func media(
        of log: LogKey, from: UInt64, to: UInt64
    ) throws(StoreError) -> [MediaRow] {
        let query = try Statement(
            database,
            """
            SELECT \(Self.columns) \(Self.join)
            WHERE media.log = (SELECT number FROM logs WHERE key = ?1) AND idx >= ?2 AND idx < ?3
                AND \(Self.counts) ORDER BY idx
            """)
        query.bind(1, log)
        query.bind(2, Int64(clamping: from))
        query.bind(3, Int64(clamping: to))
        return try mediaRows(query)
    }

    /// Entries that name this blob: some of them, where there are many.
    package func mentions(of root: Hash, limit: Int = 64) throws(StoreError) -> [MediaRow] {
        let query = try Statement(
            database,
            "SELECT \(Self.columns) \(Self.join) WHERE root = ?1 AND \(Self.counts) LIMIT ?2")
        query.bind(1, root)
        query.bind(2, Int64(limit))
        return try mediaRows(query)
    }

    private func mediaRows(_ query: borrowing Statement) throws(StoreError) -> [MediaRow] {
        defer { query.reset() }
        var out: [MediaRow] = []
        while try query.step() {
            guard let root = query.bytes32(0), let log = query.bytes32(2),
                let blob = try? Blob(root: root, size: UInt64(clamping: query.int(1)))
            else { throw .corrupt(what: "the list of media is damaged", place: .file) }
            let time = UnixTime(milliseconds: UInt64(clamping: query.int(3)))
            out.append(MediaRow(blob: blob, log: log, time: time))
        }
        return out
    }
}
