import Crypto
import Mesh
import Primitives
import Testing

@testable import Node

/// `[ID-3]` to `[ID-5]`: an address has one spelling, and says what is wrong with another.
struct AddressTextTests {
    static let key = DIDKey.multibase(SigningKey(seed: SecretBytes(Array(0..<32))).publicKey)

    @Test(arguments: [
        "127.0.0.1:1", "[::1]:65535", "[2001:db8::7]:4646", "a.example:80", "localhost:4646",
        "xn--bcher-kva.example:1", "[1:2:3:4:5:6:7:8]:9", "[::]:9", "10.0.0.255:7",
    ])
    func placesThatAreOne(text: String) {
        #expect(HostPort.parse(text) != nil)
    }

    @Test(arguments: [
        "", ":", "a:", ":1", "a:0", "a:65536", "a:01", "a:+1", "a: 1", "a:1 ", "::1:4646",
        "[::1]", "[::1:4646", "::1]:4646", "[]:1", "[a]:1", "[1:2:3:4:5:6:7:8:9]:1",
        "[1::2::3]:1", "[12345::]:1", "[1:2:3:4:5:6:7::8]:1", "1.2.3:4", "1.2.3.256:4",
        "01.2.3.4:5", "-a.example:1", "a-.example:1", "a..b:1", ".a:1", "a_b:1", "ä:1",
        "[fe80::1%2]:1", "\(String(repeating: "a", count: 64)):1",
    ])
    func placesThatAreNone(text: String) {
        #expect(HostPort.parse(text) == nil)
    }

    @Test func invitesComeBack() throws {
        for places in ["127.0.0.1:1", "a.example:1,[::1]:2", "a:1,b:2,c:3,d:4,e:5,f:6,g:7,h:8"] {
            let text = "starling://\(Self.key)@\(places)"
            #expect(try PeerAddress(parsing: text).text == text)
            #expect(try PeerAddress(parsing: text + "?future=a~b.c_d-e&x=").text == text)
            let invite = Invite(
                address: try PeerAddress(parsing: text), secret: Array(1...16),
                identity: SigningKey(seed: SecretBytes(Array(1...32))).publicKey)
            #expect(try Invite(parsing: invite.text) == invite)
            #expect(try Invite(parsing: invite.text).text == invite.text)
            #expect(try PeerAddress(parsing: invite.text) == invite.address)
        }
    }

    @Test func damagedInvitesAreRefused() {
        let good = "starling://\(Self.key)@a.example:1"
        #expect((try? PeerAddress(parsing: good)) != nil)
        for at in good.indices where at < good.firstIndex(of: "@") ?? good.endIndex {
            var bad = good
            bad.remove(at: at)
            #expect((try? PeerAddress(parsing: bad)) == nil, "without \(good[at])")
        }
        let more = [
            "", "starling://", good + ",", good + "?", good + "?a", good + "?A=b", good + "?a=b&",
            good + " ", " " + good, good + "\n", "Starling" + good.dropFirst(8),
            good + String(repeating: ",a:1", count: 8),
            good + "?a=" + String(repeating: "x", count: 1_024),
        ]
        for bad in more { #expect((try? PeerAddress(parsing: bad)) == nil, "\(bad)") }
    }
}
