import CLinux
import Primitives

/// What happens to a connection between `connect` or `accept` and its end.
extension Network {
    func ready(_ token: UInt64, _ readiness: Readiness) {
        if let connection = connections[token] {
            ready(connection, readiness)
        } else if let socket = datagramSockets[token] {
            receive(on: socket)
        } else if let listener = listeners[token] {
            accept(on: listener)
        }
    }

    private func ready(_ connection: Connection, _ readiness: Readiness) {
        guard connection.phase != .connecting else {
            return finishConnecting(connection, readiness)
        }
        if readiness.contains(.write) { write(connection) }
        guard connection.phase != .closed, connection.failure == nil else { return }
        let hasEnd = !readiness.isDisjoint(with: .end)
        if connection.wantsReading && !connection.hasEnded {
            if hasEnd || readiness.contains(.read) { read(connection, limits.readsPerTurn) }
        } else if hasEnd {
            // Nobody reads, and it has ended all the same: it would be reported again and again.
            fail(connection, CloseReason.pending(connection.descriptor.number) ?? .reset)
        }
    }

    // MARK: Beginning and end

    /// Counts and watches a new connection. False when the system refuses.
    func add(_ connection: Connection) -> Bool {
        connection.interest = connection.wantedInterest
        do {
            try loop.add(
                relay, connection.id.number, connection.descriptor.number, connection.interest)
        } catch {
            return false
        }
        connections[connection.id.number] = connection
        count(connection.origin, 1)
        return true
    }

    private func count(_ origin: Connection.Origin, _ change: Int) {
        switch origin {
        case .accepted: open.accepted += change
        case .outgoing: open.outgoing += change
        case .local: open.local += change
        }
    }

    /// Forgets a connection, which closes it.
    func remove(_ connection: Connection) {
        guard connection.phase != .closed else { return }
        connection.phase = .closed
        if let timer = connection.timer { loop.cancel(timer) }
        loop.update(
            connection.id.number, connection.descriptor.number, from: connection.interest, to: [])
        loop.remove(connection.id.number)
        connections[connection.id.number] = nil
        count(connection.origin, -1)
    }

    /// Ends a connection and tells the owner, unless it was done with it.
    func fail(_ connection: Connection, _ reason: CloseReason) {
        let isOwned = connection.phase == .open || connection.phase == .connecting
        remove(connection)
        if reason == .stalled { counters.stalled += 1 }
        if isOwned { delegate?.network(self, closed: connection.id, reason: reason) }
    }

    private func finishConnecting(_ connection: Connection, _ readiness: Readiness) {
        let number = connection.descriptor.number
        if let reason = CloseReason.pending(number) { return fail(connection, reason) }
        guard readiness.contains(.write) else { return fail(connection, .reset) }
        if case .remote(let endpoint) = connection.peer {
            // Without a listener, a port of the ephemeral range can be dialled from itself.
            if Endpoint.local(of: number) == endpoint { return fail(connection, .refused) }
        } else {
            connection.peer = .local(user: peerUser(number))
        }
        if let timer = connection.timer { loop.cancel(timer) }
        connection.timer = nil
        connection.phase = .open
        updateInterest(connection)
        if !connection.queue.isEmpty { markDirty(connection) }
        delegate?.network(self, connected: connection.id)
    }

    func peerUser(_ socket: Int32) -> UInt32? {
        UInt32(exactly: starling_peer_user(socket))
    }

    func updateInterest(_ connection: Connection) {
        let wanted = connection.wantedInterest
        loop.update(
            connection.id.number, connection.descriptor.number, from: connection.interest,
            to: wanted)
        connection.interest = wanted
    }

    // MARK: Reading

    /// Reads at most `times`, so that the others get their turn; what is left makes the socket
    /// ready again.
    private func read(_ connection: Connection, _ times: Int) {
        for _ in 0..<times {
            let count = buffer.fill(from: connection.descriptor.number)
            guard count > 0 else { return readEnded(connection, -count) }
            counters.bytesReceived += UInt64(count)
            if connection.phase == .open {
                buffer.withSpan(count) {
                    delegate?.network(self, received: $0, on: connection.id)
                }
            }
            guard connection.phase != .closed, connection.wantsReading, count == limits.readSize
            else { return }
        }
    }

    private func readEnded(_ connection: Connection, _ code: Int) {
        switch Int32(code) {
        case EAGAIN, EINTR:
            return
        case 0 where connection.phase == .finishing:
            // The peer only said that it will send no more: it may still want the rest.
            connection.hasEnded = true
            updateInterest(connection)
        case 0:
            fail(connection, .endOfStream)
        case let code:
            fail(connection, .from(code))
        }
    }

    // MARK: Writing

    func markDirty(_ connection: Connection) {
        guard !connection.isDirty, !connection.isBlocked, connection.phase != .connecting else {
            return
        }
        connection.isDirty = true
        dirty.append(connection.id.number)
    }

