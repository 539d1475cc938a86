import Archive
import Crypto
import Feed
import Glibc
import MerkleLog
import Node
import Primitives
import Store
import Synchronization
import Transport
import Wire

/// Bringing a past along, and taking everything away: work that goes on when its request is
/// answered. One piece of each kind at a time; what an archive or an export takes waits on the
/// disk, in files without a name.
final class Moving: Sendable {
    enum Kind: String, Sendable {
        case arrival = "import"
        case departure = "export"
    }

    /// One piece of work, as far as it is.
    struct Job: Sendable {
        var id: Int64
        var kind: Kind
        var account: LogKey
        var isRunning = true
        /// Of an import, posts; of an export, entries.
        var done = 0
        var counts: Arrival.Counts?
        var posts: Int?
        var problem: String?
        /// The finished export.
        var file: SpoolFile?
    }

    /// The last piece of each kind is told until the next begins.
    private let jobs = Mutex<[Kind: Job]>([:])
    private let door: NodeDoor
    let directory: String

    init(_ door: NodeDoor, directory: String) {
        self.door = door
        self.directory = directory
    }

    func job(_ kind: Kind, of account: LogKey) -> Job? {
        jobs.withLock { $0[kind] }.flatMap { $0.account == account ? $0 : nil }
    }

    /// Takes a place; nil while another of the kind is at work.
    private func begin(_ kind: Kind, _ account: LogKey, _ id: Int64) -> Job? {
        jobs.withLock { jobs in
            if jobs[kind]?.isRunning == true { return nil }
            let job = Job(id: id, kind: kind, account: account)
            jobs[kind] = job
            return job
        }
    }

    private func change(_ kind: Kind, _ body: (inout Job) -> Void) {
        jobs.withLock { jobs in
            guard var job = jobs[kind] else { return }
            body(&job)
            jobs[kind] = job
        }
    }

    private func end(_ kind: Kind, problem: NodeError?) {
        change(kind) { job in
            job.isRunning = false
            job.problem = problem.map { "\($0)" }
        }
    }

    // MARK: Imports

    func bring(
        _ body: HTTPBody, from service: PastService, for account: Account, _ id: Int64
    ) throws(HTTPFailure) -> Job {
        let file = try spooled(body)
        guard let job = begin(.arrival, account.identity, id) else { throw Self.busy }
        startThread("import") { [self] in
            var problem: NodeError?
            do throws(NodeError) { try arrive(file, service, account) } catch { problem = error }
            end(.arrival, problem: problem)
        }
        return job
    }

    private static let busy = HTTPFailure(422, "One is at work already: wait until it has ended")

    /// A short archive came in memory.
    private func spooled(_ body: HTTPBody) throws(HTTPFailure) -> SpoolFile {
        switch body {
        case .spooled(let file): return file
        case .bytes(let bytes):
            let file = try SpoolFile(in: directory)
            try file.append(bytes[...])
            return file
        }
    }

    private func arrive(
        _ file: SpoolFile, _ service: PastService, _ account: Account
    ) throws(NodeError) {
        let door = door
        let ask: OwnLogs.Ask = { operation, parameters throws(NodeError) in
            try door.ask(operation, parameters)
        }
        var arrival = try Arrival(from: service, of: try OwnLogs(of: account.name, ask), ask)
        defer { change(.arrival) { $0.counts = arrival.counts } }
        let way = Arrival.Way { posts throws(NodeError) in
            _ = try ask(
                "post", .object(("as", .string(account.name)), ("past", .array(posts))))
            self.change(.arrival) { $0.done += posts.count }
        }
        try arrival.take(service, file.path, name: "the file", way)
    }

    // MARK: Exports

    func takeAway(_ account: Account, _ id: Int64) throws(HTTPFailure) -> Job {
        guard let job = begin(.departure, account.identity, id) else { throw Self.busy }
        startThread("export") { [self] in
            var problem: NodeError?
            do throws(NodeError) { try depart(account) } catch { problem = error }
            end(.departure, problem: problem)
        }
        return job
    }

