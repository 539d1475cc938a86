package import Wire

/// Why something cannot be said, or what was said cannot be read.
package enum ContentError: Error, Equatable, Sendable {
    /// The bytes are not what stands at this place.
    case malformed(WireError)
    /// A rule of `Protocol/content.md` is broken: said so that whoever wrote it understands.
    case refused(String)
}

extension ContentError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let error): "\(error)"
        case .refused(let reason): reason
        }
    }
}
