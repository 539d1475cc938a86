import CLinux
import Glibc
import Primitives
import Transport

/// The addresses of this machine's interfaces that others could reach.
enum LocalAddresses {
    /// Global and private ones first, loopback last; link-local ones are left out, since an address
    /// in an invite has no interface.
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
        return out.filter { !$0.isLoopback } + out.filter { $0.isLoopback }
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
