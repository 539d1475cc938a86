import Crypto
import Primitives
import Synchronization

/// Proof that a form was sent by this node a short while ago, with just these fields, and that it
/// comes back for the first time.
///
/// Nothing is kept of the pages that are sent, so nobody fills a table by asking for them: the
/// token is a tag over the fields. Only those that came back are remembered.
final class FormTokens: Sendable {
    private let key = SystemRandom.bytes(32)
    private let wall: @Sendable () -> UnixTime
    /// Those that came back, in order, with the time that they are no good any more by themselves.
    private let spent = Mutex<[(tag: Bytes32, until: UInt64)]>([])

    init(wall: @escaping @Sendable () -> UnixTime) { self.wall = wall }

    func make(_ fields: [String]) -> String {
        let until = wall().milliseconds + Limits.Access.formMilliseconds
        var head = SystemRandom.bytes(16)
        head += Self.bytes(until)
        return Base64URL.encode(head + tag(head, fields).array)
    }

    /// Whether `token` was made for `fields` and is good. It still is afterwards: see `spend`.
    func isGood(_ token: String, _ fields: [String]) -> Bool {
        guard let (tag, until) = check(token, fields), until >= wall().milliseconds else {
            return false
        }
        return spent.withLock { !$0.contains { Token.same($0.tag, tag) } }
    }

    /// The form has done what it was for. False when it had before.
    func spend(_ token: String, _ fields: [String]) -> Bool {
        guard let (tag, until) = check(token, fields) else { return false }
        let now = wall().milliseconds
        return spent.withLock { spent in
            spent.removeAll { $0.until < now }
            guard !spent.contains(where: { Token.same($0.tag, tag) }) else { return false }
            if spent.count >= Limits.Access.spentForms { spent.removeFirst() }
            spent.append((tag, until))
            return true
        }
    }

    private func check(_ token: String, _ fields: [String]) -> (tag: Bytes32, until: UInt64)? {
        guard token.utf8.count <= Limits.Access.secret, let bytes = Base64URL.decode(token),
            bytes.count == 56, let tag = Bytes32(bytes[24...])
        else { return nil }
        let head = Array(bytes[..<24])
        guard Token.same(tag, self.tag(head, fields)) else { return nil }
        return (tag, head[16...].reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Each field with its length before it: no two lists of fields are the same bytes.
    private func tag(_ head: [UInt8], _ fields: [String]) -> Bytes32 {
        var message = head
        for field in fields {
            message += Self.bytes(UInt64(field.utf8.count))
            message += field.utf8
        }
        return HMACSHA256.tag(message, key: key)
    }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) }
    }
}
