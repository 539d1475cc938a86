import Mesh
package import Primitives
package import Transport

/// Between the mesh's sessions and the network's connections.
extension Node: NetworkDelegate {
    // MARK: Out

    func dial(_ address: PeerAddress, _ endpoint: Int, _ token: Token) {
        let text = address.endpoints[endpoint]
        guard let (host, port) = HostPort.parse(text) else {
            return waiting.append(.dialFailed(token))
        }
        let dial = Dial(token: token, address: address, port: port)
        if let literal = Endpoint(text) {
            connect(dial, literal)
        } else {
            resolving[network.resolve(host: host, port: port)] = dial
        }
    }

    private func connect(_ dial: Dial, _ endpoint: Endpoint) {
        let id = network.connect(to: endpoint, deadline: loop.now() + .seconds(10))
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
            receiveControl(id, [UInt8](copying: bytes))
        } else {
            handle(.received(id.number, [UInt8](copying: bytes)))
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
        handle(.datagram([UInt8](copying: bytes), from: sender))
    }

    package func network(
        _ network: Network, resolved id: ResolutionID, to endpoints: [Endpoint]
    ) {
        guard let dial = resolving.removeValue(forKey: id) else { return }
        guard let first = endpoints.first else {
            journal.say("cannot find the address of \(short(dial.address.key))")
            return handle(.dialFailed(dial.token))
        }
        connect(dial, first)
    }
}
