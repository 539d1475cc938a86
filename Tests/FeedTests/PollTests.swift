import Content
import MerkleLog
import Primitives
import Testing

@testable import Feed

@Suite struct PollTests {
    /// Ann asks; Bob, whom she follows, Cat, whom Bob follows, and Dan, a stranger, vote.
    private func town() throws -> (Town, [Town.Person], Reference) {
        let town = try Town(seed: 71)
        let people = try ["ann", "bob", "cat", "dan"].map { try town.person($0) }
        try town.say(people[0], .follow(identity: people[1].identity, isOn: true))
        try town.say(people[1], .follow(identity: people[2].identity, isOn: true))
        let poll = try Poll(
            options: ["tea", "coffee"], closing: UnixTime(milliseconds: town.time + 60_000))
        let post = try town.say(people[0], .note(Note(text: "Which?", poll: poll)))
        for (voter, option) in [(1, 0), (2, 1), (3, 1)] {
            try town.say(people[voter], .vote(Vote(poll: post, options: [option])))
        }
        try town.catchUp()
        return (town, people, post)
    }

    @Test func everyTallySaysWhoseVotesItCounts() throws {
        let (town, people, post) = try town()
        let view = try #require(try town.view(post))
        let reader = try town.square.reader(people[0].identity, nil)
        let tallies = try town.square.tallies(view, for: reader)
        #expect(tallies.map(\.circle) == [.follows, .twoHops, .everyone])
        #expect(tallies.map(\.counts) == [[1, 0], [1, 1], [1, 2]])
        #expect(tallies[0].voters == [people[1].identity])
        #expect(tallies[1].voters == [people[1].identity, people[2].identity])
        #expect(try town.square.tallies(view, for: nil).map(\.circle) == [.everyone])
    }

    @Test func aRecountChecksEachVote() throws {
        let (town, people, post) = try town()
        let view = try #require(try town.view(post))
        let votes = try town.square.recount(view)
        #expect(votes.map(\.by) == people[1...].map(\.identity))
        #expect(votes.allSatisfy { $0.fault == nil }, "\(votes)")
    }

    /// The feed's rows are not what a recount goes by.
    @Test func aRecountFindsWhatTheFeedHasWrong() throws {
        let (town, _, post) = try town()
        try town.falsify("UPDATE acts SET flags = 1 << 16 WHERE kind = 4")
        let view = try #require(try town.view(post))
        #expect(try town.square.tallies(view, for: nil).map(\.counts) == [[3, 0]])
        let faults = try town.square.recount(view).map(\.fault)
        #expect(
            faults == [nil, "it is a vote for other options", "it is a vote for other options"])
    }
}
