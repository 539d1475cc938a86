import CLinux
import Primitives

/// One stream socket and what waits to go out on it. All decisions are `Network`'s.
final class Connection {
    enum Phase {
        /// Waits for `connect` to succeed.
        case connecting
        /// Both directions work.
        case open
        /// The owner is done with it: what waits is sent, what comes is thrown away.
        case finishing
        /// All is sent and our side closed; waits for the peer's end, so that no reset overtakes
        /// the last bytes.
        case lingering
        /// Forgotten.
        case closed
    }

    /// Which cap it counts against.
    enum Origin {
        case accepted
        case outgoing
        case local
    }

    let id: ConnectionID
    let descriptor: FileDescriptor
    let origin: Origin
    var peer: Peer
    var phase: Phase
    var queue = SendQueue()
    /// What epoll watches for now.
    var interest: Readiness = []
    var wantsReading = true
    /// The kernel took less than there was: wait until the socket is writable.
    var isBlocked = false
    /// Listed to be written at the end of the turn.
    var isDirty = false
    /// More than the low-water mark waited since `drained` was last reported.
    var wasAboveLowWater = false
    /// The peer sent all it will.
    var hasEnded = false
    /// Why writing failed; reading goes on to what came before.
    var failure: CloseReason?
    /// By when the peer must have made progress; nil when nothing waits.
    var stallDeadline: Instant?
    /// Bytes sent since that deadline was set.
    var progress = 0
    /// The one timer: to connect, to stall or to linger.
    var timer: TimerToken?

    init(
        _ id: ConnectionID, _ descriptor: consuming FileDescriptor, _ origin: Origin, _ peer: Peer,
        _ phase: Phase
    ) {
        self.id = id
        self.descriptor = descriptor
        self.origin = origin
        self.peer = peer
        self.phase = phase
    }

    /// What to watch the descriptor for.
    var wantedInterest: Readiness {
        switch phase {
        case .connecting: return .write
        case .closed: return []
        case .open, .finishing, .lingering:
            var wanted: Readiness = []
            if wantsReading && !hasEnded { wanted.insert(.read) }
            if isBlocked { wanted.insert(.write) }
            return wanted
        }
    }
}
