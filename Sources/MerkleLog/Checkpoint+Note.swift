package import Crypto
import Primitives
package import Wire

/// The text form: a C2SP tlog-checkpoint as a signed note.
extension Checkpoint {
    /// The name of the log in checkpoints: `starling/did:key:z6Mk…`.
    package static func origin(of log: LogKey) -> String { "starling/" + DIDKey.encode(log) }

    /// The three lines that the signature covers.
    package static func text(log: LogKey, size: UInt64, root: Hash) -> [UInt8] {
        Array("\(origin(of: log))\n\(size)\n\(Base64.encode(root.array))\n".utf8)
    }

    /// Signs the tree of `size` entries with `root`. The caller has made both durable first.
    package init(signing size: UInt64, root: Hash, with key: SigningKey) {
        let text = Self.text(log: key.publicKey, size: size, root: root)
        self.init(log: key.publicKey, size: size, root: root, signature: key.sign(text))
    }

    /// Whether the log's key signed this size and root.
    package var isVerified: Bool {
        guard size >= 1, size <= LogLimits.size else { return false }
        return Ed25519.verify(signature, Self.text(log: log, size: size, root: root), by: log)
    }

    /// The whole note, with the log's signature line.
    package var note: String {
        let name = Self.origin(of: log)
        let line = "— \(name) \(Base64.encode(Self.keyID(of: log) + signature.array))\n"
        return String(decoding: Self.text(log: log, size: size, root: root), as: UTF8.self)
            + "\n" + line
    }

    /// The first four bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ key), as signed-note recommends.
    static func keyID(of log: LogKey) -> [UInt8] {
        let digest = SHA256.hash(Array(origin(of: log).utf8) + [0x0a, 0x01] + log.array)
        return Array(digest.array.prefix(4))
    }

    /// Reads a note and verifies its log's signature; lines of other signers are passed over.
    package init(verifyingNote note: String) throws(LogError) {
        guard note.utf8.count <= 16_384, note.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x0a }) else {
            throw .wrongText
        }
        var lines = note.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 6, lines.removeLast().isEmpty, lines[3].isEmpty else {
            throw .wrongText
        }
        guard let log = Self.log(ofOrigin: lines[0]), let size = Decimal.parse(lines[1]),
            size >= 1, size <= LogLimits.size, let rootBytes = Base64.decode(String(lines[2])),
            let root = Hash(rootBytes)
        else { throw .wrongText }
        let signature = try Self.signature(of: log, in: lines[4...])
        self.init(log: log, size: size, root: root, signature: signature)
        if !isVerified { throw .wrongSignature }
    }

    private static func log(ofOrigin line: Substring) -> LogKey? {
        guard line.hasPrefix("starling/") else { return nil }
        return DIDKey.parse(String(line.dropFirst("starling/".count)))
    }

    /// The one signature of the log among at most 16 lines.
    private static func signature(
        of log: LogKey, in lines: ArraySlice<Substring>
    ) throws(LogError) -> Signature {
        guard lines.count <= 16 else { throw .wrongText }
        let name = origin(of: log)
        let id = keyID(of: log)
        var found: Signature?
        for line in lines {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].utf8.elementsEqual("—".utf8), !parts[1].isEmpty,
                !parts[1].contains("+"),
                !parts[1].unicodeScalars.contains(where: { $0.properties.isWhitespace }),
                let bytes = Base64.decode(String(parts[2])), bytes.count > 4
            else { throw .wrongText }
            guard parts[1].utf8.elementsEqual(name.utf8), Array(bytes.prefix(4)) == id else {
                continue
            }
            guard found == nil, let signature = Signature(Array(bytes.dropFirst(4))) else {
                throw .wrongText
            }
            found = signature
        }
        guard let found else { throw .wrongSignature }
        return found
    }
}

/// Decimal numbers in their one spelling: no sign, no leading zero.
package enum Decimal {
    package static func parse(_ text: some StringProtocol) -> UInt64? {
        guard let value = UInt64(text), String(value).utf8.elementsEqual(text.utf8) else {
            return nil
        }
        return value
    }
}

/// The compact form on the wire and on disk: `[size, root, signature]`, the log key beside it.
extension Checkpoint {
    package func encode(into encoder: inout CBOREncoder) {
        encoder.array(3)
        encoder.uint(size)
        encoder.bytes(root)
        encoder.bytes(signature.array)
    }

    /// Reads `[size, root, signature]`. The signature is not checked yet.
    package init(log: LogKey, from decoder: inout CBORDecoder) throws(WireError) {
        try decoder.array(exactly: 3)
        let size = try decoder.uint(max: LogLimits.size)
        if size < 1 { throw .malformed }
        let root = try decoder.bytes32()
        guard let signature = Signature(try decoder.byteString(exactly: 64)) else {
            throw .malformed
        }
        self.init(log: log, size: size, root: root, signature: signature)
    }
}
