import Crypto
import MerkleLog
import Mesh
import Store

/// The fences of a node's own logs: small files outside the data directory that remember the highest
/// head released from here (invariant 3). Used by the store's thread once it runs.
final class Fences {
    private let directory: String
    private let storeID: [UInt8]
    private var open: [LogKey: FenceFile] = [:]

    init(directory: String, storeID: [UInt8]) throws(NodeError) {
        try DirectoryLock.makeDirectory(directory)
        self.directory = directory
        self.storeID = storeID
    }

    private func path(_ log: LogKey) -> String { "\(directory)/\(DIDKey.multibase(log))" }

    /// What the fence of `log` says of a store that holds `head`.
    func trust(_ log: LogKey, _ head: LogHead?) throws -> OwnLogStart.Trust {
        let file = try FenceFile(path: path(log), log: log, storeID: storeID)
        open[log] = file
        let held = head?.size ?? 0
        switch file.read() {
        case .missing:
            // Nothing was ever released of an empty log that has no fence.
            return held == 0 ? .current : .unknown
        case .foreign, .torn: return .unknown
        case .released(let size, let root):
            if size > held { return .behind(size: size) }
            if size == held, let head, head.checkpoint.root != root { return .unknown }
            return .current
        }
    }

    /// Remembers a head before it is released: durable when this returns.
    func move(_ log: LogKey, _ size: UInt64, _ root: Hash) throws(StoreError) {
        let file: FenceFile
        if let known = open[log] {
            file = known
        } else {
            file = try FenceFile(path: path(log), log: log, storeID: storeID)
            open[log] = file
        }
        try file.write(size: size, root: root)
    }
}
