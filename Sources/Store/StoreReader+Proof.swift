package import MerkleLog

/// Reading what a proof file holds.
extension StoreReader {
    /// The proof of the entry at `reference`; nil when its log is not held to there.
    package func proof(
        of reference: Reference, binding: DeviceBinding?
    ) throws(StoreError) -> ProofFile? {
        guard let head = try head(of: reference.log), reference.index < head.size,
            let part = try part(of: head, at: reference.index)
        else { return nil }
        return ProofFile(
            header: part.header, body: part.body, inclusion: part.inclusion,
            checkpoint: head.checkpoint, binding: binding)
    }

    /// What shows that `log` belongs to `identity`, whose root log adds it at `index`.
    package func binding(
        of log: LogKey, identity: LogKey, addedAt index: UInt64
    ) throws(StoreError) -> DeviceBinding? {
        guard let deviceHead = try head(of: log), let rootHead = try head(of: identity),
            index < rootHead.size, let first = try part(of: deviceHead, at: 0),
            let addition = try part(of: rootHead, at: index), let firstBody = first.body,
            let additionBody = addition.body
        else { return nil }
        return DeviceBinding(
            device: DeviceBinding.Part(
                header: first.header, body: firstBody, inclusion: first.inclusion),
            addition: DeviceBinding.Part(
                header: addition.header, body: additionBody, inclusion: addition.inclusion),
            root: rootHead.checkpoint)
    }

    private struct Part {
        var header: EntryHeader
        var body: [UInt8]?
        var inclusion: [Hash]
    }

    private func part(of head: LogHead, at index: UInt64) throws(StoreError) -> Part? {
        guard let entry = try entry(of: head.key, at: index),
            let hashes = try hashes(of: head.key), let view = LogView(head: head, reader: hashes)
        else { return nil }
        var body: [UInt8]?
        if case .present(let bytes) = entry.body { body = bytes }
        return Part(
            header: EntryHeader(log: head.key, index: index, entry: entry), body: body,
            inclusion: try view.inclusionProof(index: index))
    }
}
