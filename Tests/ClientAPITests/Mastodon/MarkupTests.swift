import Content
import Crypto
import Primitives
import Testing

@testable import ClientAPI

@Suite struct MarkupTests {
    private let names = Markup.Names(
        page: { _ in "http://node/@ann" },
        tagPage: { "http://node/tags/\($0)" })
    private let key = SigningKey(seed: SecretBytes(Array(repeating: 7, count: 32))).publicKey

    private func html(_ text: String, _ mentions: [Note.Mention] = []) -> String {
        Markup.html(text, mentions: mentions, names: names)
    }

    @Test func nothingOfATextIsMarkup() {
        #expect(
            html("<script>alert('1')</script> & \"x\"")
                == "<p>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;</p>")
        #expect(html("a\u{0}b\u{7f}c\u{85}d") == "<p>abcd</p>")
    }

    @Test func linesAndParagraphs() {
        #expect(html("one\ntwo\n\n\nthree\r\nfour") == "<p>one<br>two</p><p>three<br>four</p>")
        #expect(html("") == "")
    }

    @Test(
        arguments: [
            ("see https://a.example/b?c=1&d.", "https://a.example/b?c=1&amp;d"),
            ("(https://a.example/x)", "https://a.example/x"),
            ("https://a.example/x_(y)", "https://a.example/x_(y)"),
            ("http://a.example/\"onclick=x", "http://a.example/"),
        ])
    func webAddressesAreLinks(_ text: String, _ address: String) {
        #expect(html(text).contains("<a href=\"\(address)\""))
        #expect(html(text).contains(">\(address)</a>"))
    }

    @Test(
        arguments: [
            "javascript:alert(1)", "ftp://a.example", "xhttps://a.example", "https://",
            "data:text/html,x",
        ])
    func nothingElseIs(_ text: String) { #expect(!html(text).contains("<a ")) }

    @Test func tags() {
        #expect(
            html("#Été is #1 and x#no")
                == "<p><a href=\"http://node/tags/Été\" class=\"mention hashtag\" rel=\"tag\" "
                + "target=\"_blank\">#Été</a> is #1 and x#no</p>")
        #expect(Markup.tags(in: "#a #B, #b #a_1 ##c #2 a#d") == ["a", "B", "a_1", "c"])
        let many = (0..<50).map { "#t\($0)" }.joined(separator: " ")
        #expect(Markup.tags(in: many).count == ContentLimits.tags.upperBound)
    }

    @Test func mentionsAreFoundAndPlaced() throws {
        let text = "é @ann, mail x@ann.example, @nobody @ann@z6Mkabc. \(DIDKey.encode(key))!"
        var asked: [String] = []
        let mentions = Markup.mentions(in: text) { name in
            asked.append(name)
            return name == "nobody" ? nil : key
        }
        #expect(asked == ["ann", "nobody", "ann@z6Mkabc", DIDKey.encode(key)])
        let bytes = Array(text.utf8)
        #expect(
            mentions.map { String(decoding: bytes[$0.range], as: UTF8.self) }
                == ["@ann", "@ann@z6Mkabc", DIDKey.encode(key)])
        // A note takes them: they ascend, and end between characters.
        let note = try Note(text: text, mentions: mentions)
        #expect(
            html(note.text, note.mentions).contains(
                "<a href=\"http://node/@ann\" class=\"u-url mention\" "
                    + "target=\"_blank\">@ann</a>, mail"
            ))
    }

    /// Mentions are chosen by whoever wrote the note: any range that a note may have is shown.
    @Test func foreignMentions() {
        for (range, text) in [(0..<3, "<b>"), (3..<7, "bold"), (0..<11, "<b>bold</b>")] {
            let shown = html("<b>bold</b>", [Note.Mention(range, key)])
            #expect(shown.contains(">\(DisplayText.html(text))</a>"))
            #expect(!shown.contains("<b>"))
        }
    }

    @Test func hostileTextsStayText() throws {
        guard let bytes = SharedVectors.read("naughty-strings/blns.json") else { return }
        let payloads = try #require(JSONReader.read(bytes).arrayValue).compactMap(\.stringValue)
        #expect(payloads.count > 500)
        for payload in payloads {
            let shown = html(payload)
            // Whatever stands between < and > was written by `Markup`.
            for part in shown.split(separator: "<").dropFirst() {
                let tag = part.prefix { $0 != ">" }
                let known = ["p", "/p", "br", "/a"].contains(tag) || tag.hasPrefix("a href=\"")
                #expect(known, "\(payload.debugDescription) became \(shown.debugDescription)")
            }
        }
    }
}
