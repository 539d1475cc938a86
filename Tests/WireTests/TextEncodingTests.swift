import Foundation
import Primitives
import Testing
import Wire

@Suite struct TextEncodingTests {
    @Test func everythingComesBack() throws {
        let seed: UInt64 = 58
        var random = SeededRandom(seed: seed)
        for length in 0...64 {
            for round in 0..<20 {
                var bytes = random.bytes(length)
                for i in 0..<min(round % 4, length) { bytes[i] = 0 }
                #expect(Hex.decode(Hex.encode(bytes)) == bytes)
                #expect(Base64.decode(Base64.encode(bytes)) == bytes)
                #expect(Base64.encode(bytes) == Data(bytes).base64EncodedString())
                #expect(Base58.decode(Base58.encode(bytes)) == bytes)
            }
        }
        print("hex, base64, base58: 1300 strings, seed \(seed)")
    }

    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func base64OfRFC4648(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    /// draft-msporny-base58, and Bitcoin's own vectors.
    @Test(arguments: [
        ("", ""), ("61", "2g"), ("626262", "a3gV"), ("636363", "aPEr"),
        ("516b6fcd0f", "ABnLTmg"), ("bf4f89001e670274dd", "3SEo3LWLoPntC"), ("572e4794", "3EFU7m"),
        ("ecac89cad93923c02321", "EJDM8drfXA6uyA"), ("10c8511e", "Rt5zm"),
        ("00000000000000000000", "1111111111"), ("0000287fb4cd", "11233QC4"),
        (
            "73696d706c792061206c6f6e6720737472696e67", "2cFupjhnEsSn59qHXstmK2ffpLv2"
        ),
        (
            "00eb15231dfceb60925886b67d065299925915aeb172c06647",
            "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L"
        ),
    ])
    func base58OfBitcoin(plain: String, encoded: String) {
        #expect(Base58.encode(hex(plain)) == encoded)
        #expect(Base58.decode(encoded) == hex(plain))
    }

    /// Whatever decodes is what `encode` writes: all short strings of characters at the borders.
    @Test func nothingHasASecondSpelling() {
        let alphabet = Array("09/:@AIOZ[`aglz{+=-_ \n1".utf8)
        var texts = [""]
        var (tried, accepted) = (0, 0)
        for _ in 0..<4 {
            texts = texts.flatMap { text in
                alphabet.map { text + String(decoding: [$0], as: UTF8.self) }
            }
            if texts.count > 300_000 { break }
            for text in texts {
                tried += 1
                if let bytes = Hex.decode(text) {
                    accepted += 1
                    if Hex.encode(bytes) != text { Issue.record("hex \(text)") }
                }
                if let bytes = Base58.decode(text) {
                    accepted += 1
                    if Base58.encode(bytes) != text { Issue.record("base58 \(text)") }
                }
                if let bytes = Base64.decode(text) {
                    accepted += 1
                    if Base64.encode(bytes) != text { Issue.record("base64 \(text)") }
                }
            }
        }
        print("text encodings: \(tried) short strings, \(accepted) accepted")
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "Z", "=", "==", "====", "Zh==", "Zm9=", "Zm8", "Zm9v=", "Zg==Zg==",
        "Zm9v\n", " Zm9v", "Zm-_", "Zm9vZ", "Z===", "Zg=A", "\u{ff21}AAA",
    ])
    func base64IsStrict(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["0", "AB", "0A", "0g", "0x00", " 00", "00 ", "é", "000"])
    func hexIsStrict(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test(arguments: ["0", "O", "I", "l", " 2g", "2g ", "2g\n", "+", "é"])
    func base58IsStrict(text: String) {
        #expect(Base58.decode(text) == nil)
    }

    /// Work is quadratic in the length, so longer texts than the limit allows are refused unread.
    @Test func base58IsBounded() {
        #expect(Base58.decode(String(repeating: "z", count: 1_000_000)) == nil)
        #expect(Base58.decode(String(repeating: "1", count: 65)) == nil)
        #expect(Base58.decode(String(repeating: "1", count: 64))?.count == 64)
        let most = [UInt8](repeating: 0xff, count: 64)
        #expect(Base58.decode(Base58.encode(most)) == most)
        #expect(Base58.decode(Base58.encode(most + [0xff])) == nil)
    }
}
