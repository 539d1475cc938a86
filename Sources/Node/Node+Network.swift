import Mesh
package import Primitives
package import Transport

/// Between the mesh's sessions and the network's connections.
extension Node: NetworkDelegate {
    // MARK: Out

    func dial(_ address: PeerAddress, _ endpoint: Int, _ token: Token) {
        let text = address.endpoints[endpoint]
        var dial = Dial(token: token, address: address)
        if let literal = Endpoint(text) {
            dial.endpoints = [literal]
            connect(dial)
        } else if let (host, port) = HostPort.parse(text) {
            resolving[network.resolve(host: host, port: port)] = dial
        } else {
            waiting.append(.dialFailed(token))
        }
    }

    /// Tries the next address that a name stands for; the last one has more time.
    private func connect(_ dial: Dial) {
        var dial = dial
        let endpoint = dial.endpoints.removeFirst()
        let patience = dial.endpoints.isEmpty ? Instant.Span.seconds(10) : .seconds(3)
        let id = network.connect(to: endpoint, deadline: loop.now() + patience)
        connecting[id] = dial
    }

    func send(_ session: SessionID, _ bytes: [UInt8]) {
        guard let connection = connections[session] else { return }
        if network.send(bytes, on: connection) == .overLimit {
            network.close(connection)
            connections[session] = nil
            waiting.append(.closed(session))
        } else if touched.last != session {
            touched.append(session)
        }
    }

    func close(_ session: SessionID, _ atOnce: Bool) {
        guard let connection = connections.removeValue(forKey: session) else { return }
        if atOnce { network.close(connection) } else { network.finish(connection) }
    }

    // MARK: In

    package func network(_ network: Network, accepted id: ConnectionID, from peer: Peer) {
        switch peer {
        case .remote(let endpoint):
            connections[id.number] = id
            handle(.accepted(id.number, from: endpoint))
        case .local(let user): acceptControl(id, user)
        }
    }

    package func network(_ network: Network, connected id: ConnectionID) {
        guard let dial = connecting.removeValue(forKey: id) else { return }
        connections[id.number] = id
        var remote: Endpoint?
        if case .remote(let endpoint)? = network.peer(of: id) {
            remote = endpoint
        }
        handle(.connected(id.number, dial: dial.token, remote: remote))
    }

    package func network(
        _ network: Network, received bytes: RawSpan, on id: ConnectionID
    ) {
        if controls[id] != nil {
            crashPage.begin(nil, at: loop.now())
            receiveControl(id, [UInt8](copying: bytes))
        } else {
            handle(
                .received(id.number, [UInt8](copying: bytes)), of: mesh.suspect(id.number))
        }
    }

    package func network(_ network: Network, drained id: ConnectionID) {
        guard connections[id.number] != nil else { return }
        handle(.drained(id.number, unsent: network.pending(on: id)))
    }

    package func network(
        _ network: Network, closed id: ConnectionID, reason: CloseReason
    ) {
        if let dial = connecting.removeValue(forKey: id) {
            if !dial.endpoints.isEmpty { return connect(dial) }
            journal.say("cannot reach \(short(dial.address.key)): \(reason)")
            return handle(.dialFailed(dial.token))
        }
        if controls.removeValue(forKey: id) != nil { return }
        connections[id.number] = nil
        handle(.closed(id.number))
    }

    package func network(
        _ network: Network, datagram bytes: RawSpan, from sender: Endpoint
    ) {
        let datagram = [UInt8](copying: bytes)
        guard let suspect = mesh.suspect(ofDatagram: datagram) else { return }
        handle(.datagram(datagram, from: sender), of: suspect)
    }

    package func network(
        _ network: Network, resolved id: ResolutionID, to endpoints: [Endpoint]
    ) {
        guard var dial = resolving.removeValue(forKey: id) else { return }
        guard !endpoints.isEmpty else {
            journal.say("cannot find the address of \(short(dial.address.key))")
            return handle(.dialFailed(dial.token))
        }
        dial.endpoints = Array(endpoints.prefix(Limits.Addresses.endpoints))
        connect(dial)
    }
}
