package import Wire

/// Why a log's part was refused. The reasons a peer or a file can cause, and no others.
package enum LogError: Error, Equatable, Sendable {
    case malformed(WireError)
    /// A version of header that this program does not know.
    case unknownVersion
    /// An index, size, count or length outside its bounds or not matching its neighbours.
    case outOfBounds
    /// A frontier with the wrong number of hashes, or not the one that is held.
    case wrongFrontier
    /// A proof or tail with too few or too many hashes, or that does not lead to the root.
    case wrongProof
    /// The rebuilt root is not the signed one.
    case wrongRoot
    /// The signature does not verify with the log's key.
    case wrongSignature
    /// Text that is not a checkpoint, a proof file or an address in its one spelling.
    case wrongText
    /// A body whose hash or length is not what the header says.
    case wrongBody
    /// A binding that does not show what it claims.
    case wrongBinding
    /// Two checkpoints that can both be true.
    case notAFork
}

extension LogError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let error): "malformed: \(error)"
        case .unknownVersion: "an entry version this program does not know"
        case .outOfBounds: "an index, size or count is out of bounds"
        case .wrongFrontier: "the frontier is not that of the log"
        case .wrongProof: "the proof does not lead to the root"
        case .wrongRoot: "the entries do not give the signed root"
        case .wrongSignature: "the signature is not the log's"
        case .wrongText: "not in the one spelling of this format"
        case .wrongBody: "the body is not the one that was signed"
        case .wrongBinding: "the device is not shown to belong to the author"
        case .notAFork: "the two checkpoints do not contradict each other"
        }
    }
}
