import CLinux
import Glibc
import Primitives
import Transport

/// The addresses of this machine's interfaces that others could reach.
enum LocalAddresses {
    /// In the order of `ordered`; link-local ones are left out, since an address in an invite has
    /// no interface.
    static func all() -> [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return [.loopback4] }
        defer { unsafe freeifaddrs(list) }
        var out: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe address(entry.pointee.ifa_addr), !out.contains(address),
                !address.isLinkLocal, !address.isMulticast, !address.isUnspecified
            {
                out.append(address)
            }
            unsafe next = entry.pointee.ifa_next
        }
        return ordered(out)
    }

    /// In the order in which others are to try them: IPv6 first, since no translator stands before
    /// it, and what is reached from everywhere before what is of one site; loopback last. Within a
    /// kind the order stays.
    static func ordered(_ addresses: [IPAddress]) -> [IPAddress] {
        (0..<kinds).flatMap { kind in addresses.filter { Self.kind($0) == kind } }
    }

    /// The first `count` of addresses in order, but one of each kind at the least: whoever has no
    /// IPv6 is to find another one, however many of it there are.
    static func first(_ count: Int, of addresses: [IPAddress]) -> [IPAddress] {
        var seen: Set<Int> = []
        let leading = addresses.filter { seen.insert(kind($0)).inserted }
        let rest = addresses.filter { !leading.contains($0) }
        return ordered(Array((leading + rest).prefix(count)))
    }

    private static let kinds = 5

    private static func kind(_ address: IPAddress) -> Int {
        if address.isLoopback { return 4 }
        if address.isIPv4 { return address.isPrivate ? 3 : 2 }
        // 2000::/3: all of the global ones that are given out.
        return address.high >> 61 == 1 ? 0 : 1
    }

    private static func address(_ raw: UnsafeMutablePointer<sockaddr>?) -> IPAddress? {
        guard let raw = unsafe raw else { return nil }
        switch Int32(unsafe raw.pointee.sa_family) {
        case AF_INET:
            let bits = unsafe UnsafeRawPointer(raw).loadUnaligned(as: sockaddr_in.self)
            return IPAddress(v4: UInt32(bigEndian: bits.sin_addr.s_addr))
        case AF_INET6:
            let raw = unsafe UnsafeRawPointer(raw) + 8
            return unsafe IPAddress(
                high: UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        default: return nil
        }
    }
}
