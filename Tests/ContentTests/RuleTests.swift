import Content
import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

/// The rules of `Protocol/content.md` that are no sizes, by their ids.
struct RuleTests {
    private static let key = Samples.key
    private static let post = Samples.post

    private func isTag(_ tag: String) -> Bool { (try? Note(text: "a", tags: [tag])) != nil }

    private func isEmoji(_ emoji: String) -> Bool {
        (try? Reaction(to: Self.post, emoji: emoji)) != nil
    }

    /// `[CONT-2]` A list is absent and not empty; `[CONT-12]` a flag is true or absent.
    @Test func oneSpelling() throws {
        let text = CBORValue.Pair(1, .text("a"))
        for number: UInt64 in [5, 6, 9] {
            #expect(Samples.read("note", [text, .init(number, .array([]))]) == nil)
        }
        for number: UInt64 in [5, 6, 7] {
            #expect(Samples.read("profile", [text, .init(number, .array([]))]) == nil)
        }
        #expect(Samples.read("labels", [text, .init(3, .array([]))]) != nil)
        let options = CBORValue.Pair(1, .array([.text("a"), .text("b")]))
        for (value, isFine) in [(CBORValue.yes, true), (.no, false), (.null, false)] {
            let poll = CBORValue.map([options, .init(2, .unsigned(0)), .init(3, value)])
            #expect((Samples.read("note", [text, .init(10, poll)]) != nil) == isFine)
        }
    }

