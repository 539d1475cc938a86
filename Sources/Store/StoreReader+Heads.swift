package import MerkleLog
package import Mesh
import Primitives
import Wire

/// Heads, settings and fork proofs.
extension StoreReader {
    /// A log's head and its number in this store: numbers start at 1, in order of arrival.
    package struct NumberedHead: Hashable, Sendable {
        package var number: Int64
        package var head: LogHead
    }

    /// What is held of every log, in order of log number.
    package func heads() throws(StoreError) -> [LogHead] {
        var damage: StoreError?
        let heads = try heads { damage = damage ?? $0 }
        if let damage { throw damage }
        return heads
    }

    /// The same, where a damaged head is told to `report` and left out, so that it takes only its
    /// own log down.
    package func heads(report: (StoreError) -> Void) throws(StoreError) -> [LogHead] {
        statements.headsAfter.bind(1, 0)
        statements.headsAfter.bind(2, -1)
        defer { statements.headsAfter.reset() }
        var out: [LogHead] = []
        while try statements.headsAfter.step() {
            do { out.append(try HeadRow.decode(statements.headsAfter)) } catch { report(error) }
        }
        return out
    }

    /// A page of heads: those of logs numbered above `number`. 0 begins; an empty page ends.
    package func heads(afterNumber number: Int64, limit: Int) throws(StoreError) -> [NumberedHead] {
        statements.headsAfter.bind(1, number)
        statements.headsAfter.bind(2, Int64(limit))
        defer { statements.headsAfter.reset() }
        var out: [NumberedHead] = []
        while try statements.headsAfter.step() {
            let number = statements.headsAfter.int(0)
            out.append(
                NumberedHead(number: number, head: try HeadRow.decode(statements.headsAfter)))
        }
        return out
    }

    /// What is held of one log; nil when nothing is.
    package func head(of log: LogKey) throws(StoreError) -> LogHead? {
        statements.head.bind(1, log)
        defer { statements.head.reset() }
        guard try statements.head.step() else { return nil }
        return try HeadRow.decode(statements.head)
    }

    /// Logs held.
    package func logCount() throws(StoreError) -> Int {
        defer { statements.count.reset() }
        return try statements.count.step() ? Int(statements.count.int(0)) : 0
    }

    /// Entries held in all logs, with or without their bodies.
    package func entryCount() throws(StoreError) -> UInt64 {
        defer { statements.totalSize.reset() }
        return try statements.totalSize.step() ? UInt64(clamping: statements.totalSize.int(0)) : 0
    }

    /// The same without what stands behind the place where a log forks.
    package func countedEntries() throws(StoreError) -> UInt64 {
        defer { statements.countedSize.reset() }
        guard try statements.countedSize.step() else { return 0 }
        return UInt64(clamping: statements.countedSize.int(0))
    }

    /// A value by name.
    package func setting(_ name: String) throws(StoreError) -> [UInt8]? {
        statements.setting.bind(1, name)
        defer { statements.setting.reset() }
        return try statements.setting.step() ? statements.setting.blob(0) : nil
    }

    /// The proof of each fork known, in order of log key.
    package func forkProofs() throws(StoreError) -> [(log: LogKey, proof: [UInt8])] {
        defer { statements.forkProofs.reset() }
        var out: [(log: LogKey, proof: [UInt8])] = []
        while try statements.forkProofs.step() {
            guard let key = statements.forkProofs.bytes32(0) else {
                throw .corrupt(what: "a fork proof has no log", place: .file)
            }
            out.append((key, statements.forkProofs.blob(1)))
        }
        return out
    }

    /// The proof that a log is forked; nil when none is known.
    package func forkProof(of log: LogKey) throws(StoreError) -> ForkProof? {
        statements.forkProof.bind(1, log)
        defer { statements.forkProof.reset() }
        guard try statements.forkProof.step() else { return nil }
        var decoder = CBORDecoder(statements.forkProof.blob(0))
        do { return try ForkProof(from: &decoder) } catch {
            throw .corrupt(what: "a fork proof does not decode", place: .log(log))
        }
    }

    static let namesSetting = "change-names"

    /// The names under which change numbers were given, oldest first.
    package func changeNames() throws(StoreError) -> [StoreHistory.EarlierName] {
        guard let bytes = try setting(Self.namesSetting), bytes.count % 16 == 0 else { return [] }
        func word(_ offset: Int) -> UInt64 {
            bytes[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        return stride(from: 0, to: bytes.count, by: 16).map {
            StoreHistory.EarlierName(name: word($0), upTo: word($0 + 8))
        }
    }

    /// What the store remembers besides heads: the number of each log's last change, and up to
    /// which of its changes each peer's store is known. The newest of `names` is this run's.
    package func history(
        names: [StoreHistory.EarlierName]
    ) throws(StoreError) -> StoreHistory {
        var history = StoreHistory(store: names.last?.name ?? 0, earlier: names.dropLast())
        defer {
            statements.changes.reset()
            statements.resumes.reset()
        }
        while try statements.changes.step() {
            guard let key = statements.changes.bytes32(0) else { continue }
            history.changes[key] = UInt64(clamping: statements.changes.int(1))
        }
        while try statements.resumes.step() {
            guard let peer = statements.resumes.bytes32(0) else { continue }
            history.marks.append(
                ResumeMark(
                    peer: peer, store: UInt64(bitPattern: statements.resumes.int(1)),
                    change: min(Limits.changes, UInt64(clamping: statements.resumes.int(2)))))
        }
        return history
    }
}
