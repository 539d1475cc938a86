import Crypto
import MerkleLog
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
        startQuarantine()
        mesh.setListenPort(localEndpoints.first?.port)
        let machine = LocalAddresses.all() + localEndpoints.map(\.address)
        mesh.setOwn(addresses: machine, ports: localEndpoints.map(\.port))
        mesh.setOutbound(Limits.Addresses.outbound)
        openGuests()
        startDiscovery()
        for invite in try rememberedPeers() { dial(invite) }
        for text in options.join {
            let invite = try Invite(parsing: text)
            if invite.address.key == nodeKey.publicKey { continue }
            try accept(invite, by: nil)
        }
    }

    /// Where others reach this node: what it listens on; of a wildcard, this machine's own
    /// addresses, IPv6 first.
    var advertisedEndpoints: [String] {
        let port = localEndpoints.first?.port ?? 0
        var out: [String] = []
        for endpoint in localEndpoints {
            if endpoint.address.isUnspecified {
                // 0.0.0.0 takes no IPv6.
                let reached = LocalAddresses.all().filter {
                    endpoint.address == .any6 || $0.isIPv4
                }
                out += LocalAddresses.first(Limits.Addresses.places, of: reached)
                    .map { Endpoint($0, port: port).description }
            } else {
                out.append(endpoint.description)
            }
        }
        return Array(out.prefix(Limits.Addresses.places))
    }

    private static let peerSetting = "peers"

    func rememberedPeers() throws(NodeError) -> [Invite] {
        if let remembered { return remembered }
        let bytes = try stored { () throws(StoreError) in try reader.setting(Self.peerSetting) }
        guard let bytes, case .array(let list)? = try? Value(decoding: bytes) else { return [] }
        return list.compactMap { $0.text.flatMap { try? Invite(parsing: $0) } }
    }

    /// Keeps a peer across restarts, with the secret of its invite until that has been said.
    func remember(_ peer: Invite) throws(NodeError) {
        var known = try rememberedPeers()
        known.removeAll { $0.address.key == peer.address.key }
        known.append(peer)
        remember(all: known.suffix(Limits.dialTargets))
    }

    func remember(all known: [Invite]) {
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
    /// The newest entries of logs whose earlier ones are still to come; they come again when they
    /// cannot be read.
    static func newest(_ reader: StoreReader, _ journal: Journal) -> [Batch] {
        do {
            return try reader.newestBatches { journal.say("damaged, and fetched again: \($0)") }
        } catch {
            journal.say("the newest entries that were kept cannot be read: \(error)")
            return []
        }
    }

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
