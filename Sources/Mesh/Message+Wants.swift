import MerkleLog
import Primitives
import Wire

/// How a `want` changes what its sender wants.
package enum WantChange: UInt64, Sendable {
    /// Every log.
    case everything = 0
    /// These logs and no others.
    case only = 1
    /// These, too.
    case also = 2
    /// These no more.
    case notThese = 3
}

extension Message {
    static func encodeWant(
        _ change: WantChange, _ logs: [LogKey], into encoder: inout CBOREncoder
    ) {
        encoder.array(3)
        encoder.uint(17)
        encoder.uint(change.rawValue)
        encoder.hashes(logs)
    }

    static func readWant(_ decoder: inout CBORDecoder) throws(WireError) -> Message {
        guard let change = WantChange(rawValue: try decoder.uint()) else { throw .malformed }
        let logs = try decoder.hashes(max: Limits.Wants.perMessage)
        if change == .everything && !logs.isEmpty { throw .malformed }
        return .want(change, logs)
    }
}
