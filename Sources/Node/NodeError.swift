/// Why the node cannot do what its owner asked, in the owner's words, with what to do about it.
package enum NodeError: Error, Hashable, Sendable {
    /// Another process runs on this data directory.
    case inUse(path: String, process: Int32?)
    case network(String)
    case store(String)
    /// A key or word file that is missing, damaged, or open to others.
    case keyFile(String)
    /// A command that makes no sense: exit code 2.
    case usage(String)
    /// A request with something missing or wrong in it.
    case badRequest(String)
    case notFound(String)
    /// The post was not taken.
    case refused(String)
    /// The running node does not answer, or speaks another version.
    case control(String)
    /// A check found damage.
    case damaged(String)
}

extension NodeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .inUse(let path, let process):
            "\(path) is in use by another process" + (process.map { " (\($0))" } ?? "")
                + ": stop it, or give another directory with --data"
        case .network(let what), .store(let what), .keyFile(let what), .badRequest(let what),
            .usage(let what), .notFound(let what), .refused(let what), .control(let what),
            .damaged(let what):
            what
        }
    }

    /// A word for programs: the `error` of a `--json` reply.
    package var code: String {
        switch self {
        case .inUse: "in-use"
        case .network: "network"
        case .store: "store"
        case .keyFile: "key-file"
        case .usage: "usage"
        case .badRequest: "bad-request"
        case .notFound: "not-found"
        case .refused: "refused"
        case .control: "control"
        case .damaged: "damaged"
        }
    }

    /// The error that `code` and `text` stand for in a reply.
    package init(code: String, text: String) {
        switch code {
        case "network": self = .network(text)
        case "store": self = .store(text)
        case "key-file": self = .keyFile(text)
        case "bad-request": self = .badRequest(text)
        case "not-found": self = .notFound(text)
        case "refused": self = .refused(text)
        case "damaged": self = .damaged(text)
        default: self = .control(text)
        }
    }
}
