import Crypto
import Foundation
import MerkleLog
import Mesh
import Primitives
import Store
import Testing
import Wire

@testable import Node

/// What people see of a long log whose newest entries have come before those in between.
struct NewestTests {
    private static func ask(
        _ paths: Paths, _ operation: String, _ parameters: Value = .object()
    ) throws -> Value {
        let handle = try NodeHandle(paths)
        defer { handle.close() }
        return try handle.request(operation, parameters)
    }

    /// The entries of a log as a node serves them.
    private static func batch(
        _ reader: StoreReader, _ log: LogKey, _ range: Range<UInt64>? = nil
    ) throws -> Batch {
        let head = try #require(try reader.head(of: log))
        let range = range ?? 0..<head.size
        let request = ReadRequest(
            head: head, from: range.lowerBound, to: range.upperBound, maxBytes: .max)
        return try #require(try reader.batch(request))
    }

    @Test func theNewestCanBeReadWhileTheRestIsOnItsWay() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("starling-newest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        let (ada, bob) = (folder.path + "/ada", folder.path + "/bob")
        let adas = Paths(data: ada, fences: ada + "-fences")
        let bobs = Paths(data: bob, fences: bob + "-fences")
        let made = try Self.ask(adas, "init", .object(("name", .string("Ada"))))
        let texts = (0..<100).map { Value.string("post \($0)") }
        let posted = try Self.ask(adas, "post", .object(("texts", .array(texts))))
        let newest = try #require(posted["address"]?.text)
        let root = try #require(made["identity"]?.text.flatMap { DIDKey.parse($0) })
        let device = try #require(Reference(text: newest)?.log)
        _ = try Self.ask(bobs, "init", .object(("name", .string("Bob"))))

        let reader = try StoreReader(directory: adas.store)
        let size = try #require(try reader.head(of: device)?.size)
        do {
            let writer = try StoreWriter(directory: bobs.store)
            let opening = try Self.batch(reader, device, 0..<4).verify(held: Frontier())
            try writer.commit([
                .extend(try Self.batch(reader, root).verify(held: Frontier())), .extend(opening),
                .newest(device, try Self.batch(reader, device, size - 10..<size)),
            ])
        }
        let timeline = try Self.ask(bobs, "timeline", .object(("all", .bool(true))))
        let shown = timeline["posts"]?.list?.compactMap { $0["text"]?.text } ?? []
        #expect(shown.prefix(10) == (90..<100).reversed().map { "post \($0)" }[...])
        #expect(timeline["posts"]?.list?.first?["name"]?.text == "Ada")
        let who = Value.object(("who", .string("Ada")))
        let log = try Self.ask(bobs, "log", who)["logs"]?.list?.last
        #expect(log?["size"]?.number == 4 && log?["newest"]?.list?.count == 10)
        let address = Value.object(("address", .string(newest)))
        #expect(try Self.ask(bobs, "show", address)["post"]?["text"]?.text == "post 99")
        // A proof leads through all that stands before.
        #expect(throws: NodeError.self) { try Self.ask(bobs, "prove", address) }
        #expect(try Self.ask(bobs, "check")["ok"]?.flag == true)
    }
}
