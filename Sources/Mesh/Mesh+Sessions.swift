import Crypto
import MerkleLog
import Plumtree
import Primitives

/// Opening, keeping and ending sessions: `Protocol/session.md`.
extension Mesh {
    package static let prologue = Array("starling/1".utf8)

    // MARK: Handshake

    mutating func accepted(_ id: SessionID, _ from: Endpoint?) {
        let prefix = from.flatMap { Admission.prefix(of: $0.address) }
        guard !quarantined.refuses(from), mayShake(prefix) else {
            return emit(.close(id, atOnce: true))
        }
        open(id, target: nil)
        sessions[id]?.remote = from
        sessions[id]?.prefix = prefix
    }

    mutating func connected(_ id: SessionID, _ dial: Token, _ remote: Endpoint?) {
        guard let target = targetConnected(dial, id) else {
            return emit(.close(id, atOnce: true))
        }
        open(id, target: target)
        sessions[id]?.remote = remote
        sessions[id]?.datagrams.address = remote
    }

    private mutating func open(_ id: SessionID, target: Int?) {
        let peer = target.flatMap { self.target($0)?.address.key }
        let remote = peer.flatMap { $0.x25519 }
        if peer != nil && remote == nil || quarantined.refuses(key: remote) {
            return emit(.close(id, atOnce: true))
        }
        let handshake = NoiseHandshake(
            role: target == nil ? .responder : .initiator, static: agreementKey,
            remoteStatic: remote, prologue: Self.prologue, psk: configuration.networkSecret,
            ephemeral: AgreementKey(bytes: configuration.entropy().array))
        let datagramID = configuration.entropy().w0
        let session = Session(
            id: id, target: target, peer: peer, handshake: handshake, datagramID: datagramID,
            now: now)
        session.remoteStatic = remote
        sessions[id] = session
        datagramSessions[datagramID] = id
        if target != nil { sayHandshake(session, handshake) }
    }

