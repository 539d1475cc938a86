import Foundation
import Glibc
import Primitives
import Testing

@testable import ClientAPI

/// Clients that are slow, silent, or gone; and the end.
@Suite(.serialized) struct EnduranceTests {
    /// THREATS row 9: 500 sockets at one byte each now and then are gone within the deadline, and a
    /// client that asks at once is served all the while.
    @Test func slowClientsAreGoneWithinTheDeadline() throws {
        let server = try TestServer { $0.headDeadline = .seconds(3) }
        let began = Date()
        var slow: [RawClient] = []
        for index in 0..<500 {
            // Of 25 addresses, as if they were not one attacker.
            let client = try server.client(0x7f00_0100 + UInt32(index % 25))
            client.send("GET /he")
            slow.append(client)
        }
        var served = 0
        while slow.contains(where: { !$0.isAtEnd }), Date().timeIntervalSince(began) < 15 {
            for client in slow where !client.isAtEnd {
                client.send("x")
                client.read(0.0005)
            }
            #expect(try server.ask("GET /hello").status == 200)
            served += 1
        }
        let seconds = Date().timeIntervalSince(began)
        #expect(slow.allSatisfy { $0.isAtEnd })
        #expect(seconds < 10)
        #expect(served > 1)
        print("500 slow connections gone in \(seconds) s; \(served) requests served meanwhile")
        #expect(eventually { server.server.usage.connections == 0 })
    }

    /// A body of a byte now and then is no better, however active it is.
    @Test func slowBodiesAreGoneWithinTheDeadline() throws {
        let server = try TestServer { $0.bodyDeadline = .seconds(1) }
        let began = Date()
        let client = try server.client()
        client.send(server.head("POST /echo", ["Content-Length: 1000"]))
        while !client.isAtEnd, Date().timeIntervalSince(began) < 5 {
            client.send("x")
            client.read(0.05)
        }
        #expect(client.isAtEnd)
        #expect((0.9...2.5).contains(Date().timeIntervalSince(began)))
        #expect(eventually { server.server.usage.bodies == 0 })
    }

    @Test func answersThatNobodyTakesAreGone() throws {
        let route = Route(.get, "/large") { _ in
            HTTPResponse(body: .bytes([UInt8](repeating: 1, count: 20_000_000)))
        }
        let server = try TestServer(routes: [route]) { $0.answerDeadline = .seconds(1) }
        let client = try server.client(receiveBuffer: 4_096)
        client.send(server.head("GET /large"))
        #expect(eventually { server.server.usage.connections == 1 })
        #expect(eventually(4) { server.server.usage.connections == 0 })
    }

    @Test func connectionsAreBounded() throws {
        let server = try TestServer { options in
            options.connections = 16
            options.connectionsOfAddress = 4
        }
        var silent: [RawClient] = []
        for index in 0..<200 {
            silent.append(try server.client(0x7f00_0200 + UInt32(index % 50)))
            #expect(server.server.usage.connections <= 16 + Limits.HTTP.closing)
        }
        #expect(try server.ask("GET /hello").status == 200)
        #expect(eventually { server.server.usage.connections <= 16 })
        // One address has four at most, and its newest ones.
        let many = try (0..<20).map { _ in try server.client(0x7f00_0303) }
        many[19].send(server.head("GET /hello"))
        #expect(try many[19].answer().status == 200)
        #expect(many[0].read(2))
        #expect(silent.count == 200)
    }

    // MARK: Streams

