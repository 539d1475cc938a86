import Content
import MerkleLog
import Primitives
import Store
import Testing

@testable import Feed

/// Which words on following count, and how many of them are kept.
struct FollowsTests {
    typealias Word = People.Word<People.Follow>

    static func entry(_ statement: MerkleLog.Statement) -> Entry {
        let body = statement.body(salt: [UInt8](repeating: 7, count: LogLimits.salt))
        return Entry(time: UnixTime(milliseconds: 1_800_000_000_000), body: .present(body))
    }

    static func follow(_ identity: LogKey, isOn: Bool = true) -> Entry {
        entry(Content.follow(identity: identity, isOn: isOn).statement)
    }

    /// `[CONT-28]`: one log does not fill the memory of all others.
    @Test func theLastFollowsOfAStrangerCount() throws {
        let town = try Town(seed: 71)
        let bob = try town.person("bob")
        let (people, log) = (town.people, bob.devices[0].log)
        let others = (1...50_000).map { LogKey(UInt64($0) << 8, 0, 0, 0) }
        for (number, other) in others.enumerated() {
            people.take(log, UInt64(10 + number), Self.follow(other))
        }
        let limit = ContentLimits.follows
        #expect(people.follows(of: bob.identity) == Array(others.suffix(limit)))
        #expect(people.isFollowing(bob.identity, others[49_999]))
        #expect(people.key(marked: Mark.of(others[49_999])) == others[49_999])
        #expect(!people.isFollowing(bob.identity, others[0]))
        #expect(people.followers(of: others[0]).isEmpty)
        #expect(people.key(marked: Mark.of(others[0])) == nil)
        // Told again, an old word changes nothing.
        let version = people.version
        people.take(log, 10, Self.follow(others[0]))
        people.take(log, 50_009, Self.follow(others[49_999]))
        #expect(people.version == version)
        // Who is spoken of again has a place, followed or not.
        people.take(log, 60_000, Self.follow(others[0], isOn: false))
        #expect(people.follows(of: bob.identity) == Array(others.suffix(limit - 1)))
        people.take(log, 60_001, Self.follow(others[0]))
        #expect(people.follows(of: bob.identity) == Array(others.suffix(limit - 1)) + [others[0]])
        #expect(people.followers(of: others[0]) == [bob.identity])
    }

    /// `[IDENT-13]`, in whatever order they come.
    @Test func theFirstStatementsOfARootLogAreKept() throws {
        let town = try Town(seed: 72)
        let bob = try town.person("bob")
        for index in (UInt64(2)...1_000).reversed() {
            let statement = IdentityStatement.addDevice(LogKey(index, 0, 0, 0)).statement
            town.people.take(bob.identity, index, Self.entry(statement))
        }
        let kept = town.people.statements(of: bob.identity) ?? []
        #expect(kept.map { $0.index } == Array(0..<LogLimits.statements))
        let devices = town.people.history(of: bob.identity)?.devices ?? []
        #expect(devices.count == kept.count - 1 && devices.last?.log.w0 == kept.last?.index)
    }

    /// By the words of `[CONT-28]`.
    static func counting(_ told: [Word], _ limit: Int) -> [Word] {
        var latest: [LogKey: Word] = [:]
        for word in told where latest[word.said.identity].map({ $0.index < word.index }) ?? true {
            latest[word.said.identity] = word
        }
        return Array(latest.values.sorted { $0.index < $1.index }.suffix(limit))
    }

    /// Whoever hears a log's words in another order, or some twice, comes to the same.
    @Test(arguments: UInt64(1)...8) func theOrderInWhichTheyComeIsNoMatter(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        func below(_ n: Int) -> Int { Int(random.next() % UInt64(n)) }
        let said = (0..<600).map { index -> Word in
            let identity = LogKey(0, 0, 0, UInt64(below(60)))
            return Word(
                said: People.Follow(identity: identity, isOn: below(3) > 0), log: .zero,
                index: UInt64(index), time: UnixTime(milliseconds: UInt64(below(1_000))))
        }
        // Each second run hears most of them in order.
        var order = said
        for _ in 0..<(seed % 2 == 0 ? 20 : 2_000) { order.swapAt(below(600), below(600)) }
        for _ in 0..<200 { order.insert(said[below(600)], at: below(order.count)) }
        let limit = 20
        var follows = People.Follows()
        for (step, word) in order.enumerated() {
            _ = follows.take(word, atMost: limit)
            guard step % 25 == 24 || step == order.count - 1 else { continue }
            let wanted = Self.counting(Array(order.prefix(step + 1)), limit)
            #expect(follows.words.map { $0.index } == wanted.map { $0.index }, "seed \(seed)")
            for number in 0..<60 {
                let identity = LogKey(0, 0, 0, UInt64(number))
                let index = wanted.first { $0.said.identity == identity }?.index
                #expect(follows.word(on: identity)?.index == index, "seed \(seed)")
            }
        }
        print("follows: \(order.count) words, seed \(seed)")
    }

