import Primitives
import Testing

@testable import Crypto

/// `[DISC-10]`; its vectors are in `Protocol/vectors/discovery.json`.
struct NetworkSecretTests {
    @Test func aFreshSecretIsItsOwnKey() throws {
        let text = NetworkSecret.text(SystemRandom.bytes32())
        let other = NetworkSecret.text(SystemRandom.bytes32())
        #expect(text != other && text.hasPrefix("z"))
        let key = try #require(NetworkSecret.key(text))
        #expect(key.exposed.count == 32)
        #expect(try #require(NetworkSecret.key(text)).exposed == key.exposed)
        #expect(NetworkID(of: key) != NetworkID(of: NetworkSecret.key(other)))
    }

    @Test func whatIsTooShortIsNoSecret() {
        for text in ["", "z", "eleven byte", String(repeating: "x", count: 1_025)] {
            #expect(NetworkSecret.key(text) == nil, "\(text)")
        }
    }

    @Test func thePublicMeshHasNoName() {
        #expect(NetworkID(of: nil).bytes == [0, 0, 0, 0, 0, 0, 0, 0])
    }
}
