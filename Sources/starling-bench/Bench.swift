import Glibc

/// One run: the figures asked for, in order, with the limits they are compared with.
final class Bench {
    let options: Options
    let scratch: Scratch
    var report: Report
    private var limits: [Limit: Double] = [:]
    /// A running node with posts, shared by the figures that need one.
    private var sources: [String: Daemon] = [:]
    /// Posts that a shared node holds of its own.
    private var sourcePosts: [String: Int] = [:]

    init(_ options: Options) throws {
        self.options = options
        scratch = try Scratch(in: options.directory, keeps: options.keepsFiles)
        report = Report(isQuick: options.isQuick)
    }

    /// One name of `--only`.
    struct Group {
        let name: String
        let summary: String
        let body: (Bench) throws -> Void
    }

    static var groups: [Group] {
        Limit.groups + [
            Group(
                name: "verify-batch", summary: "batches verified, in memory",
                body: Figures.batches),
            Group(
                name: "append", summary: "verified entries given to the store", body: Figures.append
            ),
            Group(name: "proof", summary: "proofs made and verified", body: Figures.proofs),
            Group(name: "post", summary: "posts one by one", body: Figures.postOneByOne),
            Group(name: "bulk", summary: "posts in bulk", body: Figures.postInBulk),
            Group(name: "git", summary: "git clone of as many commits", body: Figures.git),
            Group(name: "sync", summary: "between two processes, to the disk", body: Figures.sync),
            Group(
                name: "latency", summary: "from post to the neighbour's disk", body: Figures.latency
            ),
            Group(name: "live", summary: "live posts to one neighbour", body: Figures.live),
            Group(
                name: "sync-cost", summary: "strangers find what differs",
                body: Figures.syncCost),
            Group(name: "square", summary: "what people see", body: Figures.square),
            Group(name: "disk", summary: "bytes on disk", body: Figures.disk),
            Group(name: "start", summary: "start time and memory", body: Figures.start),
        ]
    }

    func run() throws {
        for group in Self.groups
        where options.only.isEmpty || options.only.contains(group.name) {
            Terminal.progress(group.summary)
            do { try group.body(self) } catch {
                report.failed(group.name, "\(error)")
                Terminal.error("\(group.name): \(error)")
            }
        }
        if options.json != "-" { Terminal.line(report.text) }
        guard let path = options.json else { return }
        if path == "-" {
            Terminal.line(report.json)
        } else {
            try Files.write(report.json + "\n", to: path)
        }
        if report.hasFailures { throw BenchError.failed("not everything could be measured") }
    }

    func close() {
        for (_, daemon) in sources.sorted(by: { $0.key < $1.key }) { daemon.stop() }
        scratch.remove()
    }

    /// `full`, or `quick` in a quick run.
    func size(_ full: Int, quick: Int) -> Int { options.isQuick ? quick : full }

    var repetitions: Int { options.isQuick ? 1 : 3 }

    /// A limit of this machine, measured in this run.
    func limit(_ limit: Limit) throws -> Double {
        if let known = limits[limit] { return known }
        Terminal.progress(limit.what)
        let figure = try limit.measure(self)
        limits[limit] = figure.best
        report.add(
            Row(limit.rawValue, limit.what, figure, unit: limit.unit, isLimit: true))
        return figure.best
    }

    /// A figure beside a limit of the same run.
    func ratio(_ value: Double, to limit: Limit) throws -> Row.Ratio {
        Row.Ratio(value / (try self.limit(limit)), of: limit.rawValue)
    }

    /// The running node called `name`, with at least `posts` posts of 300 bytes of its own.
    func source(_ name: String, posts: Int) throws -> Daemon {
        if sources[name] == nil { sources[name] = try Daemon(self, name) }
        guard let daemon = sources[name] else { throw BenchError.failed("no node \(name)") }
        let held = sourcePosts[name] ?? 0
        if held < posts {
            try daemon.postLines(posts - held, from: held)
            sourcePosts[name] = posts
        }
        return daemon
    }

    /// Ends the shared node called `name`; its store stays.
    func retire(_ name: String) { sources.removeValue(forKey: name)?.stop() }
}
