import Crypto
import Glibc

/// The line-based harness by which anybody runs vectors against this implementation: one JSON
/// object a line in, one a line out, `Protocol/README.md`. Nothing on a line ends the process.
enum Conform {
    /// Bytes of a line; a longer one is answered with an error and passed over.
    private static let lineLimit = 8 << 20

    static func run() {
        Sodium.start()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var line: [UInt8] = []
        var isTooLong = false
        while true {
            let count = unsafe read(0, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            for part in buffer[..<count].split(
                separator: 0x0a, omittingEmptySubsequences: false
            ).enumerated() {
                if part.offset > 0 {
                    respond(to: line, isTooLong)
                    line.removeAll(keepingCapacity: true)
                    isTooLong = false
                }
                if line.count + part.element.count > lineLimit { isTooLong = true }
                if !isTooLong { line += part.element }
            }
        }
        if !line.isEmpty || isTooLong { respond(to: line, isTooLong) }
    }

    private static func respond(to line: [UInt8], _ isTooLong: Bool) {
        guard !isTooLong, let text = String(validating: line, as: UTF8.self),
            let request = JSON(parsing: text), case .object = request
        else {
            let reason = isTooLong ? "the line is too long" : "not one JSON object"
            return Terminal.line(JSON.object(["ok": .bool(false), "error": .string(reason)]).text)
        }
        var answer: [String: JSON]
        do throws(ConformError) {
            answer = try perform(request)
            answer["ok"] = .bool(true)
        } catch {
            answer = ["ok": .bool(false), "error": .string("\(error)")]
        }
        answer["id"] = request["id"]
        Terminal.line(JSON.object(answer).text)
    }

    private static func perform(_ request: JSON) throws(ConformError) -> [String: JSON] {
        let fields = ConformFields(request)
        guard let operation = operations[try fields.string("op")] else {
            throw ConformError("unknown operation")
        }
        return try operation(fields)
    }

    typealias Operation = @Sendable (ConformFields) throws(ConformError) -> [String: JSON]

    private static let operations: [String: Operation] =
        treeOperations
        .merging(formatOperations) { $1 }.merging(keyOperations) { $1 }
        .merging(sketchOperations) { $1 }.merging(contentOperations) { $1 }
        .merging(blobOperations) { $1 }
}

/// Why a check does not hold, or a request cannot be read.
struct ConformError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ error: some Error) { description = "\(error)" }
}
