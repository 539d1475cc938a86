import Crypto
import Foundation
import MerkleLog
import Mesh
import Primitives
import Store
import Testing
import Wire

@testable import Node

/// A node without a network, opened and closed in this process.
struct NodeTests {
    /// A data directory of its own, and fences beside it; gone afterwards.
    private static func withPaths(_ body: (Paths) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("starling-node-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(Paths(data: folder.path + "/data", fences: folder.path + "/fences"))
    }

    private static func ask(
        _ paths: Paths, _ operation: String, _ parameters: Value = .object()
    ) throws -> Value {
        let handle = try NodeHandle(paths)
        defer { handle.close() }
        return try handle.request(operation, parameters)
    }

    @Test func anIdentityPostsAndIsRead() throws {
        try Self.withPaths { paths in
            let made = try Self.ask(paths, "init", .object(("name", .string("Ada"))))
            let post = try Self.ask(
                paths, "post", .object(("texts", .array([.string("one"), .string("two")]))))
            #expect(post["addresses"]?.list?.count == 2)
            let timeline = try Self.ask(paths, "timeline")
            let texts = timeline["posts"]?.list?.compactMap { $0["text"]?.text }
            #expect(texts == ["two", "one"])
            #expect(timeline["posts"]?.list?.first?["author"] == made["identity"])
            let status = try Self.ask(paths, "status")
            #expect(status["posts"]?.number == 2)
            #expect(status["entries"]?.number == 6)
            #expect(try Self.ask(paths, "check")["ok"]?.flag == true)
        }
    }

    @Test func aProofNamesThePersonAndNotOnlyTheDevice() throws {
        try Self.withPaths { paths in
            let made = try Self.ask(paths, "init", .object(("name", .string("Ada"))))
            let post = try Self.ask(paths, "post", .object(("texts", .array([.string("x")]))))
            let address = try #require(post["address"])
            let text = try #require(
                Self.ask(paths, "prove", .object(("address", address)))["proof"]?.text)
            let proof = try ProofFile(verifying: text)
            #expect(DIDKey.encode(proof.author) == made["identity"]?.text)
            #expect(proof.reference.text == address.text)
        }
    }

    /// Requests that make no sense are answered, and the store stays whole.
    @Test(arguments: [
        ("post", Value.object()), ("post", .object(("texts", .array([])))),
        ("post", .object(("texts", .array([.string("")])))),
        ("post", .object(("texts", .string("x")))), ("post", .null), ("post", .unsigned(.max)),
        ("post", .object(("as", .string("nobody")), ("texts", .array([.string("x")])))),
        ("post", .object(("texts", .array([.string(String(repeating: "x", count: 60_001))])))),
        ("follow", .object(("who", .string("nobody")))), ("show", .object()),
        ("show", .object(("address", .string("did:key:z6Mk/0/z1")))), ("log", .object()),
        ("prove", .object()), ("join", .object(("invite", .string("starling://x@y:1")))),
        ("wait", .object(("log", .string("x")), ("size", .unsigned(.max)))),
        ("device", .object(("words", .string("abandon")))), ("invite", .object()),
        ("init", .object(("name", .string("../evil")))), ("init", .object(("name", .string("")))),
        ("nonsense", .null),
    ])
    func senselessRequestsAreAnswered(request: (String, Value)) throws {
        try Self.withPaths { paths in
            _ = try Self.ask(paths, "init", .object(("name", .string("Ada"))))
            #expect(throws: NodeError.self) { try Self.ask(paths, request.0, request.1) }
            #expect(try Self.ask(paths, "check")["ok"]?.flag == true)
            #expect(try Self.ask(paths, "status")["entries"]?.number == 4)
        }
    }

    /// The fence, lost: a store that was moved elsewhere. Nothing is signed, and it is said why.
    @Test func aStoreWithoutItsFenceIsReadOnly() throws {
        try Self.withPaths { paths in
            _ = try Self.ask(paths, "init", .object(("name", .string("Ada"))))
            try FileManager.default.removeItem(atPath: paths.fences)
            let account = try Self.ask(paths, "status")["accounts"]?.list?.first
            #expect(account?["state"]?.text == "unconfirmed")
            #expect(throws: NodeError.self) {
                try Self.ask(paths, "post", .object(("texts", .array([.string("x")]))))
            }
        }
    }

    /// Killed between the first commit and its fence: nothing was released, and it goes on.
    @Test func aFirstCommitWithoutItsFenceGoesOn() throws {
        try Self.withPaths { paths in
            let log = SigningKey(seed: SecretBytes([UInt8](repeating: 7, count: 32))).publicKey
            let fences = try Fences(directory: paths.fences, store: .zero)
            try fences.prepare(log)
            var frontier = Frontier()
            frontier.append(.zero)
            let checkpoint = Checkpoint(
                log: log, size: 1, root: frontier.root, signature: Signature(r: .zero, s: .zero))
            let head = LogHead(key: log, frontier: frontier, checkpoint: checkpoint, tail: [])
            #expect(try fences.trust(log, head) == .current)
            try fences.move(log, 1, frontier.root)
            #expect(try fences.trust(log, head) == .current)
            #expect(try fences.trust(log, nil) == .behind(size: 1))
            var other = head
            other.checkpoint.root = Bytes32(1, 2, 3, 4)
            #expect(try fences.trust(log, other) == .unknown)
        }
    }
}
