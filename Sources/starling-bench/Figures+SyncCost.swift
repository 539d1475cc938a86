import Crypto
import Glibc
import MerkleLog
import Mesh
import Primitives

/// What it costs two strangers to find out which logs' heads differ: two whole meshes in memory,
/// through handshake, encryption and the real messages.
extension Figures {
    static func syncCost(_ bench: Bench) throws {
        for logs in [1_000, 10_000, 100_000] {
            for differing in [10, 1_000, 10_000] where differing <= logs {
                if bench.options.isQuick && logs > 10_000 { continue }
                try syncCost(bench, logs, differing)
            }
        }
        for logs in [1_000, 10_000, 100_000] {
            for changed in [10, 1_000] { try resumeCost(bench, logs, changed) }
        }
    }

    /// Peers that met before: what it costs must follow the changes, whatever the number of logs.
    private static func resumeCost(_ bench: Bench, _ logs: Int, _ changed: Int) throws {
        var bytes: [Double] = []
        var microseconds: [Double] = []
        var trips: [Double] = []
        for repetition in 0..<(2 * bench.repetitions + 1) {
            var friends = Strangers(
                logs: logs, differing: changed, seed: UInt64(repetition), haveMet: true)
            try friends.meet()
            bytes.append(Double(friends.bytesSent))
            microseconds.append(friends.seconds * 1e6)
            trips.append(friends.trips)
        }
        let name = "resume-cost-\(logs)-\(changed)"
        let what = "\(Format.number(Double(changed))) of \(Format.number(Double(logs))) heads"
        bench.report.add(
            Row(
                name, what + " changed since peers met: bytes after the hellos, both ways",
                Figure(bytes, lessIsBetter: true), unit: "B",
                note: "\(Format.number((bytes.max() ?? 0) / Double(changed))) bytes a change"))
        bench.report.add(
            Row(
                name + "-cpu", "the same: processor, both sides",
                Figure(microseconds, lessIsBetter: true), unit: "µs"))
        bench.report.add(
            Row(name + "-trips", "the same: round trips until both know", Figure(trips), unit: ""))
    }

    private static func syncCost(_ bench: Bench, _ logs: Int, _ differing: Int) throws {
        var bytes: [Double] = []
        var milliseconds: [Double] = []
        var trips: [Double] = []
        var note = ""
        for repetition in 0..<(2 * bench.repetitions + 1) {
            var strangers = Strangers(logs: logs, differing: differing, seed: UInt64(repetition))
            try strangers.meet()
            bytes.append(Double(strangers.bytes))
            milliseconds.append(strangers.seconds * 1e3)
            trips.append(strangers.trips)
            note =
                "dialler \(Format.number(strangers.time[0] * 1e3)) ms, other "
                + "\(Format.number(strangers.time[1] * 1e3)) ms; dialler knows after "
                + "\(Format.number(strangers.diallerTrips)) round trips, the other after "
                + "\(Format.number(strangers.otherTrips)); "
                + "\(Format.number(Double(strangers.bytes) / Double(differing))) bytes a "
                + "changed log"
        }
        let name = "sync-cost-\(logs)-\(differing)"
        let what = "\(Format.number(Double(differing))) of \(Format.number(Double(logs))) heads"
        let most = differing >= 1_000 ? 25 * Double(differing) : 1_024
        bench.report.add(
            Row(
                name, what + " differ: bytes, both ways, at most", Figure(bytes),
                unit: "B", goal: .below(most), note: note))
        bench.report.add(
            Row(
                name + "-cpu", "the same: processor, both sides",
                Figure(milliseconds, lessIsBetter: true), unit: "ms",
                goal: differing >= 1_000 ? .below(20) : nil))
        bench.report.add(
            Row(
                name + "-trips", "the same: round trips until both know",
                Figure(trips), unit: ""))
    }
}

/// Two meshes that hold the same logs but for some heads, half of them newer at each.
private struct Strangers {
    private var meshes: [Mesh] = []
    private let differing: Int
    /// Bytes on their way to each side.
    private var underWay: [[[UInt8]]] = [[], []]
    /// Bytes of both sides' frames after their hellos, and whether those were heard.
    private(set) var bytesSent = 0
    private var hasOpened = [false, false]
    private let haveMet: Bool
    /// Processor time of each side from the first ask on; of peers that met before, from the hello.
    private(set) var time: [Double] = [0, 0]
    private(set) var diallerTrips = 0.0
    private(set) var otherTrips = 0.0

    /// Posts in all logs together.
    private static let posts: UInt64 = 1_000_000
    private static let session: SessionID = 1

