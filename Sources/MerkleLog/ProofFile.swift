import Crypto
import Primitives
import Wire

/// A proof that stands alone: who wrote an entry, where it stands in their log, and that they
/// signed the log. A C2SP tlog-proof, so that tools which know nothing of Starling can check it
/// too.
package struct ProofFile: Hashable, Sendable {
    package var header: [UInt8]
    package var body: [UInt8]?
    package var index: UInt64
    package var inclusion: [Hash]
    package var checkpoint: Checkpoint
    /// Shows that the log belongs to an identity; nil when the file does not say so.
    package var binding: DeviceBinding?

    private static let magic = "c2sp.org/tlog-proof@v1"

    package init(
        header: EntryHeader, body: [UInt8]?, inclusion: [Hash], checkpoint: Checkpoint,
        binding: DeviceBinding?
    ) {
        self.header = header.encoded()
        self.body = body
        index = header.index
        self.inclusion = inclusion
        self.checkpoint = checkpoint
        self.binding = binding
    }

    package var text: String {
        var lines = [Self.magic, "extra " + Base64.encode(extra), "index \(index)"]
        lines += inclusion.map { Base64.encode($0.array) }
        return lines.joined(separator: "\n") + "\n\n" + checkpoint.note
    }

    private var extra: [UInt8] {
        var encoder = CBOREncoder()
        encoder.array(3)
        encoder.bytes(header)
        if let body { encoder.bytes(body) } else { encoder.null() }
        if let binding { binding.encode(into: &encoder) } else { encoder.null() }
        return encoder.bytes
    }

    /// Reads and verifies a file whole; what is returned is proven.
    package init(verifying text: String) throws(LogError) {
        guard text.utf8.count <= Limits.proofFile else { throw .wrongText }
        var rest = text[...]
        func line() throws(LogError) -> Substring {
            guard let end = rest.utf8.firstIndex(of: 0x0a) else { throw .wrongText }
            defer { rest = rest[rest.utf8.index(after: end)...] }
            return rest[..<end]
        }
        guard try line().utf8.elementsEqual(Self.magic.utf8) else { throw .wrongText }
        let extraLine = try line()
        guard extraLine.hasPrefix("extra "),
            let extra = Base64.decode(String(extraLine.dropFirst("extra ".count)))
        else { throw .wrongText }
        let indexLine = try line()
        guard indexLine.hasPrefix("index "),
            let index = Decimal.parse(indexLine.dropFirst("index ".count))
        else { throw .wrongText }
        self.index = index
        inclusion = []
        while true {
            let hashLine = try line()
            if hashLine.isEmpty { break }
            guard inclusion.count < LogLimits.frontier, let bytes = Base64.decode(String(hashLine)),
                let hash = Hash(bytes)
            else { throw .wrongText }
            inclusion.append(hash)
        }
        checkpoint = try Checkpoint(verifyingNote: String(rest))
        do {
            (header, body, binding) = try Self.read(extra: extra)
        } catch { throw .malformed(error) }
        try verify()
    }

    private static func read(
        extra: [UInt8]
    ) throws(WireError) -> ([UInt8], [UInt8]?, DeviceBinding?) {
        var decoder = CBORDecoder(extra)
        try decoder.array(exactly: 3)
        let header = try decoder.byteString(max: LogLimits.header)
        let body = try decoder.nullIfPresent() ? nil : try decoder.byteString(max: LogLimits.body)
        let binding = try decoder.nullIfPresent() ? nil : try DeviceBinding(from: &decoder)
        try decoder.finish()
        return (header, body, binding)
    }

    private func verify() throws(LogError) {
        let header = try EntryHeader(decoding: header)
        guard header.log == checkpoint.log, header.index == index else { throw .outOfBounds }
        if let body, body.count != Int(header.bodyLength) || SHA256.hash(body) != header.bodyHash {
            throw .wrongBody
        }
        guard
            MerkleProof.verifyInclusion(
                leaf: header.leafHash, index: index, size: checkpoint.size, proof: inclusion,
                root: checkpoint.root)
        else { throw .wrongProof }
        _ = try binding?.verifiedIdentity(of: checkpoint)
    }

    /// The entry's name.
    package var reference: Reference {
        Reference(log: checkpoint.log, index: index, address: SHA256.leaf(header))
    }

    /// The identity that the binding shows, or else the log itself.
    package var author: LogKey {
        (try? binding?.verifiedIdentity(of: checkpoint)) ?? checkpoint.log
    }
}

