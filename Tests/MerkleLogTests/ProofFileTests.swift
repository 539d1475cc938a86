import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

/// A proof that stands alone: it verifies without a store, and not once any byte of it is another.
struct ProofFileTests {
    let root = signingKey(1)
    let device = signingKey(2)

    /// A log with these bodies; each salt is fixed.
    func log(_ key: SigningKey, _ statements: [Statement]) -> (bodies: [[UInt8]], tree: NaiveTree) {
        let bodies = statements.map { $0.body(salt: [UInt8](repeating: 7, count: 16)) }
        let leaves = bodies.indices.map { header(key, $0, bodies[$0]).leafHash }
        return (bodies, NaiveTree(leaves: leaves))
    }

    func header(_ key: SigningKey, _ index: Int, _ body: [UInt8]) -> EntryHeader {
        EntryHeader(
            log: key.publicKey, index: UInt64(index),
            entry: Entry(time: UnixTime(milliseconds: 1_000 + UInt64(index)), body: .present(body)))
    }

    func note(_ text: String) -> Statement {
        Statement(kind: "note", fields: CBORValue.map([.init(.unsigned(1), .text(text))]).encoded)
    }

    /// The root log of `key`: its start, and the addition of `added`.
    func roots(_ key: SigningKey, _ statements: [IdentityStatement]) -> [Statement] {
        let start = IdentityStatement.identity(nextRoot: .zero, predecessor: nil)
        return ([start] + statements).map(\.statement)
    }

    func proof(
        index: Int, of size: Int, withBody: Bool = true, bound: Bool, identity: PublicKey? = nil,
        by rootKey: SigningKey? = nil, says: [IdentityStatement]? = nil, at addition: Int = 1
    ) throws -> ProofFile {
        let rootKey = rootKey ?? root
        let statements =
            [
                IdentityStatement.device(identity: identity ?? root.publicKey, predecessor: nil)
                    .statement
            ] + (1..<max(size, 2)).map { note("post \($0)") }
        let own = log(device, Array(statements.prefix(size)))
        let rootLog = log(rootKey, roots(rootKey, says ?? [.addDevice(device.publicKey)]))
        let rootSize = rootLog.bodies.count
        let binding = DeviceBinding(
            device: .init(
                header: header(device, 0, own.bodies[0]), body: own.bodies[0],
                inclusion: own.tree.path(0, 0, size)),
            addition: .init(
                header: header(rootKey, addition, rootLog.bodies[addition]),
                body: rootLog.bodies[addition],
                inclusion: rootLog.tree.path(addition, 0, rootSize)),
            root: Checkpoint(
                signing: UInt64(rootSize), root: rootLog.tree.root(rootSize), with: rootKey))
        return ProofFile(
            header: header(device, index, own.bodies[index]),
            body: withBody ? own.bodies[index] : nil,
            inclusion: own.tree.path(index, 0, size),
            checkpoint: Checkpoint(signing: UInt64(size), root: own.tree.root(size), with: device),
            binding: bound ? binding : nil)
    }

    func why(_ text: String) -> LogError? {
        do {
            _ = try ProofFile(verifying: text)
            return nil
        } catch { return error }
    }

    @Test func proofsComeBack() throws {
        for size in [1, 2, 3, 7, 8, 20] {
            for index in 0..<size {
                for (withBody, bound) in [
                    (true, false), (false, false), (true, true), (false, true),
                ] {
                    let proof = try proof(index: index, of: size, withBody: withBody, bound: bound)
                    let found = try ProofFile(verifying: proof.text)
                    #expect(found == proof)
                    #expect(found.text == proof.text)
                    #expect(found.author == (bound ? root : device).publicKey)
                    #expect(found.reference.index == UInt64(index))
                    #expect(found.reference.address == SHA256.leaf(proof.header))
                }
            }
        }
    }

    @Test func everyOtherByteOfASmallProofIsRefused() throws {
        try refusesEveryByte(proof(index: 1, of: 2, bound: false).text, step: 1)
    }

    @Test func otherBytesOfABoundProofAreRefused() throws {
        try refusesEveryByte(proof(index: 4, of: 20, bound: true).text, step: 23)
    }

