package import MerkleLog
import Primitives

/// Why the store could not do what was asked, in words for its owner.
package enum StoreError: Error, Hashable, Sendable {
    /// There is no store at this path.
    case missing(path: String)
    /// Another program holds it.
    case locked(path: String)
    /// A write did not fit the disk or the quota; nothing of it was kept, and the writer goes on.
    case diskFull
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
        case .missing(let path): "there is no store at \(path)"
        case .locked(let path): "\(path) is in use by another program"
        case .diskFull: "the disk is full: nothing of this write was kept"
        case .io(let what): "the disk failed (\(what)): nothing more is written until a restart"
        case .failed: "the disk failed earlier: nothing more is written until a restart"
        case .corrupt(let what, let place): "the store is damaged: \(what)\(place)"
        case .newerVersion(let found, let known):
            "the store has version \(found), and this program knows \(known): use a newer program"
        case .permission(let path, let advice): "\(path): \(advice)"
        case .conflict(let log, let why): "a write to log \(log.hex) does not fit: \(why)"
        case .interrupted: "cancelled"
        case .misuse(let what): "a mistake in the store's code: \(what)"
        }
    }
}

extension StoreError.Place: CustomStringConvertible {
    package var description: String {
        switch self {
        case .file: ""
        case .log(let key): ", in log \(key.hex)"
        case .entry(let key, let index): ", in log \(key.hex) at entry \(index)"
        }
    }
}

extension LogKey {
    /// Lower-case hex: plain enough for an error, and free of any other module.
    var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var out: [UInt8] = []
        for byte in array {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }
}
