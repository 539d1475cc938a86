import Crypto
import Feed
import MerkleLog
import Node
import Primitives
import Store
import Synchronization

/// The first run: which steps are left, and the recovery words, shown once more and confirmed.
///
/// For the node's own page alone: its pages only, and only with a token that this node gave to its
/// own page. No app that was let in reads the words, whatever its scopes are.
final class Setup: Sendable {
    /// In the order in which a newcomer takes them.
    enum Step: Int64, CaseIterable, Sendable {
        case name = 1
        case words
        case neighbours
        case follows
        case post

        /// Where the desk keeps that the owner has left the whole of it.
        static let left: Int64 = 0

        var word: String {
            switch self {
            case .name: "name"
            case .words: "words"
            case .neighbours: "neighbours"
            case .follows: "follows"
            case .post: "post"
            }
        }
    }

    /// What was asked of an owner: places of words, from 1.
    private struct Questions: Sendable {
        var places: [LogKey: [Int]] = [:]
        var tries = RateLimiter.Table<LogKey>(
            limit: Limits.Setup.tries, period: Limits.Setup.triesPeriod,
            capacity: Limits.Access.tokens)
    }

    private let mastodon: Mastodon
    private let access: Access
    private let paths: Paths
    private let questions = Mutex(Questions())

    init(mastodon: Mastodon, access: Access, paths: Paths) {
        self.mastodon = mastodon
        self.access = access
        self.paths = paths
    }

    func addRoutes(to router: inout Router) {
        let base = "/api/starling/v1/setup"
        add(&router, .get, base, "read") { setup, call throws(HTTPFailure) in
            .json(try setup.state(call))
        }
        add(&router, .patch, base, "write") { setup, call throws(HTTPFailure) in
            try setup.change(call)
            return .json(try setup.state(call))
        }
        add(&router, .get, base + "/words", "read") { setup, call throws(HTTPFailure) in
            .json(try setup.words(call))
        }
        add(&router, .post, base + "/words", "write") { setup, call throws(HTTPFailure) in
            try setup.confirm(call)
        }
    }

    private func add(
        _ router: inout Router, _ method: HTTPMethod, _ path: String, _ scope: String,
        _ handler: @escaping @Sendable (Setup, Call) throws(HTTPFailure) -> HTTPResponse
    ) {
        router.add(
            Route(method, path, origins: .own) { [self] request throws(HTTPFailure) in
                let caller = try access.caller(of: request, for: scope)
                try caller.mustBePage(request)
                let viewer = Viewer(
                    account: caller.account, base: request.origin,
                    accounts: mastodon.door.accounts)
                return try handler(
                    self,
                    Call(
                        request: request, parameters: try request.parameters(), caller: caller,
                        viewer: viewer, service: mastodon))
            })
    }

    // MARK: Steps

    private func state(_ call: Call) throws(HTTPFailure) -> JSONValue {
        let me = try call.me()
        let mesh = try call.asked { [door = mastodon.door] () throws(NodeError) in
            try door.ask("mesh", .object(("as", .string(me.name))))
        }
        let hasWords = SecretFile.mark(paths.words(me.name)) != nil
        let hasNeighbours =
            mesh["neighbours"]?.list?.isEmpty == false || mesh["away"]?.list?.isEmpty == false
        let marks = try call.stored { [desk = mastodon.desk] () throws(StoreError) in
            try desk.rows(.setup, of: me.identity)
        }
        func mark(_ id: Int64) -> String? { marks.first { $0.id == id }?.value }
        let (account, isNamed, follows, posts) = try call.see { showing throws(StoreError) in
            (
                try showing.account(me.identity),
                showing.people.name(of: me.identity) != me.name,
                showing.people.follows(of: me.identity).count,
                try showing.square.posts(of: me.identity).count
            )
        }
        let steps = Step.allCases.map { step -> JSONValue in
            let isDone =
                switch step {
                case .name: isNamed
                case .words: !hasWords
                case .neighbours: hasNeighbours
                case .follows: follows > 0
                case .post: posts > 0
                }
            let state = isDone ? "done" : mark(step.rawValue) ?? "open"
            return ["name": .string(step.word), "state": .string(state)]
        }
        let isLocal = call.request.isLocal
        return [
            "account": account, "left": .bool(mark(Step.left) != nil), "steps": .array(steps),
            "local": .bool(isLocal),
            "words_file": hasWords && isLocal ? .string(paths.words(me.name)) : .null,
        ]
    }

