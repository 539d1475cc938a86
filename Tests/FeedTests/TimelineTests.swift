import Content
import MerkleLog
import Primitives
import Testing

@testable import Feed

/// Pages of timelines against the list that a simple mind would make.
struct TimelineTests {
    /// Some people who write in any order of claimed times.
    private func town(seed: UInt64, posts: Int) throws -> (
        Town, [Town.Person], [(id: Int64, by: Int)]
    ) {
        let town = try Town(seed: seed)
        let people = try (0..<6).map { try town.person("person \($0)") }
        var random = SeededRandom(seed: seed)
        var list: [(id: Int64, by: Int)] = []
        for number in 0..<posts {
            let by = Int(random.next() % 6)
            let time = 1_700_000_000_000 + random.next() % 100_000
            let post = try town.note(people[by], "number \(number)", at: time)
            list.append((SortID.of(UnixTime(milliseconds: time), post.address), by))
        }
        try town.catchUp()
        return (town, people, list.sorted { $0.id > $1.id })
    }

    @Test(arguments: UInt64(1)...5) func pagesAreWhatIsThere(seed: UInt64) throws {
        let (town, people, list) = try town(seed: seed, posts: 120)
        var random = SeededRandom(seed: seed)
        for _ in 0..<60 {
            let chosen = (0..<6).filter { _ in random.next() % 2 == 0 }
            let logs = try chosen.flatMap { try town.square.logs(of: people[$0].identity) }
            let expected = list.filter { chosen.contains($0.by) }.map(\.id)
            let limit = Int(1 + random.next() % 20)
            let before = random.next() % 3 == 0 ? .max : list[Int(random.next() % 120)].id
            let after = random.next() % 3 == 0 ? -1 : list[Int(random.next() % 120)].id
            for isFromBelow in [false, true] {
                let page = FeedReader.Page(
                    before: before, after: after, limit: limit, isFromBelow: isFromBelow)
                let within = expected.filter { $0 < before && $0 > after }
                let wanted =
                    isFromBelow
                    ? Array(within.suffix(limit).reversed()) : Array(within.prefix(limit))
                #expect(try town.square.feed.of(logs, page).map(\.id) == wanted, "seed \(seed)")
            }
        }
        // One after the other, pages give everything once.
        var seen: [Int64] = []
        while true {
            let page = FeedReader.Page(before: seen.last ?? .max, limit: 7)
            let found = try town.square.feed.everybody(page).map(\.id)
            if found.isEmpty { break }
            seen += found
        }
        #expect(seen == list.map(\.id))
    }

    @Test func threadsAndAnswers() throws {
        let town = try Town(seed: 10)
        let (ann, bob) = (try town.person("Ann"), try town.person("Bob"))
        let first = try town.note(ann, "first")
        let second = try town.note(bob, "second", replyTo: first)
        let third = try town.note(ann, "third", replyTo: second, root: first)
        try town.note(bob, "elsewhere")
        try town.catchUp()
        let feed = town.square.feed
        func refs(_ acts: [Act]) -> [Int64] { acts.map(\.ref) }
        let (one, two, three) = (
            Mark.of(first.address), Mark.of(second.address), Mark.of(third.address)
        )
        #expect(refs(try feed.answers(to: one, limit: 10)) == [two])
        #expect(refs(try feed.answers(to: two, limit: 10)) == [three])
        #expect(refs(try feed.thread(of: one, limit: 10)) == [three])
        // Whoever was answered hears of it.
        let heard = try feed.about(town.square.marks(of: ann.identity), FeedReader.Page(limit: 10))
        #expect(refs(heard) == [two])
    }

    @Test func tagsWhateverTheirCase() throws {
        let town = try Town(seed: 11)
        let ann = try town.person("Ann")
        let post = try town.say(ann, .note(Note(text: "#Straße #ÉTÉ", tags: ["Straße", "ÉTÉ"])))
        try town.catchUp()
        for tag in ["straße", "été"] {
            let found = try town.square.feed.tagged(tag, FeedReader.Page(limit: 5))
            #expect(found.map(\.ref) == [Mark.of(post.address)], "\(tag)")
        }
        #expect(try town.square.feed.tagged("strasse", FeedReader.Page(limit: 5)).isEmpty)
    }

    @Test func words() throws {
        let town = try Town(seed: 12)
        let ann = try town.person("Ann")
        let texts = [
            "Déjà vu à Zürich", "東京タワーに行きました", "plain English words", "AND OR NOT (\"*",
            "a\u{0}hidden word", "대한민국 만세", "สวัสดีครับ",
        ]
        let posts = try texts.map { try town.note(ann, $0) }
        try town.catchUp()
        func found(_ words: String) throws -> [Int] {
            try town.square.feed.search(words, FeedReader.Page(limit: 20)).map { act in
                posts.firstIndex { Mark.of($0.address) == act.ref } ?? -1
            }
        }
        #expect(try found("deja zurich") == [0] && found("DÉJÀ") == [0])
        #expect(try found("タワー") == [1] && found("東京") == [1] && found("京東").isEmpty)
        #expect(try found("english plain") == [2] && found("english missing").isEmpty)
        #expect(try found("hidden") == [4])
        #expect(try found("민국") == [5] && found("สวัส") == [6])
        // Nothing that is typed is a command, or an error.
        for odd in [
            "", " ", "\"", "AND", "(", "NEAR(a b)", "*", "a*", "^a", "text:a", "\u{0}", "-a",
        ] {
            _ = try found(odd)
        }
        #expect(try found("AND OR") == [3])
    }

    /// An edited note is found by its new words; its old ones lead to the version that was.
    @Test func editsAreFound() throws {
        let town = try Town(seed: 13)
        let ann = try town.person("Ann")
        let post = try town.note(ann, "umbrella")
        try town.say(ann, .edit(Edit(of: post, note: Note(text: "parasol"))))
        try town.catchUp()
        let found = try town.square.feed.search("parasol", FeedReader.Page(limit: 5))
        #expect(found.map(\.kind) == [.edit] && found[0].target == Mark.of(post.address))
    }
}
