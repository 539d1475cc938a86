/// Bounds of a log's parts, from `Protocol/limits.md`.
package enum LogLimits {
    /// Entries in a log: indices fit 32 bits, so that (log number, index) is one SQLite row id.
    package static let size: UInt64 = (1 << 32) - 1
    /// Bytes of a body, salt included. Small enough that any one entry fits a message.
    package static let body = 65_536
    /// Random bytes before the content.
    package static let salt = 16
    /// Entries in one batch.
    package static let batchEntries = 4_096
    /// Hashes in a frontier: one for each bit of a size.
    package static let frontier = 32
    /// Hashes in a tail: at most two for each level.
    package static let tail = 64
    /// Bytes of a header at its longest.
    package static let header = 96
}