    /// `[CONT-4]`
    @Test func aNoteSaysSomething() throws {
        #expect(throws: ContentError.self) { try Note() }
        #expect(throws: ContentError.self) {
            try Note(reply: .init(to: Self.post), tags: ["a"], warning: "w", language: "en")
        }
        let quote = CBORValue.Pair(4, .reference(Self.post))
        let found = Samples.read("note", [.init(1, .text("")), quote])
        #expect(found == Samples.read("note", [quote]) && found != nil)
        #expect(Samples.read("note", [.init(1, .text(""))]) == nil)
    }

    /// `[CONT-5]`
    @Test func threads() throws {
        let text = CBORValue.Pair(1, .text("a"))
        let root = CBORValue.Pair(3, .reference(Samples.first))
        let to = CBORValue.Pair(2, .reference(Self.post))
        #expect(Samples.read("note", [text, root]) == nil)
        #expect(Samples.read("note", [text, to]) != nil)
        #expect(Samples.read("note", [text, to, root]) != nil)
        #expect(Samples.read("note", [text, to, .init(3, .reference(Self.post))]) == nil)
        #expect(throws: ContentError.self) { try Note.Reply(to: Self.post, root: Self.post) }
    }

    /// `[CONT-6]` All ranges in a text with characters of one to four bytes.
    @Test func mentions() throws {
        let text = "a\u{e9}b\u{6c34}c\u{1F426}"
        let ends = [0, 1, 3, 4, 7, 8, 12]
        #expect(text.utf8.count == 12)
        for start in 0...14 {
            for end in start...15 {
                let note = try? Note(text: text, mentions: [.init(start..<end, Self.key)])
                let isFine = start < end && ends.contains(start) && ends.contains(end)
                #expect((note != nil) == isFine, "\(start)..<\(end)")
            }
        }
        func isFine(_ ranges: [Range<Int>]) -> Bool {
            let mentions = ranges.map { Note.Mention($0, Self.key) }
            return (try? Note(text: "abcdef", mentions: mentions)) != nil
        }
        #expect(isFine([0..<2, 2..<3, 5..<6]))
        #expect(!isFine([0..<2, 1..<3]) && !isFine([2..<3, 0..<1]) && !isFine([0..<1, 0..<1]))
        // Numbers that would overflow a sum.
        for number in [UInt64.max, UInt64(Int.max), 60_001] {
            for row in [[number, 1], [1, number], [number, number]] {
                let mention = CBORValue.array(row.map { .unsigned($0) } + [.key32(Self.key)])
                let pairs = [CBORValue.Pair(1, .text("ab")), .init(5, .array([mention]))]
                #expect(Samples.read("note", pairs) == nil)
            }
        }
    }

    /// `[CONT-3]` against Unicode's own properties, over every code point there is.
    @Test func oneWord() {
        var refused = 0
        for value in UInt32(0)...0x10ffff {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let properties = scalar.properties
            let isBad = properties.isWhitespace || properties.generalCategory == .control
            if isBad { refused += 1 }
            if isEmoji("a" + String(scalar)) == isBad {
                Issue.record("U+\(String(value, radix: 16))")
            }
        }
        // 65 controls, of which 6 are white space, and 19 other spaces.
        #expect(refused == 84)
    }

    /// `[CONT-7]`
    @Test func tags() throws {
        #expect(isTag("Vögel") && isTag("a-b_c.d") && isTag("\u{1F426}") && isTag("\u{200b}"))
        for tag in ["", "#a", "a#", "#", "a b", " a", "a\n", "\u{a0}a", "a\u{3000}", "a\u{0}"] {
            #expect(!isTag(tag), "\(tag)")
        }
        // Distinct by their bytes: Swift takes these two for the same text.
        let spellings = ["\u{e9}", "e\u{301}"]
        #expect(spellings[0] == spellings[1])
        #expect(try Note(text: "a", tags: spellings).tags.count == 2)
        #expect(throws: ContentError.self) { try Note(text: "a", tags: ["a", "b", "a"]) }
    }

    /// `[CONT-8]`, `[CONT-10]`, `[CONT-13]`, `[CONT-17]`
    @Test func alphabets() throws {
        let blob = try Blob(root: Self.key, size: 1)
        func isType(_ type: String) -> Bool {
            (try? Attachment(blob: blob, mediaType: type)) != nil
        }
        func isTip(_ tip: String) -> Bool { (try? Profile(name: "a", tips: [tip])) != nil }
        func isLanguage(_ tag: String) -> Bool { (try? Note(text: "a", language: tag)) != nil }
        func isFeature(_ name: String) -> Bool {
            (try? Recipe.Weight(feature: name, weight: 1)) != nil
        }
        for byte in UInt8(0)..<128 {
            let character = String(Unicode.Scalar(byte))
            let isLetter = character.first?.isLetter == true
            let isDigit = ("0"..."9").contains(character)
            let isVisible = 0x21...0x7e ~= byte
            #expect(isType("a/" + character) == (isVisible && character != "/"), "\(byte)")
            #expect(isTip("x:" + character) == isVisible, "\(byte)")
            #expect(
                isTip("x" + character + ":y")
                    == (isLetter || isDigit || "+-.:".contains(character)), "\(byte)")
            #expect(isTip(character + "x:y") == isLetter, "\(byte)")
            #expect(isLanguage("a" + character) == (isLetter || isDigit || character == "-"))
            #expect(
                isFeature(character)
                    == (isLetter && character.lowercased() == character || isDigit
                        || character == "-"))
        }
        for type in ["", "a", "ab", "/", "a/", "/b", "a//b", "a/b/c", "a/é", "\u{ff41}/b"] {
            #expect(!isType(type), "\(type)")
        }
        #expect(isType("a/b") && isType("image/svg+xml"))
        for tip in ["", ":", "x:", "bitcoin", ":bitcoin", "é:y", "x:é", "1x:y"] {
            #expect(!isTip(tip), "\(tip)")
        }
        #expect(isTip("x:y") && isTip("x::") && isTip("lightning:lnurl1"))
        #expect(!isLanguage("dé") && !isLanguage("a") && isLanguage("zh-Hant"))
    }

    /// `[CONT-11]`
    @Test func widthAndHeightStandBothOrNeither() throws {
        let blob = CBORValue.Pair(1, .array([.key32(Self.key), .unsigned(1)]))
        let type = CBORValue.Pair(2, .text("a/b"))
        let width = CBORValue.Pair(4, .unsigned(1))
        let height = CBORValue.Pair(5, .unsigned(1))
        func isFine(_ pairs: [CBORValue.Pair]) -> Bool {
            Samples.read("note", [.init(9, .array([.map(pairs)]))]) != nil
        }
        #expect(isFine([blob, type]) && isFine([blob, type, width, height]))
        #expect(!isFine([blob, type, width]) && !isFine([blob, type, height]))
        #expect(!isFine([blob]) && !isFine([type]) && !isFine([]))
    }

    /// `[CONT-12]`, `[CONT-13]`, `[CONT-16]`, `[CONT-17]`
    @Test func distinct() throws {
        func entry(_ subject: Labels.Subject, _ label: String, _ reason: String = "") throws
            -> Labels.Entry
        { try Labels.Entry(subject: subject, label: label, reason: reason) }
        #expect(throws: ContentError.self) { try Poll(options: ["a", "a"], closing: .latest) }
        #expect(try Samples.poll().options.count == 4)
        #expect(throws: ContentError.self) { try Profile(name: "a", tips: ["x:1", "x:1"]) }
        #expect(throws: ContentError.self) {
            try Profile(name: "a", pinned: [Self.post, Self.post])
        }
        let one = Labels.Subject.identity(Self.key)
        for (entries, isFine) in [
            ([try entry(one, "a"), try entry(one, "b")], true),
            ([try entry(one, "a"), try entry(.post(Self.post), "a")], true),
            ([try entry(one, "a", "x"), try entry(one, "a", "y")], false),
            ([try entry(.post(Self.post), "a"), try entry(.post(Self.post), "a")], false),
        ] {
            #expect(((try? Labels(name: "n", entries: entries)) != nil) == isFine)
        }
        func isRecipe(_ names: [String]) -> Bool {
            let weights = names.compactMap { try? Recipe.Weight(feature: $0, weight: 1) }
            return (try? Recipe(name: "n", weights: weights)) != nil
        }
        #expect(isRecipe(["-", "0", "a", "a-", "aa"]))
        #expect(!isRecipe(["a", "a"]) && !isRecipe(["b", "a"]) && !isRecipe(["aa", "a"]))
    }

    /// `[CONT-15]`, and what of `[CONT-22]` a poll can tell.
    @Test func votes() throws {
        for options in [[1, 0], [0, 0], [16], [-1], [0, 16], [0, 1, 1]] {
            #expect(throws: ContentError.self, "\(options)") {
                try Vote(poll: Self.post, options: options)
            }
        }
        let one = try Poll(options: ["a", "b"], closing: .latest)
        let many = try Poll(options: ["a", "b"], closing: .latest, isMultiple: true)
        for (options, first, second) in [
            ([0], true, true), ([1], true, true), ([0, 1], false, true), ([2], false, false),
            ([0, 2], false, false), ([15], false, false),
        ] {
            let vote = try Vote(poll: Self.post, options: options)
            #expect(one.accepts(vote) == first && many.accepts(vote) == second, "\(options)")
        }
    }

    /// `[ID-8]`: a reference has one form wherever it stands.
    @Test func references() throws {
        let key = CBORValue.key32(Self.key)
        let bad: [CBORValue] = [
            .array([key, .unsigned(1)]), .array([key, .unsigned(1), key, key]), .array([]), key,
            .array([key, .unsigned(LogLimits.size), key]), .array([key, .negative(0), key]),
            .array([.bytes([1]), .unsigned(1), key]), .array([key, .unsigned(1), .bytes([])]),
            .text(Self.post.text), .null, .map([]),
        ]
        for value in bad {
            #expect(Samples.read("retraction", [.init(1, value)]) == nil)
            #expect(Samples.read("note", [.init(1, .text("a")), .init(4, value)]) == nil)
            #expect(
                Samples.read("vote", [.init(1, value), .init(2, .array([.unsigned(0)]))]) == nil)
        }
        let last = CBORValue.array([key, .unsigned(LogLimits.size - 1), key])
        #expect(Samples.read("retraction", [.init(1, last)]) != nil)
    }
}
