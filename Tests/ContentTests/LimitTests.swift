import Content
import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

/// Each bound of `Protocol/content.md` at its edge and one past it, as it is written and as it is
/// read: both go through the same initialiser, so both must say the same.
struct LimitTests {
    private static let key = Samples.key
    private static let post = Samples.post

    /// Whether `make` keeps the rules; if so, it must come back from its bytes.
    private func holds(_ make: () throws -> Content) throws -> Bool {
        let content: Content
        do { content = try make() } catch let error as ContentError {
            guard case .refused(let reason) = error else { throw error }
            #expect(!reason.isEmpty)
            return false
        }
        #expect(try Content(body: content.body(salt: Samples.salt)) == content)
        return true
    }

    /// The limits of a text, what it is made of, and something that has it.
    private typealias Text = (ClosedRange<Int>, String, (String) throws -> Content)

    private func textsOfNotes() throws -> [Text] {
        let blob = try Blob(root: Self.key, size: 1)
        return [
            (0...60_000, "a", { .note(try Note(text: $0, quote: Self.post)) }),
            (1...100, "t", { .note(try Note(text: "a", tags: [$0])) }),
            (1...500, "a", { .note(try Note(text: "a", warning: $0)) }),
            (2...35, "a", { .note(try Note(text: "a", language: $0)) }),
            (
                1...64, "a",
                { .note(try Note(text: "a", imported: .init(source: $0, time: .latest))) }
            ),
            (
                0...500, "a",
                { .note(try Note(text: "a", imported: .init(source: "s", time: .latest, url: $0))) }
            ),
            (
                1...4_000, "a",
                {
                    .note(
                        try Note(attachments: [.init(blob: blob, mediaType: "a/b", alternative: $0)]
                        ))
                }
            ),
            (
                6...100, "~",
                {
                    .note(
                        try Note(attachments: [.init(blob: blob, mediaType: "a/b", blurhash: $0)]))
                }
            ),
            (1...200, "a", { .note(try Note(poll: .init(options: [$0, "b"], closing: .latest))) }),
        ]
    }

    private let otherTexts: [Text] = [
        (1...64, "a", { .profile(try Profile(name: $0)) }),
        (1...4_000, "a", { .profile(try Profile(name: "a", bio: $0)) }),
        (
            1...64, "a",
            { .profile(try Profile(name: "a", links: [.init(label: $0, uri: "u")])) }
        ),
        (
            1...500, "a",
            { .profile(try Profile(name: "a", links: [.init(label: "l", uri: $0)])) }
        ),
        (1...64, "+", { .reaction(try Reaction(to: Self.post, emoji: $0)) }),
        (1...64, "a", { .labels(try Labels(name: $0, entries: [])) }),
        (1...1_000, "a", { .labels(try Labels(name: "a", description: $0, entries: [])) }),
        (
            1...64, "a",
            {
                .labels(
                    try Labels(
                        name: "a", entries: [.init(subject: .post(Self.post), label: $0)]))
            }
        ),
        (
            0...300, "a",
            {
                .labels(
                    try Labels(
                        name: "a",
                        entries: [.init(subject: .post(Self.post), label: "l", reason: $0)]))
            }
        ),
        (
            1...64, "a",
            { .recipe(try Recipe(name: $0, weights: [.init(feature: "a", weight: 0)])) }
        ),
        (
            1...1_000, "a",
            {
                .recipe(
                    try Recipe(
                        name: "a", description: $0, weights: [.init(feature: "a", weight: 0)]))
            }
        ),
        (
            1...32, "a",
            { .recipe(try Recipe(name: "a", weights: [.init(feature: $0, weight: 0)])) }
        ),
    ]

    /// Written and read at both ends and one past each.
    @Test func sizesOfTexts() throws {
        let kinds = try textsOfNotes() + otherTexts
        for (number, (range, character, make)) in kinds.enumerated() {
            for count in [0, range.lowerBound - 1, range.lowerBound, range.upperBound]
                + [range.upperBound + 1, 70_000] where count >= 0
            {
                let text = String(repeating: character, count: count)
                let holds = try holds { try make(text) }
                #expect(holds == range.contains(count), "\(number): \(count) bytes")
            }
        }
    }

