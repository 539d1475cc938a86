import CLinux
import Glibc

/// The command line's end of the control socket: blocking, one thread.
package final class ControlClient {
    private let descriptor: Int32
    private var reader = Control.Reader(limit: Control.replyLimit)
    private var nextID: UInt64 = 1

    /// Connects to the node that runs on this data directory; nil when none does.
    package init?(_ paths: Paths) {
        let directory = unsafe open(paths.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return nil }
        defer { close(directory) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        // A name through /proc is short however deep the directory lies.
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array("/proc/self/fd/\(directory)/\(Paths.controlName)".utf8)
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            guard name.count < path.count else { return false }
            unsafe path.copyBytes(from: name)
            return true
        }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, length)
            }
        }
        if !fits || result != 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Sends a request and returns the number that its replies carry.
    package func send(_ operation: String, _ parameters: Value) throws(NodeError) -> UInt64 {
        let request = Control.Request(id: nextID, operation: operation, parameters: parameters)
        nextID += 1
        let frame = request.frame
        var sent = 0
        while sent < frame.count {
            let count = unsafe frame.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress.unsafelyUnwrapped + sent, frame.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .control("the node went away") }
            sent += count
        }
        return request.id
    }

    /// Waits for the next reply to any request.
    package func receive() throws(NodeError) -> (id: UInt64, reply: Control.Reply) {
        while true {
            if let frame = reader.next() {
                guard let answer = Control.Reply.read(frame) else {
                    throw .control("the node answers in a way this program does not know")
                }
                return answer
            }
            if reader.isOverLimit { throw .control("the node's answer is too long") }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .control("the node went away before it answered") }
            reader.append(Array(buffer.prefix(count)))
        }
    }
}

/// The node that a command line speaks to: one that runs, or one opened for the command alone.
package final class NodeHandle {
    private enum Kind {
        case running(ControlClient)
        case opened(Node)
    }

    private let kind: Kind
    private var nextID: UInt64 = 1
    /// Replies of an opened node that nobody has asked for yet.
    private var answers: [(id: UInt64, reply: Control.Reply)] = []

    /// Finds the running node, or opens the store under its lock.
    package init(_ paths: Paths) throws(NodeError) {
        if let client = ControlClient(paths) {
            kind = .running(client)
            return
        }
        var options = NodeOptions()
        options.isQuiet = true
        do throws(NodeError) {
            kind = .opened(try Node(paths: paths, options: options))
        } catch {
            // A node that was just starting answers by now.
            guard case .inUse = error, let client = ControlClient(paths) else { throw error }
            kind = .running(client)
        }
    }

    package var isRunning: Bool {
        if case .running = kind { return true }
        return false
    }

    package func send(_ operation: String, _ parameters: Value) throws(NodeError) -> UInt64 {
        switch kind {
        case .running(let client): return try client.send(operation, parameters)
        case .opened(let node):
            let id = nextID
            nextID += 1
            let request = Control.Request(id: id, operation: operation, parameters: parameters)
            node.perform(request) { [weak self] in self?.answers.append((id, $0)) }
            return id
        }
    }

    package func receive() throws(NodeError) -> (id: UInt64, reply: Control.Reply) {
        switch kind {
        case .running(let client): return try client.receive()
        case .opened(let node):
            try node.run(until: { !answers.isEmpty })
            return answers.removeFirst()
        }
    }

    /// Asks, and waits for the answer.
    package func request(
        _ operation: String, _ parameters: Value = .object(), progress: (Value) -> Void = { _ in }
    ) throws(NodeError) -> Value {
        let id = try send(operation, parameters)
        while true {
            let answer = try receive()
            guard answer.id == id else { continue }
            switch answer.reply {
            case .progress(let value): progress(value)
            case .done(let value): return value
            case .failed(let error): throw error
            }
        }
    }

    /// Closes an opened store in order.
    package func close() {
        if case .opened(let node) = kind { node.shutDown() }
    }
}
