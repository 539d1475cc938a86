import Glibc
package import MerkleLog

/// The fence of one own log: a small file outside the data directory that says how far the log was
/// ever released from here, so that a cloned disk or a restored backup is noticed before anything
/// is signed.
///
/// Two slots, a page apart so that no torn sector hits both, are written in turn, each followed by
/// `fdatasync`; a torn write leaves the one before it, which is right, because nothing is released
/// until the sync is over. The file keeps its size, so a sync writes no metadata. While open it is
/// locked: no two processes write as one log.
package struct FenceFile: ~Copyable {
    private static let stride = 4_096
    private static let size = 2 * stride

    /// What the file says now.
    package private(set) var state: FenceState

    private let file: FileDescriptor
    private let owner: FenceOwner
    private var sequence: UInt64
    private var hasFailed = false

    /// Opens or creates the fence of `owner`. `.locked` when another process writes as this log.
    package init(path: String, owner: FenceOwner) throws(StoreError) {
        let file = try FileDescriptor(path, O_RDWR | O_CREAT)
        try FileMode.check(try file.status(), kind: S_IFREG, path: path)
        try file.lockExclusively()
        let length = Int(try file.status().st_size)
        if length == 0 {
            try file.write([UInt8](repeating: 0, count: Self.size), at: 0)
            try file.sync()
            try FileMode.syncDirectory(of: path)
        }
        let (state, sequence) = try Self.read(file, owner)
        self.state = state
        self.sequence = sequence
        self.file = file
        self.owner = owner
    }

    /// Moves the fence forward to a head that is durable and about to be released. Only from
    /// `.held`, and never back: otherwise `.conflict`. A failure is final: what the file holds is
    /// unknown then.
    package mutating func advance(size: UInt64, root: Hash) throws(StoreError) {
        guard case .held(let record) = state else {
            throw .conflict(owner.log, "its fence is not of this store")
        }
        guard size > record.size || size == record.size && root == record.root else {
            throw .conflict(owner.log, "\(record.size) entries were released, this has \(size)")
        }
        try claim(size: size, root: root)
    }

    /// Sets the fence whatever it says: for a new log, or once peers or the owner have answered
    /// what may be written.
    package mutating func claim(size: UInt64, root: Hash) throws(StoreError) {
        guard !hasFailed else { throw .failed }
        let record = FenceRecord(owner: owner, size: size, root: root)
        let next = FenceSlot(sequence: sequence + 1, record: record)
        do throws(StoreError) {
            let offset = next.sequence & 1 == 1 ? Self.stride : 0
            try file.write(next.encoded(), at: offset)
            try file.syncData()
        } catch {
            hasFailed = true
            throw error
        }
        sequence = next.sequence
        state = .held(record)
    }

    /// The newer of the whole slots.
    private static func read(
        _ file: borrowing FileDescriptor, _ owner: FenceOwner
    ) throws(StoreError) -> (FenceState, UInt64) {
        let bytes = try file.read(size, at: 0)
        if bytes.allSatisfy({ $0 == 0 }) { return (.missing, 0) }
        var newest: FenceSlot?
        for parity in 0..<2 {
            let start = parity * stride
            guard start + FenceSlot.count <= bytes.count,
                let slot = FenceSlot(Array(bytes[start..<start + FenceSlot.count])),
                slot.sequence & 1 == UInt64(parity), slot.sequence < .max
            else { continue }
            if slot.sequence > newest?.sequence ?? 0 { newest = slot }
        }
        guard let newest else { return (.unreadable, 0) }
        let isOwn = newest.record.owner == owner
        return (isOwn ? .held(newest.record) : .foreign(newest.record), newest.sequence)
    }
}
