import Foundation
import Primitives
import Testing

@testable import Transport

@Suite struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1:4646", "127.0.0.1:4646"),
        ("0.0.0.0:0", "0.0.0.0:0"),
        ("255.255.255.255:65535", "255.255.255.255:65535"),
        ("[::1]:80", "[::1]:80"),
        ("[::]:1", "[::]:1"),
        ("[2001:DB8:0:0:0:0:0:1]:1", "[2001:db8::1]:1"),
        ("[2001:db8:0:1:1:1:1:1]:1", "[2001:db8:0:1:1:1:1:1]:1"),
        ("[2001:0:0:1:0:0:0:1]:1", "[2001:0:0:1::1]:1"),
        ("[2001:db8:0:0:1:0:0:1]:1", "[2001:db8::1:0:0:1]:1"),
        ("[1::]:1", "[1::]:1"),
        ("[::ffff:10.0.0.1]:7", "10.0.0.1:7"),
        ("[fe80::1%3]:9", "[fe80::1%3]:9"),
    ])
    func endpointsAreReadAndWritten(text: String, canonical: String) throws {
        let endpoint = try #require(Endpoint(text))
        #expect(endpoint.description == canonical)
        #expect(Endpoint(endpoint.description) == endpoint)
    }

    @Test(arguments: [
        "", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1:080", "127.0.0.1: 80", "127.0.0.1:80 ", "127.1:80", "127.0.0.01:80",
        "0x7f.0.0.1:80",
        "256.0.0.1:80", "::1:80", "[::1]", "[::1]:", "[::1]80", "[127.0.0.1]:80", "[]:80",
        "[::1:80",
        "::1]:80", "[::1%1]:80", "[fe80::1%]:80", "[fe80::1%eth0]:80", "[fe80::1%1%1]:80",
        "[:::]:80",
        "localhost:80", "example.org:80", "127.0.0.1\0:80", "127.0.0.1\0x:80",
        "[1:2:3:4:5:6:7:8:9]:80",
        "127.0.0.1:99999999999999999999",
    ])
    func otherTextIsNoEndpoint(text: String) {
        #expect(Endpoint(text) == nil)
    }

    /// RFC 5952's text, against the C library where the two agree (it writes some addresses partly
    /// in decimal).
    @Test func textIsTheCLibrarys() throws {
        var random = SeededRandom(seed: 5952)
        for _ in 0..<2000 {
            let high = manyZeros(&random)
            let low = manyZeros(&random)
            guard high != 0 || low >> 48 != 0 else { continue }
            let address = IPAddress(high: high, low: low)
            #expect(IPAddress(address.description) == address)
            var bytes = (high.bigEndian, low.bigEndian)
            let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { out in
                guard let written = unsafe inet_ntop(AF_INET6, &bytes, out.baseAddress, 64) else {
                    return ""
                }
                return unsafe String(cString: written)
            }
            #expect(address.description == text)
        }
    }

    /// Four groups, most of them 0 or 1.
    private func manyZeros(_ random: inout SeededRandom) -> UInt64 {
        var word: UInt64 = 0
        for _ in 0..<4 {
            let group: UInt64 = random.next() % 4 == 0 ? random.next() & 0xffff : random.next() & 1
            word = word << 16 | group
        }
        return word
    }

    @Test func kinds() throws {
        func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
        func check(
            _ kind: KeyPath<IPAddress, Bool>, _ yes: [String], _ no: [String]
        ) throws {
            for text in yes { #expect(try address(text)[keyPath: kind], "\(text)") }
            for text in no { #expect(try !address(text)[keyPath: kind], "\(text)") }
        }
        try check(
            \.isLoopback, ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"],
            ["126.255.255.255", "128.0.0.0", "::", "::2", "1::1"])
        try check(
            \.isPrivate,
            [
                "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0",
                "192.168.255.255", "100.64.0.0", "100.127.255.255", "fc00::", "fdff::1",
            ],
            [
                "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
                "192.169.0.0", "100.63.255.255", "100.128.0.0", "fbff::", "fe00::",
            ])
        try check(
            \.isLinkLocal, ["169.254.0.0", "169.254.255.255", "fe80::", "febf::1"],
            ["169.253.255.255", "169.255.0.0", "fe7f::", "fec0::"])
        try check(
            \.isMulticast, ["224.0.0.1", "239.1.1.1", "255.255.255.255", "ff02::1"],
            ["223.255.255.255", "feff::1"])
        try check(\.isUnspecified, ["0.0.0.0", "::"], ["0.0.0.1", "::1"])
        #expect(try address("::ffff:1.2.3.4") == address("1.2.3.4"))
    }

    @Test func kernelForm() throws {
        for text in ["1.2.3.4:5", "[2001:db8::6]:7", "[fe80::1%3]:9"] {
            let endpoint = try #require(Endpoint(text))
            #expect(SocketAddress(endpoint, family: endpoint.family).endpoint == endpoint)
            #expect(SocketAddress(endpoint, family: AF_INET6).endpoint == endpoint)
        }
        #expect(SocketAddress(path: String(repeating: "a", count: 107)) != nil)
        #expect(SocketAddress(path: String(repeating: "a", count: 108)) == nil)
        #expect(SocketAddress(path: "a")?.endpoint == nil)
    }

    @Test func errorsSpeakPlainly() {
        #expect(
            TransportError.from(EACCES, doing: "listen on 0.0.0.0:80").description
                == "not allowed to listen on 0.0.0.0:80")
        #expect(TransportError.from(EMFILE, doing: "x") == .tooManyOpenFiles)
        #expect(
            TransportError.from(EINVAL, doing: "open a socket").description
                == "cannot open a socket: Invalid argument")
        #expect(CloseReason.from(ECONNREFUSED).description == "nobody listens there")
    }
}
