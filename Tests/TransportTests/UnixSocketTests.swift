import Foundation
import Primitives
import Testing

@testable import Transport

@Suite final class UnixSocketTests {
    let directory: String

    init() throws {
        // Far longer than the 107 bytes that a socket's address has room for.
        let name = "starling-" + String(repeating: "long-", count: 28) + UUID().uuidString
        directory = FileManager.default.temporaryDirectory.path + "/" + name
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private var path: String { directory + "/node.sock" }

    private func connect(_ pair: Pair) -> ConnectionID {
        pair.client.connect(
            toUnixSocket: "node.sock", in: directory, deadline: pair.loop.now() + .seconds(10))
    }

    @Test func talkUnderALongPath() throws {
        #expect(directory.utf8.count > 150)
        let pair = try Pair()
        try pair.server.listen(unixSocket: "node.sock", in: directory)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(attributes[.type] as? FileAttributeType == .typeSocket)

        let id = connect(pair)
        let request = randomBytes(7, 500_000)
        _ = pair.client.send(request, on: id)
        pair.loop.run(while: { pair.atServer.received.values.first?.count ?? 0 < request.count })
        let accepted = try #require(pair.atServer.accepted.first)
        #expect(accepted.peer == .local(user: getuid()))
        #expect(pair.client.peer(of: id) == .local(user: getuid()))
        #expect(pair.atServer.received[accepted.id] == request)
        _ = pair.server.send(request, on: accepted.id)
        pair.server.finish(accepted.id)
        pair.loop.run(while: { pair.atClient.closed[id] == nil })
        #expect(pair.atClient.received[id] == request)
        pair.server.close()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func staleSocketIsReplaced() throws {
        // What a crash leaves: bound, and nobody there any more.
        let file = try SocketFile("node.sock", in: directory)
        let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = try #require(file.address)
        let result = unsafe withUnsafePointer(to: &address.storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(left, $0, address.length)
            }
        }
        #expect(result == 0)
        close(left)
        #expect(FileManager.default.fileExists(atPath: path))

        let pair = try Pair()
        let first = connect(pair)
        pair.loop.run(while: { pair.atClient.closed[first] == nil })
        #expect(pair.atClient.closed[first] == .refused)
        try pair.server.listen(unixSocket: "node.sock", in: directory)
        _ = connect(pair)
        pair.loop.run(while: { pair.atServer.accepted.isEmpty })
    }

    @Test func liveSocketIsNot() throws {
        let pair = try Pair()
        try pair.server.listen(unixSocket: "node.sock", in: directory)
        let error = #expect(throws: TransportError.socketInUse(path: path)) {
            try pair.client.listen(unixSocket: "node.sock", in: directory)
        }
        #expect(error?.description == "another program answers on \(path)")
        // The one that failed leaves the other's file alone.
        pair.client.close()
        _ = Network(loop: pair.loop)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func otherFilesAreLeftAlone() throws {
        let network = Network(loop: try EventLoop())
        #expect(FileManager.default.createFile(atPath: path, contents: Data([1])))
        #expect(throws: TransportError.notASocket(path: path)) {
            try network.listen(unixSocket: "node.sock", in: directory)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1]))
        #expect(throws: TransportError.noSuchDirectory(path: directory + "/none")) {
            try network.listen(unixSocket: "node.sock", in: directory + "/none")
        }
        for name in ["", ".", "a/b", String(repeating: "a", count: 200), "a\0b"] {
            #expect(throws: TransportError.self) {
                try network.listen(unixSocket: name, in: directory)
            }
        }
    }

    @Test func connectingToNothing() throws {
        let pair = try Pair()
        let id = connect(pair)
        let other = pair.client.connect(
            toUnixSocket: "a", in: "/no/such/directory", deadline: pair.loop.now() + .seconds(1))
        pair.loop.run(while: { pair.atClient.closed.count < 2 })
        #expect(pair.atClient.closed == [id: .refused, other: .refused])
    }

    /// A peer that goes away while nobody reads from it must not keep the loop busy.
    @Test func peerGoneWhileNotReading() throws {
        let pair = try Pair()
        try pair.server.listen(unixSocket: "node.sock", in: directory)
        let id = connect(pair)
        pair.loop.run(while: { pair.atServer.accepted.isEmpty || pair.atClient.connected.isEmpty })
        let accepted = try #require(pair.atServer.accepted.first).id
        pair.server.setReading(false, on: accepted)
        _ = pair.client.send([1, 2, 3], on: id)
        pair.loop.poll()
        pair.client.close(id)
        #expect(try turns(pair.loop, in: .milliseconds(200)) < 10)
        pair.server.setReading(true, on: accepted)
        pair.loop.run(while: { pair.atServer.closed.isEmpty })
        #expect(pair.atServer.received[accepted] == [1, 2, 3])
        #expect(pair.atServer.closed[accepted] == .endOfStream)
    }
}
