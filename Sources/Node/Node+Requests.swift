import Content
import Crypto
import Feed
import MerkleLog
import Mesh
import Primitives
import Store
import Transport
import Wire

/// What the owner can ask of a node: the same from the command line of a running node and of one
/// that was opened for a single command.
extension Node {
    /// Answers with any number of `.progress` and then one `.done` or `.failed`.
    package func perform(_ request: Control.Request, reply: @escaping (Control.Reply) -> Void) {
        let parameters = request.parameters
        do throws(NodeError) {
            switch request.operation {
            case "status": reply(.done(try status()))
            case "peers": reply(.done(peerList()))
            case "mesh": reply(.done(try meshView(parameters)))
            case "holders": reply(.done(try holders(parameters)))
            case "invite": reply(.done(try invite(parameters)))
            case "join": try join(parameters, reply)
            case "forget": reply(.done(try forget(parameters)))
            case "web": reply(.done(try freshLink(parameters)))
            case "post": try post(parameters, reply)
            case "follow": try follow(parameters, reply)
            case "timeline": reply(.done(try timeline(parameters)))
            case "show": reply(.done(try show(parameters)))
            case "log": reply(.done(try log(parameters)))
            case "prove": reply(.done(try prove(parameters)))
            case "check": check(reply)
            case "search": try search(parameters, reply)
            case "reindex": reindex(reply)
            case "poll": try poll(parameters, reply)
            case "explain": try explain(parameters, reply)
            case "rank": try rank(parameters, reply)
            case "media": try media(parameters, reply)
            case "wait": try wait(parameters, reply)
            case "init": try createAccount(parameters, reply)
            case "rename": reply(.done(try renameAccount(parameters)))
            case "device": try newDevice(parameters, reply)
            case "revoke": try revokeDevice(parameters, reply)
            case "policy": reply(.done(try policy(parameters)))
            case "quarantine": reply(.done(try quarantine(parameters)))
            case "accounts": reply(.done(accountList()))
            case "stop":
                reply(.done(.object()))
                stop()
            default: throw .badRequest("this node does not know \"\(request.operation)\"")
            }
        } catch {
            reply(.failed(error))
        }
    }

    // MARK: The node

    func status() throws(NodeError) -> Value {
        let counts = try stored { () throws(StoreError) in
            (
                entries: try reader.countedEntries(), marks: try reader.markCount(),
                logs: try reader.logCount()
            )
        }
        let seconds = (loop.now() - startedAt).milliseconds / 1_000
        let counters = mesh.counters
        return .object(
            ("version", .string(Self.version)), ("running", .bool(!localEndpoints.isEmpty)),
            ("address", .string(address.text)), ("data", .string(paths.data)),
            ("network", networkKey.map { .string(Hex.encode(NetworkID(of: $0).bytes)) }),
            ("posts", .int(counts.entries - min(counts.entries, counts.marks))),
            ("entries", .int(counts.entries)), ("logs", .int(counts.logs)),
            ("people", .int(people.count)), ("peers", .int(sessions.count)),
            ("uptime", .int(seconds)), ("accounts", accountList()),
            ("received", .int(counters.postsReceived)), ("sent", .int(counters.postsPushed)),
            ("duplicates", .int(counters.duplicates)),
            ("datagramsSent", .int(counters.datagramsSent)),
            ("datagramsReceived", .int(counters.datagramsReceived)),
            ("forks", forkList()),
            ("storage", try storageStatus()), ("followed", followedStatus()),
            ("quarantine", quarantineStatus()))
    }

    /// Forked logs, and what is told of them: at most so many as anybody reads.
    private func forkList() -> Value {
        .array(
            mesh.forks.prefix(100).map { proof in
                .object(
                    ("log", .string(DIDKey.encode(proof.log))), ("from", .int(proof.bound)),
                    ("name", people.name(of: proof.log).map { .string($0) }))
            })
    }

    func accountList() -> Value {
        .array(
            accounts.map { account in
                .object(
                    ("name", .string(account.name)),
                    ("identity", .string(DIDKey.encode(account.identity))),
                    ("device", .string(DIDKey.encode(account.device))),
                    ("state", .string(mesh.ownState(of: account.device))))
            })
    }

    func peerList() -> Value {
        let now = loop.now()
        return .array(
            sessions.keys.sorted().compactMap { key in
                guard let facts = sessions[key] else { return nil }
                return .object(
                    ("node", .string(DIDKey.multibase(key))), ("agent", .string(facts.agent)),
                    ("direction", .string(facts.isOutbound ? "out" : "in")),
                    ("datagrams", .bool(mesh.datagramsWork(with: key))),
                    ("seconds", .int((now - facts.since).milliseconds / 1_000)),
                    ("clockSkew", .int(facts.clockSkew)))
            })
    }

    /// Where this node is reached. Every address that it listens on; behind a router the owner puts
    /// the outer one.
    var address: PeerAddress {
        PeerAddress(key: nodeKey.publicKey, endpoints: advertisedEndpoints)
    }

    /// Answers once a log is held to a size: for programs that follow what arrives.
    func wait(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        guard let log = parameters["log"]?.text.flatMap({ DIDKey.parse($0) }),
            let size = parameters["size"]?.number
        else { throw .badRequest("wait takes a log and a size") }
        let head = try stored { () throws(StoreError) in try reader.head(of: log) }
        if let held = head?.size, held >= size {
            return reply(.done(.object(("size", .int(held)))))
        }
        guard waiters.count < 1_024 else { throw .refused("too many wait already") }
        waiters.append(Waiter(log: log, size: size, reply: reply))
    }

    // MARK: Writing