/// Shows that a device log belongs to an identity: the log's first entry names the identity, and
/// the identity's root log added the device. Says nothing about a later revocation.
package struct DeviceBinding: Hashable, Sendable {
    /// Entry 0 of the device log, and its inclusion in the proof's own checkpoint.
    package var device: Part
    /// The entry of the root log that adds the device, and its inclusion in `root`.
    package var addition: Part
    /// The root log's checkpoint.
    package var root: Checkpoint

    package init(device: Part, addition: Part, root: Checkpoint) {
        self.device = device
        self.addition = addition
        self.root = root
    }

    /// An entry with the proof that it stands in its log.
    package struct Part: Hashable, Sendable {
        package var header: [UInt8]
        package var body: [UInt8]
        package var inclusion: [Hash]

        package init(header: EntryHeader, body: [UInt8], inclusion: [Hash]) {
            self.header = header.encoded()
            self.body = body
            self.inclusion = inclusion
        }

        init(header: [UInt8], body: [UInt8], inclusion: [Hash]) {
            self.header = header
            self.body = body
            self.inclusion = inclusion
        }

        /// What the entry says and where it stands, once it is shown to stand under `checkpoint`.
        func verified(under checkpoint: Checkpoint) throws(LogError) -> (IdentityStatement, UInt64)
        {
            let header = try EntryHeader(decoding: header)
            guard header.log == checkpoint.log else { throw .wrongBinding }
            guard body.count == Int(header.bodyLength), SHA256.hash(body) == header.bodyHash else {
                throw .wrongBody
            }
            guard
                MerkleProof.verifyInclusion(
                    leaf: header.leafHash, index: header.index, size: checkpoint.size,
                    proof: inclusion, root: checkpoint.root)
            else { throw .wrongProof }
            guard let statement = try? Statement(body: body),
                let said = try? IdentityStatement(statement)
            else { throw .wrongBinding }
            return (said, header.index)
        }
    }

    /// The identity, when both sides say so.
    package func verifiedIdentity(of checkpoint: Checkpoint) throws(LogError) -> LogKey {
        let (first, index) = try device.verified(under: checkpoint)
        guard case .device(let identity, _) = first, index == 0, identity == root.log else {
            throw .wrongBinding
        }
        guard root.isVerified else { throw .wrongSignature }
        let (added, at) = try addition.verified(under: root)
        guard case .addDevice(let log) = added, log == checkpoint.log, at > 0 else {
            throw .wrongBinding
        }
        return identity
    }

    func encode(into encoder: inout CBOREncoder) {
        encoder.array(8)
        encoder.bytes(device.header)
        encoder.bytes(device.body)
        encoder.hashes(device.inclusion)
        encoder.bytes(root.log)
        root.encode(into: &encoder)
        encoder.bytes(addition.header)
        encoder.bytes(addition.body)
        encoder.hashes(addition.inclusion)
    }

    init(from decoder: inout CBORDecoder) throws(WireError) {
        try decoder.array(exactly: 8)
        device = try Part(from: &decoder)
        let key = try decoder.bytes32()
        root = try Checkpoint(log: key, from: &decoder)
        addition = try Part(from: &decoder)
    }
}

extension DeviceBinding.Part {
    init(from decoder: inout CBORDecoder) throws(WireError) {
        self.init(
            header: try decoder.byteString(max: LogLimits.header),
            body: try decoder.byteString(max: LogLimits.body),
            inclusion: try decoder.hashes(max: LogLimits.tail))
    }
}
