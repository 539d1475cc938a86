import Content
import Crypto
import MerkleLog
import Primitives
import Wire

/// Something of every kind, at its least and with all that it can say.
enum Samples {
    static let salt = [UInt8](repeating: 7, count: 16)
    static let key = SigningKey(seed: SecretBytes([UInt8](repeating: 1, count: 32))).publicKey
    static let other = SigningKey(seed: SecretBytes([UInt8](repeating: 2, count: 32))).publicKey
    static let post = Reference(log: key, index: 7, address: other)
    static let first = Reference(log: other, index: LogLimits.size - 1, address: key)

    static func picture() throws -> Attachment {
        try Attachment(
            blob: Blob(root: key, size: 70_000), mediaType: "image/webp", alternative: "A bird",
            dimensions: .init(width: 1_600, height: 1_200), blurhash: "LEHV6nWB2yk8",
            focus: .init(x: -250, y: 1_000))
    }

    static func film() throws -> Attachment {
        try Attachment(
            blob: Blob(root: other, size: 1 << 30), mediaType: "video/mp4",
            duration: (1 << 32) - 1)
    }

    static func poll(isMultiple: Bool = false) throws -> Poll {
        try Poll(
            options: ["Yes", "No", "é", "e\u{301}"], closing: UnixTime.latest,
            isMultiple: isMultiple)
    }

    /// A note with every field.
    static func fullNote() throws -> Note {
        try Note(
            text: "Grüße, @ada und @é", reply: .init(to: post, root: first), quote: first,
            mentions: [.init(9..<13, key), .init(18..<21, other)], tags: ["Vögel", "vögel"],
            warning: "birds", language: "de-CH", attachments: [picture(), film()],
            poll: poll(isMultiple: true),
            imported: .init(source: "fedi", time: UnixTime(milliseconds: 0), url: "https://x/1"))
    }

    static func notes() throws -> [Content] {
        [
            .note(try Note(text: "hello")), .note(try fullNote()),
            .note(try Note(text: "Ünïcödé \u{1F426} \u{212A}\u{0000}\n")),
            .note(try Note(text: String(repeating: "x", count: 60_000))),
            .note(try Note(attachments: [film()])), .note(try Note(poll: poll())),
            .note(try Note(quote: post)), .note(try Note(text: "a", reply: .init(to: post))),
            .edit(try Edit(of: post, note: fullNote())),
            .edit(try Edit(of: first, note: Note(text: "b"))),
        ]
    }

    static func people() throws -> [Content] {
        [
            .profile(try Profile(name: "n")),
            .profile(try Profile(name: String(repeating: "n", count: 64))),
            .profile(
                try Profile(
                    name: "Ada", bio: "Counts birds.\n", avatar: picture(), header: film(),
                    links: [.init(label: "home", uri: "https://example.org/")],
                    tips: ["bitcoin:bc1q", "x+-.9:y"], pinned: [post, first])),
            .follow(identity: key, isOn: true), .follow(identity: key, isOn: false),
            .mute(identity: key, isOn: true), .mute(identity: key, isOn: false),
            .block(identity: key, isOn: true), .block(identity: key, isOn: false),
            .identity(.addDevice(key)), .identity(.revokeDevice(key, from: 9)),
            .identity(.identity(nextRoot: key, predecessor: nil)),
            .identity(.device(identity: key, predecessor: .init(log: key, size: 3, root: key))),
        ]
    }

    static func answers() throws -> [Content] {
        [
            .reaction(try Reaction(to: post, emoji: "\u{1F426}")),
            .reaction(try Reaction(to: first, emoji: "+1", isOn: false)),
            .repost(of: post, isOn: true), .repost(of: first, isOn: false),
            .vote(try Vote(poll: post, options: [0])),
            .vote(try Vote(poll: first, options: Array(0..<16))), .retraction(of: post),
            .labels(try Labels(name: "weather", entries: [])),
            .labels(
                try Labels(
                    name: "weather", description: "who forecasts what",
                    entries: [
                        .init(subject: .identity(key), label: "sun"),
                        .init(subject: .post(post), label: "sun", reason: "said so"),
                        .init(subject: .identity(key), label: "rain"),
                    ])),
            .recipe(
                try Recipe(
                    name: "quiet", description: "few words",
                    weights: [
                        .init(feature: "age", weight: -1_000_000),
                        .init(feature: "age-2", weight: 24), .init(feature: "z", weight: 1_000_000),
                    ])),
            .other(Statement(kind: "poem", fields: [0xa0])),
        ]
    }

    static let all: [Content] = {
        guard let notes = try? notes(), let people = try? people(), let answers = try? answers()
        else { preconditionFailure("a sample breaks a rule") }
        return notes + people + answers
    }()

    static func body(_ kind: String, _ pairs: [CBORValue.Pair]) -> [UInt8] {
        salt + CBORValue.array([.text(kind), .map(pairs)]).encoded
    }

    static func read(_ kind: String, _ pairs: [CBORValue.Pair]) -> Content? {
        try? Content(body: body(kind, pairs))
    }

    /// The fields of `content` as generic pairs.
    static func pairs(_ content: Content) throws -> [CBORValue.Pair] {
        guard case .map(let pairs) = try CBORValue(decoding: content.statement.fields) else {
            preconditionFailure("fields are a map")
        }
        return pairs
    }
}

extension CBORValue {
    static func key32(_ key: Bytes32) -> CBORValue { .bytes(key.array) }

    static func reference(_ reference: Reference) -> CBORValue {
        .array([key32(reference.log), .unsigned(reference.index), key32(reference.address)])
    }

    static let no = CBORValue.simple(20)
    static let yes = CBORValue.simple(21)
    static let null = CBORValue.simple(22)
}

extension CBORValue.Pair {
    init(_ number: UInt64, _ value: CBORValue) { self.init(.unsigned(number), value) }
}
