import Crypto
import Glibc
import MerkleLog
import Mesh
import Primitives
import Store

/// The fences of a node's own logs: small files outside the data directory that remember the
/// highest head released from here (invariant 3). Used by the store's thread once it runs.
final class Fences {
    private let directory: String
    private let store: Bytes32
    private let machine = Fences.machineID()
    private var open: [LogKey: OpenFence] = [:]

    /// A dictionary cannot hold what may not be copied.
    private final class OpenFence {
        var file: FenceFile

        init(_ file: consuming FenceFile) { self.file = file }
    }

    /// `store` names the store whose logs these are.
    init(directory: String, store: Bytes32) throws(StoreError) {
        try PrivateDirectory.create(directory)
        self.directory = directory
        self.store = store
    }

    private func fence(_ log: LogKey) throws(StoreError) -> OpenFence {
        if let known = open[log] { return known }
        let owner = FenceOwner(log: log, store: store, machine: machine)
        let path = "\(directory)/\(DIDKey.multibase(log))"
        let fence = OpenFence(try FenceFile(path: path, owner: owner))
        open[log] = fence
        return fence
    }

    /// What the fence of `log` says of a store that holds `head`.
    func trust(_ log: LogKey, _ head: LogHead?) throws(StoreError) -> OwnLogStart.Trust {
        let held = head?.size ?? 0
        switch try fence(log).file.state {
        case .missing:
            // Of an empty log nothing can have been released from this store.
            return held == 0 ? .current : .unknown
        case .unreadable, .foreign: return .unknown
        case .held(let record):
            if record.size > held { return .behind(size: record.size) }
            if record.size == held, let head, head.checkpoint.root != record.root {
                return .unknown
            }
            return .current
        }
    }

    /// Before the first commit of a log: its fence says that nothing was released. A crash between
    /// that commit and its fence would else leave entries without any fence, as a copy has them.
    func prepare(_ log: LogKey) throws(StoreError) {
        let fence = try fence(log)
        if case .missing = fence.file.state { try fence.file.claim(size: 0, root: .zero) }
    }

    /// Remembers a head that is durable and about to be released; on the disk when this returns.
    ///
    /// The mesh has decided that the log may be written: a fence that says otherwise is taken over.
    func move(_ log: LogKey, _ size: UInt64, _ root: Hash) throws(StoreError) {
        let fence = try fence(log)
        if case .held = fence.file.state {
            try fence.file.advance(size: size, root: root)
        } else {
            try fence.file.claim(size: size, root: root)
        }
    }

    /// Tells this machine from one that its disk was cloned to, as far as the system does.
    private static func machineID() -> Bytes32 {
        let descriptor = unsafe Glibc.open("/etc/machine-id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return SHA256.hash([]) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe read(descriptor, &buffer, buffer.count)
        return SHA256.hash(Array("starling fence ".utf8) + buffer.prefix(max(0, count)))
    }
}
