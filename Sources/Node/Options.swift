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

    /// Sends beacons into the local network and hears those of others.
    package var usesLocalNetwork = true
    /// The secret of a private mesh, as `NetworkSecret` reads it; nil in the public one.
    package var networkSecret: String?
    /// Bytes that the store may take; nil: as before, or by what is free at the first start.
    package var disk: UInt64?

    package init() {}
}
