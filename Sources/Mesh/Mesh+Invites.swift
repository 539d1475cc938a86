import MerkleLog
import Primitives

/// A one-time secret that this node has given out in an invite.
struct OpenInvite: Sendable {
    var secret: [UInt8]
    /// By this node's own clock.
    var until: UnixTime
}

/// Invites (`Protocol/discovery.md`): whoever dials and says an open secret in its hello gets a
/// slot of its own, once.
extension Mesh {
    mutating func openInvite(_ secret: [UInt8], _ until: UnixTime) {
        guard secret.count == Limits.Invites.secret else { return }
        invites.removeAll { $0.secret == secret || $0.until <= wallClock }
        invites.append(OpenInvite(secret: secret, until: until))
        invites = invites.suffix(Limits.Invites.open)
    }

    /// Takes the secret of a peer that came to us, if it is one.
    mutating func redeem(_ session: Session, _ hello: Message.Hello) {
        guard session.target == nil, let secret = hello.invite,
            let index = invites.firstIndex(where: { $0.secret == secret && $0.until > wallClock })
        else { return }
        invites.remove(at: index)
        session.invite = secret
        reserve(hello.node, true)
    }

    /// The peer names the logs that it writes: the shell hears whom the invite brought, and again
    /// as soon as there is a log.
    mutating func inviteBrought(_ session: Session, _ keys: [LogKey]) {
        guard let secret = session.invite, let peer = session.peer else { return }
        if !keys.isEmpty { session.invite = nil }
        emit(.inviteUsed(peer, secret: secret, log: keys.first))
    }

    /// The peer has answered what was said after the hello: it has read the hello, and the secret
    /// has done its work.
    mutating func inviteAccepted(_ session: Session) {
        guard let number = session.target,
            let index = targets.firstIndex(where: { $0.number == number }),
            targets[index].secret != nil
        else { return }
        targets[index].secret = nil
        emit(.inviteSpent(targets[index].address.key))
    }
}
