import MerkleLog
import Mesh
import Primitives
import Store
import Wire

/// Peers whose input came right before crashes; after the second one they are refused for a time.
///
/// Lies in the store as one setting: CBOR
///
///     [1, [[address or null, X25519 key or null, node or null, crashes, time of the last]…]]
struct Quarantine: Hashable, Sendable {
    var records: [Record] = []

    struct Record: Hashable, Sendable {
        var suspect: Suspect
        var crashes: UInt64
        var last: UnixTime

        /// Until when it is refused; nil while it is not.
        var until: UnixTime? {
            guard crashes >= Limits.Quarantine.crashes else { return nil }
            return UnixTime(milliseconds: last.milliseconds + Limits.Quarantine.time)
        }
    }

    static let setting = "quarantine"

    /// Counts a crash against whoever has the suspect's key, or, where none was proven, came from
    /// its address.
    mutating func blame(_ suspect: Suspect, at now: UnixTime) -> Record {
        prune(now)
        let known = records.firstIndex { record in
            suspect.key != nil
                ? record.suspect.key == suspect.key
                : record.suspect.key == nil && record.suspect.address == suspect.address
        }
        var record = Record(suspect: suspect, crashes: 1, last: now)
        if let known {
            record.crashes = records.remove(at: known).crashes + 1
        }
        records.append(record)
        records = records.suffix(Limits.Quarantine.suspects)
        return record
    }

    /// Forgets crashes of long ago.
    mutating func prune(_ now: UnixTime) {
        records.removeAll { record in
            let age = now.milliseconds.subtractingReportingOverflow(record.last.milliseconds)
            // A clock that was ahead at the time holds nobody longer.
            return age.overflow ? false : age.partialValue >= Limits.Quarantine.memory
        }
    }

    /// Those who are refused at `now`.
    func refused(at now: UnixTime) -> [Record] {
        records.filter { record in record.until.map { $0 > now } ?? false }
    }

    /// What the mesh is told of them. An address of this machine stands for everybody on it, and is
    /// not refused.
    func event(at now: UnixTime) -> Event {
        let refused = refused(at: now)
        return .quarantine(
            keys: refused.compactMap(\.suspect.key),
            addresses: refused.compactMap(\.suspect.address).filter { !$0.isLoopback })
    }

    var encoded: [UInt8] {
        var encoder = CBOREncoder()
        encoder.array(2)
        encoder.uint(1)
        encoder.array(records.count)
        for record in records {
            encoder.array(5)
            if let address = record.suspect.address {
                encoder.bytes(address.bytes)
            } else {
                encoder.null()
            }
            if let key = record.suspect.key { encoder.bytes(key) } else { encoder.null() }
            if let node = record.suspect.node { encoder.bytes(node) } else { encoder.null() }
            encoder.uint(record.crashes)
            encoder.uint(record.last.milliseconds)
        }
        return encoder.bytes
    }

    init() {}

    init(decoding bytes: [UInt8]) throws(WireError) {
        var decoder = CBORDecoder(bytes)
        try decoder.array(exactly: 2)
        guard try decoder.uint() == 1 else { throw .malformed }
        for _ in 0..<(try decoder.array(max: Limits.Quarantine.suspects)) {
            try decoder.array(exactly: 5)
            var suspect = Suspect()
            if try !decoder.nullIfPresent() {
                guard let address = IPAddress(try decoder.byteString(max: 16)) else {
                    throw .malformed
                }
                suspect.address = address
            }
            if try !decoder.nullIfPresent() { suspect.key = try decoder.bytes32() }
            if try !decoder.nullIfPresent() { suspect.node = try decoder.bytes32() }
            let crashes = try decoder.uint()
            let last = UnixTime(milliseconds: try decoder.uint(max: UnixTime.latest.milliseconds))
            records.append(Record(suspect: suspect, crashes: crashes, last: last))
        }
        try decoder.finish()
    }

    /// What the last run kept; nothing when it cannot be read: it only protects.
    static func read(_ reader: StoreReader) -> Quarantine {
        guard let bytes = try? reader.setting(setting) else { return Quarantine() }
        return (try? Quarantine(decoding: bytes)) ?? Quarantine()
    }
}
