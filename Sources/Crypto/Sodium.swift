import CSodium

/// The C library that the primitives come from.
package enum Sodium {
    private static let isReady: Bool = sodium_init() >= 0

    /// Prepares libsodium; the first call does the work, from whichever thread it comes.
    ///
    /// Everything here that needs it calls it. A program calls it at its start to fail early.
    package static func start() {
        precondition(isReady, "libsodium cannot start: it finds no source of randomness")
    }
}
