import Crypto
import MerkleLog
import Node
import Primitives
import Store

/// What stays: bytes on the disk, time to start, memory at rest.
extension Figures {
    /// The store of a node that was stopped in order, against what it holds.
    static func disk(_ bench: Bench) throws {
        let count = bench.size(300_000, quick: 20_000)
        let source = try bench.source("source", posts: count)
        let log = try source.log()
        let paths = source.paths
        bench.retire("source")
        let bytes = Files.size(paths.store)
        let encoded = try encodedBytes(paths, log)
        let entries = Double(encoded.entries)
        let share = Double(bytes) / Double(encoded.bytes)
        var ratios = [Row.Ratio(share, of: "header and body")]
        if let git = bench.report.figure("git-disk") {
            ratios.append(Row.Ratio(Double(bytes) / entries / git, of: "git-disk"))
        }
        bench.report.add(
            Row(
                "disk", "the store of \(Format.number(entries)) posts",
                Figure(Double(bytes) / entries),
                unit: "bytes/post", ratios: ratios, goal: .below(1.3, ofRatio: true),
                note:
                    "a post's header and body are "
                    + "\(Format.number(Double(encoded.bytes) / entries)) bytes"
            ))
    }

    private static func encodedBytes(
        _ paths: Paths, _ log: String
    ) throws -> (entries: Int, bytes: Int) {
        guard let key = DIDKey.parse(log) else { throw BenchError.failed("no log \(log)") }
        let reader = try StoreReader(directory: paths.store)
        var (index, bytes): (UInt64, Int) = (0, 0)
        while true {
            let entries = try reader.entries(of: key, from: index, limit: 1_000)
            if entries.isEmpty { return (Int(index), bytes) }
            for entry in entries {
                let header = EntryHeader(log: key, index: index, entry: entry)
                bytes += header.encoded().count + Int(header.bodyLength)
                index += 1
            }
        }
    }

    static func start(_ bench: Bench) throws {
        try start(bench, "empty", posts: 0)
        try start(bench, "small", posts: bench.size(10_000, quick: 1_000))
        try start(bench, "source", posts: bench.size(1_000_000, quick: 20_000))
    }

    /// From exec to the answer to `status`, and what is resident a moment later.
    private static func start(_ bench: Bench, _ name: String, posts: Int) throws {
        if posts > 0 {
            _ = try bench.source(name, posts: posts)
            bench.retire(name)
        } else {
            try Daemon(bench, name).stop()
        }
        var times: [Double] = []
        var memory: [Double] = []
        var own = 0.0
        for _ in 0..<(bench.repetitions + 2) {
            let daemon = try Daemon(bench, name)
            times.append(daemon.startSeconds * 1e3)
            pause(milliseconds: 500)
            memory.append(daemon.child.residentMegabytes)
            own = daemon.child.ownMegabytes
            daemon.stop()
        }
        let held = posts == 0 ? "no posts" : "\(Format.number(Double(posts))) posts"
        let suffix = posts == 0 ? "" : posts == 1_000_000 ? "-1M" : "-\(posts / 1_000)k"
        bench.report.add(
            Row(
                "start" + suffix, "from exec to an answer, \(held)",
                Figure(times, lessIsBetter: true), unit: "ms", goal: .below(1_000)))
        bench.report.add(
            Row(
                "memory" + suffix, "resident at rest, \(held)", Figure(memory, lessIsBetter: true),
                unit: "MB", goal: .below(20),
                note:
                    "\(Format.number(own)) MB its own, the rest program and libraries"
            ))
    }
}
