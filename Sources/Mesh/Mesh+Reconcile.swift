import Crypto
import MerkleLog
import Primitives
import Reconciliation

/// Where a session stands with finding out which heads differ.
///
/// No sketch is kept between messages, so that a peer costs no memory here; what changes meanwhile
/// is pushed and announced as ever.
struct Reconciling {
    var stage = Stage.idle
    /// Of the last ask, sent or answered.
    var round: UInt64 = 0
    /// Asks of this comparison whose answers could not be taken apart.
    var failures = 0
    /// When waiting ends, and heads go out in pages.
    var deadline: Instant?
    /// When the dialling side compares again.
    var next: Instant?
    /// All heads were sent, or are being sent, before the peer asked for them.
    var toldAll = false
    /// Heads of logs that are not compared were sent.
    var toldOthers = false
    /// What may still be asked at once, and since when more has come.
    var asksLeft = Limits.Reconcile.askBurst
    var asksCounted: Instant?

    var isUnderWay: Bool {
        if case .idle = stage { return false }
        return true
    }

    enum Stage {
        case idle
        /// The peer dialled and is to ask.
        case awaitingAsk
        /// Asked; with a sketch of few cells where little should differ.
        case asked(isProbe: Bool)
        /// Answered with a sketch: what the peer took from it is to come.
        case awaitingNames
        /// Some ids are to be named by the peer.
        case awaitingAnswer
    }
}

/// Finding the logs whose heads differ, at a cost set by the difference: `Reconciliation` does the
/// arithmetic, `Protocol/reconciliation.md` says what goes to and fro.
///
/// The side that dialled asks, the other answers with a sketch; the asker takes it apart, fetches
/// what it lacks, and says what the other lacks. Where that does not work out, or when nearly all
/// differs, both send all heads in pages. Claims only lead to asking for entries.
extension Mesh {
    // MARK: Beginning

    /// Begins a comparison with a peer that does not know what is held here, or the other way
    /// round.
    mutating func reconcile(_ session: Session) {
        let isSmall = (compared(session)?.count ?? logs.count) <= Limits.Reconcile.few
        if session.target == nil {
            session.reconciling.stage = .awaitingAsk
            session.reconciling.deadline = now + Limits.Reconcile.patience
            if isSmall { tellAll(session) }
            return
        }
        session.reconciling.failures = 0
        if isSmall {
            tellAll(session)
            askForPages(session)
            finishReconciling(session)
        } else {
            ask(session, cells: 0)
        }
    }

    /// Both sides know each other's changes: a comparison shows from time to time that they do.
    mutating func reconcileLater(_ session: Session) {
        guard session.target != nil else { return }
        let span = Limits.Reconcile.again.nanoseconds
        let jitter = random.next() % (span / 4 + 1)
        session.reconciling.next = now + Instant.Span(nanoseconds: span - span / 8 + jitter)
    }

    /// What time brings: an answer that did not come, another comparison.
    mutating func reconcileDue(_ session: Session) {
        if let deadline = session.reconciling.deadline, deadline <= now {
            let mayAsk = session.target != nil
            session.reconciling.stage = .idle
            session.reconciling.deadline = nil
            if !session.reconciling.toldAll { tellAll(session) }
            session.reconciling.toldAll = false
            if mayAsk { askForPages(session) }
            finishReconciling(session)
        }
        if let next = session.reconciling.next, next <= now {
            session.reconciling.next = nil
            guard case .idle = session.reconciling.stage, session.headsDone, !session.isCongested
            else { return reconcileLater(session) }
            session.reconciling.failures = 0
            ask(session, cells: Limits.Reconcile.probeCells)
        }
    }

    /// Sends all heads, in pages.
    private mutating func tellAll(_ session: Session) {
        session.reconciling.toldAll = true
        session.headsCursor = 0
        session.headsDone = false
        sendHeads(session)
    }

    /// The peer has been told everything, and all that it asked for.
    private mutating func finishReconciling(_ session: Session) {
        if sketchItems?.session == session.id { sketchItems = nil }
        session.reconciling.stage = .idle
        session.reconciling.deadline = nil
        reconcileLater(session)
        if session.headsDone && session.resume.cursor == nil { sendPendingMark(session) }
    }

