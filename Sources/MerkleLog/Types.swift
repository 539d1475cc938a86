package import Crypto
package import Primitives

/// A SHA-256 digest: a leaf, an inner node, or a root of an RFC 6962 tree.
package typealias Hash = Bytes32

/// The Ed25519 public key that names a log and signs its checkpoints.
package typealias LogKey = PublicKey

/// What an author signs: that the tree of `size` entries of this log has this `root`.
package struct Checkpoint: Hashable, Sendable {
    package var log: LogKey
    /// Entries in the tree, at least 1.
    package var size: UInt64
    package var root: Hash
    package var signature: Signature

    package init(log: LogKey, size: UInt64, root: Hash, signature: Signature) {
        self.log = log
        self.size = size
        self.root = root
        self.signature = signature
    }
}

/// One entry as it travels and is stored: its time, and its body or what stands for a dropped one.
///
/// Log key and index come from where it stands; with them it gives the header.
package struct Entry: Hashable, Sendable {
    package var time: UnixTime
    package var body: Body

    package init(time: UnixTime, body: Body) {
        self.time = time
        self.body = body
    }

    /// Salt and content, or their length and hash when the body is not here.
    package enum Body: Hashable, Sendable {
        case present([UInt8])
        case absent(length: UInt32, hash: Hash)
    }
}

/// The node of an RFC 6962 tree that covers leaves [index << level, (index + 1) << level).
package struct NodePosition: Hashable, Comparable, Sendable {
    /// 0 for leaves.
    package var level: UInt8
    package var index: UInt64

    package init(level: UInt8, index: UInt64) {
        self.level = level
        self.index = index
    }

    package static func < (a: NodePosition, b: NodePosition) -> Bool {
        (a.level, a.index) < (b.level, b.index)
    }
}
