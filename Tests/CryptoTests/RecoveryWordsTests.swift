import Primitives
import Testing

@testable import Crypto

@Suite struct RecoveryWordsTests {
    /// Trezor's published 24-word vectors, passphrase "TREZOR": entropy, words, seed.
    static let trezor: [(entropy: String, words: String, seed: String)] = [
        (
            "0000000000000000000000000000000000000000000000000000000000000000",
            "abandon abandon abandon abandon abandon abandon abandon abandon "
                + "abandon abandon abandon abandon abandon abandon abandon abandon "
                + "abandon abandon abandon abandon abandon abandon abandon art",
            "bda85446c68413707090a52022edd26a1c9462295029f2e60cd7c4f2bbd30971"
                + "70af7a4d73245cafa9c3cca8d561a7c3de6f5d4a10be8ed2a5e608d68f92fcc8"
        ),
        (
            "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
            "legal winner thank year wave sausage worth useful "
                + "legal winner thank year wave sausage worth useful "
                + "legal winner thank year wave sausage worth title",
            "bc09fca1804f7e69da93c2f2028eb238c227f2e9dda30cd63699232578480a40"
                + "21b146ad717fbb7e451ce9eb835f43620bf5c514db0f8add49f5d121449d3e87"
        ),
        (
            "8080808080808080808080808080808080808080808080808080808080808080",
            "letter advice cage absurd amount doctor acoustic avoid "
                + "letter advice cage absurd amount doctor acoustic avoid "
                + "letter advice cage absurd amount doctor acoustic bless",
            "c0c519bd0e91a2ed54357d9d1ebef6f5af218a153624cf4f2da911a0ed8f7a09"
                + "e2ef61af0aca007096df430022f7a2b6fb91661a9589097069720d015e4e982f"
        ),
        (
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "zoo zoo zoo zoo zoo zoo zoo zoo "
                + "zoo zoo zoo zoo zoo zoo zoo zoo "
                + "zoo zoo zoo zoo zoo zoo zoo vote",
            "dd48c104698c30cfe2b6142103248622fb7bb0ff692eebb00089b32d22484e16"
                + "13912f0a5b694407be899ffd31ed3992c456cdf60f5d4564b8ba3f05a69890ad"
        ),
        (
            "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
            "hamster diagram private dutch cause delay private meat "
                + "slide toddler razor book happy fancy gospel tennis "
                + "maple dilemma loan word shrug inflict delay length",
            "64c87cde7e12ecf6704ab95bb1408bef047c22db4cc7491c4271d170a1b213d2"
                + "0b385bc1588d9c7b38f1b39d415665b8a9030c9ec653d75e65f847d8fc1fc440"
        ),
        (
            "9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863",
            "panda eyebrow bullet gorilla call smoke muffin taste "
                + "mesh discover soft ostrich alcohol speed nation flash "
                + "devote level hobby quick inner drive ghost inside",
            "72be8e052fc4919d2adf28d5306b5474b0069df35b02303de8c1729c9538dbb6"
                + "fc2d731d5f832193cd9fb6aeecbc469594a70e3dd50811b5067f3b88b28c3e8d"
        ),
        (
            "066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad",
            "all hour make first leader extend hole alien "
                + "behind guard gospel lava path output census museum "
                + "junior mass reopen famous sing advance salt reform",
            "26e975ec644423f4a4c4f4215ef09b4bd7ef924e85d1d17c4cf3f136c2863cf6"
                + "df0a475045652c57eb5fb41513ca2a2d67722b77e954b4b3fc11f7590449191d"
        ),
        (
            "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
            "void come effort suffer camp survey warrior heavy "
                + "shoot primary clutch crush open amazing screen patrol "
                + "group space point ten exist slush involve unfold",
            "01f5bced59dec48e362f2c45b5de68b9fd6c92c6634f44d6d40aab69056506f0"
                + "e35524a518034ddc1192e1dacd32c1ed3eaa3c3b131c88ed8e7e54c49a5d0998"
        ),
    ]

