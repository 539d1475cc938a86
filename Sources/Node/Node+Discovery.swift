import Crypto
import Mesh
import Primitives
import Transport

/// Finding the nodes of the local network, and being found: `Protocol/discovery.md`, Beacons.
struct Discovery {
    var groups: [MulticastGroup] = []
    var filter: BeaconFilter
    let beacon: [UInt8]
    /// Beacons sent so far.
    var sent = 0
    /// Who was heard, and when last; the newest last.
    var nearby: [(contact: Contact, at: Instant)] = []

    /// Of the link, transient since none is assigned (RFC 4291 §2.7); it spells "Starling".
    static let group6 = IPAddress(high: 0xff12 << 48, low: 0x5374_6172_6c69_6e67)
    /// Of the local scope, 239.255.0.0/16 (RFC 2365).
    static let group4 = IPAddress(v4: 0xefff_5354)
}

extension Discovery {
    fileprivate mutating func note(_ contact: Contact, at now: Instant) {
        var contact = contact
        // Heard by IPv4 and by IPv6, it has both addresses.
        let before = nearby.first { $0.contact.key == contact.key }?.contact.endpoints ?? []
        contact.endpoints += before.filter { !contact.endpoints.contains($0) }
        contact.endpoints = Array(contact.endpoints.prefix(Limits.Addresses.endpoints))
        nearby.removeAll { $0.contact.key == contact.key || now - $0.at >= Limits.Discovery.gone }
        nearby.append((contact, now))
        nearby = nearby.suffix(Limits.Discovery.nearby)
    }
}

extension Node {
    /// Nodes that were heard in the local network lately.
    func nearby() -> [(contact: Contact, at: Instant)] {
        let now = loop.now()
        return (discovery?.nearby ?? []).filter { now - $0.at < Limits.Discovery.gone }
    }

    /// Begins to send and hear beacons, when others could reach this node at all.
    func startDiscovery() {
        guard options.usesLocalNetwork, let port = localEndpoints.first?.port else { return }
        let open = localEndpoints.map(\.address).filter { !$0.isLoopback }
        if open.isEmpty { return }
        let network = NetworkID(of: networkKey)
        var found = Discovery(
            filter: BeaconFilter(node: nodeKey.publicKey, network: network),
            beacon: Beacon(node: nodeKey.publicKey, port: port, network: network).encoded)
        var groups: [IPAddress] = []
        // A hint names the address that a beacon comes from: it must be one that takes connections.
        if open.contains(where: { !$0.isIPv4 }) { groups.append(Discovery.group6) }
        if open.contains(where: { $0.isIPv4 || $0 == .any6 }) { groups.append(Discovery.group4) }
        for group in groups {
            do throws(TransportError) {
                found.groups.append(
                    try MulticastGroup(
                        loop: loop, group: Endpoint(group, port: Limits.Discovery.port),
                        limit: Limits.Discovery.beacon
                    ) { [weak self] in self?.heard($0, $1) })
            } catch {
                journal.say("no beacons to \(group) in the local network: \(error)")
            }
        }
        discovery = found
        sendBeacon()
    }

    private func sendBeacon() {
        guard let found = discovery else { return }
        for group in found.groups { group.send(found.beacon) }
        discovery?.sent += 1
        // A link that has just come up loses the first one: two more follow soon.
        let span =
            switch found.sent {
            case 0: Instant.Span.seconds(2)
            case 1: Instant.Span.seconds(8)
            default: Limits.Discovery.interval
            }
        let jitter = SystemRandom.uint64() % (span.nanoseconds / 4)
        loop.schedule(at: loop.now() + span + Instant.Span(nanoseconds: jitter)) { [weak self] in
            self?.sendBeacon()
        }
    }

    private func heard(_ datagram: [UInt8], _ source: Endpoint) {
        guard let contact = discovery?.filter.take(datagram, from: source, at: loop.now()) else {
            return
        }
        discovery?.note(contact, at: loop.now())
        if mesh.addresses.contact(of: contact.key) == nil {
            journal.say("heard of \(short(contact.key)) in the local network")
        }
        handle(.hint([contact], from: source.address))
    }
}
