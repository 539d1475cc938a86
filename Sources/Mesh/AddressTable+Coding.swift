package import Primitives
package import Wire

/// The table as it lies on disk: CBOR, checked like a stranger's word when it is read again.
///
///     [1, secret, [[key, ip (4 or 16 bytes), port, source (4 or 16 bytes), tried, failures]…],
///      [anchor key…]]
extension AddressTable {
    package var encoded: [UInt8] {
        var encoder = CBOREncoder(reserving: 64 + 110 * (triedCount + newCount))
        encoder.array(4)
        encoder.uint(1)
        encoder.bytes(secret)
        // An interface has another number after a restart: what hangs on one is not kept.
        let kept = entries.compactMap { $0 }.filter { $0.endpoint.zone == 0 }
        encoder.array(kept.count)
        for entry in kept {
            encoder.array(6)
            encoder.bytes(entry.key)
            encoder.bytes(entry.endpoint.address.bytes)
            encoder.uint(UInt64(entry.endpoint.port))
            encoder.bytes(entry.source.prefix.bytes)
            encoder.bool(entry.isTried)
            encoder.uint(UInt64(entry.failures))
        }
        encoder.array(anchors.count)
        for key in anchors { encoder.bytes(key) }
        return encoder.bytes
    }

    /// Throws for anything but a table that `encoded` could have written; what its buckets have no
    /// room for is left out.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Limits.Addresses.encoded else { throw .malformed }
        var decoder = CBORDecoder(bytes)
        try decoder.array(exactly: 4)
        guard try decoder.uint() == 1 else { throw .malformed }
        self.init(secret: try decoder.bytes32())
        let most =
            Limits.Addresses.newBuckets * Limits.Addresses.newSlots
            + Limits.Addresses.triedBuckets * Limits.Addresses.triedSlots
        for _ in 0..<(try decoder.array(max: most)) {
            let entry = try Self.entry(&decoder)
            _ = restore(entry)
        }
        var anchors: [Bytes32] = []
        for _ in 0..<(try decoder.array(max: Limits.Addresses.anchors)) {
            anchors.append(try decoder.bytes32())
        }
        try decoder.finish()
        restore(anchors: anchors)
        markSaved()
    }

    private static func entry(_ decoder: inout CBORDecoder) throws(WireError) -> Entry {
        try decoder.array(exactly: 6)
        let key = try decoder.bytes32()
        let address = try decoder.ipAddress()
        let port = try decoder.uint(max: 65_535)
        let source = NetworkGroup(try decoder.ipAddress())
        let isTried = try decoder.bool()
        let failures = try decoder.uint(max: 254)
        guard port > 0, address.namesAMachine else { throw .malformed }
        return Entry(
            key: key, endpoint: Endpoint(address, port: UInt16(port)), source: source,
            isTried: isTried, failures: UInt8(failures))
    }
}

extension IPAddress {
    /// Four bytes of IPv4 or sixteen of IPv6, as they travel and are stored.
    package var bytes: [UInt8] {
        if let v4 { return (0..<4).map { UInt8(truncatingIfNeeded: v4 >> UInt32(24 - 8 * $0)) } }
        return (0..<16).map { i in
            UInt8(truncatingIfNeeded: (i < 8 ? high : low) >> UInt64(56 - 8 * (i % 8)))
        }
    }

    /// The address of exactly four or sixteen bytes; nil for another count, and for IPv4 spelt as
    /// IPv6.
    package init?(_ bytes: [UInt8]) {
        func word(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(v4: UInt32(word(bytes[...])))
        case 16:
            self.init(high: word(bytes[..<8]), low: word(bytes[8...]))
            if isIPv4 { return nil }
        default: return nil
        }
    }
}

extension CBORDecoder {
    /// A byte string that is an IP address.
    mutating func ipAddress() throws(WireError) -> IPAddress {
        guard let address = IPAddress(try byteString(max: 16)) else { throw .malformed }
        return address
    }
}