    func post(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let account = try writer(parameters)
        let texts = parameters["texts"]?.list ?? []
        var contents = try Self.past(parameters["past"]?.list ?? [])
        if contents.isEmpty, texts.isEmpty { throw .badRequest("what is the post?") }
        for value in texts {
            guard let text = value.text, !text.isEmpty else {
                throw .badRequest("a post has some text")
            }
            let limit = ContentLimits.note.upperBound
            guard text.utf8.count <= limit else {
                throw .badRequest(
                    "a post has at most \(limit) bytes, and this one has \(text.utf8.count)")
            }
            do throws(ContentError) { contents.append(.note(try Note(text: text))) } catch {
                throw .badRequest("\(error)")
            }
        }
        publish(contents, account.device, reply) { published in
            // Many addresses take longer to write than the posts: then the last one stands for all.
            let references = published.references
            let all = references.count <= 16 ? references.map { Value.string($0.text) } : nil
            return .object(
                ("addresses", all.map { .array($0) }),
                ("address", references.last.map { .string($0.text) }),
                ("from", .int(published.from)),
                ("size", .int(published.from + UInt64(published.leaves.count))))
        }
    }

    func follow(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let account = try writer(parameters)
        guard let who = parameters["who"]?.text else { throw .badRequest("follow whom?") }
        let identity = try self.identity(who)
        let isOn = parameters["on"]?.flag ?? true
        publish([.follow(identity: identity, isOn: isOn)], account.device, reply) { [people] _ in
            .object(
                ("identity", .string(DIDKey.encode(identity))),
                ("name", people.name(of: identity).map { .string($0) }),
                ("known", .bool(people.history(of: identity) != nil)), ("on", .bool(isOn)))
        }
    }

    /// Signs `contents` and answers with `describe` of where they stand, once they are durable.
    func publish(
        _ contents: [Content], _ log: LogKey, _ reply: @escaping (Control.Reply) -> Void,
        describe: @escaping (Published) -> Value
    ) {
        publish(contents, log) { result in
            switch result {
            case .success(let published): reply(.done(describe(published)))
            case .failure(let refusal): reply(.failed(.refused(refusal.advice)))
            }
        }
    }

    func publish(
        _ contents: [Content], _ log: LogKey, then: @escaping (Result<Published, Refusal>) -> Void
    ) {
        let time = EventLoop.wallClock()
        let salts = SystemRandom.bytes(LogLimits.salt * contents.count)
        let drafts = contents.enumerated().map { number, content in
            let start = number * LogLimits.salt
            return Draft(
                time: time, body: content.body(salt: Array(salts[start..<(start + LogLimits.salt)]))
            )
        }
        let token = nextPublish
        nextPublish += 1
        publishing[token] = then
        handle(.publish(log, drafts, token))
    }

    /// The identity to write as, whose device key is here.
    private func writer(_ parameters: Value) throws(NodeError) -> Account {
        let account = try account(parameters)
        guard mesh.ownState(of: account.device) != Mesh.noKey else {
            throw .refused(
                """
                the device key of \(account.name) is not here (keys are no part of a backup): open \
                a new device log with  starling device new --words FILE
                """)
        }
        return account
    }

    /// The identity to act as: `--as NAME`, or the only one.
    func account(_ parameters: Value) throws(NodeError) -> Account {
        if let name = parameters["as"]?.text {
            guard let found = accounts.first(where: { $0.name == name }) else {
                let names = accounts.map(\.name).joined(separator: ", ")
                throw .notFound("no identity is called \"\(name)\" here (there is: \(names))")
            }
            return found
        }
        guard let first = accounts.first else {
            throw .notFound("there is no identity yet: make one with  starling init")
        }
        return first
    }

    /// An identity by its did, the did of one of its logs, or a name that only one has.
    func identity(_ who: String) throws(NodeError) -> LogKey {
        if let key = DIDKey.parse(who) ?? DIDKey.parse(multibase: who) {
            return people.identity(of: key, at: 0) ?? key
        }
        if let account = accounts.first(where: { $0.name == who }) { return account.identity }
        let named = people.identities(named: who)
        guard let first = named.first else {
            throw .notFound("nobody called \"\(who)\" is known here: give their did:key:…")
        }
        guard named.count == 1 else {
            let dids = named.map { DIDKey.encode($0) }.joined(separator: ", ")
            throw .badRequest("several people are called \"\(who)\": \(dids)")
        }
        return first
    }

    /// Runs a read of the store and gives its error the owner's form.
    func stored<Result>(_ body: () throws(StoreError) -> Result) throws(NodeError) -> Result {
        do throws(StoreError) { return try body() } catch {
            noteDamage(error)
            throw .store("\(error)")
        }
    }
}

extension Refusal {
    /// What the owner can do about it.
    var advice: String {
        switch self {
        case .unknownLog: "this node does not write that log"
        case .behind(let size):
            "this store is older than what was published (\(size) entries): it is read-only until "
                + "the missing ones have come back from peers. Start the node and let it meet "
                + "them, or open a new device log with  starling device new"
        case .unconfirmed:
            "nobody has confirmed yet that this store is up to date (it was moved, copied or "
                + "restored): it is read-only until a peer has answered. Start the node and let it "
                + "meet one, or open a new device log with  starling device new"
        case .forked:
            "another copy of this device has published something else, so its log is frozen: "
                + "open a new device log with  starling device new"
        case .tooManyWaiting: "too many posts wait to be stored: try again in a moment"
        case .tooLarge: "too large for one post"
        case .diskFull: "the disk is full: the post was not stored. Make room and post again"
        case .failed: "the post could not be stored"
        }
    }
}
