import Crypto
import Primitives
import Testing

@Suite struct KeyTests {
    /// RFC 8032 §7.1, TEST 1, 2, 3 and SHA(abc): seed, public key, message, signature.
    static let rfc8032: [(String, String, String, String)] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
        (
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ]

    @Test(arguments: rfc8032.indices)
    func signsAndVerifiesAsRFC8032(index: Int) throws {
        let (seed, publicKey, message, signature) = Self.rfc8032[index]
        let key = SigningKey(seed: SecretBytes(hex(seed)))
        #expect(key.publicKey.array == hex(publicKey))
        let signed = key.sign(hex(message))
        #expect(signed.array == hex(signature))
        #expect(Ed25519.verify(signed, hex(message), by: key.publicKey))
        let saved = unsafe key.withSeed { unsafe Array($0) }
        #expect(saved == hex(seed))
    }

    @Test func everyChangedBitIsRefused() throws {
        let key = SigningKey(seed: SecretBytes([UInt8](repeating: 3, count: 32)))
        let message = Array("murmuration".utf8)
        let signature = key.sign(message)
        for bit in 0..<512 {
            var changed = signature.array
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let other = try #require(Signature(changed))
            #expect(!Ed25519.verify(other, message, by: key.publicKey), "signature bit \(bit)")
        }
        for bit in 0..<256 {
            var changed = key.publicKey.array
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let other = Bytes32(changed, at: 0)
            #expect(!Ed25519.verify(signature, message, by: other), "key bit \(bit)")
        }
        for bit in 0..<(message.count * 8) {
            var changed = message
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!Ed25519.verify(signature, changed, by: key.publicKey), "message bit \(bit)")
        }
    }

    /// A signature has 64 bytes; S plus the group order is the same scalar, and a second spelling.
    @Test func secondSpellingsAreRefused() throws {
        let key = SigningKey(seed: SecretBytes([UInt8](repeating: 4, count: 32)))
        let good = key.sign([1, 2, 3]).array
        #expect(Signature(Array(good.dropLast())) == nil)
        #expect(Signature(good + [0]) == nil)
        let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var changed = good
        var carry = 0
        for i in 0..<32 {
            carry += Int(changed[32 + i]) + Int(order[i])
            changed[32 + i] = UInt8(carry & 0xff)
            carry >>= 8
        }
        let malleable = try #require(Signature(changed))
        #expect(!Ed25519.verify(malleable, [1, 2, 3], by: key.publicKey))
    }

    /// The eight torsion points and their other spellings: a key of low order fits many messages.
    static let lowOrder = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ]

    @Test(arguments: lowOrder)
    func keysOfLowOrderAreRefused(point: String) throws {
        let key = Bytes32(hex(point), at: 0)
        // R = A and S = 0 satisfies the equation for the identity, whatever the message.
        let forged = Signature(r: key, s: .zero)
        for i in 0..<16 { #expect(!Ed25519.verify(forged, [UInt8(i)], by: key)) }
        #expect(key.x25519 == nil)
    }

    @Test func signingAndAgreementKeysBelongTogether() throws {
        var random = SeededRandom(seed: 17)
        for _ in 0..<20 {
            let a = SigningKey(seed: SecretBytes(random.bytes(32)))
            let b = SigningKey(seed: SecretBytes(random.bytes(32)))
            #expect(a.publicKey.x25519 == a.x25519().publicKey)
            let ab = try a.x25519().agree(b.x25519().publicKey)
            let ba = try b.x25519().agree(a.x25519().publicKey)
            #expect(exposed(ab) == exposed(ba))
        }
        print("20 key pairs, seed 17")
    }

    /// RFC 7748 §6.1.
    @Test func agreesAsRFC7748() throws {
        let alice = AgreementKey(
            bytes: hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
        let bob = AgreementKey(
            bytes: hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))
        #expect(
            alice.publicKey.array
                == hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))
        let shared = try alice.agree(bob.publicKey)
        #expect(
            exposed(shared)
                == hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"))
    }

    @Test func generatedKeysDiffer() {
        #expect(SigningKey.generate().publicKey != SigningKey.generate().publicKey)
        #expect(AgreementKey.generate().publicKey != AgreementKey.generate().publicKey)
        #expect(SystemRandom.bytes32() != SystemRandom.bytes32())
        #expect(SystemRandom.bytes(0) == [])
        #expect(SystemRandom.bytes(1000).count == 1000)
        #expect(Set(SystemRandom.bytes(4096)).count > 200)
    }
}

@Suite struct SecretBytesTests {
    @Test func copiesAndCompares() {
        let secret = SecretBytes([1, 2, 3])
        #expect(exposed(secret) == [1, 2, 3])
        #expect(exposed(secret.copy()) == [1, 2, 3])
        let filled = unsafe SecretBytes(count: 5) { unsafe $0[4] = 9 }
        #expect(exposed(filled) == [0, 0, 0, 0, 9])
        let others = [[1, 2, 3], [1, 2, 4], [1, 2], []].map { secret.equals(SecretBytes($0)) }
        #expect(others == [true, false, false, false])
    }

    @Test func writingAfterTheFillFaults() async {
        await #expect(processExitsWith: .failure) {
            let secret = SecretBytes([1, 2, 3])
            unsafe secret.withUnsafeBytes {
                unsafe UnsafeMutableRawBufferPointer(mutating: $0)[0] = 9
            }
        }
    }
}

@Suite struct SHA256Tests {
    /// FIPS 180-4's examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func matchesFIPS180(text: String, digest: String) {
        #expect(SHA256.hash(Array(text.utf8)).array == hex(digest))
    }

    @Test func leafAndNodeHaveTheirPrefixes() {
        for count in [0, 1, 54, 55, 63, 64, 90, 1023, 1024, 5000] {
            let data = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            #expect(SHA256.leaf(data) == SHA256.hash([0] + data))
            #expect(SHA256.hash([9] + data + [9], in: 1..<(count + 1)) == SHA256.hash(data))
        }
        let (a, b) = (SHA256.hash([1]), SHA256.hash([2]))
        #expect(SHA256.node(a, b) == SHA256.hash([1] + a.array + b.array))
    }
}
