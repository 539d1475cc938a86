import Crypto
import MerkleLog
import Mesh
import Primitives
import Wire

/// Keys, signatures, identities, handshakes.
extension Conform {
    static let keyOperations: [String: Operation] = [
        "ed25519-verify": { fields throws(ConformError) in
            let key = try fields.bytes32("public")
            let message = try fields.bytes("message")
            guard let signature = Signature(try fields.bytes("signature")),
                Ed25519.verify(signature, message, by: key)
            else { throw ConformError("the signature does not verify") }
            return [:]
        },
        "did-key": { fields throws(ConformError) in
            var key: PublicKey
            if fields.has("did") {
                guard let found = DIDKey.parse(try fields.string("did")) else {
                    throw ConformError("not a did:key of Ed25519")
                }
                key = found
            } else {
                key = try fields.bytes32("public")
            }
            return ["did": .string(DIDKey.encode(key)), "public": .hex(key)]
        },
        "words-to-root": { fields throws(ConformError) in
            let text = try fields.string("words")
            let index = try fields.number("index")
            guard index <= UInt64(UInt32.max) else { throw ConformError("no such root key") }
            do throws(CryptoError) {
                let words = try RecoveryWords(parsing: text)
                // The protocol has one spelling; people may type as they like elsewhere.
                guard words.words.joined(separator: " ").utf8.elementsEqual(text.utf8) else {
                    throw CryptoError.wordChecksum
                }
                let key = words.rootKey(index: Int(index)).publicKey
                return ["did": .string(DIDKey.encode(key))]
            } catch { throw ConformError(error) }
        },
        "identity-devices": { fields throws(ConformError) in try devices(fields) },
        "noise-xk": { fields throws(ConformError) in try handshake(fields) },
        "datagram-open": { fields throws(ConformError) in try openDatagram(fields) },
    ]

    // MARK: Identities

    private static func devices(_ fields: ConformFields) throws(ConformError) -> [String: JSON] {
        let identity = try fields.bytes32("identity")
        var logs = GivenLogs()
        for log in try fields.objects("logs") {
            var entries: [Entry] = []
            for entry in try log.objects("entries") {
                let time = try entry.number("time")
                entries.append(
                    Entry(
                        time: UnixTime(milliseconds: time), body: .present(try entry.bytes("body")))
                )
            }
            let forkedAt = log.has("forked_at") ? try log.number("forked_at") : nil
            logs.add(try log.bytes32("key"), entries, forkedAt)
        }
        let found = IdentityHistory.resolve(identity, in: logs)?.devices ?? []
        let claimed = found.filter { device in
            guard let first = logs.statements(of: device.log)?.first(at: 0),
                logs.forkedAt(device.log) != 0, case .device(identity, _) = first
            else { return false }
            return true
        }
        let listed = claimed.sorted { $0.log < $1.log }.map { device -> JSON in
            let until: JSON = device.revokedFrom.map { .integer($0) } ?? .null
            return .object(["log": .hex(device.log), "until": until])
        }
        return ["devices": .array(listed)]
    }

    /// The logs of one request.
    private struct GivenLogs: RootLogs {
        private var keys: [LogKey] = []
        private var said: [LogKey: [(index: UInt64, statement: IdentityStatement)]] = [:]
        private var leaves: [LogKey: [Hash]] = [:]
        private var forks: [LogKey: UInt64] = [:]

        mutating func add(_ key: LogKey, _ entries: [Entry], _ forkedAt: UInt64?) {
            keys.append(key)
            forks[key] = forkedAt
            var statements: [(index: UInt64, statement: IdentityStatement)] = []
            var hashes: [Hash] = []
            for (index, entry) in entries.enumerated() {
                hashes.append(EntryHeader(log: key, index: UInt64(index), entry: entry).leafHash)
                guard case .present(let body) = entry.body,
                    let statement = try? Statement(body: body),
                    let said = try? IdentityStatement(statement)
                else { continue }
                statements.append((UInt64(index), said))
            }
            said[key] = statements
            leaves[key] = hashes
        }