    @Test func sizesAreInBytes() throws {
        #expect(try holds { .note(try Note(text: String(repeating: "é", count: 30_000))) })
        #expect(try !holds { .note(try Note(text: String(repeating: "é", count: 30_000) + "a")) })
        #expect(try holds { .profile(try Profile(name: String(repeating: "\u{6c34}", count: 21))) })
        #expect(
            try !holds { .profile(try Profile(name: String(repeating: "\u{6c34}", count: 22))) })
        do throws(ContentError) {
            _ = try Note(text: String(repeating: "x", count: 60_001))
            Issue.record("a note of 60,001 bytes")
        } catch {
            #expect("\(error)" == "a note has at most 60,000 bytes, and this one has 60,001")
        }
    }

    @Test func sizesOfLists() throws {
        let film = try Samples.film()
        let mentions = (0..<65).map { Note.Mention($0..<($0 + 1), Self.key) }
        let long = String(repeating: "x", count: 65)
        let tags = (0..<33).map { "t\($0)" }
        let options = (0..<17).map { "o\($0)" }
        let link = try Profile.Link(label: "l", uri: "u")
        let tips = (0..<9).map { "x:\($0)" }
        let pins = (0..<17).map { Reference(log: Self.key, index: UInt64($0), address: Self.key) }
        let labels = try (0..<501).map {
            try Labels.Entry(subject: .identity(Self.key), label: "l\($0)")
        }
        let weights = try (0..<33).map {
            try Recipe.Weight(feature: "f\($0 < 10 ? "0" : "")\($0)", weight: 1)
        }
        let lists: [(ClosedRange<Int>, [Int], (Int) throws -> Content)] = [
            (
                0...64, [0, 1, 64, 65],
                { .note(try Note(text: long, mentions: Array(mentions[..<$0]))) }
            ),
            (0...32, [0, 1, 32, 33], { .note(try Note(text: "a", tags: Array(tags[..<$0]))) }),
            (
                1...16, [0, 1, 16, 17],
                { .note(try Note(attachments: .init(repeating: film, count: $0))) }
            ),
            (
                2...16, [0, 1, 2, 16, 17],
                { .note(try Note(poll: .init(options: Array(options[..<$0]), closing: .latest))) }
            ),
            (
                0...8, [0, 1, 8, 9],
                { .profile(try Profile(name: "a", links: .init(repeating: link, count: $0))) }
            ),
            (0...8, [0, 1, 8, 9], { .profile(try Profile(name: "a", tips: Array(tips[..<$0]))) }),
            (
                0...16, [0, 1, 16, 17],
                { .profile(try Profile(name: "a", pinned: Array(pins[..<$0]))) }
            ),
            (1...16, [0, 1, 16, 17], { .vote(try Vote(poll: Self.post, options: Array(0..<$0))) }),
            (
                0...500, [0, 1, 500, 501],
                { .labels(try Labels(name: "a", entries: Array(labels[..<$0]))) }
            ),
            (
                1...32, [0, 1, 32, 33],
                { .recipe(try Recipe(name: "a", weights: Array(weights[..<$0]))) }
            ),
        ]
        for (number, (range, counts, make)) in lists.enumerated() {
            for count in counts {
                let holds = try holds { try make(count) }
                #expect(holds == range.contains(count), "\(number): \(count)")
            }
        }
    }

    @Test func numbers() throws {
        func blob(_ size: UInt64) -> Bool { (try? Blob(root: Self.key, size: size)) != nil }
        #expect(!blob(0) && blob(1) && blob(1 << 30) && !blob((1 << 30) + 1) && !blob(.max))
        for (number, isFine) in [(0, false), (1, true), (65_535, true), (65_536, false)] {
            let wide = try? Attachment.Dimensions(width: UInt64(number), height: 1)
            let high = try? Attachment.Dimensions(width: 1, height: UInt64(number))
            #expect((wide != nil) == isFine && (high != nil) == isFine)
        }
        for number: Int64 in [-1_001, -1_000, 0, 1_000, 1_001, .min, .max] {
            let isFine = abs(Double(number)) <= 1_000
            #expect(((try? Attachment.Focus(x: number, y: 0)) != nil) == isFine)
            #expect(((try? Attachment.Focus(x: 0, y: number)) != nil) == isFine)
        }
        for number: Int64 in [-1_000_001, -1_000_000, 0, 1_000_000, 1_000_001, .min, .max] {
            let isFine = abs(Double(number)) <= 1_000_000
            #expect(((try? Recipe.Weight(feature: "a", weight: number)) != nil) == isFine)
        }
        let blob = try Blob(root: Self.key, size: 1)
        for number: UInt64 in [0, 1, (1 << 32) - 1, 1 << 32, .max] {
            let film = try? Attachment(blob: blob, mediaType: "a/b", duration: number)
            #expect((film != nil) == (1..<(1 << 32) ~= number))
        }
        for time: UInt64 in [0, UnixTime.latest.milliseconds, UnixTime.latest.milliseconds + 1] {
            let time = UnixTime(milliseconds: time)
            let poll = try? Poll(options: ["a", "b"], closing: time)
            #expect((poll != nil) == (time <= .latest))
            #expect(((try? Note.Import(source: "s", time: time)) != nil) == (time <= .latest))
        }
    }

    /// Together with what stands beside it, a note must fit a body: `[ENTRY-5]`.
    @Test func everythingFitsABody() throws {
        let blob = try Blob(root: Self.key, size: 1)
        let picture = try Attachment(
            blob: blob, mediaType: "a/b", alternative: String(repeating: "y", count: 4_000))
        func size(_ warning: Int) throws -> Int? {
            let note = try? Note(
                text: String(repeating: "x", count: 60_000),
                warning: String(repeating: "w", count: warning),
                language: "en", attachments: [picture], imported: Samples.fullNote().imported)
            return note.map { Content.note($0).body(salt: Samples.salt).count }
        }
        let start = try #require(try size(256))
        #expect(start < LogLimits.body - 300)
        // A poll and tags are what may take the rest, to the byte.
        func note(_ tags: [String]) throws -> Note {
            try Note(
                text: String(repeating: "x", count: 60_000), tags: tags,
                warning: String(repeating: "w", count: 256), attachments: [picture])
        }
        let tags = (0..<20).map { "t\($0)" + String(repeating: "x", count: 90) }
        var last = 0
        var fits = 0
        for count in 1...20 {
            guard let found = try? note(Array(tags[..<count])) else { break }
            fits = count
            last = Content.note(found).body(salt: Samples.salt).count
        }
        let room = LogLimits.body - last
        #expect(fits > 0 && fits < 20 && room < 100)
        // The head of the next tag takes two bytes, of a short one it takes one.
        let short = room > 25 ? room - 2 : room - 1
        let whole = Array(tags[..<fits])
        let edge = try note(whole + [String(repeating: "z", count: short)])
        #expect(Content.note(edge).body(salt: Samples.salt).count == LogLimits.body)
        #expect(throws: ContentError.self) {
            try note(whole + [String(repeating: "z", count: short + 1)])
        }
        // As an edit it no longer fits.
        #expect(throws: ContentError.self) { try Edit(of: Self.post, note: edge) }
        let entries = try (0..<500).map {
            try Labels.Entry(
                subject: .identity(Self.key), label: "l\($0)",
                reason: String(repeating: "r", count: 300))
        }
        #expect(throws: ContentError.self) { try Labels(name: "a", entries: entries) }
        #expect(try holds { .labels(try Labels(name: "a", entries: Array(entries[..<160]))) })
    }
}
