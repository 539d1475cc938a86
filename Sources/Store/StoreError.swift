import Crypto
package import MerkleLog

/// Why the store could not do what was asked, in words for its owner.
package enum StoreError: Error, Hashable, Sendable {
    /// There is no store or file at this path.
    case missing(path: String)
    /// There is a file already, and it is never overwritten.
    case exists(path: String)
    /// Another program holds it.
    case locked(path: String)
    /// A write did not fit the disk or the quota; nothing of it was kept, and the writer goes on.
    case diskFull
    /// There are as many of these as may be: nothing is wrong with the disk.
    case tooMany(String)
    /// The operating system failed to read, write or sync: final for the writer that met it.
    case io(String)
    /// An earlier failure was final: what the disk holds is unknown until the store is opened anew.
    case failed
    /// What was read is not what was written; `place` says where.
    case corrupt(what: String, place: Place)
    /// Written by a newer program.
    case newerVersion(found: Int64, known: Int64)
    /// A file that is open to others, owned by somebody else, or may not be opened.
    case permission(path: String, advice: String)
    /// A write that does not fit what is stored; the whole commit was rolled back.
    case conflict(LogKey, String)
    /// The work was cancelled.
    case interrupted
    /// A mistake in this program.
    case misuse(String)

    /// Where damage was met.
    package enum Place: Hashable, Sendable {
        case file
        case log(LogKey)
        case entry(LogKey, index: UInt64)
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let path): "there is nothing at \(path)"
        case .exists(let path): "\(path) exists already; move it away first"
        case .locked(let path): "\(path) is in use by another program"
        case .diskFull: "the disk is full: nothing of this write was kept"
        case .tooMany(let what): what
        case .io(let what): "the disk failed (\(what)): nothing more is written until a restart"
        case .failed: "the disk failed earlier: nothing more is written until a restart"
        case .corrupt(let what, let place): "damaged: \(what)\(place)"
        case .newerVersion(let found, let known):
            "the store has version \(found), and this program knows \(known): use a newer program"
        case .permission(let path, let advice): "\(path): \(advice)"
        case .conflict(let log, let why):
            "a write to log \(DIDKey.encode(log)) does not fit: \(why)"
        case .interrupted: "cancelled"
        case .misuse(let what): "a mistake in the store's code: \(what)"
        }
    }
}

extension StoreError.Place: CustomStringConvertible {
    package var description: String {
        switch self {
        case .file: ""
        case .log(let key): ", in log \(DIDKey.encode(key))"
        case .entry(let key, let index): ", in log \(DIDKey.encode(key)) at entry \(index)"
        }
    }
}
