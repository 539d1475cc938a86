import Crypto
import Primitives
import Testing

/// Project Wycheproof's cases, where the shared vectors are.
@Suite struct WycheproofTests {
    struct File<Group: Decodable>: Decodable {
        var testGroups: [Group]
    }

    struct Ed25519Group: Decodable {
        struct Key: Decodable { var pk: HexBytes }
        struct Case: Decodable {
            var tcId: Int
            var msg: HexBytes
            var sig: HexBytes
            var result: String
        }
        var publicKey: Key
        var tests: [Case]
    }

    @Test func ed25519() throws {
        typealias Vectors = File<Ed25519Group>
        guard let file = try SharedVectors.read(Vectors.self, "wycheproof/ed25519_test.json")
        else { return }
        var counts: [String: Int] = [:]
        for group in file.testGroups {
            let key = try #require(PublicKey(group.publicKey.pk.bytes))
            for test in group.tests {
                // A signature that is not 64 bytes is refused before it gets to the curve.
                let isGood =
                    Signature(test.sig.bytes).map { Ed25519.verify($0, test.msg.bytes, by: key) }
                    ?? false
                #expect(isGood == (test.result == "valid"), "case \(test.tcId)")
                counts[test.result, default: 0] += 1
            }
        }
        print("Wycheproof Ed25519: \(counts)")
        #expect(counts.values.reduce(0, +) == 151)
    }

    struct X25519Group: Decodable {
        struct Case: Decodable {
            var tcId: Int
            var `public`: HexBytes
            var `private`: HexBytes
            var shared: HexBytes
        }
        var tests: [Case]
    }

    @Test func x25519() throws {
        typealias Vectors = File<X25519Group>
        guard let file = try SharedVectors.read(Vectors.self, "wycheproof/x25519_test.json")
        else { return }
        var (agreed, refused) = (0, 0)
        for test in file.testGroups.flatMap(\.tests) {
            let peer = try #require(Bytes32(test.public.bytes))
            let key = AgreementKey(bytes: test.private.bytes)
            if test.shared.bytes.allSatisfy({ $0 == 0 }) {
                #expect(throws: CryptoError.weakPublicKey, "case \(test.tcId)") {
                    _ = try key.agree(peer)
                }
                refused += 1
            } else {
                let shared = try key.agree(peer)
                #expect(exposed(shared) == test.shared.bytes, "case \(test.tcId)")
                agreed += 1
            }
        }
        print("Wycheproof X25519: \(agreed) agreed, \(refused) refused for an all-zero secret")
        #expect(agreed == 487 && refused == 31)
    }

    struct AEADGroup: Decodable {
        struct Case: Decodable {
            var tcId: Int
            var key: HexBytes
            var iv: HexBytes
            var aad: HexBytes
            var msg: HexBytes
            var ct: HexBytes
            var tag: HexBytes
            var result: String
        }
        var tests: [Case]
    }

    @Test func chaCha20Poly1305() throws {
        typealias Vectors = File<AEADGroup>
        let path = "wycheproof/chacha20_poly1305_test.json"
        guard let file = try SharedVectors.read(Vectors.self, path) else { return }
        var counts: [String: Int] = [:]
        var otherNonces = 0
        for test in file.testGroups.flatMap(\.tests) {
            guard let nonce = ChaChaPoly.Nonce(test.iv.bytes) else {
                otherNonces += 1
                continue
            }
            counts[test.result, default: 0] += 1
            let key = SecretBytes(test.key.bytes)
            let sealed = test.ct.bytes + test.tag.bytes
            var out: [UInt8] = [7]
            do {
                try ChaChaPoly.open(
                    sealed, in: sealed.indices, ad: test.aad.bytes, key: key, nonce: nonce,
                    into: &out)
                #expect(test.result == "valid", "case \(test.tcId)")
                #expect(out == [7] + test.msg.bytes, "case \(test.tcId)")
            } catch {
                #expect(test.result == "invalid", "case \(test.tcId)")
                #expect(out == [7], "case \(test.tcId)")
            }
            var again: [UInt8] = []
            ChaChaPoly.seal(
                test.msg.bytes, ad: test.aad.bytes, key: key, nonce: nonce, into: &again)
            #expect((again == sealed) == (test.result == "valid"), "case \(test.tcId)")
        }
        print("Wycheproof ChaCha20-Poly1305: \(counts), \(otherNonces) with other nonce sizes")
        #expect(counts.values.reduce(0, +) == 316)
    }

    struct MACGroup: Decodable {
        struct Case: Decodable {
            var tcId: Int
            var key: HexBytes
            var msg: HexBytes
            var tag: HexBytes
            var result: String
        }
        var tagSize: Int
        var tests: [Case]
    }

    @Test func hmacSHA256() throws {
        typealias Vectors = File<MACGroup>
        guard let file = try SharedVectors.read(Vectors.self, "wycheproof/hmac_sha256_test.json")
        else { return }
        var counts: [String: Int] = [:]
        for group in file.testGroups {
            for test in group.tests {
                let tag = HMACSHA256.tag(test.msg.bytes, key: test.key.bytes).array
                let isGood = Array(tag.prefix(group.tagSize / 8)) == test.tag.bytes
                #expect(isGood == (test.result == "valid"), "case \(test.tcId)")
                counts[test.result, default: 0] += 1
            }
        }
        print("Wycheproof HMAC-SHA256: \(counts)")
        #expect(counts.values.reduce(0, +) == 174)
    }

    struct HKDFGroup: Decodable {
        struct Case: Decodable {
            var tcId: Int
            var ikm: HexBytes
            var salt: HexBytes
            var info: HexBytes
            var size: Int
            var okm: HexBytes
            var result: String
        }
        var tests: [Case]
    }

    @Test func hkdfSHA256() throws {
        typealias Vectors = File<HKDFGroup>
        guard let file = try SharedVectors.read(Vectors.self, "wycheproof/hkdf_sha256_test.json")
        else { return }
        var counts: [String: Int] = [:]
        for test in file.testGroups.flatMap(\.tests) {
            counts[test.result, default: 0] += 1
            // The invalid ones ask for more than RFC 5869 allows.
            #expect((test.size <= HKDF.maximumCount) == (test.result == "valid"))
            if test.result == "invalid" { continue }
            let ikm = SecretBytes(test.ikm.bytes)
            let whole = HKDF.derive(
                salt: test.salt.bytes, ikm: ikm, info: test.info.bytes, count: test.size)
            let stepwise = HKDF.expand(
                prk: HKDF.extract(salt: test.salt.bytes, ikm: ikm), info: test.info.bytes,
                count: test.size)
            #expect(exposed(whole) == test.okm.bytes, "case \(test.tcId)")
            #expect(exposed(stepwise) == test.okm.bytes, "case \(test.tcId)")
        }
        print("Wycheproof HKDF-SHA256: \(counts)")
        #expect(counts.values.reduce(0, +) == 86)
    }
}
