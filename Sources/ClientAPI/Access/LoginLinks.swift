import MerkleLog
import Primitives
import Synchronization

/// Codes that let the owner's browser in without the password: each once, for a short time.
///
/// They are kept in memory only, as hashes. Who gets to see one has the machine already: they are
/// printed by the node's own process and handed out over its control socket.
final class LoginLinks: Sendable {
    private struct Code: Sendable {
        var hash: Bytes32
        var identity: LogKey
        var until: Instant
    }

    private let codes = Mutex<[Code]>([])
    private let now: @Sendable () -> Instant

    init(now: @escaping @Sendable () -> Instant) { self.now = now }

    /// A fresh code of 256 bits. Of too many the oldest goes.
    func make(for identity: LogKey) -> String {
        let text = Token.make()
        let (now, hash) = (now(), Token.hash(text))
        codes.withLock { codes in
            codes.removeAll { $0.until <= now }
            codes.append(
                Code(hash: hash, identity: identity, until: now + Limits.Access.linkLife))
            codes = codes.suffix(Limits.Access.links)
        }
        return text
    }

    /// Whom a code lets in. It is good no more.
    func take(_ text: String) -> LogKey? {
        let (now, hash) = (now(), Token.hash(text))
        return codes.withLock { codes in
            codes.removeAll { $0.until <= now }
            guard let at = codes.firstIndex(where: { Token.same($0.hash, hash) }) else {
                return nil
            }
            return codes.remove(at: at).identity
        }
    }
}