    @Test func severalClientsAndOneThatDoesNotRead() throws {
        let server = try TestServer { $0.streamStall = .seconds(1) }
        let readers = try (0..<5).map { _ in try server.client() }
        let deaf = try server.client(receiveBuffer: 4_096)
        for client in readers + [deaf] {
            client.send(server.head("GET /stream"))
            client.read { String(decoding: $0, as: UTF8.self).hasSuffix("\r\n\r\n") }
            #expect(client.text.hasPrefix("HTTP/1.1 200"))
        }
        #expect(server.server.usage.streams == 6)
        let streams = server.streams.withLock { $0 }
        // Fed from several threads; each event whole.
        let filler = String(repeating: "x", count: 8_000)
        for number in 0..<400 {
            for stream in streams { stream.send(event: "update", data: "\(number) \(filler)\nend") }
            for client in readers { client.read(0.001) }
        }
        for client in readers {
            #expect(
                client.read(10) {
                    String(decoding: $0.suffix(9_000), as: UTF8.self).contains("data: 399 ")
                })
            #expect(client.text.components(separatedBy: "event: update\ndata: ").count == 401)
        }
        // The one that does not read is dropped: too much waits, or for too long.
        #expect(eventually { server.server.usage.streams == 5 })
        #expect(eventually { server.closed.withLock { $0 } == 1 })
        #expect(streams.filter(\.isOpen).count == 5)
        // Those that end well, end well.
        for stream in streams { stream.finish() }
        for client in readers {
            client.read(5) { String(decoding: $0.suffix(5), as: UTF8.self) == "0\r\n\r\n" }
            #expect(client.answers.count == 1)
        }
        #expect(
            eventually { server.closed.withLock { $0 } == 6 && server.server.usage.streams == 0 })
    }

    @Test func feedersOnManyThreads() throws {
        let server = try TestServer()
        let client = try server.client()
        client.send(server.head("GET /stream"))
        #expect(eventually { server.server.usage.streams == 1 })
        let stream = try #require(server.streams.withLock { $0.first })
        let threads = (0..<4).compactMap { thread in
            JoinableThread {
                for number in 0..<2_000 {
                    stream.send(event: "e", data: "\(thread)-\(number)")
                    if number % 100 == 0 { usleep(500) }
                }
            }
        }
        for thread in threads { thread.join() }
        stream.finish()
        client.read(10) { String(decoding: $0.suffix(5), as: UTF8.self) == "0\r\n\r\n" }
        let text = try #require(client.answers.first).text
        for thread in 0..<4 {
            // Each thread's events are all there, in its order.
            let numbers = text.components(separatedBy: "data: \(thread)-").dropFirst()
                .compactMap { Int($0.prefix { $0 != "\n" }) }
            #expect(numbers == Array(0..<2_000))
        }
    }

    @Test func aClientThatLeavesAStreamIsNoticed() throws {
        let server = try TestServer()
        let client = try server.client()
        client.send(server.head("GET /stream"))
        #expect(eventually { server.server.usage.streams == 1 })
        _ = consume client
        let stream = try #require(server.streams.withLock { $0.first })
        // At the latest by what is sent next.
        #expect(
            eventually {
                stream.send(event: "e", data: "x")
                return server.closed.withLock { $0 } == 1
            })
        #expect(!stream.isOpen && !stream.send(event: "e", data: "x"))
    }

    // MARK: The end

    @Test func stopWhileRequestsAreUnderWay() throws {
        let (files, tasks) = (openDescriptors(), threads())
        for round in 0..<5 {
            let server = try TestServer()
            var clients: [RawClient] = []
            for line in ["GET /slow", "GET /slow", "GET /stream", "GET /hello", "GET /slow"] {
                let client = try server.client()
                client.send(server.head(line))
                clients.append(client)
            }
            let half = try server.client()
            half.send(server.head("POST /upload", ["Content-Length: 900000"]))
            half.send([UInt8](repeating: 0, count: 100_000 * round))
            let idle = try server.client()
            #expect(eventually { server.server.usage.streams == 1 })
            let began = Date()
            server.server.stop()
            #expect(Date().timeIntervalSince(began) < 3)
            // What a worker had begun is answered.
            for client in clients { client.read(2) }
            #expect(clients.allSatisfy { $0.isAtEnd })
            #expect(clients[0].answers.map(\.text) == ["slow"])
            half.read(1)
            idle.read(1)
            #expect(half.isAtEnd && idle.isAtEnd)
            #expect(server.closed.withLock { $0 } == 1)
            #expect(server.server.usage == .init(connections: 0, streams: 0, uploads: 0, bodies: 0))
            #expect(throws: RawClient.Failure.self) { try server.client() }
            server.server.stop()
        }
        #expect(eventually { openDescriptors() <= files && threads() <= tasks })
    }

    /// Stopped at any moment of a busy time, it stops.
    @Test func stopUnderLoad() throws {
        for round in 0..<8 {
            let server = try TestServer()
            let port = server.port
            let hasEnded = MutexBox(false)
            let loads = (0..<4).compactMap { _ in
                JoinableThread {
                    while !hasEnded.withLock({ $0 }) {
                        guard let client = try? RawClient(port) else { continue }
                        let line = Bool.random() ? "GET /hello" : "GET /stream"
                        client.send("\(line) HTTP/1.1\r\nHost: localhost:\(port)\r\n\r\n")
                        client.read(0.02)
                    }
                }
            }
            usleep(UInt32(20_000 + 7_000 * round))
            let began = Date()
            server.server.stop()
            #expect(Date().timeIntervalSince(began) < 3)
            hasEnded.withLock { $0 = true }
            for load in loads { load.join() }
        }
    }
}
