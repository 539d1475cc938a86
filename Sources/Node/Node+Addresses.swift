import Crypto
import Mesh
import Primitives
import Store
import Transport
import Wire

/// Where this node listens, what it tells others of it, and which peers it remembers.
extension Node {
    /// Starts listening and joining.
    package func listen(on text: String) throws(NodeError) {
        guard let (host, port) = HostPort.parseListening(text) else {
            throw .badRequest(
                "--listen takes HOST:PORT, for example  --listen :::4646  or  --listen 127.0.0.1:0")
        }
        do throws(TransportError) {
            localEndpoints = try network.listen(on: host, port: port)
        } catch { throw .network("\(error)") }
        watchDisk()
        mesh.setListenPort(localEndpoints.first?.port)
        let machine = LocalAddresses.all() + localEndpoints.map(\.address)
        mesh.setOwn(addresses: machine, ports: localEndpoints.map(\.port))
        mesh.setOutbound(Limits.Addresses.outbound)
        for peer in try rememberedPeers() { handle(.addPeer(peer)) }
        for text in options.join {
            let peer = try PeerAddress(parsing: text)
            if peer.key == nodeKey.publicKey { continue }
            try remember(peer)
            handle(.addPeer(peer))
        }
    }

    /// Where others reach this node: what it listens on; of a wildcard, this machine's own
    /// addresses.
    var advertisedEndpoints: [String] {
        let port = localEndpoints.first?.port ?? 0
        var out: [String] = []
        for endpoint in localEndpoints {
            if endpoint.address.isUnspecified {
                out += LocalAddresses.all().map { Endpoint($0, port: port).description }
            } else {
                out.append(endpoint.description)
            }
        }
        return Array(out.prefix(8))
    }

    private static let peerSetting = "peers"

    func rememberedPeers() throws(NodeError) -> [PeerAddress] {
        let bytes = try stored { () throws(StoreError) in try reader.setting(Self.peerSetting) }
        guard let bytes, case .array(let list)? = try? Value(decoding: bytes) else { return [] }
        return list.compactMap { $0.text.flatMap { try? PeerAddress(parsing: $0) } }
    }

    /// Keeps a peer across restarts.
    func remember(_ peer: PeerAddress) throws(NodeError) {
        var known: [PeerAddress]
        if let remembered { known = remembered } else { known = try rememberedPeers() }
        known.removeAll { $0.key == peer.key }
        known.append(peer)
        known = known.suffix(Limits.dialTargets)
        remembered = known
        keep(Self.peerSetting, Value.array(known.map { .string($0.text) }).encoded)
    }

    /// Writes a setting, in its turn.
    func keep(_ setting: String, _ bytes: [UInt8]) {
        storeThread.submit(
            StoreThread.Job(
                write: .setting(setting, bytes), token: nil, fence: nil, bytes: bytes.count))
    }

    // MARK: Addresses of others

    static let addressSetting = "addresses"

    /// The address table of the last run; a new one when there is none, or when it is damaged:
    /// nothing in it is more than a hint.
    static func addresses(_ reader: StoreReader, _ journal: Journal) -> AddressTable? {
        do {
            guard let bytes = try reader.setting(addressSetting) else { return nil }
            return try AddressTable(decoding: bytes)
        } catch {
            journal.say("the addresses of the last run cannot be read (\(error)): starting anew")
            return nil
        }
    }
}