    /// Writes what was queued in this turn. Calls nobody.
    func sendQueued() {
        var numbers: [UInt64] = []
        swap(&numbers, &dirty)
        for number in numbers {
            guard let connection = connections[number] else { continue }
            connection.isDirty = false
            write(connection)
        }
        numbers.removeAll(keepingCapacity: true)
        swap(&numbers, &dirty)
        for socket in datagramSockets.values where socket.outgoing.count > 0 { flush(socket) }
    }

    /// Gives the kernel what it takes, but not for ever: the rest waits until the socket is
    /// writable again.
    private func write(_ connection: Connection) {
        let before = connection.queue.count
        connection.isBlocked = false
        for _ in 0..<4 where !connection.queue.isEmpty {
            let number = connection.descriptor.number
            let sent = unsafe connection.queue.withVectors {
                unsafe starling_send_vectors(number, $0.baseAddress, $0.count)
            }
            guard sent >= 0 else {
                guard -sent == EAGAIN || -sent == EINTR else {
                    return breakOff(connection, .from(Int32(-sent)))
                }
                break
            }
            connection.queue.consume(sent)
        }
        counters.bytesSent += UInt64(before - connection.queue.count)
        connection.isBlocked = !connection.queue.isEmpty
        noteProgress(connection, before - connection.queue.count)
        if connection.wasAboveLowWater && connection.queue.count <= limits.lowWater {
            connection.wasAboveLowWater = false
            reports.append(.drained(connection.id))
        }
        if connection.phase == .finishing && connection.queue.isEmpty { linger(connection) }
        updateInterest(connection)
    }

    /// Writing failed. What the peer sent before is still read, and then the end reported.
    private func breakOff(_ connection: Connection, _ reason: CloseReason) {
        connection.failure = reason
        connection.queue = SendQueue()
        updateInterest(connection)
        reports.append(.broken(connection.id))
    }

    /// Sets, moves or lifts the deadline by which the peer must have taken more.
    private func noteProgress(_ connection: Connection, _ sent: Int) {
        guard connection.isBlocked else {
            connection.stallDeadline = nil
            return
        }
        connection.progress += sent
        if connection.stallDeadline == nil || connection.progress >= limits.stallProgress {
            connection.progress = 0
            connection.stallDeadline = loop.now() + limits.stallTime
        }
        if connection.timer == nil { watchForStall(connection) }
    }

    /// One timer for a connection, which looks again when the deadline has moved meanwhile.
    private func watchForStall(_ connection: Connection) {
        guard let deadline = connection.stallDeadline else { return }
        let id = connection.id.number
        connection.timer = loop.schedule(at: deadline) { [weak self] in
            guard let self, let connection = connections[id] else { return }
            connection.timer = nil
            guard let deadline = connection.stallDeadline else { return }
            if loop.now() >= deadline {
                fail(connection, .stalled)
            } else {
                watchForStall(connection)
            }
        }
    }

    /// Closes our side, and gives the peer a moment to close its own.
    private func linger(_ connection: Connection) {
        guard !connection.hasEnded else { return remove(connection) }
        connection.phase = .lingering
        _ = shutdown(connection.descriptor.number, Int32(SHUT_WR))
        if let timer = connection.timer { loop.cancel(timer) }
        let id = connection.id.number
        connection.timer = loop.schedule(at: loop.now() + limits.lingerTime) { [weak self] in
            guard let self, let connection = connections[id] else { return }
            remove(connection)
        }
    }

    // MARK: Reports

    /// Tells the delegate what came up meanwhile; what comes up in doing so waits for the next
    /// turn.
    func report() {
        for _ in 0..<reports.count {
            guard let report = reports.popFirst() else { return }
            tell(report)
        }
    }

    private func tell(_ report: Report) {
        switch report {
        case .failedToConnect(let id, let reason):
            delegate?.network(self, closed: id, reason: reason)
        case .broken(let id):
            guard let connection = connections[id.number] else { return }
            if connection.wantsReading { read(connection, 64) }
            if connection.phase != .closed { fail(connection, connection.failure ?? .reset) }
        case .drained(let id):
            guard connections[id.number]?.phase == .open else { return }
            delegate?.network(self, drained: id)
        case .resolved(let id, let endpoints):
            delegate?.network(self, resolved: id, to: endpoints)
        }
    }
}

extension CloseReason {
    /// The error that waits on `socket`; nil when there is none.
    static func pending(_ socket: Int32) -> CloseReason? {
        let code = starling_pending_error(socket)
        return code == 0 ? nil : .from(code)
    }
}

extension Network {
    /// Sets what every TCP connection has: small messages leave at once, and little waits in the
    /// kernel.
    func setUpStream(_ socket: Int32) {
        // The queue collects small messages already.
        _ = starling_set_option(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        _ = starling_set_option(
            socket, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, Int32(clamping: limits.kernelQueue))
    }
}