    private mutating func sayHandshake(_ session: Session, _ handshake: NoiseHandshake) {
        guard let message = try? handshake.writeMessage([]) else {
            return end(session, "handshake failed", atOnce: true)
        }
        send(session, raw: [UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message)
    }

    // MARK: Bytes in

    mutating func received(_ id: SessionID, _ bytes: [UInt8]) {
        guard let session = sessions[id] else { return }
        heard(session, bytes: bytes.count)
        session.frames.append(bytes)
        while let frame = session.frames.next() {
            session.frames.restartDeadline()
            session.lastHeard = now
            take(session, session.frames.bytes, frame)
            if case .closed = session.phase { return }
        }
        session.frames.updateDeadline(now: now)
        weigh(session)
    }

    private mutating func take(_ session: Session, _ bytes: [UInt8], _ frame: Range<Int>) {
        switch session.phase {
        case .handshaking(let handshake): shake(session, handshake, Array(bytes[frame]))
        case .greeting(let noise), .ready(let noise):
            guard let message = assemble(session, noise, bytes, frame) else { return }
            observe(session, .heard, message)
            guard let message = try? Message(decoding: message) else {
                return farewell(session, .protocolError, "a message that does not decode")
            }
            take(session, message, byDatagram: false)
        case .closed: break
        }
    }

    private mutating func shake(
        _ session: Session, _ handshake: NoiseHandshake, _ frame: [UInt8]
    ) {
        // Silent to whoever does not know this node's key: nothing is said before the first message
        // proves it.
        guard let payload = try? handshake.readMessage(frame), payload.isEmpty else {
            return end(session, "handshake failed", atOnce: true)
        }
        session.hasSpoken = true
        if !handshake.isComplete { sayHandshake(session, handshake) }
        guard handshake.isComplete else { return }
        session.phase = .greeting(handshake.split())
        session.remoteStatic = handshake.remoteStatic
        guard !quarantined.refuses(key: session.remoteStatic) else {
            return end(session, "it is in quarantine", atOnce: true)
        }
        var hello = Message.Hello(
            version: Message.Hello.version, node: configuration.nodeKey.publicKey,
            datagramID: session.datagrams.receivingID, time: wallClock,
            agent: configuration.agent, port: configuration.listenPort.map(UInt64.init))
        hello.invite = session.target.flatMap { target($0)?.secret }
        send(session, .hello(hello))
    }

    /// The whole message that `frame` completes; nil when more is to come, or the session has
    /// ended.
    private mutating func assemble(
        _ session: Session, _ noise: NoiseSession, _ bytes: [UInt8], _ frame: Range<Int>
    ) -> [UInt8]? {
        var plaintext: [UInt8] = []
        guard frame.count >= 18, (try? noise.open(bytes, in: frame, into: &plaintext)) != nil else {
            end(session, "a frame that does not decrypt", atOnce: true)
            return nil
        }
        do {
            return try session.assembler.take(plaintext)
        } catch {
            farewell(session, .protocolError, "a fragment out of bounds")
            return nil
        }
    }

    // MARK: Messages in

    mutating func take(_ session: Session, _ message: Message, byDatagram: Bool) {
        guard case .ready = session.phase else {
            guard case .hello(let hello) = message, !byDatagram else {
                return farewell(session, .protocolError, "hello comes first")
            }
            return greet(session, hello)
        }
        switch message {
        case .hello: farewell(session, .protocolError, "a second hello")
        case .ping(let nonce): answerPing(session, nonce, byDatagram)
        case .pong(let nonce): if byDatagram { datagramAnswered(session, nonce) }
        case .heads(let heads, _): heard(session, heads)
        case .own(let logs): answerOwn(session, logs)
        case .ownHeads(let heads): heardOwn(session, heads)
        case .get(let stream, let log, let from, let to, let credit):
            openStream(session, stream, log, from, to, credit)
        case .batch(0, let batch): pushed(session, batch, byDatagram)
        case .batch(let stream, let batch): fetched(session, stream, batch)
        case .end(let stream, let size): heardEnd(session, stream, size)
        case .have(let list): heard(session, list)
        case .bye(_, let text): left(session, text)
        case .fork(let proof): heard(session, proof)
        case .credit(let stream, let more): creditStream(session, stream, more)
        case .prune(let logs): pruned(session, logs)
        case .graft(let logs): grafted(session, logs)
        case .since(let theirs, let mine, let change):
            heardSince(session, theirs, mine, change)
        case .mark(let store, let change): heardMark(session, store, change)
        case .want(let change, let logs): heardWant(session, change, logs)
        case .sketchAsk(let ask): heardAsk(session, ask)
        case .sketch(let round, let answer): heardSketch(session, round, answer)
        case .names(let names): heardNames(session, names)
        case .join, .forwardJoin, .neighbor, .neighborReply, .disconnect, .shuffle, .shuffleReply:
            heardOverlay(session, message)
        case .blobAsk(let list): heardAsk(session, list)
        case .blobHave(let isAnswer, let list): heardHave(session, isAnswer, list)
        case .blobGet(let request): heardGet(session, request)
        case .blobPiece(let piece): heardPiece(session, piece)
        case .unknown: break
        }
    }

    private mutating func greet(_ session: Session, _ hello: Message.Hello) {
        guard hello.version == Message.Hello.version else {
            return farewell(session, .version, "this node speaks version 1")
        }
        guard let remote = session.remoteStatic, hello.node.x25519 == remote,
            session.peer == nil || session.peer == hello.node,
            hello.node != configuration.nodeKey.publicKey
        else { return farewell(session, .wrongKey, "the node key is not the handshake's") }
        guard let noise = session.noise, settleDuplicate(session, hello.node) else { return }
        redeem(session, hello)
        guard mayStay(session, hello.node) else {
            return farewell(session, .tooManyPeers, "too many peers are here already")
        }
        session.peer = hello.node
        session.agent = hello.agent
        session.phase = .ready(noise)
        session.datagrams.sendingID = hello.datagramID
        sessionOfPeer[hello.node] = session.id
        met(session, hello)
        let skew =
            Int64(clamping: hello.time.milliseconds) - Int64(clamping: wallClock.milliseconds)
        note(
            .sessionOpened(
                hello.node, agent: hello.agent, outbound: session.target != nil,
                clockSkewMilliseconds: skew))
        if session.target != nil { session.datagrams.nextProbe = now }
        sendOwnLogs(session)
        sendWants(session)
        sendSince(session)
        askAboutBlobs(session)
        sessionReady(session)
    }

    /// Two sessions between the same nodes: the one that the smaller node key dialled stays.
    private mutating func settleDuplicate(_ session: Session, _ node: LogKey) -> Bool {
        guard let otherID = sessionOfPeer[node], let other = sessions[otherID], other !== session
        else { return true }
        let mine = configuration.nodeKey.publicKey
        func dialledBySmaller(_ s: Session) -> Bool { (s.target != nil) == (mine < node) }
        // A newer session of the same direction replaces one that the peer has given up already.
        let keepNew = dialledBySmaller(session) || !dialledBySmaller(other)
        farewell(keepNew ? other : session, .duplicate, "another session is open")
        return keepNew
    }

    // MARK: Bytes out

    mutating func send(_ session: Session, _ message: Message) {
        send(session, encoded: message.encoded())
    }

    /// A message that is encoded already, since several peers get it.
    mutating func send(_ session: Session, encoded message: [UInt8]) {
        guard let bend else { return seal(session, message) }
        for message in bend(session.id, message) { seal(session, message) }
    }

    mutating func seal(_ session: Session, _ message: [UInt8]) {
        guard let noise = session.noise else { return }
        observe(session, .said, message)
        guard let frames = try? Fragments.seal(message, with: noise) else {
            return end(session, "the session's keys are used up", atOnce: true)
        }
        send(session, raw: frames)
    }

    mutating func send(_ session: Session, raw bytes: [UInt8]) {
        session.unsent += bytes.count
        session.lastSaid = now
        said(session, bytes: bytes.count)
        emit(.send(session.id, bytes))
        weigh(session)
        if session.unsent > Limits.sendHardCap {
            end(session, "it does not read what it asks for", atOnce: true)
        }
    }

    mutating func drained(_ id: SessionID, _ unsent: Int) {
        guard let session = sessions[id] else { return }
        session.unsent = unsent
        weigh(session)
        guard session.isReady, !session.isCongested else { return }
        sendOverdue(session)
        sendHeads(session)
        sendChanges(session)
        serve(session)
        serveBlobs(session)
    }

    // MARK: Ends

    /// Says why, and closes once that has left.
    mutating func farewell(_ session: Session, _ why: Message.Farewell, _ text: String) {
        if case .closed = session.phase { return }
        send(session, .bye(why.rawValue, text))
        end(session, text, atOnce: false)
    }

    mutating func end(_ session: Session, _ why: String, atOnce: Bool) {
        if case .closed = session.phase { return }
        emit(.close(session.id, atOnce: atOnce))
        forget(session, why)
    }

    private mutating func left(_ session: Session, _ text: String) {
        end(session, "the peer left: \(text)", atOnce: true)
    }

    mutating func closed(_ id: SessionID) {
        if let session = sessions[id] { forget(session, "the connection closed") }
    }

    private mutating func forget(_ session: Session, _ why: String) {
        let wasReady = session.isReady
        session.phase = .closed
        sessions[session.id] = nil
        peerBytes -= session.weight
        datagramSessions[session.datagrams.receivingID] = nil
        leaveTrees(session)
        if let peer = session.peer, sessionOfPeer[peer] == session.id { sessionOfPeer[peer] = nil }
        for fetch in session.fetches {
            switch fetch.purpose {
            case .repair: repairEnded(fetch.log)
            case .search: break
            case .entries, .newest:
                fetching[fetch.log] = nil
                passOnPart(fetch)
            }
        }
        blobsLost(session)
        targetEnded(session, wasReady: wasReady)
        if wasReady { sessionLost(session) }
        // One of two that crossed: the peer is still here.
        let isHere = session.peer.map { sessionOfPeer[$0] != nil } ?? false
        if !isHere && (wasReady || session.target != nil) {
            note(.sessionClosed(session.peer, why: why))
        }
        schedule()
        resumeServing()
    }

    // MARK: Time

    mutating func checkDeadlines(_ session: Session) {
        if !session.isReady {
            if now >= session.openedAt + Limits.handshakeDeadline {
                end(session, "no handshake in time", atOnce: true)
            }
            return
        }
        if let deadline = session.frames.deadline, now >= deadline {
            return end(session, "a frame took too long", atOnce: true)
        }
        if now >= session.lastHeard + Limits.silence {
            return end(session, "silence", atOnce: true)
        }
        if now >= session.lastSaid + Limits.pingInterval { send(session, .ping(random.next())) }
        dropStalledFetches(session)
        dropStalledBlobs(session)
        closeStalledStreams(session)
        repairDatagrams(session)
        repeatAnnouncements(session)
        probeDatagrams(session)
        sendMark(session)
        reconcileDue(session)
        leaveIfDue(session)
        endIfIdle(session)
    }

    private mutating func answerPing(_ session: Session, _ nonce: UInt64, _ byDatagram: Bool) {
        if byDatagram {
            sendDatagram(session, .pong(nonce))
            // The peer reaches us: see at once whether we reach it.
            if !session.datagrams.works { session.datagrams.nextProbe = now }
        } else {
            send(session, .pong(nonce))
        }
    }
}

extension Session {
    /// When the mesh must look at this session again.
    var nextDeadline: Instant? {
        guard isReady else { return openedAt + Limits.handshakeDeadline }
        var earliest = min(lastHeard + Limits.silence, lastSaid + Limits.pingInterval)
        if let deadline = frames.deadline { earliest = min(earliest, deadline) }
        for fetch in fetches { earliest = min(earliest, fetch.deadline, fetch.judgedAt) }
        for stream in serving { earliest = min(earliest, stream.deadline) }
        if let deadline = blobs.deadline { earliest = min(earliest, deadline) }
        if let repair = repairs.first { earliest = min(earliest, repair.at) }
        if let reminder = reminders.first { earliest = min(earliest, reminder.at) }
        if case .leaving(let until) = standing { earliest = min(earliest, until) }
        if let probe = datagrams.nextProbe { earliest = min(earliest, probe) }
        if let deadline = reconciling.deadline { earliest = min(earliest, deadline) }
        if let next = reconciling.next { earliest = min(earliest, next) }
        return earliest
    }
}
