import Crypto
import MerkleLog
import Mesh
import Node
import Primitives
import Wire

/// Everything that is decoded and verified: entries, checkpoints, batches, proofs, messages.
extension Conform {
    static let formatOperations: [String: Operation] = [
        "cbor-decode": { fields throws(ConformError) in
            let data = try fields.bytes("data")
            return [
                "data": .hex(
                    try wire { () throws(WireError) in try CBORValue(decoding: data) }.encoded)
            ]
        },
        "entry-decode": { fields throws(ConformError) in
            let bytes = try fields.bytes("header")
            let header = try log { () throws(LogError) in try EntryHeader(decoding: bytes) }
            return [
                "version": .integer(EntryHeader.version), "log": .hex(header.log),
                "index": .integer(header.index), "time": .integer(header.time.milliseconds),
                "body_length": .integer(UInt64(header.bodyLength)),
                "body_hash": .hex(header.bodyHash), "address": .hex(header.leafHash),
            ]
        },
        "checkpoint-verify": { fields throws(ConformError) in
            let note = try fields.string("note")
            guard let key = DIDKey.parse(try fields.string("did")) else {
                throw ConformError("not a did:key of Ed25519")
            }
            let found = try log { () throws(LogError) in try Checkpoint(verifyingNote: note) }
            guard found.log == key else { throw ConformError("a checkpoint of another log") }
            return ["size": .integer(found.size), "root": .hex(found.root)]
        },
        "proof-verify": { fields throws(ConformError) in
            let text = try fields.string("text")
            let proof = try log { () throws(LogError) in try ProofFile(verifying: text) }
            return [
                "author": .string(DIDKey.encode(proof.author)),
                "log": .string(DIDKey.encode(proof.checkpoint.log)), "index": .integer(proof.index),
            ]
        },
        "batch-verify": { fields throws(ConformError) in try verifyBatch(fields) },
        "forkproof-verify": { fields throws(ConformError) in
            let bytes = try fields.bytes("proof")
            let proof = try wire { () throws(WireError) in
                var decoder = CBORDecoder(bytes)
                let proof = try ForkProof(from: &decoder)
                try decoder.finish()
                return proof
            }
            try log { () throws(LogError) in try proof.verify() }
            return ["log": .hex(proof.log), "bound": .integer(proof.bound)]
        },
        "message-decode": { fields throws(ConformError) in try decodeMessage(fields) },
        "message-assemble": { fields throws(ConformError) in
            let plaintexts = try fields.byteLists("plaintexts")
            var assembler = MessageAssembler()
            let messages = try wire { () throws(WireError) in
                var out: [JSON] = []
                for plaintext in plaintexts {
                    if let message = try assembler.take(plaintext) { out.append(.hex(message)) }
                }
                return out
            }
            if assembler.isUnderWay { throw ConformError("the message does not end") }
            return ["messages": .array(messages)]
        },
        "beacon-decode": { fields throws(ConformError) in
            let data = try fields.bytes("data")
            let beacon = try wire { () throws(WireError) in try Beacon(decoding: data) }
            return [
                "node": .hex(beacon.node), "port": .integer(UInt64(beacon.port)),
                "network": .hex(beacon.network.bytes),
            ]
        },
        "network-secret": { fields throws(ConformError) in
            guard let key = NetworkSecret.key(try fields.string("text")) else {
                throw ConformError("a network secret has 12 to 1,024 bytes")
            }
            return ["psk": .hex(key.exposed), "network": .hex(NetworkID(of: key).bytes)]
        },
        "address-parse": { fields throws(ConformError) in
            try parseAddress(try fields.string("text"))
        },
    ]

    private static func verifyBatch(_ fields: ConformFields) throws(ConformError) -> [String: JSON]
    {
        let bytes = try fields.bytes("batch")
        let batch = try wire { () throws(WireError) in
            var decoder = CBORDecoder(bytes)
            let batch = try Batch(from: &decoder)
            try decoder.finish()
            return batch
        }
        var held: Frontier?
        if fields.has("held") {
            let state = try fields.object("held")
            held = Frontier(
                size: try state.number("size"), hashes: try state.hashes("frontier"))
            guard held != nil, held?.size == batch.from else {
                throw ConformError("the batch does not start where the log held ends")
            }
        }
        let found = try log { () throws(LogError) in try batch.verify(held: held) }
        return [
            "log": .hex(batch.log), "from": .integer(found.from), "to": .integer(found.head.size),
        ]
    }

    private static func decodeMessage(
        _ fields: ConformFields
    ) throws(ConformError) -> [String: JSON] {
        let bytes = try fields.bytes("data")
        guard bytes.count <= Limits.message else { throw ConformError("the message is too long") }
        let message = try wire { () throws(WireError) in try Message(decoding: bytes) }
        let type = try wire { () throws(WireError) in
            var decoder = CBORDecoder(bytes)
            _ = try decoder.array(max: bytes.count)
            return try decoder.uint()
        }
        // What a later version added is passed over here, and so is not written again.
        if case .unknown = message { return ["type": .integer(type), "data": .hex(bytes)] }
        if case .hello = message { return ["type": .integer(type), "data": .hex(bytes)] }
        return ["type": .integer(type), "data": .hex(message.encoded())]
    }

    private static func parseAddress(_ text: String) throws(ConformError) -> [String: JSON] {
        if let reference = Reference(text: text) {
            return [
                "kind": .string("post"), "log": .string(DIDKey.encode(reference.log)),
                "index": .integer(reference.index), "address": .hex(reference.address),
            ]
        }
        let invite: Invite
        do throws(NodeError) { invite = try Invite(parsing: text) } catch {
            throw ConformError(error)
        }
        let endpoints = invite.address.endpoints.compactMap { HostPort.parse($0) }.map {
            JSON.object(["host": .string($0.host), "port": .integer(UInt64($0.port))])
        }
        var out: [String: JSON] = [
            "kind": .string("node"), "public": .hex(invite.address.key),
            "endpoints": .array(endpoints),
        ]
        if let secret = invite.secret { out["secret"] = .hex(secret) }
        if let identity = invite.identity { out["who"] = .hex(identity) }
        return out
    }

    static func wire<Result>(
        _ body: () throws(WireError) -> Result
    ) throws(ConformError) -> Result {
        do throws(WireError) { return try body() } catch { throw ConformError(error) }
    }

    static func log<Result>(
        _ body: () throws(LogError) -> Result
    ) throws(ConformError) -> Result {
        do throws(LogError) { return try body() } catch { throw ConformError(error) }
    }
}
