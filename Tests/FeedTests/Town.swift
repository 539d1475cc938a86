import Content
import Crypto
import Foundation
import Glibc
import MerkleLog
import Primitives
import Store

@testable import Feed

/// A store with some people, and its feed.
final class Town {
    let path: String
    let writer: StoreWriter
    let reader: StoreReader
    private(set) var feed: FeedWriter
    private(set) var people: People
    private(set) var square: Square
    private var random: SeededRandom
    /// The time that the next entry claims.
    var time: UInt64 = 1_700_000_000_000

    /// Somebody with a root log and a device or two.
    final class Person {
        let root: Pen
        var devices: [Pen] = []
        var identity: LogKey { root.log }

        init(root: Pen) { self.root = root }
    }

    /// Writes one log.
    final class Pen {
        let key: SigningKey
        var frontier = Frontier()
        var log: LogKey { key.publicKey }

        init(_ key: SigningKey) { self.key = key }
    }

    init(seed: UInt64) throws {
        let place = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(place)/starling-feed-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw StoreError.io("mkdtemp") }
        path = template.dropLast().map { String(UnicodeScalar(UInt8($0))) }.joined()
        random = SeededRandom(seed: seed)
        writer = try StoreWriter(directory: path + "/store")
        reader = try StoreReader(directory: path + "/store")
        feed = try FeedWriter(path: path + "/feed.sqlite")
        people = People(reader: reader)
        square = Square(
            store: reader, feed: try FeedReader(path: path + "/feed.sqlite"), people: people)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    // MARK: People

    func pen() -> Pen { Pen(SigningKey(seed: SecretBytes(random.bytes(32)))) }

    func person(_ name: String = "somebody") throws -> Person {
        let person = Person(root: pen())
        try write(
            person.root, IdentityStatement.identity(nextRoot: .zero, predecessor: nil).statement)
        try add(pen(), to: person)
        try say(person, .profile(Profile(name: name)))
        return person
    }

    func add(_ device: Pen, to person: Person) throws {
        try write(person.root, IdentityStatement.addDevice(device.log).statement)
        try write(
            device, IdentityStatement.device(identity: person.identity, predecessor: nil).statement)
        person.devices.append(device)
    }

    func revoke(_ person: Person, device: Int, from index: UInt64) throws {
        try write(
            person.root,
            IdentityStatement.revokeDevice(person.devices[device].log, from: index).statement)
    }

    // MARK: Writing

    @discardableResult
    func say(
        _ person: Person, _ content: Content, device: Int = 0, at time: UInt64? = nil
    ) throws -> Reference {
        try write(person.devices[device], content.statement, at: time)
    }

    @discardableResult
    func note(
        _ person: Person, _ text: String, replyTo: Reference? = nil, root: Reference? = nil,
        at time: UInt64? = nil
    ) throws -> Reference {
        let reply = try replyTo.map { try Note.Reply(to: $0, root: root) }
        return try say(person, .note(Note(text: text, reply: reply)), at: time)
    }

    /// What somebody's root log may not say.
    func sayInRoot(_ person: Person, _ content: Content) throws -> Reference {
        try write(person.root, content.statement)
    }

    @discardableResult
    private func write(
        _ pen: Pen, _ statement: MerkleLog.Statement, at claimed: UInt64? = nil
    ) throws -> Reference {
        time += 1_000
        let entry = Entry(
            time: UnixTime(milliseconds: claimed ?? time),
            body: .present(statement.body(salt: random.bytes(16))))
        let index = pen.frontier.size
        let leaf = EntryHeader(log: pen.log, index: index, entry: entry).leafHash
        var nodes: [Extension.StoredNode] = []
        pen.frontier.append(leaf, storing: &nodes)
        let checkpoint = Checkpoint(
            signing: pen.frontier.size, root: pen.frontier.root, with: pen.key)
        let head = LogHead(
            key: pen.log, frontier: pen.frontier, checkpoint: checkpoint, tail: [])
        try writer.commit([
            .extend(
                Extension(from: index, entries: [entry], leaves: [leaf], nodes: nodes, head: head))
        ])
        if StoreMark.isMarked(entry) { people.take(pen.log, index, entry) }
        return Reference(log: pen.log, index: index, address: leaf)
    }

    // MARK: The feed

    /// Takes what is new, in the order in which the store has the logs.
    func catchUp() throws {
        let work = CatchUp(reader: reader, feed: feed)
        try work.all { _, _ in }
    }

    /// Another feed of the same store, made at once.
    func rebuilt() throws -> Square {
        let file = path + "/rebuilt-\(random.next()).sqlite"
        let other = try FeedWriter(path: file)
        let work = CatchUp(reader: reader, feed: other)
        try work.all { _, _ in }
        return Square(store: reader, feed: try FeedReader(path: file), people: people)
    }

    /// How many rows have these words.
    func found(_ words: String) throws -> Int {
        try square.feed.search(words, FeedReader.Page(limit: 10_000)).count
    }

    /// How many bodies the store holds.
    func bodies() throws -> Int {
        try reader.heads(afterNumber: 0, limit: 1_000).reduce(0) {
            try $0 + reader.heldBodies(ofLog: $1.number, 0..<$1.head.size).count
        }
    }

    /// Changes the feed's own rows.
    func falsify(_ sql: String) throws { try feed.database.run(sql) }

    func view(_ reference: Reference) throws -> NoteView? {
        try square.act(reference).flatMap { try square.note($0) }
    }
}
