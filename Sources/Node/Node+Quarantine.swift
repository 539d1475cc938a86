import Crypto
import Mesh
import Primitives
import Store
import Transport
import Wire

/// No peer crashes this node at each reconnect (THREATS row 17).
extension Node {
    /// Reads the page that the last run left. What it says is durable before anybody is spoken
    /// with.
    static func quarantine(
        _ page: CrashPage, _ reader: StoreReader, _ writer: StoreWriter, _ journal: Journal
    ) throws -> Quarantine {
        var quarantine = Quarantine.read(reader)
        guard let crash = page.crash else { return quarantine }
        let now = EventLoop.wallClock()
        if let suspect = crash.suspect {
            let record = quarantine.blame(suspect, at: now)
            try writer.commit([.setting(Quarantine.setting, quarantine.encoded)])
            journal.say(
                "this node crashed (signal \(crash.signal)) right after input of "
                    + "\(name(of: suspect)), \(record.crashes) times so far"
                    + (record.until == nil ? "" : ": it is refused for a day"))
        } else {
            journal.say("this node crashed (signal \(crash.signal)), by no peer's input")
        }
        page.clear()
        return quarantine
    }

    private static func name(of suspect: Suspect) -> String {
        let place = suspect.address.map { " at \($0)" } ?? ""
        if let node = suspect.node { return DIDKey.multibase(node) + place }
        return suspect.key == nil ? "somebody" + place : "a node that named no key" + place
    }

    /// Tells the mesh whom to refuse, and again when that changes by itself.
    func startQuarantine() {
        crashPage.watch()
        tellQuarantine()
    }

    private func tellQuarantine() {
        let now = EventLoop.wallClock()
        handle(quarantine.event(at: now))
        guard let next = quarantine.refused(at: now).compactMap(\.until).min() else { return }
        let span = Instant.Span.milliseconds(next.milliseconds - now.milliseconds + 1_000)
        loop.schedule(at: loop.now() + span) { [weak self] in self?.tellQuarantine() }
    }

    /// The owner's list of suspects; `lift` takes one of them off, by its node key or address, or
    /// `all`.
    func quarantine(_ parameters: Value) throws(NodeError) -> Value {
        if let who = parameters["lift"]?.text {
            let before = quarantine.records.count
            quarantine.records.removeAll { record in
                who == "all" || record.suspect.address?.description == who
                    || record.suspect.node.map { DIDKey.multibase($0) == who } ?? false
            }
            guard quarantine.records.count < before else {
                throw .notFound("no suspect is called \"\(who)\": see  starling quarantine")
            }
            keep(Quarantine.setting, quarantine.encoded)
            tellQuarantine()
        }
        return quarantineStatus() ?? .array([])
    }

    /// Nil when there is nobody to tell of.
    func quarantineStatus() -> Value? {
        if quarantine.records.isEmpty { return nil }
        let now = EventLoop.wallClock()
        let refused = quarantine.refused(at: now)
        return .array(
            quarantine.records.map { record in
                .object(
                    ("node", record.suspect.node.map { .string(DIDKey.multibase($0)) }),
                    ("address", record.suspect.address.map { .string($0.description) }),
                    ("crashes", .int(record.crashes)),
                    ("last", .int(record.last.milliseconds)),
                    ("refused", .bool(refused.contains(record))),
                    ("until", record.until.map { .int($0.milliseconds) }))
            })
    }

    // MARK: Input

    /// Has the mesh work on what a peer sent, with that peer's name on the page meanwhile.
    func handle(_ event: Event, of suspect: Suspect?) {
        crashPage.begin(suspect, at: loop.now())
        handle(event)
        crashPage.end()
    }
}
