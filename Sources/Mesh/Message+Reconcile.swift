package import MerkleLog
import Primitives
package import Reconciliation
import Wire

/// What two nodes say to find the logs whose heads differ: `Protocol/reconciliation.md`.
extension Message {
    /// The dialling side asks which heads differ.
    package struct SketchAsk: Equatable, Sendable {
        /// Rises with every ask of a session: each has hash functions of its own.
        package var round: UInt64
        /// Logs that the sender holds.
        package var logs: UInt64
        /// The sum over them.
        package var total: SketchCell
        /// The answer's number of cells; 0 leaves it to the responder.
        package var cells: UInt64
        /// Nil with `cells` 0 asks for heads in pages instead.
        package var estimator: DifferenceEstimator?

        package init(
            round: UInt64, logs: UInt64, total: SketchCell, cells: UInt64,
            estimator: DifferenceEstimator?
        ) {
            self.round = round
            self.logs = logs
            self.total = total
            self.cells = cells
            self.estimator = estimator
        }

        package var wantsPages: Bool { cells == 0 && estimator == nil }
    }

    /// What the other side answers.
    package enum SketchAnswer: Equatable, Sendable {
        case cells(Sketch)
        /// All heads are the same.
        case equal
        /// Too much differs: both sides send pages of heads.
        case pages
    }

    /// What the receiver lacks, and what the sender cannot name.
    package struct Names: Equatable, Sendable {
        package var round: UInt64
        /// Logs that both hold, by ascending id, and the sender's sizes.
        package var lacking: [ShortClaim]
        /// Ids of logs that the sender does not hold: it asks for their names.
        package var asked: [UInt32]
        /// Logs that the receiver does not hold, or asked for.
        package var names: [Claim]

        package init(
            round: UInt64, lacking: [ShortClaim] = [], asked: [UInt32] = [], names: [Claim] = []
        ) {
            self.round = round
            self.lacking = lacking
            self.asked = asked
            self.names = names
        }

        /// The same in as many messages as it takes: ids come in the first alone, and names beside
        /// them as far as there is room.
        var parts: [Names] {
            // An id's distance takes at most 5 bytes, a size, and a log's key with its size, 42.
            let room = Limits.message - 64 - 10 * lacking.count - 5 * asked.count
            let first = min(max(0, room / 42), Limits.Reconcile.names)
            var parts = [self]
            parts[0].names = Array(names.prefix(first))
            var rest = names.dropFirst(first)
            while !rest.isEmpty {
                let part = rest.prefix(Limits.Reconcile.names)
                parts.append(Names(round: round, names: Array(part)))
                rest = rest.dropFirst(part.count)
            }
            return parts
        }

        /// A log by its id in the round, and the size held.
        package struct ShortClaim: Hashable, Sendable {
            package var id: UInt32
            package var size: UInt64

            package init(id: UInt32, size: UInt64) {
                self.id = id
                self.size = size
            }
        }

        /// A log by its key, and the size held.
        package struct Claim: Hashable, Sendable {
            package var log: LogKey
            package var size: UInt64

            package init(log: LogKey, size: UInt64) {
                self.log = log
                self.size = size
            }
        }
    }
}

// MARK: Encoding

extension Message.SketchAsk {
    func encode(into encoder: inout CBOREncoder) {
        encoder.array(6)
        encoder.uint(18)
        encoder.uint(round)
        encoder.uint(logs)
        encoder.bytes(total.bytes)
        encoder.uint(cells)
        encoder.bytes(estimator?.bytes ?? [])
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        let round = try decoder.round()
        let logs = try decoder.uint(max: UInt64(UInt32.max))
        guard let total = SketchCell(bytes: try decoder.byteString(exactly: Sketch.cellBytes))
        else { throw .malformed }
        let cells = try decoder.uint(max: UInt64(Limits.Reconcile.cells))
        if cells > 0 && cells < UInt64(Limits.Reconcile.fewestCells) { throw .malformed }
        let bytes = try decoder.byteString(max: DifferenceEstimator.count)
        let estimator = DifferenceEstimator(bytes: bytes)
        if estimator == nil && !bytes.isEmpty { throw .malformed }
        self.init(round: round, logs: logs, total: total, cells: cells, estimator: estimator)
    }
}

extension Message.SketchAnswer {
    func encode(_ round: UInt64, into encoder: inout CBOREncoder) {
        encoder.array(4)
        encoder.uint(19)
        encoder.uint(round)
        switch self {
        case .cells(let sketch):
            encoder.uint(0 as UInt64)
            encoder.bytes(sketch.bytes)
        case .equal:
            encoder.uint(1 as UInt64)
            encoder.bytes([])
        case .pages:
            encoder.uint(2 as UInt64)
            encoder.bytes([])
        }
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        let kind = try decoder.uint(max: 2)
        let most = kind == 0 ? Limits.Reconcile.cells * Sketch.cellBytes : 0
        let bytes = try decoder.byteString(max: most)
        switch kind {
        case 0:
            guard let sketch = Sketch(bytes: bytes) else { throw .malformed }
            self = .cells(sketch)
        case 1: self = .equal
        default: self = .pages
        }
    }
}

extension Message.Names {
    func encode(into encoder: inout CBOREncoder) {
        encoder.array(5)
        encoder.uint(20)
        encoder.uint(round)
        encoder.array(2 * lacking.count)
        var last: UInt32 = 0
        for claim in lacking {
            encoder.uint(UInt64(claim.id - last))
            encoder.uint(claim.size)
            last = claim.id
        }
        encoder.array(asked.count)
        last = 0
        for id in asked {
            encoder.uint(UInt64(id - last))
            last = id
        }
        encoder.array(names.count)
        for claim in names {
            encoder.array(2)
            encoder.bytes(claim.log)
            encoder.uint(claim.size)
        }
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        self.init(round: try decoder.round())
        let count = try decoder.array(max: 2 * Limits.Reconcile.cells)
        if count % 2 != 0 { throw .malformed }
        var last: UInt32?
        for _ in 0..<(count / 2) {
            let id = try decoder.id(behind: &last)
            lacking.append(ShortClaim(id: id, size: try decoder.size()))
        }
        last = nil
        for _ in 0..<(try decoder.array(max: Limits.Reconcile.cells)) {
            asked.append(try decoder.id(behind: &last))
        }
        for _ in 0..<(try decoder.array(max: Limits.Reconcile.names)) {
            try decoder.array(exactly: 2)
            let log = try decoder.bytes32()
            names.append(Claim(log: log, size: try decoder.size()))
        }
    }
}

extension CBORDecoder {
    mutating func round() throws(WireError) -> UInt64 {
        let round = try uint(max: UInt64(UInt32.max))
        if round == 0 { throw .malformed }
        return round
    }

    fileprivate mutating func size() throws(WireError) -> UInt64 {
        let size = try uint(max: LogLimits.size)
        if size == 0 { throw .malformed }
        return size
    }

    /// The next of ascending ids, each told as its distance from the one before.
    fileprivate mutating func id(behind last: inout UInt32?) throws(WireError) -> UInt32 {
        let distance = try uint(max: UInt64(UInt32.max))
        if distance == 0 && last != nil { throw .malformed }
        let sum = UInt64(last ?? 0) + distance
        guard let id = UInt32(exactly: sum) else { throw .tooLarge }
        last = id
        return id
    }
}
