import Crypto
import MerkleLog
import Mesh
import Primitives

/// What makes a node lie: a real mesh, with which others shake hands and talk, whose words are bent
/// on their way out, and which now and then says what no mesh would.
///
/// All of it is drawn from the seed. How words are bent stands in `Liar+Bending`, what is said
/// unasked in `Liar+Striking`, what no decoder should take in `Liar+Junk`.
final class Liar {
    /// A way to lie.
    enum Habit: CaseIterable {
        /// Shows two histories of its log to different peers.
        case equivocate
        /// Announces, and serves nothing, or a part of it.
        case withhold
        /// Says that there is more, or less, or something else than there is; in logs of others and
        /// in its own, which it signs.
        case misstate
        /// Says again what was true once, or what somebody else said.
        case replay
        /// Leads peers to addresses where nobody is, or where others are.
        case mislead
        /// Spoils the comparison of heads.
        case poison
        /// Sends what is no message, or one that was damaged with care.
        case babble
    }

    private(set) var habits: [Habit] = []
    var random: SeededRandom
    var twin: Twin
    /// Of a thousand messages that it could bend: so many are.
    let eagerness: UInt64
    private let rest: Instant.Span
    private(set) var strikeAt: Instant?
    /// Where its peers are, truly.
    let places: [Endpoint]
    /// Sessions that it has said something in, a few.
    private(set) var sessions: [SessionID] = []
    /// Of each session, whether it is shown the other history.
    private(set) var seesTwin: [SessionID: Bool] = [:]
    /// What it has heard and said, a few of each.
    private(set) var words: [[UInt8]] = []
    private(set) var heads: [Checkpoint] = []
    /// Logs that it makes up.
    var inventions = 4

    /// `habits` are drawn, unless they are given.
    init(_ key: SigningKey, habits: [Habit]? = nil, places: [Endpoint], seed: UInt64) {
        random = SeededRandom(seed: seed)
        self.places = places
        twin = Twin(key: key, forksAt: random.below(6 as UInt64))
        eagerness = [20, 100, 500, 1_000][random.below(4)]
        rest = .milliseconds([200, 1_000, 5_000][random.below(3)])
        if let habits {
            self.habits = habits
            return
        }
        let one = Habit.allCases[random.below(Habit.allCases.count)]
        for habit in Habit.allCases where habit == one || random.happens(300) {
            self.habits.append(habit)
        }
    }

    /// Begins to lie through a mesh that has just started.
    func start(_ mesh: inout Mesh, at now: Instant) {
        sessions = []
        seesTwin = [:]
        strikeAt = now + rest
        mesh.bend = { [unowned self] in bend($1, in: $0) }
    }

    func has(_ habit: Habit) -> Bool { habits.contains(habit) }

    /// Whether it does this now.
    func does(_ habit: Habit) -> Bool { has(habit) && random.happens(eagerness) }

    // MARK: Remembering

    func note(_ session: SessionID) {
        // Every other one, so that somebody always sees either.
        if seesTwin[session] == nil { seesTwin[session] = seesTwin.count % 2 == 1 }
        if sessions.contains(session) { return }
        if sessions.count < 8 {
            sessions.append(session)
        } else {
            sessions[random.below(8)] = session
        }
    }

    /// Keeps what passes, for later.
    func overhear(_ bytes: [UInt8]) {
        keep(bytes, in: &words)
        guard case .heads(let list, _)? = try? Message(decoding: bytes) else { return }
        for head in list { keep(head, in: &heads) }
    }

    private func keep<Item>(_ item: Item, in list: inout [Item]) {
        if list.count < 32 { return list.append(item) }
        if random.happens(250) { list[random.below(32)] = item }
    }

    // MARK: Acting

    /// What its mesh has just done about an event passes through here.
    func follow(_ mesh: inout Mesh?, at now: Instant, into effects: inout [Effect]) {
        for effect in effects {
            if case .store(.extend(let found, isOwn: true), _) = effect { twin.follow(found) }
        }
        guard let due = strikeAt, due <= now else { return }
        strikeAt = now + Instant.Span(nanoseconds: random.below(2 * rest.nanoseconds) + 1)
        guard let session = sessions.randomOne(&random) else { return }
        strike(&mesh, session, at: now, into: &effects)
    }
}
