import Content
import Crypto
import MerkleLog
import Node
import Primitives
import Store

/// The rows of the table behind the limits.
enum Figures {}

/// A log that only stands in memory, with every hash of its tree.
struct MemoryLog: HashReader {
    let key = SigningKey.generate()
    private(set) var entries: [Entry] = []
    /// `levels[0]` are the leaves, `levels[n]` the perfect subtrees of 2^n of them.
    private var levels: [[Hash]] = []
    private var frontier = Frontier()

    init(_ count: Int) throws {
        for number in 0..<count {
            let time = UnixTime(milliseconds: 1_700_000_000_000 + UInt64(number))
            let entry = Entry(time: time, body: .present(try Posts.body(number)))
            entries.append(entry)
            let leaf = EntryHeader(log: key.publicKey, index: UInt64(number), entry: entry).leafHash
            if levels.isEmpty { levels.append([]) }
            levels[0].append(leaf)
            frontier.append(leaf) { position, hash in
                if levels.count == Int(position.level) { levels.append([]) }
                levels[Int(position.level)].append(hash)
            }
        }
    }

    func hash(at position: NodePosition) throws(LogError) -> Hash {
        guard position.level < levels.count,
            position.index < levels[Int(position.level)].count
        else { throw .outOfBounds }
        return levels[Int(position.level)][Int(position.index)]
    }

    /// All of it in batches of `count` under one checkpoint, which is the longest way to the root.
    func batches(of count: Int) throws -> [Batch] {
        let checkpoint = Checkpoint(signing: frontier.size, root: frontier.root, with: key)
        let head = LogHead(
            key: key.publicKey, frontier: frontier, checkpoint: checkpoint, tail: [])
        guard let view = LogView(head: head, reader: self) else {
            throw BenchError.failed("no view of a log in memory")
        }
        return try stride(from: 0, to: entries.count, by: count).map { from in
            let to = min(from + count, entries.count)
            return Batch(
                log: key.publicKey, frontier: try view.frontier(at: UInt64(from)),
                entries: Array(entries[from..<to]), checkpoint: checkpoint,
                tail: try view.tail(from: UInt64(to)))
        }
    }
}

extension Figures {
    private static let batchEntries = 512

    /// Verifies a log's batches one after the other, as a node does that fetches it.
    private static func verify(_ batches: [Batch]) throws -> [Extension] {
        var held = Frontier()
        var trusted: Checkpoint?
        return try batches.map { batch in
            let found = try batch.verify(trusting: trusted, held: held)
            held = found.head.frontier
            trusted = found.head.checkpoint
            return found
        }
    }

    static func batches(_ bench: Bench) throws {
        let count = bench.size(65_536, quick: 8_192)
        let batches = try MemoryLog(count).batches(of: batchEntries)
        let values = try (0..<(bench.repetitions + 2)).map { _ in
            Double(count) / (try Measure.seconds { _ = try verify(batches) })
        }
        let figure = Figure(values)
        bench.report.add(
            Row(
                "verify-batch", "batches of 512 under one signature", figure, unit: "posts/s",
                ratios: [
                    try bench.ratio(figure.best, to: .verify),
                    try bench.ratio(figure.best, to: .sha256x300),
                ], note: "one core, memory only; each post is hashed three times (body, leaf, node)"
            ))
    }

    /// The store alone: what is left of SQLite's speed under the store's own work.
    static func append(_ bench: Bench) throws {
        let count = bench.size(200_192, quick: 8_192)
        let found = try verify(try MemoryLog(count).batches(of: batchEntries))
        var values: [Double] = []
        for _ in 0..<bench.repetitions {
            let writer = try StoreWriter(directory: bench.scratch.fresh("append"))
            let seconds = try Measure.seconds {
                for extra in found { try writer.commit([.extend(extra)]) }
            }
            values.append(Double(count) / seconds)
        }
        Files.removeTree(bench.scratch.file("append"))
        let figure = Figure(values)
        bench.report.add(
            Row(
                "append", "verified batches into the store, 512 a commit", figure, unit: "posts/s",
                ratios: [try bench.ratio(figure.best, to: .sqlite1000)]))
    }

    /// Proofs of a log of 100,000 posts, through the operation that `starling prove` uses.
    static func proofs(_ bench: Bench) throws {
        let name = "proofs"
        let count = bench.size(100_000, quick: 5_000)
        let source = try bench.source(name, posts: count)
        let log = try source.log()
        let data = source.paths
        bench.retire(name)
        let addresses = try addresses(of: log, data, bench.size(2_000, quick: 200))
        var made: [String] = []
        let handle = try NodeHandle(data)
        defer { handle.close() }
        let making = try Measure.rate(
            repetitions: bench.repetitions, seconds: 0.5, portion: 16
        ) { number in
            let address = addresses[number % addresses.count]
            let reply = try handle.request("prove", .object(("address", .string(address))))
            guard let proof = reply["proof"]?.text else { throw BenchError.failed("no proof") }
            if made.count < addresses.count { made.append(proof) }
        }
        bench.report.add(
            Row(
                "prove", "proofs made from a log of \(Format.number(Double(count)))", making,
                unit: "proofs/s", ratios: [try bench.ratio(making.best, to: .verify)]))
        let checking = try Measure.rate(
            repetitions: bench.repetitions, seconds: 0.5, portion: 16
        ) { number in _ = try ProofFile(verifying: made[number % made.count]) }
        bench.report.add(
            Row(
                "verify-proof", "proof files verified, off line", checking, unit: "proofs/s",
                ratios: [try bench.ratio(checking.best, to: .verify)],
                note: "a proof that names its author carries two signatures"))
    }

    /// Post addresses spread over a log.
    private static func addresses(
        of log: String, _ paths: Paths, _ count: Int
    ) throws -> [String] {
        guard let key = DIDKey.parse(log) else { throw BenchError.failed("no log \(log)") }
        let reader = try StoreReader(directory: paths.store)
        guard let size = try reader.head(of: key)?.size else { throw BenchError.failed("no log") }
        var random = SeededRandom(seed: 1)
        return try (0..<count).map { _ in
            let index = 2 + random.next() % (size - 2)
            let leaf = try reader.leafHashes(of: key, index..<(index + 1))[0]
            return Reference(log: key, index: index, address: leaf).text
        }
    }
}
