package import MerkleLog
package import Mesh

/// One change to the store; a commit carries any number, and all or none of them are kept.
package enum StoreWrite: Sendable {
    /// Entries behind what is held, and the head with them.
    case extend(Extension)
    /// A higher checkpoint over the entries already held.
    case checkpoint(LogHead)
    /// What shows that a log has forked, in place of what showed it before: behind the first
    /// `bound` entries nothing more is accepted, and nothing counts.
    case fork(LogKey, bound: UInt64, proof: [UInt8])
    /// Forgets a body; its length and hash stay, so that the log still verifies.
    case dropBody(LogKey, index: UInt64)
    /// Puts an entry over a damaged or dropped one. The caller has verified it against the log.
    case replace(LogKey, index: UInt64, Entry)
    /// The newest entries of a log that is not held up to them, in the place of those kept before;
    /// nil: none any more.
    case newest(LogKey, Batch?)
    /// Up to which of its changes a peer's store is known.
    case resume(ResumeMark)
    /// Counts the bytes of a log's bodies anew, where a check found the count wrong.
    case recount(LogKey)
    /// A value by name; nil forgets it.
    case setting(String, [UInt8]?)
}
