import Glibc
import Node

/// Reading what the owner names on the command line.
enum Files {
    /// The whole of a file, or of standard input for "-"; refused over `limit` bytes or when it is
    /// not UTF-8.
    static func read(_ path: String, limit: Int) throws(NodeError) -> String {
        let bytes = try self.bytes(path, limit: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badRequest("\(path) is not text in UTF-8")
        }
        return text
    }

    /// The lines that have something in them.
    static func lines(_ path: String) throws(NodeError) -> [String] {
        let bytes = try bytes(path, limit: 4 << 30)
        var out: [String] = []
        for (number, line) in bytes.split(separator: 0x0a).enumerated() {
            let content = line.last == 0x0d ? line.dropLast() : line
            if content.isEmpty { continue }
            guard let text = String(validating: content, as: UTF8.self) else {
                throw .badRequest(
                    "line \(number + 1) of \(path) is not text in UTF-8: nothing was posted")
            }
            out.append(text)
        }
        return out
    }

    private static func bytes(_ path: String, limit: Int) throws(NodeError) -> [UInt8] {
        let descriptor = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .notFound("cannot open \(path): \(unsafe String(cString: strerror(errno)))")
        }
        defer { if descriptor > 0 { close(descriptor) } }
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw .notFound("cannot read \(path): \(unsafe String(cString: strerror(errno)))")
            }
            if count == 0 { return out }
            out += buffer[..<count]
            if out.count > limit { throw .badRequest("\(path) is longer than \(limit) bytes") }
        }
    }
}
