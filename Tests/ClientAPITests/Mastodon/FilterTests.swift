import Testing

@testable import ClientAPI

@Suite struct FilterTests {
    private func finds(_ word: String, _ text: String, whole: Bool = true) -> Bool {
        Filter.Keyword(id: 1, text: word, isWhole: whole).isIn(text)
    }

    @Test func wholeWordsAndParts() {
        #expect(finds("cat", "A Cat sat."))
        #expect(!finds("cat", "concatenate"))
        #expect(finds("cat", "concatenate", whole: false))
        #expect(finds("cat", "cats and cat"))
        #expect(finds("ÉTÉ", "en été"))
        #expect(!finds("t", "été"))
        #expect(!finds("", "anything"))
        #expect(!finds("longer than the text", "text"))
        #expect(finds("#tag", "a #tag"))
    }

    @Test func aFilterTellsWhatItFound() throws {
        let filter = Filter(
            id: 5, title: "Spoilers", contexts: [.home],
            keywords: [.init(id: 1, text: "ending", isWhole: true)])
        #expect(filter.result("no such word", post: 9) == nil)
        let found = try #require(filter.result("The ending is", post: 9))
        #expect(found["filter"]?["title"] == "Spoilers")
        #expect(found["keyword_matches"] == ["ending"])
        var named = filter
        named.posts = [(id: 2, post: 9)]
        #expect(named.result("nothing", post: 9)?["status_matches"] == ["9"])
        #expect(named.result("nothing", post: 8) == nil)
    }
}
