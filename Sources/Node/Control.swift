import Wire

/// The words between the command line and a running node, over the Unix socket: four bytes of
/// big-endian length, then a CBOR array. Local to one machine and one version: not a protocol.
package enum Control {
    /// Bytes of one request at most.
    package static let frameLimit = 8 << 20
    /// Bytes of one reply at most: many long posts in one answer.
    package static let replyLimit = 64 << 20

    /// `[id, operation, parameters]`
    package struct Request: Sendable {
        package var id: UInt64
        package var operation: String
        package var parameters: Value

        package init(id: UInt64, operation: String, parameters: Value) {
            self.id = id
            self.operation = operation
            self.parameters = parameters
        }

        package var frame: [UInt8] {
            Control.frame(.array([.unsigned(id), .text(operation), parameters]))
        }

        package init?(_ bytes: [UInt8]) {
            guard case .array(let parts) = try? Value(decoding: bytes), parts.count == 3,
                let id = parts[0].number, let operation = parts[1].text
            else { return nil }
            self.init(id: id, operation: operation, parameters: parts[2])
        }
    }

    /// `[id, isLast, value]` or `[id, true, code, text]`
    package enum Reply: Sendable {
        case progress(Value)
        case done(Value)
        case failed(NodeError)

        package func frame(id: UInt64) -> [UInt8] {
            switch self {
            case .progress(let value):
                Control.frame(.array([.unsigned(id), .bool(false), value]))
            case .done(let value): Control.frame(.array([.unsigned(id), .bool(true), value]))
            case .failed(let error):
                Control.frame(
                    .array([.unsigned(id), .bool(true), .text(error.code), .text("\(error)")]))
            }
        }

        package static func read(_ bytes: [UInt8]) -> (id: UInt64, reply: Reply)? {
            guard case .array(let parts) = try? Value(decoding: bytes), parts.count >= 3,
                let id = parts[0].number, let isLast = parts[1].flag
            else { return nil }
            if parts.count == 4, let code = parts[2].text, let text = parts[3].text {
                return (id, .failed(NodeError(code: code, text: text)))
            }
            return (id, isLast ? .done(parts[2]) : .progress(parts[2]))
        }
    }

    static func frame(_ value: Value) -> [UInt8] {
        let bytes = value.encoded
        let length = UInt32(clamping: bytes.count)
        return [
            UInt8(length >> 24), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255),
            UInt8(length & 255),
        ] + bytes
    }

    /// Cuts a byte stream into frames.
    package struct Reader: Sendable {
        private var buffer: [UInt8] = []
        private let limit: Int

        package init(limit: Int = Control.frameLimit) { self.limit = limit }

        /// True when more waits than a frame may have: the other side is not one of ours.
        package private(set) var isOverLimit = false

        package mutating func append(_ bytes: [UInt8]) { buffer += bytes }

        package mutating func next() -> [UInt8]? {
            guard buffer.count >= 4 else { return nil }
            let length = buffer[..<4].reduce(0) { $0 << 8 | Int($1) }
            if length > limit {
                isOverLimit = true
                return nil
            }
            guard buffer.count >= 4 + length else { return nil }
            defer { buffer.removeFirst(4 + length) }
            return Array(buffer[4..<(4 + length)])
        }
    }
}
