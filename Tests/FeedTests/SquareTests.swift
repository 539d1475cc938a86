import Content
import MerkleLog
import Primitives
import Testing

@testable import Feed

/// What people see of what people said.
struct SquareTests {
    @Test func aNoteIsSeenWithItsAuthor() throws {
        let town = try Town(seed: 1)
        let ann = try town.person("Ann")
        let post = try town.note(ann, "hello")
        #expect(try town.view(post) == nil, "not projected yet")
        try town.catchUp()
        let view = try #require(try town.view(post))
        #expect(view.note.text == "hello" && view.author == ann.identity)
        #expect(view.editedAt == nil && view.reference == post)
    }

    /// An edit counts when it is the author's, whichever device wrote it; the latest one.
    @Test func editsOfTheAuthorCount() throws {
        let town = try Town(seed: 2)
        let (ann, bob) = (try town.person("Ann"), try town.person("Bob"))
        try town.add(town.pen(), to: ann)
        let post = try town.note(ann, "teh text")
        try town.say(bob, .edit(Edit(of: post, note: Note(text: "Bob was here"))))
        try town.catchUp()
        #expect(try town.view(post)?.note.text == "teh text")
        try town.say(ann, .edit(Edit(of: post, note: Note(text: "the text"))), device: 1)
        try town.say(ann, .edit(Edit(of: post, note: Note(text: "the texts"))))
        try town.catchUp()
        let view = try #require(try town.view(post))
        #expect(view.note.text == "the texts" && view.first.text == "teh text")
        #expect(view.editedAt != nil)
        #expect(try town.square.versions(of: view.act, view.author).count == 2)
    }

    @Test func onlyTheAuthorTakesBack() throws {
        let town = try Town(seed: 3)
        let (ann, bob) = (try town.person("Ann"), try town.person("Bob"))
        let post = try town.note(ann, "too much")
        try town.say(bob, .retraction(of: post))
        try town.catchUp()
        #expect(try town.view(post) != nil)
        try town.say(ann, .retraction(of: post))
        try town.catchUp()
        #expect(try town.view(post) == nil)
    }

    /// Two devices are one person; the latest word on an emoji counts.
    @Test func reactionsAreCountedForPeople() throws {
        let town = try Town(seed: 4)
        let (ann, bob) = (try town.person("Ann"), try town.person("Bob"))
        try town.add(town.pen(), to: bob)
        let post = try town.note(ann, "a question")
        func react(_ emoji: String, _ isOn: Bool, _ device: Int) throws {
            try town.say(
                bob, .reaction(Reaction(to: post, emoji: emoji, isOn: isOn)), device: device)
        }
        try react("⭐", true, 0)
        try react("⭐", true, 1)
        try react("🦆", true, 1)
        try town.catchUp()
        let ref = Mark.of(post.address)
        var found = try town.square.reactions(to: ref)
        #expect(found.map(\.emoji) == ["⭐", "🦆"])
        #expect(found.allSatisfy { $0.by == [bob.identity] })
        try react("🦆", false, 0)
        try town.say(bob, .repost(of: post, isOn: true))
        try town.catchUp()
        found = try town.square.reactions(to: ref)
        #expect(found.map(\.emoji) == ["⭐"])
        #expect(try town.square.reposts(of: ref) == [bob.identity])
        try town.say(bob, .repost(of: post, isOn: false), device: 1)
        try town.catchUp()
        #expect(try town.square.reposts(of: ref).isEmpty)
    }

    /// One vote a person: the first that is in time and possible.
    @Test func votesAreCountedForPeople() throws {
        let town = try Town(seed: 5)
        let (ann, bob, eve) = (
            try town.person("Ann"), try town.person("Bob"), try town.person("Eve")
        )
        try town.add(town.pen(), to: bob)
        let closing = UnixTime(milliseconds: town.time + 100_000)
        let poll = try Poll(options: ["yes", "no"], closing: closing)
        let post = try town.say(ann, .note(Note(text: "Well?", poll: poll)))
        func vote(_ who: Town.Person, _ options: [Int], _ device: Int = 0, at: UInt64? = nil) throws
        {
            try town.say(who, .vote(Vote(poll: post, options: options)), device: device, at: at)
        }
        try vote(bob, [0, 1])
        try vote(bob, [7])
        try vote(bob, [1], 1)
        try vote(bob, [0])
        try vote(eve, [0], at: closing.milliseconds + 1)
        try vote(ann, [0], at: closing.milliseconds)
        try town.catchUp()
        let votes = try town.square.votes(poll, of: Mark.of(post.address))
        #expect(votes.map(\.by) == [bob.identity, ann.identity])
        #expect(votes.map(\.options) == [[1], [0]])
    }

    /// A note that came from elsewhere stands where it was written, not where it was brought.
    @Test func importsNeverSortAsNew() throws {
        let town = try Town(seed: 6)
        let ann = try town.person("Ann")
        let first = try town.note(ann, "first")
        let old = UnixTime(milliseconds: 1_200_000_000_000)
        let imported = try town.say(
            ann,
            .note(
                Note(text: "from 2008", imported: Note.Import(source: "twitter", time: old))))
        try town.catchUp()
        let acts = try town.square.feed.everybody(FeedReader.Page(limit: 10))
        #expect(acts.map(\.ref) == [first, imported].map { Mark.of($0.address) })
        #expect(try town.view(imported)?.note.text == "from 2008")
    }

    /// `[CONT-18]`: a root log posts nothing, and answers no poll.
    @Test func aRootLogSaysNothing() throws {
        let town = try Town(seed: 8)
        let ann = try town.person("Ann")
        let closing = UnixTime(milliseconds: town.time + 100_000)
        let poll = try Poll(options: ["yes", "no"], closing: closing)
        let post = try town.say(ann, .note(Note(text: "Well?", poll: poll)))
        let note = try town.sayInRoot(ann, .note(Note(text: "from the root")))
        _ = try town.sayInRoot(ann, .vote(Vote(poll: post, options: [0])))
        _ = try town.sayInRoot(ann, .retraction(of: post))
        try town.catchUp()
        #expect(try town.view(post) != nil && town.view(note) == nil)
        #expect(try town.square.votes(poll, of: Mark.of(post.address)).isEmpty)
    }

    /// What a revoked device says behind its revocation is nobody's word.
    @Test func aForkedOrRevokedDeviceSaysNothing() throws {
        let town = try Town(seed: 7)
        let ann = try town.person("Ann")
        let good = try town.note(ann, "me")
        let bad = try town.note(ann, "a thief")
        try town.revoke(ann, device: 0, from: bad.index)
        try town.catchUp()
        #expect(try town.view(good) != nil)
        #expect(try town.view(bad) == nil)
    }
}
