import CLinux

/// Why a socket could not be opened, in words for the person at the terminal.
package enum TransportError: Error, Hashable, Sendable {
    /// Another program holds the port.
    case portInUse(UInt16)
    /// The system does not let this user do `what`.
    case permissionDenied(what: String)
    /// No interface of this machine has the address.
    case addressNotAvailable(String)
    /// Neither an IP address nor "localhost".
    case notAnAddress(String)
    /// The process, or the machine, may not open more files.
    case tooManyOpenFiles
    /// A running program answers on the Unix socket.
    case socketInUse(path: String)
    /// A file that is no socket stands where the Unix socket should be.
    case notASocket(path: String)
    /// The directory of the Unix socket does not exist.
    case noSuchDirectory(path: String)
    /// Anything else that the system reported.
    case system(doing: String, code: Int32)
}

extension TransportError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .portInUse(let port): "port \(port) is in use by another program"
        case .permissionDenied(let what): "not allowed to \(what)"
        case .addressNotAvailable(let address): "this machine does not have the address \(address)"
        case .notAnAddress(let text): "\"\(text)\" is not an IP address (nor \"localhost\")"
        case .tooManyOpenFiles: "too many open files (raise the limit with ulimit -n)"
        case .socketInUse(let path): "another program answers on \(path)"
        case .notASocket(let path): "\(path) exists and is not a socket"
        case .noSuchDirectory(let path): "there is no directory \(path)"
        case .system(let doing, let code): "cannot \(doing): \(systemMessage(code))"
        }
    }

    /// The error for `code`, an errno, met while trying to do `doing`.
    static func from(_ code: Int32, doing: String) -> TransportError {
        switch code {
        case EMFILE, ENFILE: .tooManyOpenFiles
        case EACCES, EPERM: .permissionDenied(what: doing)
        default: .system(doing: doing, code: code)
        }
    }
}

/// Why a connection ended that its owner had not closed.
package enum CloseReason: Hashable, Sendable {
    /// The peer closed it, orderly.
    case endOfStream
    /// The peer, or something on the path, broke it off.
    case reset
    /// Nobody listens at the address.
    case refused
    /// No route to the address.
    case unreachable
    /// It was not established by its deadline, or the kernel gave up on the peer.
    case timedOut
    /// The peer did not read what was sent to it; see `TransportLimits.stallTime`.
    case stalled
    /// As many connections are open as the limits, or the system's, allow.
    case tooManyConnections
    /// Anything else that the system reported.
    case failed(code: Int32)

    /// The reason for `code`, an errno.
    static func from(_ code: Int32) -> CloseReason {
        switch code {
        case ECONNRESET, EPIPE, ECONNABORTED: .reset
        case ECONNREFUSED, ENOENT: .refused
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EADDRNOTAVAIL, EAFNOSUPPORT: .unreachable
        case ETIMEDOUT: .timedOut
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: .tooManyConnections
        default: .failed(code: code)
        }
    }
}

extension CloseReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .endOfStream: "the peer closed the connection"
        case .reset: "the connection was broken off"
        case .refused: "nobody listens there"
        case .unreachable: "the address cannot be reached from here"
        case .timedOut: "no answer in time"
        case .stalled: "the peer stopped reading"
        case .tooManyConnections: "too many open connections"
        case .failed(let code): systemMessage(code)
        }
    }
}

private func systemMessage(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}
