import CLinux
import Content
import Crypto
import Feed
import MerkleLog
import Mesh
import Primitives
import Store
import Transport

/// The shell around `Mesh`: one event loop that turns sockets, the store and the owner's requests
/// into events, and carries the effects out.
///
/// The loop's thread owns everything here. Others exist: the store's, which commits, the square's,
/// which keeps the feed, and one for whatever reads long (a check). They post to the loop's
/// mailboxes and share nothing else; `NodeDoor` is how any thread asks for something.
///
/// **The law:** an event goes in through `handle`, which carries out every effect in order before
/// it returns; no effect is carried out from anywhere else.
package final class Node {
    package let paths: Paths
    let options: NodeOptions
    let loop: EventLoop
    let network: Network
    let journal: Journal
    let nodeKey: SigningKey
    let reader: StoreReader
    let storeThread: StoreThread
    let people: People
    /// What people see; started when the node runs.
    package let square: SquareThread
    /// What its readers keep to themselves; opened with the square.
    var desk: Desk?
    /// The same accounts, for other threads.
    let accountBook: AccountBook
    /// What the fences said at the start of the root logs of `accounts`.
    let roots: [LogKey: OwnLogStart.Trust]
    package internal(set) var accounts: [Account] { didSet { accountBook.put(accounts) } }
    var mesh: Mesh
    var meshTimer: TimerToken?
    var meshTimerAt: Instant?

    /// Events that effects led to while another event was being handled.
    var waiting = Deque<Event>()
    var isHandling = false
    /// Connections that something was sent on in this turn.
    var touched: [SessionID] = []
    /// Dials that wait for a name to be resolved, and for a connection.
    var resolving: [ResolutionID: Dial] = [:]
    var connecting: [ConnectionID: Dial] = [:]
    /// What waits for `.published` or `.refused`.
    var publishing: [Token: (Result<Published, Refusal>) -> Void] = [:]
    var nextPublish: Token = 1
    var controls: [ConnectionID: ControlConnection] = [:]
    /// Connections of the mesh by the session they carry.
    var connections: [SessionID: ConnectionID] = [:]
    var localEndpoints: [Endpoint] = []
    /// Of a private mesh.
    let networkKey: PresharedKey?
    var discovery: Discovery?
    var remembered: [Invite]?
    /// Who was invited, who has come, and whom to follow for it.
    var guests: Guests
    let crashPage: CrashPage
    /// Who is refused since it crashed this node.
    var quarantine: Quarantine
    var sessions: [LogKey: SessionFacts] = [:]
    /// From how far away this node has been called, and when last.
    var calls: [AddressScope: Instant] = [:]
    /// A fresh link to this node's page, which lets the account's owner in once, and the seconds
    /// that it is good for; nil while no page is served.
    package var pageLink: ((Account) -> (link: String, seconds: UInt64))?
    /// Who wants to know when a log holds so many entries.
    var waiters: [Waiter] = []
    let tasks: TaskMailbox
    /// Media, for any thread.
    package let media: Media
    /// Entries that are not posts, stored or on their way, and not yet in `people`.
    var unnoted: [LogKey: [(index: UInt64, entry: Entry)]] = [:]
    /// What is kept of others.
    var storage = StorageFacts()
    /// Why the node stopped on its own.
    package internal(set) var failure: NodeError?
    let startedAt: Instant
    /// Held for as long as the node lives: nobody else opens this data directory.
    private let lock: DirectoryLock

    /// What this program calls itself.
    package static let version = "0.1.0"

    /// Opens the data directory, creating what is missing; nothing listens yet.
    package init(paths: Paths, options: NodeOptions) throws(NodeError) {
        self.paths = paths
        self.options = options
        Sodium.start()
        networkKey = try Self.networkKey(options)
        lock = try DirectoryLock(paths)
        journal = Journal(isQuiet: options.isQuiet)
        let parts = try Self.open(paths, options)
        loop = parts.loop
        network = parts.network
        tasks = parts.tasks
        storeThread = parts.storeThread
        reader = parts.reader
        people = People(reader: parts.reader)
        guard let square = SquareThread(paths: paths, journal: journal) else {
            throw .store("this process may open too few files")
        }
        self.square = square
        accountBook = AccountBook(parts.accounts)
        nodeKey = parts.nodeKey
        accounts = parts.accounts
        roots = parts.roots
        startedAt = parts.loop.now()
        let opened = try Self.openMedia(parts, paths)
        media = opened.media
        crashPage = parts.crashPage
        quarantine = parts.quarantine
        var configuration = MeshConfiguration(
            nodeKey: parts.nodeKey, networkSecret: networkKey, listenPort: nil,
            agent: "starling/" + Self.version, entropy: { SystemRandom.bytes32() })
        // Nobody is dialled before this node listens: a single command is done without a network.
        configuration.outbound = 0
        guests = Guests.read(parts.reader, journal)
        mesh = Mesh(
            configuration: configuration, heads: parts.heads, own: parts.own, forks: parts.forks,
            newest: Self.newest(parts.reader, journal), history: parts.history,
            addresses: Self.addresses(parts.reader, journal), seed: SystemRandom.uint64())
        network.delegate = self
        parts.answers.node = self
        parts.tasks.box.node = self
        opened.box.node = self
        do throws(StoreError) { try people.load(parts.heads) } catch { throw .store("\(error)") }
        loop.turnEnded = { [weak self] in self?.turnEnded() }
        try startPolicy()
        startMedia()
        if parts.wasKilled { checkInBackground() }
        finishAccounts()
    }

    private static func networkKey(_ options: NodeOptions) throws(NodeError) -> PresharedKey? {
        guard let text = options.networkSecret else { return nil }
        guard let key = NetworkSecret.key(text) else {
            throw .badRequest(
                "a network secret has 12 to 1024 bytes: starling network new  prints a good one")
        }
        return key
    }

    // MARK: Running

    /// Listens, joins, and serves until `stop` is called or a signal comes. Throws when it cannot
    /// start, or had to stop on its own. `before` is called before anything is closed.
    package func run(ending before: () -> Void = {}) throws(NodeError) {
        startSquare()
        loop.run()
        accountBook.close()
        before()
        shutDown()
        if let failure { throw failure }
    }

    /// Turns the loop until `isDone` says so: how the command line does one thing without a daemon.
    package func run(until isDone: () -> Bool) throws(NodeError) {
        while !isDone() && failure == nil { loop.poll(.milliseconds(1_000)) }
        if let failure { throw failure }
    }

    /// Ends `run` once the farewells have left.
    package func stop() {
        handle(.stop)
        loop.schedule(at: loop.now() + .milliseconds(50)) { [loop] in loop.stop() }
    }

    /// Closes everything in order: what was acknowledged is on the disk already.
    package func shutDown() {
        network.close()
        square.stop()
        media.stop()
        storeThread.stop()
    }

    func fail(_ error: NodeError) {
        if failure == nil { failure = error }
        journal.say("stopping: \(error)")
        loop.stop()
    }

    // MARK: Events in

    /// Takes an event and carries out all that follows from it.
    func handle(_ event: Event) {
        waiting.append(event)
        if isHandling { return }
        isHandling = true
        defer { isHandling = false }
        var effects: [Effect] = []
        while let event = waiting.popFirst() {
            mesh.handle(event, at: loop.now(), wallClock: EventLoop.wallClock(), into: &effects)
            for effect in effects { carryOut(effect) }
            effects.removeAll(keepingCapacity: true)
        }
    }

    /// Tells the mesh what has left, and sets its timer.
    private func turnEnded() {
        let ids = touched
        touched.removeAll(keepingCapacity: true)
        for id in ids {
            guard let connection = connections[id] else { continue }
            handle(.drained(id, unsent: network.pending(on: connection)))
        }
        guard let deadline = mesh.nextDeadline else { return }
        if let at = meshTimerAt, at <= deadline { return }
        if let meshTimer { loop.cancel(meshTimer) }
        meshTimerAt = deadline
        meshTimer = loop.schedule(at: deadline) { [weak self] in
            self?.meshTimerAt = nil
            self?.meshTimer = nil
            self?.handle(.tick)
        }
    }
}

/// Where a batch of own posts came to stand.
struct Published: Sendable {
    var log: LogKey
    var from: UInt64
    var leaves: [Hash]

    var references: [Reference] {
        leaves.enumerated().map {
            Reference(log: log, index: from + UInt64($0.offset), address: $0.element)
        }
    }
}

/// A request that is answered once a log is held to `size`.
struct Waiter {
    var log: LogKey
    var size: UInt64
    var reply: (Control.Reply) -> Void
}

/// A dial on its way from the mesh to the network.
struct Dial: Sendable {
    var token: Token
    var address: PeerAddress
    /// Where it may be, in order; the one under way is not among them.
    var endpoints: [Endpoint] = []
}

/// What the owner is told of a peer.
struct SessionFacts: Sendable {
    var agent: String
    var isOutbound: Bool
    var since: Instant
    var clockSkew: Int64
}
