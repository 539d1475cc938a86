import Content
package import MerkleLog
import Primitives

/// Which entries say who somebody is or whom they follow, rather than being posts: few among many,
/// and needed at every start. The store keeps a list of where they stand.
package struct StoreMark: Hashable, Sendable {
    package var log: LogKey
    package var index: UInt64

    /// `[2 parts, text of 4 bytes: "note"`: what nearly every body begins with, behind its salt.
    private static let note: [UInt8] = [0x82, 0x64] + Array(Content.noteKind.utf8)

    private static let kinds = Set(
        [Content.profileKind, Content.followKind] + IdentityStatement.kinds)

    /// Whether the store lists this entry.
    package static func isMarked(_ entry: Entry) -> Bool {
        guard case .present(let body) = entry.body, body.count > LogLimits.salt + note.count else {
            return false
        }
        var isNote = true
        for i in note.indices where body[LogLimits.salt + i] != note[i] { isNote = false }
        if isNote { return false }
        guard let statement = try? MerkleLog.Statement(body: body) else { return false }
        return kinds.contains(statement.kind)
    }
}

extension StoreReader {
    /// How many entries are listed.
    package func markCount() throws(StoreError) -> UInt64 {
        defer { statements.markCount.reset() }
        return try statements.markCount.step() ? UInt64(clamping: statements.markCount.int(0)) : 0
    }

    /// The listed entries, log by log in order of arrival, each log's by index.
    package func marks() throws(StoreError) -> [StoreMark] { try marks(by: statements.marks) }

    /// Those of one log.
    package func marks(of log: LogKey) throws(StoreError) -> [StoreMark] {
        statements.marksOfLog.bind(1, log)
        return try marks(by: statements.marksOfLog)
    }

    private func marks(by query: borrowing Statement) throws(StoreError) -> [StoreMark] {
        defer { query.reset() }
        var out: [StoreMark] = []
        while try query.step() {
            guard let log = query.bytes32(0) else {
                throw .corrupt(what: "the list of statements is damaged", place: .file)
            }
            out.append(StoreMark(log: log, index: UInt64(query.int(1))))
        }
        return out
    }
}