    // MARK: Asking

    /// The logs that both sides want, as this round sees them: made once for the messages of a
    /// round, unless another session's round came between. What changes meanwhile is told as news.
    private mutating func remembered(_ session: Session, _ key: SketchKey) -> SketchItems {
        let round = session.reconciling.round
        if let made = sketchItems, made.session == session.id, made.round == round { return made }
        let numbers = compared(session)
        let marks = numbers.map { $0.map { logs.marks[$0] } } ?? logs.marks
        let made = SketchItems(
            session: session.id, round: round, items: key.items(marks), numbers: numbers)
        sketchItems = made
        return made
    }

    /// The numbers of the logs that both sides want; nil for all.
    private func compared(_ session: Session) -> [Int]? {
        if policy.isEverything && session.wants.isEverything { return nil }
        let list = policy.isEverything ? session.wants.members.sorted() : policy.list
        return list.filter { policy.wants($0) && session.wants.contains($0) }
            .compactMap { logs.number(of: $0) }.sorted()
    }

    /// Heads of logs that are held here though they are wanted no more, once a session: they are
    /// not compared, and the peer may want them.
    private mutating func tellOthers(_ session: Session) {
        if policy.isEverything || session.reconciling.toldOthers { return }
        session.reconciling.toldOthers = true
        var page: [Checkpoint] = []
        for number in logs.records.indices where session.isReady {
            let log = logs.records[number].key
            guard !policy.wants(log), session.wants.contains(log), !logs.records[number].isFrozen,
                let head = logs.records[number].durable
            else { continue }
            if session.isCongested {
                announce(head, to: session)
            } else {
                page.append(head.checkpoint)
            }
            if page.count == Limits.headsPerMessage {
                sendCounted(session, .heads(page, done: true))
                page = []
            }
        }
        if !page.isEmpty { sendCounted(session, .heads(page, done: true)) }
    }

    private func sketchKey(_ session: Session) -> SketchKey? {
        guard let noise = session.noise else { return nil }
        return SketchKey(session: noise.handshakeHash, round: session.reconciling.round)
    }

    /// Asks for a sketch of so many cells, or, at 0, of as many as the estimator calls for.
    private mutating func ask(_ session: Session, cells: Int) {
        session.reconciling.round += 1
        guard let key = sketchKey(session) else { return }
        let items = remembered(session, key).items
        session.reconciling.stage = .asked(isProbe: cells == Limits.Reconcile.probeCells)
        session.reconciling.deadline = now + Limits.Reconcile.patience
        sendCounted(
            session,
            .sketchAsk(
                Message.SketchAsk(
                    round: session.reconciling.round, logs: UInt64(items.count),
                    total: SketchCell(summing: items, key: key), cells: UInt64(cells),
                    estimator: cells == 0 ? DifferenceEstimator(items, key: key) : nil)))
    }

    private mutating func askForPages(_ session: Session) {
        session.reconciling.round += 1
        sendCounted(
            session,
            .sketchAsk(
                Message.SketchAsk(
                    round: session.reconciling.round, logs: UInt64(logs.count), total: .zero,
                    cells: 0, estimator: nil)))
    }

    /// The dialling side hears the answer.
    mutating func heardSketch(
        _ session: Session, _ round: UInt64, _ answer: Message.SketchAnswer
    ) {
        // What was given up is passed over.
        guard case .asked(let isProbe) = session.reconciling.stage,
            round == session.reconciling.round, let key = sketchKey(session)
        else { return }
        switch answer {
        case .equal:
            tellOthers(session)
            finishReconciling(session)
        case .pages:
            tellAll(session)
            session.reconciling.toldAll = false
            finishReconciling(session)
        case .cells(let sketch):
            let mine = remembered(session, key)
            if let found = HeadComparison(theirs: sketch, mine: mine.items, key: key) {
                take(session, found, mine)
            } else {
                askAgain(session, isProbe ? 0 : sketch.cells.count * 3 / 2 + 64)
            }
        }
    }

    private mutating func askAgain(_ session: Session, _ cells: Int) {
        session.reconciling.failures += 1
        if session.reconciling.failures < Limits.Reconcile.attempts
            && cells <= Limits.Reconcile.cells
        {
            return ask(session, cells: cells)
        }
        tellAll(session)
        session.reconciling.toldAll = false
        askForPages(session)
        finishReconciling(session)
    }

