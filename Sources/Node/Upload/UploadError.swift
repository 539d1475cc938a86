/// Why a file is not taken, in words for who uploads it.
package enum UploadError: Error, Hashable, Sendable {
    case empty
    case tooLarge
    /// Of a kind that is not taken: its media type, as far as known.
    case kind(String)
    /// It does not hold what its first bytes promise.
    case damaged(String)
    /// A program that Debian has and this machine has not.
    case lacking(String)
    /// No room, or the disk failed.
    case store(String)
}

extension UploadError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the file is empty"
        case .tooLarge: "a picture has at most 64 MiB, a film or sound 1 GiB"
        case .kind(let type): "files of the kind \(type) are not taken: \(UploadType.list) are"
        case .damaged(let why): "the file is damaged: \(why)"
        case .lacking(let what): "this node lacks \(what)"
        case .store(let why): "the file was not stored: \(why)"
        }
    }
}
