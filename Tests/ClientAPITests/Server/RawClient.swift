import Foundation
import Glibc
import Primitives
import Testing

@testable import ClientAPI

/// A client that sends exactly the bytes it is given, over a plain socket.
final class RawClient {
    let descriptor: Int32
    private(set) var received: [UInt8] = []
    private(set) var isAtEnd = false

    /// Connects to a port of this machine. `source` is the loopback address it comes from.
    init(_ port: UInt16, source: UInt32 = 0x7f00_0001, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure.errno("socket", errno) }
        if var size = receiveBuffer {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
        }
        if source != 0x7f00_0001 {
            try unsafe Self.withAddress(source, 0) { address, length in
                unsafe bind(descriptor, address, length)
            }
        }
        try unsafe Self.withAddress(0x7f00_0001, port) { address, length in
            unsafe connect(descriptor, address, length)
        }
    }

    deinit { close(descriptor) }

    enum Failure: Error {
        case errno(String, Int32)
        case late(String)
    }

    private static func withAddress(
        _ host: UInt32, _ port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure.errno("connect", errno) }
    }

    /// Whether all of it could be sent.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let result = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor, buffer.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard result > 0 else { return false }
            sent += result
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Reads what comes until `isEnough` or the end; false when `seconds` passed before.
    @discardableResult
    func read(_ seconds: Double = 5, until isEnough: ([UInt8]) -> Bool = { _ in false }) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while !isAtEnd, !isEnough(received) {
            let left = end.timeIntervalSinceNow
            guard left > 0 else { return false }
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&poller, 1, Int32(left * 1000) + 1) > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { isAtEnd = true } else { received += buffer[..<count] }
        }
        return true
    }

    var text: String { String(decoding: received, as: UTF8.self) }

    /// The answers that have come whole.
    var answers: [Answer] { Answer.read(received, atEnd: isAtEnd) }

    private var taken = 0

    /// Waits for the next answer.
    func answer(_ seconds: Double = 5) throws -> Answer {
        read(seconds) { Answer.read($0, atEnd: false).count > taken }
        let answers = answers
        guard answers.count > taken else { throw Failure.late(text) }
        taken += 1
        return answers[taken - 1]
    }
}

/// An answer as it came.
struct Answer {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue? { try? JSONReader.read(body) }

    static func read(_ bytes: [UInt8], atEnd: Bool) -> [Answer] {
        var answers: [Answer] = []
        var at = 0
        while let end = MultipartReader.position(Array("\r\n\r\n".utf8), in: Array(bytes[at...])) {
            let head = String(decoding: bytes[at..<(at + end)], as: UTF8.self)
            let lines = head.components(separatedBy: "\r\n")
            let words = lines[0].split(separator: " ")
            guard words.count >= 2, let status = Int(words[1]) else { return answers }
            var headers = HTTPHeaders()
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers.add(
                    String(parts[0]),
                    parts.count > 1 ? String(parts[1]).trimmingCharacters(in: .whitespaces) : "")
            }
            at += end + 4
            guard let (body, next) = Self.body(bytes, at, status, headers, atEnd) else { break }
            at = next
            answers.append(Answer(status: status, headers: headers, body: body))
        }
        return answers
    }

    private static func body(
        _ bytes: [UInt8], _ start: Int, _ status: Int, _ headers: HTTPHeaders, _ atEnd: Bool
    ) -> ([UInt8], Int)? {
        if status < 200 || status == 204 || status == 304 { return ([], start) }
        if headers["Transfer-Encoding"] == "chunked" {
            var body: [UInt8] = []
            var at = start
            while let end = MultipartReader.position([13, 10], in: Array(bytes[at...])),
                let size = Int(String(decoding: bytes[at..<(at + end)], as: UTF8.self), radix: 16)
            {
                at += end + 2
                guard bytes.count >= at + size + 2 else { return nil }
                body += bytes[at..<(at + size)]
                at += size + 2
                if size == 0 { return (body, at) }
            }
            return nil
        }
        guard let text = headers["Content-Length"], let length = Int(text) else {
            return atEnd ? (Array(bytes[start...]), bytes.count) : nil
        }
        guard bytes.count >= start + length else { return nil }
        return (Array(bytes[start..<(start + length)]), start + length)
    }
}

/// A server of a test, with the routes that tests use; stopped when it goes.
final class TestServer {
    let server: HTTPServer
    let port: UInt16
    let spool: String
    let streams = MutexBox<[EventStream]>([])
    let closed = MutexBox(0)
    let seen = MutexBox<[String]>([])

