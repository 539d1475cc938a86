/// Why an archive is not read, in words for its owner.
package enum ArchiveError: Error, Equatable {
    /// No zip and no tar file, or a damaged one.
    case unreadable(String)
    /// Made to do harm, or to a size that no archive has.
    case refused(String)
    /// Not the archive of that service.
    case missing(String)
}

extension ArchiveError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let what), .refused(let what), .missing(let what): what
        }
    }
}