    // MARK: What the asker learns

    /// What differs, once the answer was taken apart: fetches what is lacking here, and tells what
    /// is lacking there.
    private mutating func take(
        _ session: Session, _ found: HeadComparison, _ mine: SketchItems
    ) {
        var told = Message.Names(round: session.reconciling.round)
        var heads: [Checkpoint] = []
        session.offered.reserveCapacity(session.offered.count + found.changed.count)
        for change in found.changed {
            // Field by field: a record as a whole is copied with its arrays.
            let number = mine.number(change.number)
            let key = logs.records[number].key
            let held = UInt64(logs.marks[number].size)
            let theirs = change.theirs == 0 ? 0 : change.size(near: held)
            if logs.records[number].isFrozen {
                heardOfForked(session, key, theirs)
            } else if theirs > held {
                heardClaim(session, number, theirs)
            } else if theirs == held {
                if let head = logs.records[number].durable { heads.append(head.checkpoint) }
            } else if theirs == 0 || change.isTwin {
                told.names.append(Message.Names.Claim(log: key, size: held))
            } else {
                told.lacking.append(Message.Names.ShortClaim(id: change.id, size: held))
            }
        }
        told.lacking.sort { $0.id < $1.id }
        if logs.count < Limits.logs {
            told.asked = found.unknown
        } else if !found.unknown.isEmpty {
            session.resume.isIncomplete = true
        }
        while !heads.isEmpty && session.isReady {
            sendCounted(
                session, .heads(Array(heads.prefix(Limits.headsPerMessage)), done: true))
            heads.removeFirst(min(heads.count, Limits.headsPerMessage))
        }
        let isComplete = told.asked.isEmpty
        sendNames(session, told)
        tellOthers(session)
        finishReconciling(session)
        if !isComplete {
            session.reconciling.stage = .awaitingAnswer
            session.reconciling.deadline = now + Limits.Reconcile.patience
        }
        schedule()
    }

    private mutating func sendNames(_ session: Session, _ told: Message.Names) {
        for message in told.parts where session.isReady {
            sendCounted(session, .names(message))
        }
    }

    // MARK: Answering

    /// The dialling side asks.
    mutating func heardAsk(_ session: Session, _ ask: Message.SketchAsk) {
        guard session.target == nil, ask.round > session.reconciling.round else {
            return farewell(session, .protocolError, "not the side that asks, or asked twice")
        }
        guard session.reconciling.mayAsk(now) else {
            return farewell(session, .protocolError, "it asks too often")
        }
        session.reconciling.round = ask.round
        guard let key = sketchKey(session) else { return }
        let toldAll = session.reconciling.toldAll
        session.reconciling.toldAll = false
        if ask.wantsPages {
            if !toldAll { tellAll(session) }
            session.reconciling.toldAll = false
            return finishReconciling(session)
        }
        let items = remembered(session, key).items
        if SketchCell(summing: items, key: key) == ask.total {
            sendCounted(session, .sketch(round: ask.round, .equal))
            tellOthers(session)
            return finishReconciling(session)
        }
        guard let count = answerCells(ask, items, key) else {
            sendCounted(session, .sketch(round: ask.round, .pages))
            if !toldAll { tellAll(session) }
            session.reconciling.toldAll = false
            return finishReconciling(session)
        }
        session.reconciling.stage = .awaitingNames
        session.reconciling.deadline = now + Limits.Reconcile.patience
        sendCounted(
            session, .sketch(round: ask.round, .cells(Sketch(items, count: count, key: key))))
    }

    /// Nil when pages are better: too much differs.
    private func answerCells(
        _ ask: Message.SketchAsk, _ items: [SketchItem], _ key: SketchKey
    ) -> Int? {
        guard let theirs = ask.estimator, ask.cells == 0 else { return Int(ask.cells) }
        // A newcomer lacks the names of nearly all logs: pages bring them at once.
        let counts = (ask.logs, UInt64(items.count))
        if min(counts.0, counts.1) < max(counts.0, counts.1) / 4 { return nil }
        let cells = DifferenceEstimator(items, key: key).differences(from: theirs).cells
        return cells > Limits.Reconcile.cells ? nil : cells
    }

