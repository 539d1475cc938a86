package import Wire

/// Lists of hashes, as frontiers, tails and proofs travel.
extension CBOREncoder {
    package mutating func hashes(_ list: [Hash]) {
        array(list.count)
        for hash in list { bytes(hash) }
    }
}

extension CBORDecoder {
    /// At most `limit` hashes.
    package mutating func hashes(max limit: Int) throws(WireError) -> [Hash] {
        let count = try array(max: limit)
        var out: [Hash] = []
        out.reserveCapacity(count)
        for _ in 0..<count { out.append(try bytes32()) }
        return out
    }
}
