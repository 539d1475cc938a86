import Content
import MerkleLog
import Primitives
import Store
import Testing

@testable import Feed

@Suite struct PeopleTests {
    @Test func followersAreWhoeverFollowsNow() throws {
        let town = try Town(seed: 61)
        let (ann, bob, cat) = (
            try town.person("ann"), try town.person("bob"), try town.person("cat")
        )
        try town.say(bob, .follow(identity: ann.identity, isOn: true))
        try town.say(cat, .follow(identity: ann.identity, isOn: true))
        #expect(town.people.followers(of: ann.identity) == [bob.identity, cat.identity])
        #expect(town.people.isFollowing(bob.identity, ann.identity))
        #expect(!town.people.isFollowing(ann.identity, bob.identity))
        try town.say(bob, .follow(identity: ann.identity, isOn: false))
        #expect(town.people.followers(of: ann.identity) == [cat.identity])
        #expect(!town.people.isFollowing(bob.identity, ann.identity))
        #expect(town.people.key(marked: Mark.of(ann.identity)) == ann.identity)
        #expect(town.people.key(marked: 12) == nil)
    }

    /// Whoever catches up hears old entries again, after newer ones.
    @Test func oldWordsChangeNothing() throws {
        let town = try Town(seed: 62)
        let (ann, bob) = (try town.person("ann"), try town.person("bob"))
        let on = Content.follow(identity: ann.identity, isOn: true)
        let first = try town.say(bob, on)
        try town.say(bob, .follow(identity: ann.identity, isOn: false))
        try town.say(bob, .profile(Profile(name: "Robert", bio: "new")))
        let entry = try #require(try town.reader.entry(of: first.log, at: first.index))
        town.people.take(first.log, first.index, entry)
        let name = try #require(try town.reader.entry(of: first.log, at: 1))
        town.people.take(first.log, 1, name)
        #expect(!town.people.isFollowing(bob.identity, ann.identity))
        #expect(town.people.name(of: bob.identity) == "Robert")
        #expect(town.people.profile(of: bob.identity)?.bio == "new")
    }

    /// `[IDENT-8]`: what a stolen device says is nobody's word.
    @Test func aRevokedDeviceSaysNothing() throws {
        let town = try Town(seed: 63)
        let (ann, bob) = (try town.person("ann"), try town.person("bob"))
        let thief = town.pen()
        try town.add(thief, to: bob)
        try town.say(bob, .follow(identity: ann.identity, isOn: true), device: 1)
        try town.say(bob, .profile(Profile(name: "Mallory")), device: 1)
        #expect(town.people.name(of: bob.identity) == "Mallory")
        try town.revoke(bob, device: 1, from: 1)
        #expect(town.people.name(of: bob.identity) == "bob")
        #expect(town.people.follows(of: bob.identity).isEmpty)
        #expect(town.people.followers(of: ann.identity).isEmpty)
        #expect(!town.people.isFollowing(bob.identity, ann.identity))
    }
}
