/// Why this module refused: mostly bytes from a peer or words from a person.
package enum CryptoError: Error, Equatable, Sendable {
    /// The tag does not fit: another key, or changed bytes.
    case notAuthentic
    /// The peer's public key gives the all-zero secret (RFC 7748 §6.1).
    case weakPublicKey
    /// A message longer or shorter than its kind allows.
    case badLength
    /// A handshake message at the wrong moment, or after a failure.
    case outOfTurn
    /// A message counter is used up, or a message failed before: open a new session.
    case sessionEnded
    /// There are `count` words; recovery takes 24.
    case wordCount(Int)
    /// The word at `position` (from 1) is not in the BIP-39 list.
    case unknownWord(position: Int, word: String)
    /// All words are in the list, but the checksum says that one is wrong or misplaced.
    case wordChecksum
}

extension CryptoError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAuthentic: "the bytes were changed, or sealed with another key"
        case .weakPublicKey: "the other side's public key is worthless"
        case .badLength: "a message of the wrong length"
        case .outOfTurn: "a handshake message out of turn"
        case .sessionEnded: "the session has ended"
        case .wordCount(let count): "there are \(count) recovery words; there must be 24"
        case .unknownWord(let position, let word):
            "recovery word \(position), \"\(word)\", is not in the list: check its spelling"
        case .wordChecksum:
            "each recovery word is in the list, but together they do not fit: "
                + "one is wrong or two have changed places"
        }
    }
}
