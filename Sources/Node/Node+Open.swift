import Crypto
import MerkleLog
import Mesh
import Primitives
import Store
import Transport
import Wire

/// Everything that a node opens at its start, before anything runs.
struct NodeParts {
    let loop: EventLoop
    let network: Network
    let tasks: TaskMailbox
    let answers: AnswerBox
    let storeThread: StoreThread
    let reader: StoreReader
    let nodeKey: SigningKey
    let accounts: [Account]
    let own: [OwnLogStart]
    /// What the fences say of the root logs: asked when one is written again.
    let roots: [LogKey: OwnLogStart.Trust]
    let heads: [LogHead]
    let forks: [ForkProof]
    let history: StoreHistory
    let crashPage: CrashPage
    let quarantine: Quarantine
    /// The last run did not end in order.
    let wasKilled: Bool
}

/// Delivers the store's answers to the node, which does not exist yet when the mailbox is made.
final class AnswerBox {
    weak var node: Node?
}

/// The mailbox through which threads that read long tell the loop how it went.
struct TaskMailbox {
    let box: AnswerBox
    let mailbox: Mailbox<@Sendable (Node) -> Void>
}

extension Node {
    static func open(_ paths: Paths, _ options: NodeOptions) throws(NodeError) -> NodeParts {
        do {
            return try openParts(paths, Journal(isQuiet: options.isQuiet))
        } catch let error as StoreError {
            throw .store("\(error)")
        } catch let error as TransportError {
            throw .network("\(error)")
        } catch let error as NodeError {
            throw error
        } catch {
            throw .store("\(error)")
        }
    }

    private static func openParts(_ paths: Paths, _ journal: Journal) throws -> NodeParts {
        let writer = try StoreWriter(directory: paths.store)
        let reader = try StoreReader(directory: paths.store)
        let storeID = try storeID(reader, writer, paths)
        let heads = try reader.heads()
        let accounts = try accounts(reader)
        let fences = try Fences(directory: paths.fences, store: storeID)
        var own: [OwnLogStart] = []
        var roots: [LogKey: OwnLogStart.Trust] = [:]
        for account in accounts {
            let path = paths.deviceKey(DIDKey.multibase(account.device))
            // Keys are no part of a backup: what was restored without them is read until the owner
            // opens a new device log.
            if DirectoryLock.exists(path) {
                let key = try Keys.read(path)
                guard key.publicKey == account.device else {
                    throw NodeError.keyFile("\(path) is not the key of \(account.name)")
                }
                let head = heads.first { $0.key == account.device }
                own.append(OwnLogStart(key: key, trust: try fences.trust(account.device, head)))
            }
            let root = heads.first { $0.key == account.identity }
            roots[account.identity] = try fences.trust(account.identity, root)
        }
        let names = try writer.beginNames(
            after: try reader.changeNames(), SystemRandom.uint64() | 1)
        let history = try reader.history(names: names)
        let page = try CrashPage(path: paths.atWork)
        let quarantine = try quarantine(page, reader, writer, journal)
        let loop = try EventLoop()
        var limits = TransportLimits()
        limits.sendQueue = Limits.sendHardCap + 4 * Limits.message
        // Noise XK: the dialler begins.
        limits.firstBytes = 5
        let network = Network(loop: loop, limits: limits)
        let answers = AnswerBox()
        let mailbox = try loop.makeMailbox(of: StoreThread.Answer.self, capacity: 65_536) {
            for answer in $0 { answers.node?.take(answer) }
        }
        let taskBox = AnswerBox()
        let tasks = try loop.makeMailbox(of: (@Sendable (Node) -> Void).self, capacity: 1_024) {
            for task in $0 { if let node = taskBox.node { task(node) } }
        }
        let wasKilled = !writer.wasStopped
        try writer.markRunning()
        let storeThread = StoreThread(mailbox: mailbox)
        storeThread.start(StoreWorker(writer: writer, fences: fences))
        return NodeParts(
            loop: loop, network: network, tasks: TaskMailbox(box: taskBox, mailbox: tasks),
            answers: answers, storeThread: storeThread, reader: reader,
            nodeKey: try Keys.readOrCreate(paths.nodeKey), accounts: accounts, own: own,
            roots: roots, heads: heads, forks: try forks(reader), history: history,
            crashPage: page, quarantine: quarantine, wasKilled: wasKilled)
    }

    /// Names this store: a copy of it carries the same name, and a fence tells them apart by what
    /// they hold.
    ///
    /// The node's key comes into being after the name: a store without a name beside a key was lost
    /// or emptied.
    private static func storeID(
        _ reader: StoreReader, _ writer: StoreWriter, _ paths: Paths
    ) throws -> Bytes32 {
        if let bytes = try reader.setting("store-id"), let known = Bytes32(bytes) { return known }
        guard !DirectoryLock.exists(paths.nodeKey) else {
            throw NodeError.store(
                """
                \(paths.store) is empty, though \(paths.data) has been used: its store was lost. \
                Put it back from a backup, or move the directory away to begin anew
                """
            )
        }
        let fresh = SystemRandom.bytes32()
        try writer.commit([.setting("store-id", fresh.array)])
        return fresh
    }

    /// The proofs that are kept for peers who do not know yet.
    private static func forks(_ reader: StoreReader) throws(StoreError) -> [ForkProof] {
        try reader.forkProofs().compactMap { stored in
            var decoder = CBORDecoder(stored.proof)
            return try? ForkProof(from: &decoder)
        }
    }

    private static func accounts(_ reader: StoreReader) throws -> [Account] {
        guard let bytes = try reader.setting(Account.setting) else { return [] }
        do {
            return try Account.decode(bytes)
        } catch { throw NodeError.store("the list of identities is damaged: \(error)") }
    }
}

/// Key files: 32 bytes in hex, readable by their owner alone.
enum Keys {
    static func read(_ path: String) throws -> SigningKey {
        let secret = try SecretFile.read(path, limit: 256)
        let text = unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        let hex = text.filter { !$0.isWhitespace }
        guard let bytes = Hex.decode(hex), bytes.count == 32 else {
            throw NodeError.keyFile("\(path) does not hold a key")
        }
        return SigningKey(seed: SecretBytes(bytes))
    }

    static func write(_ key: SigningKey, _ path: String) throws {
        let text = unsafe key.withSeed { unsafe Hex.encode(Array($0)) + "\n" }
        try SecretFile.create(path, contents: Array(text.utf8))
    }

    static func readOrCreate(_ path: String) throws -> SigningKey {
        if DirectoryLock.exists(path) { return try read(path) }
        let key = SigningKey.generate()
        try write(key, path)
        return key
    }
}
