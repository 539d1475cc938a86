import Content
import MerkleLog
import Primitives
import Testing

@testable import Feed

struct RankingTests {
    @Test func everyTermIsTold() throws {
        let town = try Town(seed: 1)
        let (ann, bob) = (try town.person("Ann"), try town.person("Bob"))
        for number in 0..<3 { try town.note(ann, "before \(number)") }
        let post = try town.note(ann, "look")
        try town.say(bob, .reaction(Reaction(to: post, emoji: "⭐")))
        try town.note(bob, "I do", replyTo: post)
        try town.note(ann, "my own answer is none", replyTo: post)
        try town.catchUp()
        let view = try #require(try town.view(post))
        let reader = Reader(
            identity: bob.identity, follows: [ann.identity, bob.identity], friends: [],
            weights: [ann.identity: 500])
        let now = UnixTime(milliseconds: view.time.milliseconds + 5 * 60_000 + 1)
        let values = try town.square.features(of: view, for: reader, now: now)
        #expect(
            values == [
                .age: 5, .authorPosts: 3, .authorWeight: 100, .distance: 1, .media: 0,
                .reactionsFromFollows: 1, .replies: 1, .reply: 0, .repost: 0,
            ])
        let recipe = try Recipe(
            name: "mine",
            weights: [
                Recipe.Weight(feature: "age", weight: -2),
                Recipe.Weight(feature: "bribes", weight: 1_000_000),
                Recipe.Weight(feature: "replies", weight: 7),
            ])
        let explanation = recipe.explain(values)
        #expect(explanation.terms.map(\.feature) == ["age", "bribes", "replies"])
        #expect(explanation.terms.map(\.product) == [-10, 0, 7])
        #expect(explanation.score == -3)
    }

    /// Nothing overflows at the ends of what a recipe and a post can have.
    @Test func extremes() throws {
        let weights = try Feature.allCases.map(\.rawValue).sorted().map {
            try Recipe.Weight(feature: $0, weight: 1_000_000)
        }
        let recipe = try Recipe(name: "all", weights: weights)
        let most = Dictionary(uniqueKeysWithValues: Feature.allCases.map { ($0, Int64(43_200)) })
        #expect(recipe.explain(most).score == 43_200_000_000 * Int64(Feature.allCases.count))
    }

    @Test func shippedRecipesAreWellFormed() {
        #expect(Recipe.shipped.map(\.name) == ["latest", "catch up", "quiet friends first"])
        for recipe in Recipe.shipped {
            #expect(recipe.weights.allSatisfy { Feature(rawValue: $0.feature) != nil })
        }
    }
}