    // MARK: What the peer names

    mutating func heardNames(_ session: Session, _ names: Message.Names) {
        guard names.round == session.reconciling.round else { return }
        switch session.reconciling.stage {
        case .awaitingNames: heardIDs(session, names)
        case .awaitingAnswer: finishReconciling(session)
        // Further names of the same round; ids come in the first message alone.
        case .idle, .asked, .awaitingAsk: break
        }
        for claim in names.names where session.isReady {
            if let number = logs.number(of: claim.log) {
                heardClaim(session, number, claim.size)
            } else if ownLogs.contains(where: { $0.key.publicKey == claim.log }) {
                send(session, .own([claim.log]))
            } else {
                offer(session, claim.log, claim.size)
            }
        }
        schedule()
    }

    /// Ids mean something only beside all logs: one walk for all of them, once a round.
    private mutating func heardIDs(_ session: Session, _ names: Message.Names) {
        var answer = Message.Names(round: names.round)
        if !names.lacking.isEmpty || !names.asked.isEmpty {
            guard let key = sketchKey(session) else { return }
            let lacking = IDIndex(names.lacking.map(\.id))
            let asked = IDIndex(names.asked)
            session.offered.reserveCapacity(session.offered.count + names.lacking.count)
            let mine = remembered(session, key)
            for (at, item) in mine.items.enumerated() where session.isReady {
                let number = mine.number(at)
                if let place = lacking.place(of: item.id) {
                    heardClaim(session, number, names.lacking[place].size)
                }
                if asked.place(of: item.id) != nil, logs.marks[number].size > 0 {
                    let size = UInt64(logs.marks[number].size)
                    let claim = Message.Names.Claim(log: logs.records[number].key, size: size)
                    answer.names.append(claim)
                }
            }
        }
        if !names.asked.isEmpty { sendNames(session, answer) }
        tellOthers(session)
        finishReconciling(session)
    }

    /// The peer says, without proof, that it holds `size` entries of a log known here.
    mutating func heardClaim(_ session: Session, _ number: Int, _ size: UInt64) {
        let log = logs.records[number].key
        let held = logs.records[number].pending?.frontier.size ?? 0
        if logs.records[number].isFrozen { return heardOfForked(session, log, size) }
        if size > held, ownLogs.contains(where: { $0.key.publicKey == log }) {
            // Of a log written here only a signed head counts: asks for it.
            return send(session, .own([log]))
        }
        if size > held {
            var known = session.known[number] ?? Session.Known()
            known.confirmed = max(known.confirmed, size)
            known.sent = max(known.sent, known.confirmed)
            session.known[number] = known
            offer(session, log, size, held: held)
        } else if let durable = logs.records[number].durable?.frontier.size,
            durable > size,
            let head = logs.records[number].durable
        {
            announce(head, to: session)
        }
    }

    mutating func sendCounted(_ session: Session, _ message: Message) {
        let before = session.unsent
        send(session, message)
        let bytes = session.unsent - before
        count { $0.reconcileBytes += UInt64(max(0, bytes)) }
    }

    /// Logs that peers were heard to have more of, and that have not all been fetched.
    package var logsAwaited: Int {
        sessions.all.reduce(0) { $0 + $1.offers.count + $1.fetches.count }
    }
}

/// The logs that are compared, as one round of one session sees them.
struct SketchItems {
    var session: SessionID
    var round: UInt64
    var items: [SketchItem]
    /// The log number of each item; nil where items are in the order of all logs.
    var numbers: [Int]?

    func number(_ item: Int) -> Int { numbers?[item] ?? item }
}

extension Reconciling {
    /// Counts an ask; false when there were too many.
    fileprivate mutating func mayAsk(_ now: Instant) -> Bool {
        let interval = Limits.Reconcile.askInterval
        while let since = asksCounted, asksLeft < Limits.Reconcile.askBurst,
            since + interval <= now
        {
            asksLeft += 1
            asksCounted = since + interval
        }
        if asksLeft == Limits.Reconcile.askBurst { asksCounted = now }
        guard asksLeft > 0 else { return false }
        asksLeft -= 1
        return true
    }
}
