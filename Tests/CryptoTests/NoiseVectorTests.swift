import Crypto
import Primitives
import Testing

/// Vectors that others published.
@Suite struct NoiseVectorTests {
    struct File: Decodable {
        struct Vector: Decodable {
            struct Message: Decodable {
                var payload: HexBytes
                var ciphertext: HexBytes
            }

            var protocol_name: String
            var init_prologue: HexBytes
            var resp_prologue: HexBytes
            var init_psks: [HexBytes]?
            var resp_psks: [HexBytes]?
            var init_static: HexBytes?
            var init_ephemeral: HexBytes
            var init_remote_static: HexBytes?
            var resp_static: HexBytes?
            var resp_ephemeral: HexBytes?
            var handshake_hash: HexBytes
            var messages: [Message]
        }

        var vectors: [Vector]
    }

    @Test(arguments: ["XK", "XKpsk3"])
    func matchesCacophony(pattern: String) throws {
        guard let file = try SharedVectors.read(File.self, "noise/cacophony.json") else { return }
        let name = "Noise_\(pattern)_25519_ChaChaPoly_SHA256"
        let vector = try #require(file.vectors.first { $0.protocol_name == name })
        let initiator = NoiseHandshake(
            role: .initiator, static: AgreementKey(bytes: try #require(vector.init_static).bytes),
            remoteStatic: Bytes32(try #require(vector.init_remote_static).bytes),
            prologue: vector.init_prologue.bytes,
            psk: vector.init_psks?.first.map { PresharedKey(bytes: SecretBytes($0.bytes)) },
            ephemeral: AgreementKey(bytes: vector.init_ephemeral.bytes))
        let responder = NoiseHandshake(
            role: .responder, static: AgreementKey(bytes: try #require(vector.resp_static).bytes),
            prologue: vector.resp_prologue.bytes,
            psk: vector.resp_psks?.first.map { PresharedKey(bytes: SecretBytes($0.bytes)) },
            ephemeral: AgreementKey(bytes: try #require(vector.resp_ephemeral).bytes))
        let sides = [initiator, responder]
        for i in 0..<3 {
            let written = try sides[i % 2].writeMessage(vector.messages[i].payload.bytes)
            #expect(written == vector.messages[i].ciphertext.bytes)
            let read = try sides[1 - i % 2].readMessage(written)
            #expect(read == vector.messages[i].payload.bytes)
        }
        #expect(initiator.handshakeHash.array == vector.handshake_hash.bytes)
        #expect(responder.handshakeHash.array == vector.handshake_hash.bytes)
        #expect(
            responder.remoteStatic
                == AgreementKey(bytes: try #require(vector.init_static).bytes).publicKey)
        let sessions = [initiator.split(), responder.split()]
        for i in 3..<vector.messages.count {
            var sealed: [UInt8] = []
            try sessions[i % 2].seal(vector.messages[i].payload.bytes, into: &sealed)
            #expect(sealed == vector.messages[i].ciphertext.bytes)
            var opened: [UInt8] = []
            try sessions[1 - i % 2].open(sealed, in: sealed.indices, into: &opened)
            #expect(opened == vector.messages[i].payload.bytes)
        }
        print("cacophony \(name): \(vector.messages.count) messages")
    }
}
