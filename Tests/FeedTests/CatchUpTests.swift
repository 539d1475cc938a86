import Content
import Foundation
import MerkleLog
import Primitives
import Store
import Testing

@testable import Feed

/// A feed that grew is the one that would be made at once.
struct CatchUpTests {
    @Test(arguments: UInt64(1)...8) func grownAndRebuiltAreTheSame(seed: UInt64) throws {
        let town = try Town(seed: seed)
        var random = SeededRandom(seed: seed &* 77)
        func below(_ n: Int) -> Int { Int(random.next() % UInt64(n)) }
        let people = try (0..<4).map { try town.person("person \($0)") }
        var posts: [Reference] = []
        for number in 0..<150 {
            let who = people[below(4)]
            let target = posts.isEmpty ? nil : posts[below(posts.count)]
            switch (below(10), target) {
            case (0, let target?): try town.say(who, .repost(of: target, isOn: below(3) > 0))
            case (1, let target?):
                try town.say(
                    who, .reaction(Reaction(to: target, emoji: "🦜", isOn: below(3) > 0)))
            case (2, let target?): try town.say(who, .retraction(of: target))
            case (3, let target?):
                try town.say(who, .edit(Edit(of: target, note: Note(text: "edited \(number)"))))
            case (4, let target?): posts.append(try town.note(who, "re \(number)", replyTo: target))
            case (5, _): try town.say(who, .follow(identity: people[below(4)].identity, isOn: true))
            default:
                posts.append(
                    try town.say(who, .note(Note(text: "note \(number)", tags: ["tag\(below(5))"])))
                )
            }
            if below(20) == 0 { try town.catchUp() }
        }
        try town.catchUp()
        let grown = try town.square.digest()
        #expect(try town.rebuilt().digest() == grown, "seed \(seed)")
        // Once more changes nothing; a post more does.
        try town.catchUp()
        #expect(try town.square.digest() == grown)
        try town.note(people[0], "one more")
        try town.catchUp()
        #expect(try town.square.digest() != grown)
    }

    /// Rows of what the store dropped go, and so, in the end, do their words; a feed made anew is
    /// the same all the while, and what is held stays to be found.
    @Test(arguments: UInt64(31)...34) func whatWasDroppedGoes(seed: UInt64) throws {
        let town = try Town(seed: seed)
        let people = try (0..<3).map { try town.person("person \($0)") }
        for number in 0..<1_800 {
            let tags = number % 7 == 0 ? ["tag\(number % 3)"] : []
            let text = "word\(number) " + String(repeating: "long ", count: 20)
            try town.say(people[number % 3], .note(Note(text: text, tags: tags)))
        }
        let work = CatchUp(reader: town.reader, feed: town.feed)
        try work.all { _, _ in }
        let before = try town.found("long")
        #expect(before == 1_800)
        // Everybody is a stranger, within a budget that holds some of it.
        try town.writer.adopt(StoragePlan(budget: 900_000))
        while try town.writer.settle(at: UnixTime(milliseconds: town.time)) {}
        let swept = try work.swept()
        #expect(!swept.isEmpty, "seed \(seed)")
        for log in swept {
            var gone = try work.gone(ofLog: log.number, to: log.to)
            while try work.remove(&gone) {}
        }
        #expect(try work.swept().isEmpty)
        let held = try town.bodies()
        let after = try town.found("long")
        #expect(after < before && after > 0 && after <= held, "\(after) of \(held) bodies")
        #expect(try town.square.digest() == town.rebuilt().digest())
        // A post that comes while the words are forgotten is found once.
        #expect(try work.tidy())
        try town.note(people[0], "meanwhile long")
        while try !work.advance(people.flatMap { $0.devices.map(\.log) }).isEmpty {}
        while try work.words() {}
        #expect(try town.found("long") == after + 1)
        #expect(try town.found("meanwhile") == 1)
        #expect(try town.found("word5") == 0)
        #expect(try town.square.digest() == town.rebuilt().digest(), "seed \(seed)")
    }

    /// A file that is no feed, or one of another version, is made anew.
    @Test func whatIsNoFeedIsMadeAnew() throws {
        let town = try Town(seed: 20)
        let ann = try town.person("Ann")
        try town.note(ann, "still here")
        let file = town.path + "/other.sqlite"
        for bytes in [[UInt8]("not a database at all, but long enough".utf8), []] {
            try Data(bytes).write(to: URL(fileURLWithPath: file))
            let feed = try FeedWriter(path: file)
            let work = CatchUp(reader: town.reader, feed: feed)
            try work.all { _, _ in }
            let acts = try FeedReader(path: file).everybody(FeedReader.Page(limit: 5))
            #expect(acts.count == 1)
        }
    }

    @Test func progressEndsAtAll() throws {
        let town = try Town(seed: 21)
        let ann = try town.person("Ann")
        for number in 0..<10 { try town.note(ann, "note \(number)") }
        let feed = try FeedWriter(path: town.path + "/p.sqlite")
        let work = CatchUp(reader: town.reader, feed: feed)
        var told: [UInt64] = []
        var total: UInt64 = 0
        try work.all {
            told.append($0)
            total = $1
        }
        #expect(told == told.sorted() && told.last == total && total == 14)
    }
}