    init(logs: Int, differing: Int, seed: UInt64, haveMet: Bool = false) {
        self.differing = differing
        self.haveMet = haveMet
        var random = SeededRandom(seed: seed)
        var heads: [[LogHead]] = [[], []]
        var changed: [[LogKey]] = [[], []]
        let most = 2 * Self.posts / UInt64(logs)
        for number in 0..<logs {
            let key = Self.bytes32(&random)
            let size = 1 + random.next() % most
            let common = Self.head(key, size, &random)
            // Spread over the table as the keys are over theirs.
            let isDifferent = number * differing / logs != (number + 1) * differing / logs
            let newer = Self.head(key, size + 1 + random.next() % 20, &random)
            let side = Int(random.next() % 2)
            heads[side].append(isDifferent ? newer : common)
            if isDifferent { changed[side].append(key) }
            heads[1 - side].append(common)
        }
        for side in 0..<2 {
            var history = StoreHistory()
            if haveMet { history = Self.history(side, heads[side], changed) }
            meshes.append(
                Mesh(
                    configuration: MeshConfiguration(
                        nodeKey: Self.nodeKey(side), networkSecret: nil, listenPort: nil,
                        agent: "bench", entropy: { SystemRandom.bytes32() }),
                    heads: heads[side], own: [], history: history, seed: seed))
        }
    }

    private static func nodeKey(_ side: Int) -> SigningKey {
        SigningKey(seed: SecretBytes([UInt8](repeating: UInt8(side + 1), count: 32)))
    }

    /// Of a store that took what is common first, and of whose peer all of that is noted.
    private static func history(
        _ side: Int, _ heads: [LogHead], _ changed: [[LogKey]]
    ) -> StoreHistory {
        let isNew = Set(changed[side])
        let order = heads.map(\.key).filter { !isNew.contains($0) } + changed[side]
        let changes = order.enumerated().map { ($1, UInt64($0 + 1)) }
        let mark = ResumeMark(
            peer: nodeKey(1 - side).publicKey, store: UInt64(2 - side),
            change: UInt64(heads.count - changed[1 - side].count))
        return StoreHistory(
            store: UInt64(side + 1), changes: Dictionary(uniqueKeysWithValues: changes),
            marks: [mark])
    }

    private static func bytes32(_ random: inout SeededRandom) -> Bytes32 {
        Bytes32(random.next(), random.next(), random.next(), random.next())
    }

    private static func head(
        _ key: Bytes32, _ size: UInt64, _ random: inout SeededRandom
    ) -> LogHead {
        let hashes = (0..<size.nonzeroBitCount).map { _ in bytes32(&random) }
        let frontier = Frontier(size: size, hashes: hashes) ?? Frontier()
        // A table of heads was verified when it was stored.
        let checkpoint = Checkpoint(
            log: key, size: size, root: bytes32(&random),
            signature: Signature(r: .zero, s: .zero))
        return LogHead(key: key, frontier: frontier, checkpoint: checkpoint, tail: [])
    }

    var bytes: UInt64 { meshes.reduce(0) { $0 + $1.counters.reconcileBytes } }
    var seconds: Double { time[0] + time[1] }
    var trips: Double { max(diallerTrips, otherTrips) }

    /// From the handshake until each side knows what it lacks.
    mutating func meet() throws {
        let address = PeerAddress(key: Self.nodeKey(1).publicKey, endpoints: ["there:1"])
        feed(0, .addPeer(address))
        feed(1, .accepted(Self.session, from: nil))
        var half = 0
        for _ in 0..<40 {
            let (toFirst, toSecond) = (underWay[0], underWay[1])
            underWay = [[], []]
            for bytes in toFirst { feed(0, .received(Self.session, bytes)) }
            for bytes in toSecond { feed(1, .received(Self.session, bytes)) }
            guard isMeasured else { continue }
            if meshes[0].logsAwaited > 0 && diallerTrips == 0 { diallerTrips = Double(half) / 2 }
            if meshes[1].logsAwaited > 0 && otherTrips == 0 { otherTrips = Double(half) / 2 }
            if meshes[0].logsAwaited + meshes[1].logsAwaited >= differing { return }
            half += 1
        }
        throw BenchError.failed(
            "\(meshes[0].logsAwaited) and \(meshes[1].logsAwaited) of \(differing) found")
    }

    private mutating func feed(_ side: Int, _ event: Event) {
        var effects: [Effect] = []
        let before = Self.processorTime
        meshes[side].handle(
            event, at: Instant(nanoseconds: 1_000_000_000),
            wallClock: UnixTime(milliseconds: 1_700_000_000_000), into: &effects)
        for case .note(.sessionOpened) in effects { hasOpened[side] = true }
        if isMeasured { time[side] += Self.processorTime - before }
        for effect in effects {
            switch effect {
            case .dial(_, _, let token):
                feed(side, .connected(Self.session, dial: token, remote: nil))
            case .send(_, let bytes):
                underWay[1 - side].append(bytes)
                if hasOpened[side] { bytesSent += bytes.count }
                feed(side, .drained(Self.session, unsent: 0))
            default: break
            }
        }
    }

    private var isMeasured: Bool {
        haveMet ? hasOpened[0] || hasOpened[1] : meshes[0].counters.reconcileBytes > 0
    }

    private static var processorTime: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
