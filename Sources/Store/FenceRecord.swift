import Crypto
package import MerkleLog
package import Primitives

/// Whose fence it is: a copy of the store, or the same store on another machine, is somebody else.
package struct FenceOwner: Hashable, Sendable {
    package var log: LogKey
    /// Random, minted with the store.
    package var store: Bytes32
    /// Hash of what names this machine.
    package var machine: Bytes32

    package init(log: LogKey, store: Bytes32, machine: Bytes32) {
        self.log = log
        self.store = store
        self.machine = machine
    }
}

/// The highest head of an own log that was ever released from here.
package struct FenceRecord: Hashable, Sendable {
    package var owner: FenceOwner
    package var size: UInt64
    package var root: Hash

    package init(owner: FenceOwner, size: UInt64, root: Hash) {
        self.owner = owner
        self.size = size
        self.root = root
    }
}

/// What a fence file says (DESIGN.md invariant 3).
package enum FenceState: Hashable, Sendable {
    /// There is none, or nothing was ever released under it.
    case missing
    /// Neither of its slots is whole.
    case unreadable
    /// It belongs to another log, store or machine: this data directory is a copy.
    case foreign(FenceRecord)
    case held(FenceRecord)
}

/// One slot of the file: magic, sequence number, record, checksum.
struct FenceSlot {
    static let count = 512
    private static let magic = Array("starling fence 1".utf8)
    private static let checked = count - 32

    var sequence: UInt64
    var record: FenceRecord

    func encoded() -> [UInt8] {
        var out = Self.magic
        out.reserveCapacity(Self.count)
        func word(_ value: UInt64) {
            for shift in stride(from: 56 as UInt64, through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        word(sequence)
        word(record.size)
        for value in [
            record.root, record.owner.log, record.owner.store, record.owner.machine,
        ] { out += value.array }
        out += [UInt8](repeating: 0, count: Self.checked - out.count)
        return out + SHA256.hash(out).array
    }

    init(sequence: UInt64, record: FenceRecord) {
        self.sequence = sequence
        self.record = record
    }

    /// Nil unless every byte is as it was written.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.count, bytes.starts(with: Self.magic),
            SHA256.hash(bytes, in: 0..<Self.checked) == Bytes32(bytes, at: Self.checked)
        else { return nil }
        func word(_ offset: Int) -> UInt64 {
            bytes[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        sequence = word(16)
        let owner = FenceOwner(
            log: Bytes32(bytes, at: 64), store: Bytes32(bytes, at: 96),
            machine: Bytes32(bytes, at: 128))
        record = FenceRecord(owner: owner, size: word(24), root: Bytes32(bytes, at: 32))
    }
}
