import CLinux
import Primitives

/// An address as the kernel takes and gives it, of any family.
///
/// The offsets are those of `sockaddr_in` and `sockaddr_in6`, which are the kernel's interface and
/// never change.
struct SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

    /// Room for the kernel to write to.
    init() {}

    /// `endpoint` for a socket of `family`. For an IPv6 socket an IPv4 address keeps its mapped
    /// form.
    init(_ endpoint: Endpoint, family: Int32) {
        storage.ss_family = sa_family_t(family)
        let address = endpoint.address
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe bytes.storeBytes(of: endpoint.port.bigEndian, toByteOffset: 2, as: UInt16.self)
            if family == AF_INET {
                let bits = UInt32(truncatingIfNeeded: address.low)
                unsafe bytes.storeBytes(of: bits.bigEndian, toByteOffset: 4, as: UInt32.self)
            } else {
                unsafe bytes.storeBytes(
                    of: address.high.bigEndian, toByteOffset: 8, as: UInt64.self)
                unsafe bytes.storeBytes(
                    of: address.low.bigEndian, toByteOffset: 16, as: UInt64.self)
                unsafe bytes.storeBytes(of: endpoint.zone, toByteOffset: 24, as: UInt32.self)
            }
        }
        length = socklen_t(family == AF_INET ? 16 : 28)
    }

    /// The address of a Unix socket; nil when `path` does not fit, with its closing zero, into 108
    /// bytes.
    init?(path: String) {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < 108, !bytes.contains(0) else { return nil }
        storage.ss_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &storage) { storage in
            for i in bytes.indices { unsafe storage[2 + i] = bytes[i] }
        }
        length = socklen_t(2 + bytes.count + 1)
    }

    /// The endpoint, when the family is IPv4 or IPv6.
    var endpoint: Endpoint? {
        unsafe withUnsafeBytes(of: storage) { unsafe Self.endpoint($0) }
    }

    /// The endpoint that the kernel wrote to `bytes`.
    static func endpoint(_ bytes: UnsafeRawBufferPointer) -> Endpoint? {
        let family = unsafe bytes.load(as: UInt16.self)
        let port = unsafe UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
        switch Int32(family) {
        case AF_INET:
            let bits = unsafe UInt32(bigEndian: bytes.load(fromByteOffset: 4, as: UInt32.self))
            return Endpoint(IPAddress(v4: bits), port: port)
        case AF_INET6:
            let high = unsafe UInt64(bigEndian: bytes.load(fromByteOffset: 8, as: UInt64.self))
            let low = unsafe UInt64(bigEndian: bytes.load(fromByteOffset: 16, as: UInt64.self))
            let zone = unsafe bytes.load(fromByteOffset: 24, as: UInt32.self)
            return Endpoint(IPAddress(high: high, low: low), port: port, zone: zone)
        default:
            return nil
        }
    }
}

extension Endpoint {
    /// The family of the plainest socket that reaches this endpoint.
    var family: Int32 { address.isIPv4 ? AF_INET : AF_INET6 }

    /// The address that `socket` is bound to.
    static func local(of socket: Int32) -> Endpoint? {
        var address = SocketAddress()
        let result = unsafe starling_local_address(socket, &address.storage, &address.length)
        return result < 0 ? nil : address.endpoint
    }

    /// The address that `socket` is connected to.
    static func remote(of socket: Int32) -> Endpoint? {
        var address = SocketAddress()
        let result = unsafe starling_remote_address(socket, &address.storage, &address.length)
        return result < 0 ? nil : address.endpoint
    }
}
