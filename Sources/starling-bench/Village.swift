import Content
import Crypto
import Feed
import MerkleLog
import Primitives
import Store

/// A store with many people in it who know each other, as a node has it after some years.
struct Village {
    let store: String
    let reader: LogKey
    /// The first post of a thread with many answers.
    private(set) var thread: Reference?
    private(set) var posts = 0
    private var random = SeededRandom(seed: 4)
    private let words: [String]
    private var people: [Person] = []

    static let answers = 200

    private struct Person {
        let root: SigningKey
        let device: SigningKey
    }

    /// Everybody posts as much as everybody else; the first of them follows all.
    init(_ path: String, authors: Int, posts: Int) throws {
        store = path
        var random = SeededRandom(seed: 3)
        words = (0..<5_000).map { _ in
            String((0..<Int(random.next() % 8 + 3)).map { _ in Self.letter(&random) })
        }
        for _ in 0..<authors {
            people.append(
                Person(
                    root: SigningKey(seed: SecretBytes(random.bytes(32))),
                    device: SigningKey(seed: SecretBytes(random.bytes(32)))))
        }
        reader = people[0].root.publicKey
        let writer = try StoreWriter(directory: path)
        for number in people.indices {
            try write(writer, number, posts: posts / authors)
        }
    }

    private static func letter(_ random: inout SeededRandom) -> Character {
        Character(UnicodeScalar(UInt8(97 + random.next() % 26)))
    }

    /// A sentence of some 250 bytes; common words are common.
    private mutating func sentence() -> String {
        var text = ""
        while text.utf8.count < 240 {
            let a = Int(random.next() % UInt64(words.count))
            let b = Int(random.next() % UInt64(words.count))
            text += words[min(a, b)] + " "
        }
        return text
    }

    /// The most common word, and one that some hundred posts have.
    var commonWord: String { words[0] }
    var rareWord: String { words[words.count / 2] }

    private mutating func write(_ writer: StoreWriter, _ number: Int, posts: Int) throws {
        let person = people[number]
        let identity = person.root.publicKey
        try commit(
            writer, person.root,
            [
                (.identity(.identity(nextRoot: .zero, predecessor: nil)), 0),
                (.identity(.addDevice(person.device.publicKey)), 0),
            ])
        var said: [(Content, UInt64)] = [
            (.identity(.device(identity: identity, predecessor: nil)), 0),
            (.profile(try Profile(name: "person \(number)")), 0),
        ]
        if number == 0 {
            for other in people.dropFirst() {
                said.append((.follow(identity: other.root.publicKey, isOn: true), 0))
            }
        }
        for post in 0..<posts {
            let time = UInt64(post * people.count + number) * 1_000
            said.append((.note(try Note(text: sentence(), tags: ["tag\(post % 50)"])), time))
        }
        if let thread, number <= Self.answers {
            let reply = try Note.Reply(to: thread)
            said.append((.note(try Note(text: sentence(), reply: reply)), UInt64(number)))
        }
        let places = try commit(writer, person.device, said)
        if number == 0 { thread = places.last }
        self.posts += posts
    }

    /// Signs and stores entries in a fresh log; `time` counts milliseconds from 2023 on.
    @discardableResult
    private mutating func commit(
        _ writer: StoreWriter, _ key: SigningKey, _ said: [(content: Content, time: UInt64)]
    ) throws -> [Reference] {
        var frontier = Frontier()
        var (entries, leaves, nodes) = ([Entry](), [Hash](), [Extension.StoredNode]())
        for (content, time) in said {
            let entry = Entry(
                time: UnixTime(milliseconds: 1_680_000_000_000 + time),
                body: .present(content.body(salt: random.bytes(16))))
            let leaf = EntryHeader(
                log: key.publicKey, index: UInt64(entries.count), entry: entry
            ).leafHash
            frontier.append(leaf, storing: &nodes)
            entries.append(entry)
            leaves.append(leaf)
        }
        let checkpoint = Checkpoint(signing: frontier.size, root: frontier.root, with: key)
        let head = LogHead(
            key: key.publicKey, frontier: frontier, checkpoint: checkpoint, tail: [])
        try writer.commit([
            .extend(Extension(from: 0, entries: entries, leaves: leaves, nodes: nodes, head: head))
        ])
        return leaves.enumerated().map {
            Reference(log: key.publicKey, index: UInt64($0.offset), address: $0.element)
        }
    }
}