        func statements(
            of log: LogKey
        ) -> [(index: UInt64, statement: IdentityStatement)]? { said[log] }

        func successors(of log: LogKey) -> [LogKey] {
            keys.filter {
                guard case .identity(_, let predecessor?)? = said[$0]?.first(at: 0) else {
                    return false
                }
                return predecessor.log == log
            }
        }

        func forkedAt(_ log: LogKey) -> UInt64? { forks[log] }

        func root(of log: LogKey, at size: UInt64) -> Hash? {
            guard let held = leaves[log], size >= 1, size <= UInt64(held.count) else { return nil }
            return LeafTree(leaves: held).frontier(size).root
        }
    }

    // MARK: Sessions

    private static func handshake(_ fields: ConformFields) throws(ConformError) -> [String: JSON] {
        let initiator = try fields.object("initiator")
        let responder = try fields.object("responder")
        let prologue = try fields.bytes("prologue")
        var psk: PresharedKey?
        if let given = fields.request["psk"], given != .null, given != .string(""),
            given != .string("none")
        {
            psk = PresharedKey(bytes: SecretBytes(try fields.bytes32("psk").array))
        }
        let server = AgreementKey(bytes: try responder.bytes32("static").array)
        let a = NoiseHandshake(
            role: .initiator, static: AgreementKey(bytes: try initiator.bytes32("static").array),
            remoteStatic: server.publicKey, prologue: prologue, psk: psk,
            ephemeral: AgreementKey(bytes: try initiator.bytes32("ephemeral").array))
        let b = NoiseHandshake(
            role: .responder, static: server, prologue: prologue, psk: psk,
            ephemeral: AgreementKey(bytes: try responder.bytes32("ephemeral").array))
        let payloads = try fields.byteLists("payloads")
        do throws(CryptoError) {
            return try exchange(a, b, payloads)
        } catch { throw ConformError(error) }
    }

    /// Three handshake messages, then transport messages; the turns go on, so the responder sends
    /// the first.
    private static func exchange(
        _ a: NoiseHandshake, _ b: NoiseHandshake, _ payloads: [[UInt8]]
    ) throws(CryptoError) -> [String: JSON] {
        var messages: [JSON] = []
        for turn in 0..<3 {
            let (from, to) = turn % 2 == 0 ? (a, b) : (b, a)
            let message = try from.writeMessage(turn < payloads.count ? payloads[turn] : [])
            _ = try to.readMessage(message)
            messages.append(.hex(message))
        }
        let hash = a.handshakeHash
        let keys = a.datagramKeys()
        let sessions = (a.split(), b.split())
        for (turn, payload) in payloads.dropFirst(3).enumerated() {
            let (from, to) = turn % 2 == 1 ? sessions : (sessions.1, sessions.0)
            var message: [UInt8] = []
            try from.seal(payload, into: &message)
            var opened: [UInt8] = []
            try to.open(message, in: 0..<message.count, into: &opened)
            messages.append(.hex(message))
        }
        return [
            "messages": .array(messages), "handshake_hash": .hex(hash),
            "udp_initiator": .hex(keys.initiator), "udp_responder": .hex(keys.responder),
        ]
    }

    private static func openDatagram(_ fields: ConformFields) throws(ConformError) -> [String: JSON]
    {
        let key = SecretBytes(try fields.bytes32("key").array)
        let datagram = try fields.bytes("datagram")
        guard datagram.count > Limits.datagramOverhead, datagram.count <= Limits.datagram else {
            throw ConformError("a datagram has 33 to \(Limits.datagram) bytes")
        }
        let counter = datagram[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var message: [UInt8] = []
        do throws(CryptoError) {
            try ChaChaPoly.open(
                datagram, in: 16..<datagram.count, ad: Array(datagram[..<16]), key: key,
                nonce: ChaChaPoly.Nonce(counter: counter), into: &message)
        } catch { throw ConformError(error) }
        return [
            "receiver": .hex(Array(datagram[..<8])), "counter": .integer(counter),
            "message": .hex(message),
        ]
    }
}