    // MARK: Grown and rebuilt

    static func rebuilt(_ town: Town, _ log: LogKey, forkedAt bound: UInt64?) throws -> People {
        var heads = try town.reader.heads()
        for at in heads.indices where heads[at].key == log { heads[at].forkedAt = bound }
        let people = People(reader: town.reader)
        try people.load(heads)
        return people
    }

    static func areSame(_ a: People, _ b: People, _ persons: [Town.Person]) -> Bool {
        let all = persons.map(\.identity)
        return all.allSatisfy { one in
            a.follows(of: one) == b.follows(of: one)
                && Set(a.followers(of: one)) == Set(b.followers(of: one))
                && a.devices(of: one) == b.devices(of: one) && a.name(of: one) == b.name(of: one)
                && all.allSatisfy { a.isFollowing(one, $0) == b.isFollowing(one, $0) }
        }
    }

    /// Followed, left and followed again, on two devices: the last word holds. People who grew are
    /// those who are read at a start, forked logs and all.
    @Test(arguments: UInt64(1)...4) func grownAndRebuiltAreTheSame(seed: UInt64) throws {
        let town = try Town(seed: seed)
        var random = SeededRandom(seed: seed &* 91)
        func below(_ n: Int) -> Int { Int(random.next() % UInt64(n)) }
        let persons = try (0..<5).map { try town.person("person \($0)") }
        for person in persons.prefix(2) { try town.add(town.pen(), to: person) }
        var holds: [Set<LogKey>] = Array(repeating: [], count: 5)
        for _ in 0..<200 {
            let (who, whom) = (below(5), persons[below(5)].identity)
            let isOn = below(3) > 0
            try town.say(
                persons[who], .follow(identity: whom, isOn: isOn),
                device: below(persons[who].devices.count))
            if isOn { holds[who].insert(whom) } else { holds[who].remove(whom) }
        }
        for (number, person) in persons.enumerated() {
            let follows = town.people.follows(of: person.identity)
            #expect(Set(follows) == holds[number], "seed \(seed)")
            #expect(follows.count == holds[number].count, "seed \(seed)")
        }
        let pen = persons[0].devices[below(2)]
        let grown = try Self.rebuilt(town, pen.log, forkedAt: nil)
        #expect(Self.areSame(town.people, grown, persons), "seed \(seed)")
        let size = pen.frontier.size
        for bound in [size + 5, size, size - 1, size / 2, 2, 1, 0] {
            try town.people.fork(pen.log, at: bound)
            let other = try Self.rebuilt(town, pen.log, forkedAt: bound)
            #expect(Self.areSame(town.people, other, persons), "seed \(seed), bound \(bound)")
        }
        print("follows of 5: 200 words, seed \(seed)")
    }

    /// A fork behind all that was taken cuts off nothing, and nothing is read again for it.
    @Test func aForkBehindAllThatWasSaidChangesNothing() throws {
        let town = try Town(seed: 73)
        let (ann, bob) = (try town.person("ann"), try town.person("bob"))
        let log = bob.devices[0].log
        // Not in the store: reading it again would lose it.
        town.people.take(log, 100, Self.follow(ann.identity))
        try town.people.fork(log, at: 101)
        #expect(town.people.isFollowing(bob.identity, ann.identity))
        try town.people.fork(log, at: 100)
        #expect(!town.people.isFollowing(bob.identity, ann.identity))
        #expect(town.people.followers(of: ann.identity).isEmpty)
        #expect(town.people.name(of: bob.identity) == "bob")
    }
}
