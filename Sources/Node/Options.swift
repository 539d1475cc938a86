/// What the owner may say about a run.
package struct NodeOptions: Sendable {
    /// Says nothing on stderr.
    package var isQuiet = false
    /// `host:port` to listen on; nil for no network at all.
    package var listen: String?
    /// Invites to join at the start.
    package var join: [String] = []
    /// The name of the identity that a first start makes.
    package var name: String?

    /// Bytes that the store may take; nil: as before, or by what is free at the first start.
    package var disk: UInt64?

    package init() {}
}
