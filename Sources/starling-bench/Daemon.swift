import Glibc
import Node

/// A node under measurement: a `starling run` of its own, spoken to as the command line does.
final class Daemon {
    let paths: Paths
    let child: Child
    private let control: ControlClient
    /// Seconds from starting the process to its answer to `status`.
    let startSeconds: Double
    private let bench: Bench

    /// Starts a node on the data directory `name` of this run.
    init(_ bench: Bench, _ name: String) throws {
        self.bench = bench
        let directory = bench.scratch.file(name)
        paths = Paths(data: directory)
        let start = Clock.now()
        child = try Child(
            [
                Self.program, "run", "--no-web", "--data", directory, "--listen", "127.0.0.1:0",
                "--name", name,
            ],
            environment: Self.environment(bench), output: directory + ".out",
            errors: directory + ".log")
        let deadline = start + 60
        while true {
            if let client = ControlClient(paths) {
                control = client
                break
            }
            if child.hasEnded || Clock.now() > deadline {
                throw BenchError.failed(
                    "the node does not start: " + (Files.read(directory + ".log") ?? ""))
            }
            usleep(200)
        }
        _ = try Self.request(control, "status")
        startSeconds = Clock.now() - start
    }

    /// The program beside this one.
    static var program: String {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let own = String(
            decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex) + "/starling"
    }

    /// Fences of measured nodes lie with their stores.
    static func environment(_ bench: Bench) -> [String: String] {
        ["XDG_STATE_HOME": bench.scratch.file("state")]
    }

    // MARK: Requests

    static func request(
        _ control: ControlClient, _ operation: String, _ parameters: Value = .object()
    ) throws -> Value {
        let id = try control.send(operation, parameters)
        while true {
            let answer = try control.receive()
            guard answer.id == id else { continue }
            switch answer.reply {
            case .progress: continue
            case .done(let value): return value
            case .failed(let error): throw error
            }
        }
    }

    func request(_ operation: String, _ parameters: Value = .object()) throws -> Value {
        try Self.request(control, operation, parameters)
    }

    /// Another connection to the node's control socket.
    func connect() throws -> ControlClient {
        guard let client = ControlClient(paths) else {
            throw BenchError.failed("the node does not answer")
        }
        return client
    }

    /// The log that this node writes.
    func log() throws -> String {
        let status = try request("status")
        guard let log = status["accounts"]?.list?.first?["device"]?.text else {
            throw BenchError.failed("the node has no identity")
        }
        return log
    }

    /// Size and root of a log as this node holds it.
    func head(of log: String) throws -> (size: UInt64, root: String) {
        let reply = try request("log", .object(("who", .string(log)), ("limit", .int(1))))
        guard let first = reply["logs"]?.list?.first, let size = first["size"]?.number,
            let root = first["root"]?.text
        else { throw BenchError.failed("the node does not hold \(log)") }
        return (size, root)
    }

    /// Returns when the node holds `size` entries of `log` durably.
    func wait(for log: String, size: UInt64) throws {
        _ = try request("wait", .object(("log", .string(log)), ("size", .int(size))))
    }

    /// Connects this node to another.
    func join(_ other: Daemon) throws {
        // A friend's invite would have each follow the other, and so write an entry more.
        let plain: Value = .object(("plain", .bool(true)))
        guard let invite = try other.request("invite", plain)["invite"]?.text else {
            throw BenchError.failed("no invite")
        }
        _ = try request("join", .object(("invite", .string(invite))))
    }

    /// Waits until datagrams to the neighbour are known to arrive.
    func waitForNeighbour() throws {
        let deadline = Clock.now() + 10
        while Clock.now() < deadline {
            let peers = try request("peers").list ?? []
            if peers.first?["datagrams"]?.flag == true { return }
            usleep(10_000)
        }
        throw BenchError.failed("the nodes do not meet")
    }

    // MARK: Work

    /// Posts `count` posts with `starling post --lines`; the seconds that this took.
    @discardableResult
    func postLines(_ count: Int, from first: Int = 0) throws -> Double {
        let file = bench.scratch.file("lines")
        try Posts.write(first..<(first + count), to: file)
        defer { Files.removeTree(file) }
        return try Measure.seconds {
            let errors = bench.scratch.file("post.log")
            let child = try Child(
                [Self.program, "post", "--data", paths.data, "--lines", file],
                environment: Self.environment(bench), errors: errors)
            guard child.wait() == 0 else {
                throw BenchError.failed("post --lines: " + (Files.read(errors) ?? ""))
            }
        }
    }

    func stop() { child.stop() }

    deinit { child.stop() }
}
