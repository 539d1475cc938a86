import Content
import Foundation
import MerkleLog
import Primitives
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
