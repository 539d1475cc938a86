package import MerkleLog
import Primitives
import Wire

/// The newest entries of logs whose earlier ones are still to come: each a batch that verifies on
/// its own, and that is verified again when it is read.
extension StoreReader {
    /// Those of one log; nil where there are none, or not as they were written.
    package func newestBatch(of log: LogKey) throws(StoreError) -> Batch? {
        statements.newest.bind(1, log)
        defer { statements.newest.reset() }
        guard try statements.newest.step() else { return nil }
        return NewestRow.decode(statements.newest)
    }

    /// Those of all logs, in the order in which they came. `report` is told the logs of damaged
    /// ones, which are left out.
    package func newestBatches(
        report: (LogKey) -> Void = { _ in }
    ) throws(StoreError) -> [Batch] {
        defer { statements.allNewest.reset() }
        var out: [Batch] = []
        while try statements.allNewest.step() {
            if let batch = NewestRow.decode(statements.allNewest) {
                out.append(batch)
            } else {
                report(statements.allNewest.bytes32(0) ?? .zero)
            }
        }
        return out
    }
}

private enum NewestRow {
    /// The signature was checked when it came.
    static func decode(_ row: borrowing Statement) -> Batch? {
        var decoder = CBORDecoder(row.blob(1))
        guard let batch = try? Batch(from: &decoder), (try? decoder.finish()) != nil,
            batch.log == row.bytes32(0),
            (try? batch.verify(trusting: batch.checkpoint)) != nil
        else { return nil }
        return batch
    }
}