    @Test(arguments: trezor.indices)
    func matchesTrezor(index: Int) throws {
        let vector = Self.trezor[index]
        let made = RecoveryWords(entropy: SecretBytes(hex(vector.entropy)))
        let words = made.words.joined(separator: " ")
        #expect(words == vector.words)
        let seed = made.seed(passphrase: "TREZOR")
        #expect(exposed(seed) == hex(vector.seed))
        let parsed = try RecoveryWords(parsing: vector.words).words
        #expect(parsed.joined(separator: " ") == vector.words)
    }

    /// BIP-39's published file: one word a line, LF.
    @Test func theListIsThePublishedOne() {
        let file = BIP39Words.all.map { $0 + "\n" }.joined()
        #expect(
            SHA256.hash(Array(file.utf8)).array
                == hex("2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"))
        for (index, word) in BIP39Words.all.enumerated() {
            #expect(BIP39Words.index(of: word) == index)
        }
    }

    @Test func caseAndSpacingDoNotMatter() throws {
        let words = Self.trezor[5].words
        let typed = "\n  " + words.uppercased().replacing(" ", with: " \t\r\n ") + "\n"
        #expect(try RecoveryWords(parsing: typed).words.joined(separator: " ") == words)
    }

    /// Computed apart, with Python's hashlib and cryptography.
    @Test(arguments: [
        (0, "fedd4e9ef640a5a1dc8a809695fab7d3b60b0835a525c41012fdd7993db66801"),
        (1, "18a6f1ffa2426d6f99603fd8549b43377f5fc832b199104796dcda9f26661349"),
        (10, "a7abfad9e60484c80dfac8bf375a71251e5d14d47d9f73bf09c777905fe5db70"),
    ])
    func rootKeysAreDerivedAsSpecified(index: Int, publicKey: String) throws {
        let words = try RecoveryWords(parsing: Self.trezor[0].words)
        let key = words.rootKey(index: index).publicKey
        #expect(key.array == hex(publicKey))
    }

    @Test(arguments: ["", " \n", "abandon", "abandon abandon art"])
    func aWrongCountIsNamed(text: String) {
        let count = text.split(separator: " ").filter { $0 != "\n" }.count
        #expect(throws: CryptoError.wordCount(count)) { _ = try RecoveryWords(parsing: text) }
    }

    @Test func twelveOr25WordsAreRefused() {
        let words = Self.trezor[3].words
        let twelve = words.split(separator: " ").prefix(12).joined(separator: " ")
        #expect(throws: CryptoError.wordCount(12)) { _ = try RecoveryWords(parsing: twelve) }
        #expect(throws: CryptoError.wordCount(25)) {
            _ = try RecoveryWords(parsing: words + " zoo")
        }
    }

    @Test(arguments: 0..<24)
    func aWrongWordIsNamed(position: Int) throws {
        var words = Self.trezor[5].words.split(separator: " ").map(String.init)
        words[position] = "starling"
        let text = words.joined(separator: " ")
        let error = #expect(throws: CryptoError.self) { _ = try RecoveryWords(parsing: text) }
        #expect(error == .unknownWord(position: position + 1, word: "starling"))
        #expect(error?.description.contains("word \(position + 1), \"starling\"") == true)
    }

    /// Eight bits of checksum catch all but one in 256 of other last words: exactly 8 of 2,048 fit.
    @Test func theChecksumIsChecked() {
        let first = Self.trezor[5].words.split(separator: " ").dropLast().joined(separator: " ")
        var fitting = 0
        for word in BIP39Words.all {
            do {
                _ = try RecoveryWords(parsing: first + " " + word)
                fitting += 1
            } catch {
                #expect(error == .wordChecksum)
            }
        }
        #expect(fitting == 8)
    }

    @Test func generatedWordsComeBack() throws {
        let words = RecoveryWords.generate().words
        let again = try RecoveryWords(parsing: words.joined(separator: " ")).words
        let others = RecoveryWords.generate().words
        #expect(words == again && words != others)
    }
}
