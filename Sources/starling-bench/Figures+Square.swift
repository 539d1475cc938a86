import ClientAPI
import Feed
import MerkleLog
import Primitives
import Store

/// What people see: made of a store with 100,000 posts of 500 people, and asked.
extension Figures {
    static func square(_ bench: Bench) throws {
        let posts = bench.size(100_000, quick: 5_000)
        let folder = bench.scratch.fresh("village")
        let village = try Village(folder + "/store", authors: posts / 200, posts: posts)
        let store = try StoreReader(directory: village.store)
        try projections(bench, village, store, folder)

        let people = People(reader: store)
        try people.load(store.heads())
        let square = Square(
            store: store, feed: try FeedReader(path: folder + "/feed.sqlite"), people: people)
        let desk = try Desk(path: folder + "/desk.sqlite")
        let probe = SquareProbe(square, desk, reader: village.reader)
        try questions(bench, village, probe, square)
        Files.removeTree(folder)
    }

    /// How fast entries become rows, and rows with their texts in the full-text index.
    private static func projections(
        _ bench: Bench, _ village: Village, _ store: StoreReader, _ folder: String
    ) throws {
        let count = Double(try store.countedEntries())
        var rows: [Double] = []
        var all: [Double] = []
        for _ in 0..<bench.repetitions {
            let feed = try FeedWriter(path: folder + "/feed.sqlite", isAnew: true)
            let people = People(reader: store)
            let work = CatchUp(reader: store, feed: feed, people: people)
            let first = try Measure.seconds { try work.allRows { _ in } }
            let second = try Measure.seconds { try work.allWords { _ in } }
            rows.append(count / first)
            all.append(count / (first + second))
        }
        try add(
            bench, "projection", "entries that become rows of the feed", rows,
            "timelines, threads, tallies; goal: half of sync")
        try add(
            bench, "projection-words", "the same, and full-text search", all,
            "texts come behind the rows, the newest first")
    }

    private static func add(
        _ bench: Bench, _ name: String, _ what: String, _ values: [Double], _ note: String
    ) throws {
        let figure = Figure(values)
        var ratios = [try bench.ratio(figure.best, to: .sqlite1000)]
        if let sync = bench.report.figure("sync") {
            ratios.append(Row.Ratio(figure.best / sync, of: "sync"))
        }
        bench.report.add(
            Row(name, what, figure, unit: "entries/s", ratios: ratios, note: note))
    }

    private static func questions(
        _ bench: Bench, _ village: Village, _ probe: SquareProbe, _ square: Square
    ) throws {
        let bare = try BareQueries(square, village)
        try question(bench, "home", "home timeline of 40 posts", below: 10, bare.page) {
            try probe.home(limit: 40)
        }
        try question(bench, "search", "search for a rare word, 40 found", below: 30, bare.search) {
            try probe.search(village.rareWord)
        }
        try question(
            bench, "search-common", "search for the commonest word", below: 30, bare.search
        ) { try probe.search(village.commonWord) }
        guard let thread = village.thread, let act = try square.act(thread) else {
            throw BenchError.failed("the thread is not in the feed")
        }
        try question(bench, "thread", "a thread of 200 posts", below: 20, bare.answers) {
            try probe.thread(act.id)
        }
    }

    /// The median of many, beside what SQLite alone takes for the same rows and entries.
    private static func question(
        _ bench: Bench, _ name: String, _ what: String, below goal: Double,
        _ bare: () throws -> Int, _ ask: () throws -> Int
    ) throws {
        let count = bench.size(201, quick: 21)
        func median(_ body: () throws -> Int) throws -> Double {
            var times: [Double] = []
            for _ in 0..<count {
                times.append(
                    try Measure.seconds {
                        guard try body() > 0 else { throw BenchError.failed("\(name): nothing") }
                    })
            }
            return times.sorted()[count / 2] * 1_000
        }
        let alone = try median(bare)
        let figure = try median(ask)
        bench.report.add(
            Row(
                name, what + ", median", Figure([figure], lessIsBetter: true), unit: "ms",
                goal: .below(goal),
                note: "as JSON; SQLite alone, rows and entries: \(Format.number(alone)) ms"))
    }
}

/// What SQLite alone has to read for the same answers.
private struct BareQueries {
    let square: Square
    let logs: [Int64]
    let word: String
    let thread: Int64

    init(_ square: Square, _ village: Village) throws {
        self.square = square
        var logs: [Int64] = []
        for identity in [village.reader] + square.people.follows(of: village.reader) {
            logs += try square.logs(of: identity)
        }
        self.logs = logs
        word = village.rareWord
        thread = try village.thread.flatMap { try square.act($0)?.ref } ?? 0
    }

    private func entries(_ acts: [Act]) throws -> Int {
        for act in acts { _ = try square.entry(act) }
        return acts.count
    }

    func page() throws -> Int { try entries(square.feed.of(logs, .init(limit: 40))) }

    func search() throws -> Int { try entries(square.feed.search(word, .init(limit: 40))) }

    func answers() throws -> Int { try entries(square.feed.answers(to: thread, limit: 1_000)) }
}
