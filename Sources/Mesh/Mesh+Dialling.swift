import Crypto
import MerkleLog
import Primitives

/// An address that this node keeps a session with, and when it tries again.
struct DialTarget: Sendable {
    var address: PeerAddress
    var endpoint = 0
    /// Endpoints that were tried in vain since the last wait.
    var failures = 0
    /// The dial under way.
    var token: Token?
    /// The session that a dial led to.
    var session: SessionID?
    var nextDial: Instant
    var backoff = Limits.redialFirst

    var isWaiting: Bool { token == nil && session == nil }

    func isDue(_ now: Instant) -> Bool { isWaiting && nextDial <= now }

    mutating func succeeded() { backoff = Limits.redialFirst }
}

/// Reaching peers whose addresses are known, and reaching them again with back-off.
extension Mesh {
    mutating func addPeer(_ address: PeerAddress) {
        if address.key == configuration.nodeKey.publicKey || address.endpoints.isEmpty { return }
        if let known = targets.firstIndex(where: { $0.address.key == address.key }) {
            targets[known].address = address
            targets[known].endpoint = 0
            if targets[known].isWaiting {
                targets[known].nextDial = now
                dial(known)
            }
            return
        }
        guard targets.count < Limits.dialTargets else { return }
        targets.append(DialTarget(address: address, nextDial: now))
        dial(targets.count - 1)
    }

    mutating func dial(_ index: Int) {
        let target = targets[index]
        if isStopping || sessionOfPeer[target.address.key] != nil {
            // The peer came to us: look again later.
            targets[index].nextDial = now + Limits.pingInterval
            return
        }
        let token = newToken()
        targets[index].token = token
        emit(.dial(target.address, endpoint: target.endpoint, token))
    }

    mutating func dialFailed(_ token: Token) {
        guard let index = targets.firstIndex(where: { $0.token == token }) else { return }
        targets[index].token = nil
        nextEndpoint(index)
    }

    /// Another address of the peer, at once: only when all were tried in vain is there a wait. An
    /// invite has the addresses of several networks, and most lead nowhere from here.
    mutating func nextEndpoint(_ index: Int) {
        let count = targets[index].address.endpoints.count
        targets[index].endpoint = (targets[index].endpoint + 1) % count
        targets[index].failures += 1
        if targets[index].failures < count {
            targets[index].session = nil
            dial(index)
        } else {
            redialLater(index)
        }
    }

    /// Doubles the wait, with up to a quarter of jitter, so that a mesh does not redial in step.
    mutating func redialLater(_ index: Int) {
        targets[index].session = nil
        targets[index].failures = 0
        let wait = targets[index].backoff.nanoseconds
        let jitter = random.next() % (wait / 4 + 1)
        targets[index].nextDial = now + Instant.Span(nanoseconds: wait - wait / 8 + jitter)
        targets[index].backoff = min(
            Instant.Span(nanoseconds: wait * 2), Limits.redialLast)
    }
}