    init(
        routes: [Route] = [], _ change: (inout HTTPServer.Options) -> Void = { _ in }
    ) throws {
        var options = HTTPServer.Options()
        spool =
            FileManager.default.temporaryDirectory
            .appending(path: "starling-http-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: spool, withIntermediateDirectories: true)
        options.spoolDirectory = spool
        options.addressRequests = 1_000_000
        options.tokenRequests = 1_000_000
        change(&options)
        var router = Router(open: ["/api", "/oauth/token"])
        for route in routes { router.add(route) }
        Self.addRoutes(to: &router, streams, closed, seen)
        server = try HTTPServer(options, router)
        port = server.endpoints.first?.port ?? 0
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(atPath: spool)
    }

    private static func addRoutes(
        to router: inout Router, _ streams: MutexBox<[EventStream]>, _ closed: MutexBox<Int>,
        _ seen: MutexBox<[String]>
    ) {
        router.add(.get, "/hello") { _ in .text("hello") }
        router.add(.post, "/echo") { request throws(HTTPFailure) in
            seen.withLock { $0.append("echo") }
            return HTTPResponse(body: .bytes(try request.body.read(0, request.body.count)))
        }
        router.add(
            Route(.post, "/upload", bodies: .upload) { request throws(HTTPFailure) in
                guard let file = try request.parameters().file("file") else {
                    return .json(["count": .integer(Int64(request.body.count))])
                }
                let bytes = try file.read(0, file.count)
                return .json([
                    "name": .string(file.fileName), "type": .string(file.contentType),
                    "count": .integer(Int64(file.count)), "sum": .integer(sum(bytes)),
                    "spooled": .bool(isSpooled(request.body)),
                ])
            })
        router.add(.get, "/api/v1/statuses/:id") { request in
            .json(["id": .string(request.captures["id"] ?? "")])
        }
        router.add(.post, "/api/v1/statuses") { request throws(HTTPFailure) in
            .json([
                "status": .string(try request.parameters().required("status")),
                "cookies": .integer(Int64(request.cookies.count)),
                "bearer": request.bearer.map { .string($0) } ?? .null,
            ])
        }
        router.add(.post, "/settings") { request in
            .json(["cookies": .integer(Int64(request.cookies.count))])
        }
        router.add(.get, "/page") { request in
            var page = HTTPResponse.text("\(request.cookies.count)", type: "text/html")
            page.headers["Content-Security-Policy"] = "default-src 'self'"
            return page
        }
        router.add(.get, "/stream") { _ in
            let stream = EventStream(onClose: { closed.withLock { $0 += 1 } })
            streams.withLock { $0.append(stream) }
            return HTTPResponse(
                headers: [("Content-Type", "text/event-stream")], body: .stream(stream))
        }
        router.add(.get, "/slow") { _ in
            usleep(300_000)
            return .text("slow")
        }
    }

    func client(_ source: UInt32 = 0x7f00_0001, receiveBuffer: Int32? = nil) throws -> RawClient {
        try RawClient(port, source: source, receiveBuffer: receiveBuffer)
    }

    /// A head with the right Host.
    func head(_ line: String, _ fields: [String] = []) -> String {
        ([line + " HTTP/1.1", "Host: localhost:\(port)"] + fields).joined(separator: "\r\n")
            + "\r\n\r\n"
    }

    /// One request on a connection of its own.
    func ask(_ line: String, _ fields: [String] = [], body: [UInt8]? = nil) throws -> Answer {
        let client = try client()
        var fields = fields
        if let body { fields.append("Content-Length: \(body.count)") }
        client.send(head(line, fields))
        if let body { client.send(body) }
        return try client.answer()
    }

    /// Bytes on a connection of its own: the answers until its end, or until nothing more comes.
    func raw(_ bytes: [UInt8], seconds: Double = 0.5) throws -> [Answer] {
        let client = try client()
        client.send(bytes)
        client.read(seconds)
        return client.answers
    }
}

private func sum(_ bytes: [UInt8]) -> Int64 { bytes.reduce(0) { $0 &+ Int64($1) } }

private func isSpooled(_ body: HTTPBody) -> Bool {
    if case .spooled = body { true } else { false }
}

/// Waits for something to become true.
func eventually(_ seconds: Double = 5, _ condition: () -> Bool) -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while !condition() {
        guard Date() < end else { return false }
        usleep(5_000)
    }
    return true
}

/// Descriptors that this process has open.
func openDescriptors() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
}

/// Open files of this process that are, or were, in a folder.
func openFiles(below folder: String) -> Int {
    let files = FileManager.default
    let numbers = (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return numbers.filter { number in
        let place = try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")
        return place?.hasPrefix(folder + "/") ?? false
    }.count
}

func threads() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? -1
}

/// What others published, in the folder beside the project; absent on most machines.
enum SharedVectors {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "shared/vectors")

    /// The file's bytes, or nil, said aloud, when it is not there.
    static func read(_ path: String) -> [UInt8]? {
        guard let data = try? Data(contentsOf: folder.appending(path: path)) else {
            print("SKIPPED: no vectors at \(folder.path)/\(path)")
            return nil
        }
        return Array(data)
    }

    static func names(_ path: String) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: folder.appending(path: path).path)
        if names == nil { print("SKIPPED: no vectors at \(folder.path)/\(path)") }
        return (names ?? []).sorted()
    }
}