    /// `step`: every so many of the other values at each place.
    private func refusesEveryByte(_ text: String, step: Int) throws {
        let good = Array(text.utf8)
        #expect(why(text) == nil)
        var (tried, taken) = (0, 0)
        for at in good.indices {
            var bytes = good
            for value in stride(from: UInt8(truncatingIfNeeded: at % step), through: 255, by: step)
            where value != good[at] {
                bytes[at] = value
                tried += 1
                if let text = String(validating: bytes, as: UTF8.self), why(text) == nil {
                    taken += 1
                }
            }
            bytes = good
            bytes.remove(at: at)
            if let text = String(validating: bytes, as: UTF8.self), why(text) == nil { taken += 1 }
            let prefix = good.prefix(at)
            if let text = String(validating: prefix, as: UTF8.self), why(text) == nil { taken += 1 }
        }
        print("changed proof files refused: \(tried) of \(good.count) bytes")
        #expect(taken == 0)
    }

    @Test func bindingsThatShowNothingAreRefused() throws {
        let stranger = signingKey(9)
        // The device names somebody else.
        #expect(
            why(try proof(index: 1, of: 3, bound: true, identity: stranger.publicKey).text)
                == .wrongBinding)
        // Somebody else's root log adds the device.
        #expect(why(try proof(index: 1, of: 3, bound: true, by: stranger).text) == .wrongBinding)
        // The root log adds another device, or revokes this one, or the entry is another.
        let others: [[IdentityStatement]] = [
            [.addDevice(stranger.publicKey)], [.revokeDevice(device.publicKey, from: 9)],
            [.device(identity: root.publicKey, predecessor: nil)],
        ]
        for says in others {
            #expect(why(try proof(index: 1, of: 3, bound: true, says: says).text) == .wrongBinding)
        }
        #expect(
            why(
                try proof(
                    index: 1, of: 3, bound: true, says: [.addDevice(device.publicKey)], at: 0
                ).text) == .wrongBinding)
        let later = try proof(
            index: 1, of: 3, bound: true,
            says: [.addDevice(stranger.publicKey), .addDevice(device.publicKey)], at: 2)
        #expect(why(later.text) == nil)
    }

    @Test func bindingsOfOtherProofsAreRefused() throws {
        let good = try proof(index: 1, of: 3, bound: true)
        var bad = good
        bad.binding?.root.signature.s = .zero
        #expect(why(bad.text) == .wrongSignature)
        bad = good
        bad.binding = try proof(index: 1, of: 4, bound: true).binding
        #expect(why(bad.text) == .wrongProof)
        bad = good
        bad.binding?.device.body += [0]
        #expect(why(bad.text) == .wrongBody)
        bad = good
        bad.binding?.addition.inclusion = []
        #expect(why(bad.text) == .wrongProof)
        bad = good
        bad.body = Array("another body of this post".utf8)
        #expect(why(bad.text) == .wrongBody)
        bad = good
        bad.index = 2
        #expect(why(bad.text) == .outOfBounds)
        bad = good
        bad.header = try proof(index: 2, of: 3, bound: true).header
        #expect(why(bad.text) == .outOfBounds)
        bad = good
        bad.checkpoint = try proof(index: 1, of: 4, bound: true).checkpoint
        #expect(why(bad.text) == .wrongProof)
    }

    @Test func otherSpellingsAreRefused() throws {
        let text = try proof(index: 1, of: 3, bound: true).text
        var bad = [
            text.replacing("\n", with: "\r\n"), "\n" + text, text + "\n", text.uppercased(),
            text.replacing("index 1", with: "index 01"),
            text.replacing("index 1", with: "index +1"),
            text.replacing("index 1\n", with: "index 1\n\n"),
            text.replacing("extra ", with: "extra  "), text.replacing("=\n", with: "\n"),
            text.replacing("@v1", with: "@v2"), String(repeating: "A", count: 300_000), "",
            text.replacing("index", with: "ındex"), text.replacing("K", with: "\u{212A}"),
            "\u{FEFF}" + text,
        ]
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for at in lines.indices.dropLast() {
            var fewer = lines
            fewer.remove(at: at)
            bad.append(fewer.joined(separator: "\n"))
            var twice = lines
            twice.insert(lines[at], at: at)
            bad.append(twice.joined(separator: "\n"))
        }
        for text in bad { #expect(throws: LogError.self) { try ProofFile(verifying: text) } }
        let hashes = lines[0...2] + Array(repeating: lines[3], count: 100) + lines[4...]
        #expect(why(hashes.joined(separator: "\n")) == .wrongText)
    }

    /// Other lines of signatures stand in a proof as in any note.
    @Test func witnessesMaySign() throws {
        let text = try proof(index: 1, of: 3, bound: false).text
        let line = "— w.example/1 " + Base64.encode([UInt8](repeating: 1, count: 76)) + "\n"
        #expect(why(text + line) == nil)
    }
}