    /// Notes that a step was done or passed over, or that the owner has left and does not want to
    /// be led here again.
    private func change(_ call: Call) throws(HTTPFailure) {
        let (me, desk) = (try call.me().identity, mastodon.desk)
        if let isLeft = try call.parameters.flag("left") {
            try call.stored { () throws(StoreError) in
                if isLeft {
                    try desk.put(.setup, of: me, Step.left)
                } else {
                    try desk.remove(.setup, of: me, Step.left)
                }
            }
        }
        guard let name = try call.parameters.text("step") else { return }
        guard let step = Step.allCases.first(where: { $0.word == name }) else {
            throw HTTPFailure(422, "Validation failed: there is no step \(DisplayText.line(name))")
        }
        let state = try call.parameters.required("state")
        guard ["open", "done", "skipped"].contains(state) else {
            throw HTTPFailure(422, "Validation failed: state is open, done or skipped")
        }
        guard step != .words || state != "done" else {
            throw HTTPFailure(422, "The words are done when three of them were shown to be known")
        }
        try call.stored { () throws(StoreError) in
            if state == "open" {
                try desk.remove(.setup, of: me, step.rawValue)
            } else {
                try desk.put(.setup, of: me, step.rawValue, 0, state)
            }
        }
    }

    // MARK: Recovery words

    /// The 24 words, and the places that are asked for next. The same places until they were
    /// answered: a page that is loaded again asks no other question.
    private func words(_ call: Call) throws(HTTPFailure) -> JSONValue {
        let (me, words) = try kept(call)
        let places = questions.withLock { questions in
            if let known = questions.places[me.identity] { return known }
            var all = Array(1...RecoveryWords.count)
            var random = SystemRandom()
            all.shuffle(using: &random)
            let fresh = all.prefix(Limits.Setup.wordsAsked).sorted()
            questions.places[me.identity] = fresh
            return fresh
        }
        return [
            "words": .array(words.map { .string($0) }),
            "ask": .array(places.map { .count($0) }),
            "file": .string(paths.words(me.name)),
        ]
    }

    /// The owner says the words at the places that were asked for: then the file goes.
    private func confirm(_ call: Call) throws(HTTPFailure) -> HTTPResponse {
        let (me, words) = try kept(call)
        let given = try call.parameters.texts("words")
        let (places, isAllowed) = questions.withLock { questions in
            let allowance = questions.tries.take(me.identity, Clock.now)
            return (questions.places[me.identity], allowance.isAllowed)
        }
        guard isAllowed else {
            throw HTTPFailure(
                429, "Too many wrong words: look at your paper, and wait some minutes")
        }
        guard let places, given.count == places.count else {
            throw HTTPFailure(422, "Validation failed: ask for the words first, and give three")
        }
        let wrong = zip(places, given).filter { place, word in
            let bare = word.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return bare.lowercased() != words[place - 1]
        }.map(\.0)
        guard wrong.isEmpty else {
            return .json(
                [
                    "error": "These are not the words at those places",
                    "wrong": .array(wrong.map { .count($0) }),
                ], status: 422)
        }
        try call.stored { () throws(StoreError) in try SecretFile.remove(paths.words(me.name)) }
        questions.withLock { $0.places[me.identity] = nil }
        return .json(["removed": true])
    }

    /// The words of the caller's own identity, as long as their file is there and only on this
    /// machine: through a proxy they would pass through somebody's hands.
    private func kept(_ call: Call) throws(HTTPFailure) -> (me: Account, words: [String]) {
        guard call.request.isLocal else {
            throw HTTPFailure(403, "The recovery words are shown on the node's own machine only")
        }
        let me = try call.me()
        let path = paths.words(me.name)
        guard SecretFile.mark(path) != nil else {
            throw HTTPFailure(404, "The recovery words are not on this machine any more")
        }
        let text: String
        do throws(StoreError) {
            let bytes = try SecretFile.read(path, limit: Limits.Setup.wordsFile)
            text = unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        } catch { throw HTTPFailure(error) }
        let words = Node.words(inFile: text).lowercased()
        guard let read = try? RecoveryWords(parsing: words),
            read.rootKey(index: 0).publicKey == me.identity
        else {
            throw HTTPFailure(
                409, "\(path) does not have the words of \(me.name): was it changed?")
        }
        return (me, read.words)
    }
}
