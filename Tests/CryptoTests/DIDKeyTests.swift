import Crypto
import Primitives
import Testing

@Suite struct DIDKeyTests {
    /// W3C CCG, The did:key Method: an Ed25519 example; and RFC 8032's all-zero seed.
    @Test(arguments: [
        (
            "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
            "2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6"
        ),
        (
            "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
            "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"
        ),
    ])
    func matchesPublishedNames(name: String, key: String) throws {
        let key = Bytes32(hex(key), at: 0)
        #expect(DIDKey.encode(key) == name)
        #expect(DIDKey.parse(name) == key)
        #expect(DIDKey.parse(multibase: String(name.dropFirst(8))) == key)
        #expect("did:key:" + DIDKey.multibase(key) == name)
    }

    @Test func everyKeyHasOneNameOf48Characters() throws {
        var random = SeededRandom(seed: 5)
        var keys = [Bytes32.zero, Bytes32(.max, .max, .max, .max)]
        for _ in 0..<1000 { keys.append(Bytes32(random.bytes(32), at: 0)) }
        for key in keys {
            let name = DIDKey.encode(key)
            #expect(name.utf8.count == 56 && name.hasPrefix("did:key:z6Mk"))
            #expect(DIDKey.parse(name) == key)
        }
    }

    /// Whatever parses is what `encode` writes: any single changed character means another key or
    /// none.
    @Test func changedNamesNeverMeanTheSameKey() throws {
        let key = Bytes32(
            hex(
                "2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6"), at: 0)
        let name = Array(DIDKey.encode(key).utf8)
        var parsed = 0
        for i in name.indices {
            for byte in UInt8(0x20)..<0x7f where byte != name[i] {
                var changed = name
                changed[i] = byte
                let text = String(decoding: changed, as: UTF8.self)
                if let other = DIDKey.parse(text) {
                    parsed += 1
                    #expect(other != key && DIDKey.encode(other) == text)
                }
            }
        }
        print("did:key: \(parsed) of the changed names are names of other keys")
    }

    @Test(arguments: [
        "", "did:key:", "did:key:z", "did:key:z6Mk",
        "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "DID:KEY:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:key:Z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:key:6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:key:z16MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doKK",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK ",
        " did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK\n",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK#z6Mk",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2d0K",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do\u{212a}",
        // Other multicodecs: X25519 and secp256k1.
        "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
    ])
    func otherTextIsRefused(text: String) {
        #expect(DIDKey.parse(text) == nil)
    }
}