    private func depart(_ account: Account) throws(NodeError) {
        let file: SpoolFile
        do throws(HTTPFailure) { file = try SpoolFile(in: directory) } catch {
            throw .store(error.message)
        }
        let writer: PackedWriter
        do throws(ArchiveError) {
            writer = try PackedWriter(descriptor: file.descriptor)
        } catch { throw .store("\(error)") }
        let (door, directory) = (door, directory)
        let ask: OwnLogs.Ask = { operation, parameters throws(NodeError) in
            try door.ask(operation, parameters)
        }
        let logs = try OwnLogs(of: account.name, ask)
        let counts = try Departure.write(
            logs, to: .packed(writer, waiting: directory), ask
        ) { entries throws(NodeError) in
            // The node's own room comes first.
            if entries % 256 == 1, DiskSpace(of: directory)?.isLow == true {
                throw .store("the disk is nearly full: nothing was written")
            }
            change(.departure) { $0.done = entries }
        }
        do throws(HTTPFailure) { try file.measure() } catch { throw .store(error.message) }
        change(.departure) { job in
            job.posts = counts.posts
            job.done = counts.entries
            job.file = file
        }
    }
}

extension Mastodon {
    func addMoving(_ router: inout Router, _ base: String) {
        router.add(archiveRoute(base))
        add(&router, .get, "\(base)/imports", .scope("read:statuses")) {
            [moving] call throws(HTTPFailure) in
            .json(
                .array([moving.job(.arrival, of: try call.me().identity)].compactMap { $0?.json }))
        }
        add(&router, .post, "\(base)/exports", .scope("read:statuses")) {
            [moving] call throws(HTTPFailure) in
            .json(try moving.takeAway(try call.me(), try call.newID()).json, status: 202)
        }
        add(&router, .get, "\(base)/exports", .scope("read:statuses")) {
            [moving] call throws(HTTPFailure) in
            .json(
                .array([moving.job(.departure, of: try call.me().identity)].compactMap { $0?.json })
            )
        }
        add(&router, .get, "\(base)/exports/:id/file", .scope("read:statuses")) {
            [moving] call throws(HTTPFailure) in
            guard let job = moving.job(.departure, of: try call.me().identity),
                job.id == (try call.id()), let file = job.file
            else { throw .notFound }
            // A descriptor of its own: answers that are sent at once do not share their place.
            let descriptor = unsafe open(file.path, O_RDONLY | O_CLOEXEC)
            guard let open = OpenFile(descriptor: descriptor, size: UInt64(clamping: file.count))
            else {
                throw HTTPFailure(503, "The node has no more file descriptors")
            }
            var response = try HTTPResponse.file(open, type: "application/zip", for: call.request)
            response.headers["Content-Disposition"] = "attachment; filename=\"starling.zip\""
            return response
        }
    }

    /// The archive is the body, as the service gave it: a form around it would be written to the
    /// disk with it.
    private func archiveRoute(_ base: String) -> Route {
        let scope = "write:statuses"
        var route = Route(.post, "\(base)/imports", bodies: .archive) {
            [self] request throws(HTTPFailure) in
            guard let account = try authority(request, scope, false)?.account else {
                throw HTTPFailure(401, "The access token is invalid")
            }
            let name = try request.parameters().text("service") ?? ""
            guard let service = PastService(rawValue: name) else {
                throw HTTPFailure(422, "Validation failed: service is twitter or mastodon")
            }
            guard request.body.count > 0 else {
                throw HTTPFailure(422, "Validation failed: the archive is the body")
            }
            return .json(
                try moving.bring(request.body, from: service, for: account, ids.next()).json,
                status: 202)
        }
        let directory = moving.directory
        route.admits = { [authority] request throws(HTTPFailure) in
            _ = try authority(request, scope, false)
            guard let space = DiskSpace(of: directory) else { return }
            let length = request.headers["Content-Length"].flatMap { UInt64($0) }
            guard let length else { throw HTTPFailure(411, "The archive's length is missing") }
            guard space.free > space.lowWater, space.free - space.lowWater > length else {
                throw HTTPFailure(413, "The disk has no room for the archive")
            }
        }
        return route
    }
}

extension Moving.Job {
    var json: JSONValue {
        let state = isRunning ? "running" : problem == nil ? "done" : "failed"
        let common: JSONValue = [
            "id": .id(id), "kind": .string(kind.rawValue), "state": .string(state),
            "done": .count(done), "error": .text(problem),
        ]
        switch kind {
        case .arrival:
            return common.with(
                ("known", .count(counts?.known ?? 0)), ("reposts", .count(counts?.reposts ?? 0)),
                ("not_public", .count(counts?.notPublic ?? 0)),
                ("other", .count(counts?.other ?? 0)))
        case .departure:
            return common.with(
                ("posts", .count(posts ?? 0)),
                ("bytes", file.map { .count($0.count) } ?? .null))
        }
    }
}
