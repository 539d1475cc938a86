package import MerkleLog

/// What a whole check of a store found.
package struct CheckReport: Sendable {
    package var logs = 0
    /// Entries that were looked at.
    package var entries: UInt64 = 0
    /// Entries whose body was dropped; length and hash stand for it.
    package var bodiesAbsent: UInt64 = 0
    /// Bytes of the bodies that are there.
    package var bytes: UInt64 = 0
    /// Logs whose bodies take something else than was counted, at most `kept` of them. No damage:
    /// it is counted anew.
    package var miscounted: [LogKey] = []
    /// The damage found, at most `kept` of it.
    package private(set) var damage: [Damage] = []
    /// All of it.
    package private(set) var damageCount = 0

    package static let kept = 1_000

    package var isClean: Bool { damageCount == 0 }

    /// What is not as it was written, and where.
    package struct Damage: Hashable, Sendable, CustomStringConvertible {
        package var place: StoreError.Place
        package var what: String

        package var description: String { "\(what)\(place)" }
    }

    mutating func add(_ what: String, _ place: StoreError.Place) {
        damageCount += 1
        if damage.count < Self.kept { damage.append(Damage(place: place, what: what)) }
    }

    /// Damage to `place` as SQLite or the disk put it.
    mutating func add(_ error: StoreError, _ place: StoreError.Place) {
        switch error {
        case .corrupt(let what, .file): add(what, place)
        case .corrupt(let what, let exact): add(what, exact)
        default: add("\(error)", place)
        }
    }
}
