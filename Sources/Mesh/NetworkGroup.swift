package import Primitives

/// The part of the network that an address belongs to: what one party can easily have much of.
///
/// /16 of IPv4 and /32 of IPv6, as Bitcoin Core's `GetGroup` has it; a loopback, link-local or
/// private address is a group of its own, since a whole site would be one group otherwise.
package struct NetworkGroup: Hashable, Comparable, Sendable {
    package let prefix: IPAddress

    /// The group of `address`, with `bits` of an IPv6 address (32 for a provider, 48 for a site).
    package init(_ address: IPAddress, bitsOfIPv6 bits: UInt64 = 32) {
        if address.scope < .global {
            prefix = address
        } else if let v4 = address.v4 {
            prefix = IPAddress(v4: v4 & 0xffff_0000)
        } else {
            prefix = IPAddress(high: address.high & ~(UInt64.max >> bits), low: 0)
        }
    }

    package static func < (a: NetworkGroup, b: NetworkGroup) -> Bool { a.prefix < b.prefix }
}

/// How far an address leads: who is heard from one scope speaks of that scope or a wider one.
package enum AddressScope: Int, Comparable, Sendable {
    case loopback
    case link
    case site
    case global

    package static func < (a: AddressScope, b: AddressScope) -> Bool { a.rawValue < b.rawValue }
}

extension IPAddress {
    package var scope: AddressScope {
        if let inner = behindTranslator { return inner.scope }
        if isLoopback || isUnspecified { return .loopback }
        if isLinkLocal { return .link }
        return isPrivate ? .site : .global
    }

    /// Whether a single machine can have this address at all.
    package var namesAMachine: Bool {
        if let inner = behindTranslator { return inner.namesAMachine }
        // 0.0.0.0/8, "this network" (RFC 1122 §3.2.1.3).
        return !isUnspecified && !isMulticast && v4.map { $0 >> 24 != 0 } ?? true
    }

    /// The IPv4 address that a translator makes of one in 64:ff9b::/96 (RFC 6052 §2.1).
    private var behindTranslator: IPAddress? {
        guard high == 0x0064_ff9b_0000_0000, low >> 32 == 0 else { return nil }
        return IPAddress(v4: UInt32(truncatingIfNeeded: low))
    }
}

extension Endpoint {
    /// Whether an endpoint that somebody at `source` told of may be dialled (THREATS row 20): never
    /// deeper into a site or a machine than where the word came from.
    ///
    /// A link-local address of IPv6 means nothing without the interface it was heard on.
    package func isDialable(toldBy source: IPAddress) -> Bool {
        guard port != 0, address.namesAMachine, address.scope >= source.scope else { return false }
        return address.scope != .link || address.isIPv4 || zone != 0
    }
}

extension Contact {
    /// What of it may be told to somebody at `receiver`: nobody learns the inside of a site that it
    /// is not in.
    package func visible(to receiver: IPAddress) -> Contact {
        Contact(key: key, endpoints: endpoints.filter { $0.isDialable(toldBy: receiver) })
    }
}
