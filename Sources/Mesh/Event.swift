package import Content
package import MerkleLog
package import Primitives

/// Names one connection for as long as the process runs; never used twice.
package typealias SessionID = UInt64

/// Names something asked of the node's shell, so that its answer finds its way back.
package typealias Token = UInt64

/// Where a node can be reached, as `starling://KEY@host:port` names it.
package struct PeerAddress: Hashable, Sendable {
    /// The peer's node key: an address always carries it, so that nobody else can answer there.
    package var key: LogKey
    /// `host:port` each, in the order in which they are tried.
    package var endpoints: [String]

    package init(key: LogKey, endpoints: [String]) {
        self.key = key
        self.endpoints = endpoints
    }
}

/// A post that waits to be signed: its salt is in the body, its time is the author's claim.
package struct Draft: Sendable {
    package var time: UnixTime
    package var body: [UInt8]

    package init(time: UnixTime, body: [UInt8]) {
        self.time = time
        self.body = body
    }
}

/// What happens to a node: the only way in.
package enum Event: Sendable {
    // MARK: Network

    /// A connection that somebody opened to us, and where from.
    case accepted(SessionID, from: Endpoint?)
    /// The connection that `.dial` with this token asked for, and where datagrams to it go.
    case connected(SessionID, dial: Token, remote: Endpoint?)
    case dialFailed(Token)
    case received(SessionID, [UInt8])
    /// All that was sent has left, or nearly.
    case drained(SessionID, unsent: Int)
    case closed(SessionID)
    /// A datagram, and where it came from, in the shell's own words for endpoints.
    case datagram([UInt8], from: Endpoint)

    // MARK: Store

    /// The write is durable, as this change of the store; 0 when it changed no head.
    case stored(Token, change: UInt64 = 0)
    case storeFailed(Token, StoreFailure)
    /// The entry cannot be read back as it was written.
    case damaged(LogKey, index: UInt64)
    /// What `.read` asked for; nil when it could not be read.
    case read(SessionID, stream: UInt64, Batch?)
    /// What `.readFork` asked for.
    case forkRead(SessionID, ForkProof)

    // MARK: Owner

    /// Sign these, in order, as one unit; answered by `.published` or `.refused`.
    case publish(LogKey, [Draft], Token)
    /// From now on this node writes the log too.
    case adopt(OwnLogStart)
    /// This node writes the log no more, for now.
    case disown(LogKey)
    /// Keep a session with this peer, `reserved` with a slot of its own here; `secret` is what an
    /// invite of that peer carries, said once in the hello.
    case addPeer(PeerAddress, reserved: Bool = false, secret: [UInt8]? = nil)
    /// Keep no session with this peer any more, and forget where it is; it may still call.
    case dropPeer(LogKey)
    /// Whoever says these 16 bytes before this time is a guest: it gets a slot of its own, once.
    case openInvite(secret: [UInt8], until: UnixTime)
    /// Somebody at this address says where peers are.
    case hint([Contact], from: IPAddress)
    /// This peer has a slot whoever else comes, or no longer.
    case reserve(LogKey, Bool)
    /// Which logs are fetched and kept from now on, and how much of each. `isWider`: some of them
    /// were not wanted when what is noted of peers' stores was noted.
    case want(Wanted, EntryQuotas, isWider: Bool)
    /// Nobody else of these is spoken with, from now on: X25519 keys, and addresses that may not
    /// open a connection.
    case quarantine(keys: [Bytes32], addresses: [IPAddress])
    /// The disk is nearly full, or no more: nothing of others is fetched while it is.
    case diskIsLow(Bool)
    /// What happened to media outside of the network.
    case blob(BlobEvent)
    case tick
    /// Say farewell to everybody.
    case stop
}

/// Why something could not be stored.
package enum StoreFailure: Error, Hashable, Sendable {
    case full
    case failed
    /// The store takes no entries of such authors now; others may go on.
    case closed
}

/// What a node does: the only way out. The shell carries these out in order.
package enum Effect: Sendable {
    case dial(PeerAddress, endpoint: Int, Token)
    case send(SessionID, [UInt8])
    /// Closes once what was sent has left, or at once when the peer misbehaved.
    case close(SessionID, atOnce: Bool)
    case sendDatagram([UInt8], to: Endpoint)
    /// Make this durable, then answer `.stored`. In order; groups may share a commit.
    case store(Write, Token)
    /// Read the entries of a durable head and answer `.read`.
    case read(SessionID, stream: UInt64, ReadRequest)
    /// Read the proof that a log is forked and answer `.forkRead`, for this session; where it
    /// cannot be read, nothing.
    case readFork(SessionID, LogKey)
    case published(Token, log: LogKey, from: UInt64, leaves: [Hash])
    case refused(Token, Refusal)
    case note(Notice)
    case stored(LogKey, from: UInt64, to: UInt64)
    /// What is to be done about media: in order.
    case blob(BlobEffect)
    /// Keep this across restarts: an `AddressTable`, encoded.
    case rememberAddresses([UInt8])
    /// A peer has come with the secret of an invite, and is reserved from now on. Comes again with
    /// the first log that the peer writes, when it has none at first.
    case inviteUsed(LogKey, secret: [UInt8], log: LogKey?)
    /// The secret that `.addPeer` gave for this peer has been said and heard.
    case inviteSpent(LogKey)
}

/// What is written.
package enum Write: Sendable {
    /// `isOwn`: the fence is moved, too, before `.stored` is answered (invariant 3).
    case extend(Extension, isOwn: Bool)
    case fork(ForkProof)
    /// What a peer's changes are known up to: see `Mesh+Resume`.
    case resume(ResumeMark)
    /// The newest entries of a log whose earlier ones are still to come; nil: no more, since they
    /// stand in the log or count no more. Nothing waits for it.
    case newest(LogKey, Batch?)
    /// The entry goes over the damaged one at its place.
    case replace(LogKey, index: UInt64, Entry)
}

/// Which entries a peer is to be sent.
package struct ReadRequest: Hashable, Sendable {
    package var head: LogHead
    package var from: UInt64
    /// Where it ends at the latest; at most the head's size.
    package var to: UInt64
    package var maxBytes: Int

    /// `to`: all that the head holds, unless it is said.
    package init(head: LogHead, from: UInt64, to: UInt64? = nil, maxBytes: Int) {
        self.head = head
        self.from = from
        self.to = to ?? head.size
        self.maxBytes = maxBytes
    }
}

/// Why a post was not taken. The owner reads these.
package enum Refusal: Error, Hashable, Sendable {
    case unknownLog
    /// The store is behind what was published already; it is being fetched.
    case behind(UInt64)
    /// Nobody has yet confirmed that this store is up to date.
    case unconfirmed
    /// Another copy of this device has published something else: the log is frozen.
    case forked
    case tooManyWaiting
    case tooLarge
    case diskFull
    case failed
}

/// What the owner may want to know; the shell writes it to the journal.
package enum Notice: Sendable {
    case sessionOpened(LogKey, agent: String, outbound: Bool, clockSkewMilliseconds: Int64)
    case sessionClosed(LogKey?, why: String)
    /// A log has forked, and nothing behind its first `bound` entries counts. Comes again with a
    /// smaller bound when more is known.
    case forkProven(LogKey, bound: UInt64)
    case ownLogBehind(LogKey, held: UInt64, published: UInt64)
    case ownLogConfirmed(LogKey)
    case repaired(LogKey, index: UInt64)
    case badBatch(LogKey, from: LogKey, why: LogError)
    /// A peer sent something else for a part of this blob.
    case badBlob(Blob, from: LogKey)
}
