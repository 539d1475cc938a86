import Crypto
package import Primitives
import Wire

/// What is signed of an entry: the leaf data of the log's tree, `[ENTRY]` of `Protocol/entry.md`.
package struct EntryHeader: Hashable, Sendable {
    package var log: LogKey
    package var index: UInt64
    package var time: UnixTime
    /// Bytes of the body, salt included.
    package var bodyLength: UInt32
    package var bodyHash: Hash

    /// The only version so far.
    package static let version: UInt64 = 1

    package init(
        log: LogKey, index: UInt64, time: UnixTime, bodyLength: UInt32, bodyHash: Hash
    ) {
        self.log = log
        self.index = index
        self.time = time
        self.bodyLength = bodyLength
        self.bodyHash = bodyHash
    }

    /// The header of `entry` at `index` of `log`; hashes the body when it is present.
    package init(log: LogKey, index: UInt64, entry: Entry) {
        switch entry.body {
        case .present(let bytes):
            self.init(
                log: log, index: index, time: entry.time, bodyLength: UInt32(bytes.count),
                bodyHash: SHA256.hash(bytes))
        case .absent(let length, let hash):
            self.init(
                log: log, index: index, time: entry.time, bodyLength: length, bodyHash: hash)
        }
    }

    package init(decoding bytes: [UInt8]) throws(LogError) {
        do {
            var decoder = CBORDecoder(bytes)
            try decoder.array(exactly: 6)
            let version = try decoder.uint()
            log = try decoder.bytes32()
            index = try decoder.uint(max: LogLimits.size - 1)
            time = UnixTime(milliseconds: try decoder.uint(max: UnixTime.latest.milliseconds))
            bodyLength = UInt32(try decoder.uint(max: UInt64(LogLimits.body)))
            bodyHash = try decoder.bytes32()
            try decoder.finish()
            if version != Self.version { throw LogError.unknownVersion }
            if bodyLength <= LogLimits.salt { throw LogError.outOfBounds }
        } catch let error as WireError {
            throw .malformed(error)
        } catch let error as LogError {
            throw error
        } catch {
            throw .outOfBounds
        }
    }

    /// The canonical bytes, at most `LogLimits.header`.
    package func encoded() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: LogLimits.header) { buffer, count in
            unsafe count = write(to: UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped))
        }
    }

    /// The entry's content address: SHA-256(0x00 ‖ header).
    package var leafHash: Hash {
        unsafe withUnsafeTemporaryAllocation(byteCount: LogLimits.header + 1, alignment: 8) {
            let base = unsafe $0.baseAddress.unsafelyUnwrapped
            unsafe base.storeBytes(of: 0, as: UInt8.self)
            let count = unsafe write(to: base + 1)
            return unsafe SHA256.hash(UnsafeRawBufferPointer(start: base, count: count + 1))
        }
    }

    /// Writes the canonical bytes by hand: this runs once for each entry that is synced.
    private func write(to base: UnsafeMutableRawPointer) -> Int {
        unsafe base.storeBytes(of: 0x86, as: UInt8.self)
        unsafe base.storeBytes(of: UInt8(Self.version), toByteOffset: 1, as: UInt8.self)
        var offset = unsafe Self.write(log, base, 2)
        unsafe offset = Self.write(index, base, offset)
        unsafe offset = Self.write(time.milliseconds, base, offset)
        unsafe offset = Self.write(UInt64(bodyLength), base, offset)
        return unsafe Self.write(bodyHash, base, offset)
    }

    private static func write(
        _ value: Bytes32, _ base: UnsafeMutableRawPointer, _ offset: Int
    ) -> Int {
        unsafe base.storeBytes(of: 0x58, toByteOffset: offset, as: UInt8.self)
        unsafe base.storeBytes(of: 32, toByteOffset: offset + 1, as: UInt8.self)
        unsafe value.store(to: base + offset + 2)
        return offset + 34
    }

    private static func write(
        _ value: UInt64, _ base: UnsafeMutableRawPointer, _ offset: Int
    ) -> Int {
        let width =
            value < 24 ? 0 : value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffff_ffff ? 4 : 8
        let info: UInt8 =
            switch width {
            case 0: UInt8(value)
            case 1: 24
            case 2: 25
            case 4: 26
            default: 27
            }
        unsafe base.storeBytes(of: info, toByteOffset: offset, as: UInt8.self)
        for i in 0..<width {
            unsafe base.storeBytes(
                of: UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - i))),
                toByteOffset: offset + 1 + i, as: UInt8.self)
        }
        return offset + 1 + width
    }
}
