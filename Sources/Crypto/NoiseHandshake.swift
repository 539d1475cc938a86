package import Primitives

/// One side of a Noise XK or XKpsk3 handshake over 25519, ChaChaPoly and SHA256 (revision 34,
/// §7.5).
///
/// ```
/// <- s                        the initiator knows the responder's key before
/// -> e, es                    48 bytes and the payload
/// <- e, ee                    48 bytes and the payload
/// -> s, se [, psk]            64 bytes and the payload
/// ```
///
/// It takes no randomness: the ephemeral key is handed in, and must be fresh for each handshake.
/// After any failure it forgets its secrets, and every later call throws.
package final class NoiseHandshake {
    package enum Role: Sendable {
        case initiator
        case responder
    }

    private enum Stage: Equatable {
        /// The message to come: 0, 1 or 2.
        case message(Int)
        case complete
        /// Failed, or split: the secrets are gone.
        case over
    }

    /// The longest message (§3).
    package static let maximumLength = 65535

    package let role: Role
    private let own: AgreementKey
    private let ephemeral: AgreementKey
    private let psk: PresharedKey?
    private var remoteEphemeral = Bytes32.zero
    private var symmetric: NoiseSymmetricState
    private var stage = Stage.message(0)

    /// The other side's static X25519 key: known to the initiator from the start, to the responder
    /// once the third message is read.
    package private(set) var remoteStatic: Bytes32?

    /// An initiator has to name `remoteStatic`; a responder must not. With `psk` it speaks XKpsk3.
    package init(
        role: Role, static own: AgreementKey, remoteStatic: Bytes32? = nil, prologue: [UInt8],
        psk: PresharedKey? = nil, ephemeral: AgreementKey
    ) {
        precondition((role == .initiator) == (remoteStatic != nil), "remoteStatic of \(role)")
        self.role = role
        self.own = own
        self.ephemeral = ephemeral
        self.psk = psk
        self.remoteStatic = remoteStatic
        let pattern = psk == nil ? "XK" : "XKpsk3"
        symmetric = NoiseSymmetricState(
            protocolName: "Noise_\(pattern)_25519_ChaChaPoly_SHA256")
        symmetric.mixHash(prologue)
        symmetric.mixHash((remoteStatic ?? own.publicKey).array)
    }

    /// Whether all three messages went through, and `split()` may be called.
    package var isComplete: Bool { stage == .complete }

    /// What both sides saw, as one value (§11.2). Final when complete.
    package var handshakeHash: Bytes32 { symmetric.hash }

    /// The next message, if it is this side's turn; throws `.outOfTurn` otherwise, and
    /// `.badLength` for a payload that does not fit.
    package func writeMessage(_ payload: [UInt8] = []) throws(CryptoError) -> [UInt8] {
        do throws(CryptoError) {
            let index = try turn(reading: false)
            if payload.count > Self.maximumLength - Self.shortest(index) { throw .badLength }
            var out: [UInt8] = []
            switch index {
            case 0:
                writeEphemeral(into: &out)
                try mixES()
            case 1:
                writeEphemeral(into: &out)
                try symmetric.mixKey(ephemeral, remoteEphemeral)
            default:
                symmetric.encryptAndHash(own.publicKey.array, into: &out)
                try mixSE()
                if let psk { symmetric.mixKeyAndHash(psk) }
            }
            symmetric.encryptAndHash(payload, into: &out)
            advance(index)
            return out
        } catch {
            end()
            throw error
        }
    }

    /// The payload of the other side's next message.
    ///
    /// Throws `.outOfTurn`, `.badLength`, `.weakPublicKey` or `.notAuthentic`, and is over then.
    package func readMessage(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
        do throws(CryptoError) {
            let index = try turn(reading: true)
            let head = Self.shortest(index) - ChaChaPoly.overhead
            if bytes.count < head + ChaChaPoly.overhead || bytes.count > Self.maximumLength {
                throw .badLength
            }
            switch index {
            case 0:
                readEphemeral(bytes)
                try mixES()
            case 1:
                readEphemeral(bytes)
                try symmetric.mixKey(ephemeral, remoteEphemeral)
            default:
                let key = try symmetric.decryptAndHash(Array(bytes[..<head]))
                remoteStatic = Bytes32(key, at: 0)
                try mixSE()
                if let psk { symmetric.mixKeyAndHash(psk) }
            }
            let payload = try symmetric.decryptAndHash(Array(bytes[head...]))
            advance(index)
            return payload
        } catch {
            end()
            throw error
        }
    }

    /// The keys of datagrams that each side will send: for comparing implementations. The session
    /// that `split` gives has them inside.
    package func datagramKeys() -> (initiator: Bytes32, responder: Bytes32) {
        func key(_ side: String) -> Bytes32 {
            unsafe Raw.bytes32 { out in
                unsafe symmetric.export(
                    "starling/1 udp \(side)",
                    into: UnsafeMutableRawBufferPointer(start: out, count: 32))
            }
        }
        return (key("initiator"), key("responder"))
    }

    /// The session that the handshake set up. Once, and only when `isComplete`.
    package func split() -> NoiseSession {
        precondition(isComplete, "split of a handshake in stage \(stage)")
        defer { end() }
        return NoiseSession(symmetric, role: role)
    }

    /// The length of message `index` with an empty payload.
    private static func shortest(_ index: Int) -> Int { index == 2 ? 64 : 48 }

    /// The index of the message to come, if it is for this side to read or write.
    private func turn(reading: Bool) throws(CryptoError) -> Int {
        guard case .message(let index) = stage else { throw .outOfTurn }
        let isOwn = (index % 2 == 0) == (role == .initiator)
        if isOwn == reading { throw .outOfTurn }
        return index
    }

    private func advance(_ index: Int) {
        stage = index == 2 ? .complete : .message(index + 1)
    }

    private func end() {
        stage = .over
        symmetric.wipe()
    }

    private func writeEphemeral(into out: inout [UInt8]) {
        out += ephemeral.publicKey.array
        mixEphemeral(ephemeral.publicKey)
    }

    private func readEphemeral(_ bytes: [UInt8]) {
        remoteEphemeral = Bytes32(bytes, at: 0)
        mixEphemeral(remoteEphemeral)
    }

    /// With a psk, ephemeral keys go into the key as well (§9.2).
    private func mixEphemeral(_ key: Bytes32) {
        symmetric.mixHash(key.array)
        if psk != nil { symmetric.mixKey(public: key) }
    }

    /// The initiator's ephemeral key with the responder's static one.
    private func mixES() throws(CryptoError) {
        switch role {
        case .initiator: try symmetric.mixKey(ephemeral, remoteStatic ?? .zero)
        case .responder: try symmetric.mixKey(own, remoteEphemeral)
        }
    }

    /// The initiator's static key with the responder's ephemeral one.
    private func mixSE() throws(CryptoError) {
        switch role {
        case .initiator: try symmetric.mixKey(own, remoteEphemeral)
        case .responder: try symmetric.mixKey(ephemeral, remoteStatic ?? .zero)
        }
    }
}
